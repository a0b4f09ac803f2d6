"""Data that meets an expression, and data that misses it by one condition."""

import pytest

from scoretest.expr import compile as compile_expression
from scoretest.expr._witness import near_misses, witness

EVENT = {"name": "x", "data": {}, "id": "", "ts": 0}


def data_for(text, data=None):
    """Return the data with which an event meets *text*."""
    event = {**EVENT, "data": {} if data is None else data}
    return witness(compile_expression(text), event)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("async.data.a == 1", {"a": 1}),
        ("'x' == async.data.a.b", {"a": {"b": "x"}}),
        ("async.data['a'] == null", {"a": None}),
        ("async.data.a != 'x'", {"a": "x-other"}),
        ("async.data.a != 1", {"a": 2}),
        ("async.data.a != true", {"a": False}),
        ("async.data.a != null", {"a": "x"}),
        ("async.data.a < 3", {"a": 2}),
        ("async.data.a <= 3", {"a": 3}),
        ("async.data.a > 3", {"a": 4}),
        ("async.data.a >= 3", {"a": 3}),
        ("3 < async.data.a", {"a": 4}),
        ("3u < async.data.a", {"a": 4}),
        ("async.data.a in ['x', 'y']", {"a": "x"}),
        ("async.data.a == 1 && async.data.b == 2", {"a": 1, "b": 2}),
        ("async.data.a == 1 || async.data.b == 2", {"a": 1}),
        ("!(async.data.a == 1 || async.data.b == 2)", {"a": 2, "b": 3}),
        ("!(async.data.a < 3)", {"a": 3}),
        ("!(async.data.a >= 3)", {"a": 2}),
        ("async.data.a == true", {"a": True}),
        ("async.data.a", {"a": True}),
        ("!async.data.a", {"a": False}),
        ("has(async.data.a)", {"a": "x"}),
        ("async.data.a.startsWith('x')", {"a": "x"}),
        ("async.data.a == async.data.b", {"a": "x", "b": "x"}),
        ("!async.data.a.startsWith('x')", {}),
        ("async.data.a[0] == 1", {"a": [1]}),
        ("size(async.data.a) > 1", {"a": ["one", "one"]}),
        ("async.data.a > async.data.b", {"a": False}),
        ("async.data.a == 5 ? async.data.b : false", {"a": 5, "b": True}),
        ("true", {}),
    ],
)
def test_data_is_made_for_an_expression(text, data):
    """The plainest data that the predicate itself accepts (rules C1 to C5)."""
    assert data_for(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "1 == 2",
        "async.name == 'y'",
        "!has(async.data.a)",
        "async.data.a == 1 && async.data.a == 2",
        "async.data.a + 'b' == 'ab'",
        "async.data.a == async.data.b && async.data.a != async.data.b",
        "async.data == 1",
        "async.data['a' + 'b'] == 1",
    ],
)
def test_nothing_is_claimed_that_was_not_tried(text):
    """None, where no data was found."""
    assert data_for(text) is None


def test_what_the_event_holds_already_is_kept():
    """Unless a condition needs its place."""
    assert data_for("async.data.a.b == 1", {"a": 5, "c": 6}) == {"a": {"b": 1}, "c": 6}


def test_no_condition_is_met_by_every_event():
    """And nothing misses it (rule B4)."""
    assert witness(None, {"name": "x"}) == {}
    assert near_misses(None, EVENT) == []


def test_each_condition_is_missed_in_four_ways():
    """The plainest first; what the predicate accepts after all is left out (rule C2)."""
    predicate = compile_expression("async.data.a.b == '1' && async.data.ok == true")

    assert [(m.kind, m.path, m.data) for m in near_misses(predicate, EVENT)] == [
        ("other value", ("a", "b"), {"a": {"b": "1-other"}, "ok": True}),
        ("other type", ("a", "b"), {"a": {"b": 1}, "ok": True}),
        ("null", ("a", "b"), {"a": {"b": None}, "ok": True}),
        ("absent", ("a", "b"), {"a": {}, "ok": True}),
        ("other value", ("ok",), {"a": {"b": "1"}, "ok": False}),
        ("other type", ("ok",), {"a": {"b": "1"}, "ok": "true"}),
        ("null", ("ok",), {"a": {"b": "1"}, "ok": None}),
        ("absent", ("ok",), {"a": {"b": "1"}}),
    ]


def test_a_number_is_missed_as_text():
    """The near miss that real signals suffer from."""
    predicate = compile_expression("async.data.n == 42")

    assert [miss.data for miss in near_misses(predicate, EVENT)] == [
        {"n": 43},
        {"n": "42"},
        {"n": None},
        {},
    ]


def test_two_missing_places_do_not_equal_each_other():
    """Rule C2: so both may be spoiled, one at a time."""
    predicate = compile_expression("async.data.a == async.data.b")

    assert [miss.path for miss in near_misses(predicate, EVENT)].count(("a",)) == 4


class Contrary:
    """A condition that says what it wants, and is met by nothing, or by its absence."""

    stored = "async.data.a == 1"

    def __init__(self, *, is_met):
        self.is_met = is_met

    def matches(self, event):
        """Say whether the event has no such value, where that is what it takes."""
        return self.is_met and "a" not in event["data"]


def test_a_condition_that_is_no_expression():
    """It is asked with what it says itself, and with what was there."""
    assert witness(Contrary(is_met=False), EVENT) is None
    assert witness(Contrary(is_met=True), EVENT) == {}
    assert near_misses(Contrary(is_met=True), EVENT) == []
