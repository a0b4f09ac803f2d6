"""Expressions about a deferred payload, rewritten for production."""

import pytest

from scoretest import UsageError
from scoretest.expr import payload_in_production


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    ("written", "produced"),
    [
        ("async.data.x == event.data.input.x", "async.data.x == event.data.x"),
        ("event.data['input'].x == 1", "event.data.x == 1"),
        ("event['data'].input['x'] == 1", "event['data']['x'] == 1"),
        ("event.data.input[0] == 1", "event.data[0] == 1"),
        ("event.data.input.a && event.data.input.b", "event.data.a && event.data.b"),
        ("has(event.data.input.x)", "has(event.data.x)"),
        ("event.data.input.l.exists(e, e == 1)", "event.data.l.exists(e, e == 1)"),
        ("event.data . input . x == 1", "event.data . x == 1"),
        ("int(event.data.input.x) < 2", "int(event.data.x) < 2"),
    ],
)
def test_input_is_left_out(written, produced):
    """What stands under `input` in the harness stands in `data` in production."""
    assert payload_in_production(written) == produced


@pytest.mark.parametrize(
    "text",
    [
        "event.data.x == async.data.x",
        "async.data.input.x == 1",
        "'event.data.input.x' == async.data.x",
        "event.name == 'a' && event.ts > 1",
        "event.data.input.",
        "",
    ],
)
def test_everything_else_stays(text):
    """Other paths, literals, and what is no expression at all."""
    assert payload_in_production(text) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("event.data == async.data", "event.data stands as a whole"),
        ("size(event.data.input) > 1", "event.data.input stands as a whole"),
        ("event == 1", "event stands as a whole"),
        ("event.data[async.data.k] == 1", "event.data stands as a whole"),
        ("event.data['in' + 'put'].x == 1", "event.data stands as a whole"),
        ("event.data.input.size() > 1", "event.data.input stands as a whole"),
        ("(event.data).input.x == 1", "is written with parentheses"),
        ("async.data.l.all(event, event.data.input.x)", "a variable is called event"),
    ],
)
def test_what_cannot_be_said_is_refused(text, why):
    """Nobody knows what production would make of it, so it does not go there."""
    with pytest.raises(UsageError, match=why) as refusal:
        payload_in_production(text)

    assert "^" in refusal.value.seen
    assert refusal.value.fix == (
        "name a field of it: event.data.x, or event.data.input.x"
    )
