"""Verdicts in words."""

import pytest

from scoretest.expr import compile  # noqa: A004 -- the API's own name

EVENT = {
    "name": "x",
    "data": {"ticketId": 42, "n": 1.5, "s": "a" * 80, "nul": None, "l": [1, "a"]},
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "async.data.ticketId == '42'",
            'async.data.ticketId is 42 (number); wanted "42" (string)',
        ),
        (
            "'42' == async.data.ticketId",
            'async.data.ticketId is 42 (number); wanted "42" (string)',
        ),
        ("async.data.id == '42'", 'async.data.id is missing; wanted "42" (string)'),
        ("async.data.nul == 5", "async.data.nul is null; wanted 5 (number)"),
        ("async.data.n > 3", "async.data.n is 1.5 (number); wanted async.data.n > 3"),
        (
            "async.data.n == async.data.ticketId",
            (
                "async.data.n is 1.5 (number), async.data.ticketId is 42 (number); "
                "wanted async.data.n == async.data.ticketId"
            ),
        ),
        (
            "async.data.n < 'a'",
            'async.data.n is 1.5 (number); wanted async.data.n < "a" (the two have no order)',
        ),
        ("1 == 2", "1 == 2 is false (bool), whatever the event"),
        ("async.data.l == [1]", 'async.data.l is [1, "a"] (list); wanted [1] (list)'),
        (
            "async.data.n == 1.5 && async.data.ticketId == 'x' && async.data.id == 'y'",
            (
                'async.data.ticketId is 42 (number); wanted "x" (string); and '
                'async.data.id is missing; wanted "y" (string)'
            ),
        ),
        (
            "async.data.n == 1 || async.data.n == 2",
            (
                "async.data.n is 1.5 (number); wanted 1 (number) | "
                "async.data.n is 1.5 (number); wanted 2 (number)"
            ),
        ),
        (
            "!async.data.done",
            "!async.data.done is false (bool) (the engine's `!` of an absent path is false)",
        ),
        ("!(async.data.n == 1.5)", "!(async.data.n == 1.5) is false (bool)"),
        (
            "async.data.l.exists(x, x == 'z')",
            'async.data.l.exists(x, x == "z") is false (bool); wanted true',
        ),
        ("async.data.s", f'async.data.s is "{"a" * 59}… (string); wanted true'),
        (
            "async.data.s.startsWith('b')",
            'async.data.s.startsWith("b") is false (bool); wanted true',
        ),
        (
            "async.data.l[0].x['y'] == 'b'",
            'async.data.l[0].x["y"] is an error (no such key); wanted "b" (string)',
        ),
        ("async.data.n == 1.5", "matches: async.data.n == 1.5"),
        (
            "size(async.data.s) in [1, 2]",
            "size(async.data.s) is 80 (number); wanted size(async.data.s) in [1, 2]",
        ),
        (
            "async.data.n == 1.5 ? has(async.data.z) : false",
            "async.data.n == 1.5 ? has(async.data.z) : false is missing; wanted true",
        ),
        ("{'a': 1} == async.data.o", 'async.data.o is missing; wanted {"a": 1} (map)'),
    ],
)
def test_the_reason_is_told(text, words):
    """What was seen and what was wanted, for each condition that failed."""
    assert compile(text).explain(EVENT) == words


@pytest.mark.rule("C2")
def test_a_stored_form_that_nothing_can_read_is_told():
    """`id select null` never parses, so the wait never matches."""
    compiled = compile("!has(event.data.id) || async.data.x == 1", trigger={"data": {}})

    assert compiled.explain(EVENT) == (
        "never matches: the stored form `id select null || async.data.x == 1` is no expression"
    )


@pytest.mark.rule("C10")
def test_an_interpolated_value_is_shown_as_it_is_stored():
    """The near miss of a value that the engine escapes and never decodes again."""
    compiled = compile("event.data.q == async.data.q", trigger={"data": {"q": "a\nb"}})

    assert compiled.explain({"data": {"q": "a\nb"}}) == (
        'async.data.q is "a\\nb" (string); wanted "a\\\\nb" (string)'
    )


def test_an_expression_prints_its_stored_form():
    """The representation is what the server keeps."""
    compiled = compile("event.data.q == async.data.q", trigger={"data": {"q": 5}})

    assert repr(compiled) == "<Expression '5.0 == async.data.q'>"
