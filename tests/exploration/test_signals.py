"""Signals for every kind of condition: each is found, and has been tried."""

import pytest

from scoretest.exploration.alphabet import matchings
from scoretest.expr import compile as compile_expression
from scoretest.expr._wishes import open_paths, put


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("async.data.a == async.data.a", {"a": "one"}),
        ("async.data.a == async.data.b", {"a": "one", "b": "one"}),
        ("has(async.data.a)", {"a": "one"}),
        ("size(async.data.a) > 1", {"a": ["one", "one"]}),
        ("size(async.data.a) == 0 && has(async.data.a)", {"a": []}),
        ("2 <= size(async.data.a)", {"a": ["one", "one"]}),
        ("size(async.data.a) < 3 && async.data.a.startsWith('x')", {"a": "xx"}),
        ("'vip' in async.data.a", {"a": ["vip"]}),
        ("async.data.a in ['x', 'y'] && has(async.data.b)", {"a": "x", "b": "one"}),
        ("async.data.a.exists(e, e == 'x')", {"a": ["x"]}),
        (
            "async.data.a.exists(e, e.k == 1 && e.l.m)",
            {"a": [{"k": 1, "l": {"m": True}}]},
        ),
        (
            "async.data.a.all(e, has(e.k)) && size(async.data.a) > 0",
            {"a": [{"k": "one"}]},
        ),
        ("size(async.data.a.filter(e, e > 2)) > 0", {"a": [3]}),
        ("async.data.a.endsWith('x')", {"a": "x"}),
        ("async.data.a.contains('x')", {"a": "x"}),
        ("int(async.data.a) > 3", {"a": 4}),
        ("lowercase(async.data.a) == 'x'", {"a": "x"}),
        ("async.data.a[0].b == 'x'", {"a": [{"b": "x"}]}),
        ("async.data.a == ['x', 1]", {"a": ["x", 1]}),
        ("async.data.a ? async.data.b.contains('x') : false", {"a": True, "b": "x"}),
        ("async.data.a != 'x' && has(async.data.b)", {"a": "other-x", "b": "one"}),
        ("async.data.a != true && has(async.data.b)", {"a": False, "b": "one"}),
        ("async.data.a != null && has(async.data.b)", {"a": "one", "b": "one"}),
        ("async.name == 'shop/a' && has(async.data.a)", {"a": "one"}),
        ("async.ts > 1000 && has(async.data.a)", {"a": "one"}),
        ("!async.data.a", {"a": False}),
        ("!(async.data.a < 1)", {"a": 1}),
        ("async.data.a > async.data.b", {"a": False}),
        ("async.data.a == 5 ? async.data.b : false", {"a": 5, "b": True}),
        ("async.data.a * 2.0 == 10.0", {"a": 5.0}),
        ("int(async.data.a) % 2 == 1", {"a": 3}),
        ("['x', 1] == async.data.a", {"a": ["x", 1]}),
        ("{'k': 1} == async.data.a", {"a": {"k": 1}}),
        (
            "timestamp(async.data.a) > timestamp('2025-01-01T00:00:00Z')",
            {"a": "2100-01-01T00:00:00Z"},
        ),
        ("async.data.b == 'x' && !async.data.a", {"b": "x", "a": False}),
        (
            "async.data.a in [async.data.b, 'x'] && has(async.data.b)",
            {"a": "x", "b": "one"},
        ),
        (
            "timestamp(async.data.a).getFullYear('UTC') == 2000",
            {"a": "2000-01-01T00:00:00Z"},
        ),
    ],
)
def test_a_signal_is_found(text, data):
    """It pleases all parts at once."""
    assert matchings(compile_expression(text), "shop/a") == [data]


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        ("^bug-[0-9]+$", "bug-0"),
        ("(?i)yes|no", "yes"),
        ("x.*y", "xxy"),
        ("[abc]{2}[a-z][A-Z]", "aaaA"),
    ],
)
def test_a_text_that_a_pattern_matches(pattern, example):
    """As near as can be."""
    predicate = compile_expression(f"async.data.a.matches('{pattern}')")

    assert matchings(predicate) == [{"a": example}]


@pytest.mark.parametrize(
    "text",
    [
        *("false", "async.user.id == 'x'", "date(async.data.a) == '2024-01-01'"),
        "async.data.a == 'x' && async.data.a == 'y'",
    ],
)
def test_where_nothing_matches_nothing_is_found(text):
    """What is returned has always been tried."""
    assert matchings(compile_expression(text)) == []


def test_the_places_that_only_have_to_be_there():
    """Each once; of those that are compared with a value nothing is said."""
    text = "has(async.data.a) && async.data.b.c != null && async.data.d == 1"
    twice = f"{text} && has(async.data.a) && has(async.user.id)"

    assert open_paths(compile_expression(twice)) == [("a",), ("b", "c")]
    assert open_paths(None) == []


def test_what_is_in_the_way_gives_way():
    """Objects are put together; a place in a list makes room."""
    data = {"a": "text", "b": {"c": 1}}

    put(data, ("a", 1, "k"), 2)
    put(data, ("a", 1, "l"), 3)
    put(data, ("b",), {"d": 4})

    assert data == {"a": [{}, {"k": 2, "l": 3}], "b": {"c": 1, "d": 4}}
