"""Corners of the dialects that no recorded row visits."""

from datetime import timedelta

import pytest

from scoretest.expr import ExpressionError, compile  # noqa: A004 -- the API's own name
from scoretest.expr._lexer import next_token
from scoretest.expr._time import read_elapsed
from scoretest.expr._unparse import write_value
from scoretest.expr._values import CelType, Elapsed, Fault

EVENT = {
    "name": "shop/paid",
    "data": {
        "key": "order",
        "order": "A-1",
        "rows": [{"id": "a"}, {"id": "b"}],
        "deep": {"in": {"side": 1}},
        "huge": 10**400,
        "minus": -(10**400),
    },
}


@pytest.mark.rule("C6")
@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ('async.data["deep"]["in"]["side"] == 1', True),
        ("async.data[async.data.key] == 'A-1'", True),
        ("async.data.rows[1].id == 'b'", True),
        ("async.data.rows[7].id == 'b'", False),
        ("async.data[true] == 'A-1'", False),
        ("duration(duration('1h')) == duration('60m')", True),
        ("duration('0') == duration('0s')", True),
        ("date('not a day') == null", True),
        ("[{'a': {'b': 'c'}}].all(x, x.a.b == 'c')", True),
        ("async.data.huge > 1", True),
        ("async.data.minus < 1", True),
    ],
)
def test_an_expression_has_this_verdict(text, matches):
    """Dynamic keys, lists in paths, times and numbers beyond a double."""
    assert compile(text).matches(EVENT) is matches


def test_a_bare_name_is_a_variable_in_the_strict_dialect():
    """``vars`` means nothing special where nothing is lifted."""
    assert compile("vars.x == 1", dialect="cel").evaluate({"vars": {"x": 1}}) is True


def test_a_duration_in_the_strict_dialect_is_a_timedelta():
    """Zero needs no unit."""
    assert compile("duration('0')", dialect="cel").evaluate({}) == timedelta(0)


def test_a_duration_of_a_duration_is_itself():
    """Reading a duration twice changes nothing."""
    assert read_elapsed("0") == Elapsed(0)


def test_behind_the_last_token_stands_the_end():
    """A text that is over says so, as often as it is asked."""
    assert next_token("a == 1 ", 6) == next_token("a == 1 ", 7) == ("end", "", 7, 7)


def test_a_deep_value_is_explained_by_its_kind():
    """A value that cannot be written is named by its type."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    event = {"name": "shop/paid", "data": {"order": deep}}

    text = compile("async.data.order == 'A-1'").explain(event)

    assert text == 'async.data.order is list (list); wanted "A-1" (string)'


def test_a_type_of_the_trigger_is_stored_by_its_name():
    """The type of a value of the trigger is known when the wait is stored."""
    trigger = {"name": "shop/order", "data": {"order": "A-1"}}

    stored = compile("type(event.data.order) == type(async.data.x)", trigger=trigger)

    assert "string" in stored.stored


@pytest.mark.parametrize(
    ("value", "text"), [(CelType("string"), "string"), (Fault("no value"), "null")]
)
def test_what_has_no_literal_is_stored_by_name_or_as_null(value, text):
    """A type is written by its name, and what could not be computed as null."""
    assert write_value(value) == text


def test_a_whole_number_is_a_duration_in_the_strict_dialect():
    """A number of nanoseconds becomes a duration."""
    found = compile("duration(x)", dialect="cel").evaluate({"x": 5_000})

    assert found == timedelta(microseconds=5)


@pytest.mark.rule("C9")
def test_a_number_beyond_a_double_cannot_be_stored():
    """It is printed as infinity, which is no expression."""
    trigger = {"name": "shop/order", "data": {"n": 10**400}}

    with pytest.raises(ExpressionError) as caught:
        compile("async.data.n == event.data.n", trigger=trigger)

    assert caught.value.kind == "interpolation"


@pytest.mark.parametrize("key", ["async.data.key", "true", "1.5"])
def test_a_dynamic_key_has_no_remarks_and_no_terms(key):
    """A path with a key that is not constant cannot be indexed."""
    compiled = compile(f"async.data[{key}] == 'A-1'")

    assert (compiled.terms, [lint.code for lint in compiled.lints]) == ((), [])


@pytest.mark.rule("C10")
def test_an_index_behind_the_26th_literal_is_part_of_its_path():
    """Only the first 26 literals are lifted; a later index is read as it stands."""
    many = ", ".join(f"'v{number}'" for number in range(26))

    compiled = compile(f"async.data.order in [{many}] || async.data.rows[1].id == 'b'")

    assert compiled.matches(EVENT) is True


def test_the_notes_are_the_lints_as_sentences():
    """Each remark says its code and what production does."""
    compiled = compile("!has(async.data.x)")

    assert compiled.notes == tuple(
        f"{lint.code}: {lint.message}" for lint in compiled.lints
    )
    assert compiled.notes
