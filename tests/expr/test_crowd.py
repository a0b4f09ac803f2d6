"""The verdict of one expression among fifty waits on its event's name (rule C12)."""

import pytest

from scoretest.expr import compile as compile_expression

EVENT = {
    "name": "answer",
    "data": {"x": "abc", "n": 1, "f": 1.5, "nul": None, "l": [1, "a"], "o": {"k": 1}},
}
VERDICTS = {
    "async.data.n == 1": (True, True),
    "async.data.n == 2": (False, False),
    "!(async.data.n == 2)": (True, True),
    "async.data.n < 2": (True, True),
    "async.data.nul < 1": (True, False),
    "async.data.f > async.data.n": (True, False),
    "1 < async.data.f": (True, True),
    "'a' in async.data.l": (True, True),
    "'k' in async.data.o": (True, False),
    "async.data.x in ['abc', 'd']": (True, True),
    "async.data.x == 'abc' && async.data.nul < 1": (True, False),
    "async.data.x == 'abc' || async.data.nul < 1": (True, True),
    "async.data.x.startsWith('a')": (True, True),
}


@pytest.mark.rule("C12")
@pytest.mark.parametrize(("text", "verdicts"), VERDICTS.items(), ids=VERDICTS)
def test_a_match_may_not_be_found_in_a_crowd(text, verdicts):
    """What never matches is never found; what matches is found if it can be filed."""
    expression = compile_expression(text)

    seen = (expression.matches(EVENT), expression.matches_in_crowd(EVENT))
    assert seen == verdicts


@pytest.mark.rule("C12")
def test_a_time_of_the_trigger_is_not_found_in_a_crowd():
    """The number that the server stores for `event.ts` has an exponent."""
    trigger = {"name": "go", "data": {"n": 0}, "ts": 1_700_000_000_000}
    event = EVENT | {"ts": 1_700_000_000_001}

    later = compile_expression("event.ts < async.ts", trigger=trigger)
    more = compile_expression("event.data.n < async.data.n", trigger=trigger)

    assert (later.matches(event), later.matches_in_crowd(event)) == (True, False)
    assert (more.matches(event), more.matches_in_crowd(event)) == (True, True)


@pytest.mark.rule("C12", "C9")
def test_a_stored_form_that_is_no_expression_is_found_nowhere():
    """A trigger's absent key may leave a text that nothing can parse."""
    text = "!has(event.data.id) || async.data.n == 1"
    expression = compile_expression(text, trigger={"name": "go", "data": {}})

    assert (expression.matches(EVENT), expression.matches_in_crowd(EVENT)) == (
        False,
        False,
    )
