"""The wait index against a linear scan: the same waits, in the same order."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.waits import (
    WAIT_TRANSITIONS,
    CancelIndex,
    Wait,
    WaitIndex,
    WaitState,
    Watch,
)
from scoretest._model.event import ReceivedEvent
from scoretest._model.fact import WaitClosed, WaitMatched, WaitOpened, WaitTimedOut
from scoretest._model.operation import StepName
from scoretest.expr import compile as compile_expression

NAMES = ("a", "b")
# values that are equal across kinds, that no index key holds, and that are absent
VALUES = (1, 1.0, "1", True, None, 0, 2**53 + 1, float(2**53), [1], {"k": 1}, "x", "")
CONDITIONS = (
    None,
    "async.data.x == event.data.x",
    "event.data.x == async.data.x && async.data.y == 1",
    "async.data.x == 1 || async.data.x == 'x'",
    "async.data.x == '1'",
    "async.data.x != 1",
    "async.data.x in [1, 'x']",
    "async.data.x == null",
    "async.data.x == true",
    "async.data.x == 9007199254740993",
    "has(async.data.x)",
    "async.data.k.deep == 'x' && async.data.x == 1",
    "async.data.x == 1.0 && async.data.y == event.data.x",
)


def data():
    """Return a strategy for an event's data, with keys that may be absent."""
    value = st.sampled_from(VALUES)
    deep = st.fixed_dictionaries({}, optional={"deep": value})
    return st.fixed_dictionaries({}, optional={"x": value, "y": value, "k": deep})


def wire(name, content):
    """Return an event in wire shape."""
    return {"name": name, "data": content, "id": "", "ts": 0}


def opened(number, name, condition, trigger):
    """Return a wait whose opening was fact *number*."""
    predicate = condition and compile_expression(
        condition, trigger=wire("trigger", trigger)
    )
    wait = Wait(
        run_id=str(number),
        step=StepName(str(number), 0, str(number)),
        event=name,
        predicate=predicate,
        opened_at=0,
        expires=1,
    )
    wait.move(WaitOpened, number)
    return wait


waits = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(CONDITIONS), data()), max_size=12
)


@pytest.mark.rule("B2", "B4", "I1")
@given(specs=waits, closed=st.sets(st.integers(0, 11)), content=data())
def test_the_index_equals_a_linear_scan(specs, closed, content):
    """Asking the index gives the matches of asking every open wait, in that order."""
    index = WaitIndex()
    everything = [opened(n, *spec) for n, spec in enumerate(specs)]
    for wait in everything:
        index.open(wait)
    still_open = [w for w in everything if w.opened not in closed]
    for wait in everything:
        if wait.opened in closed:
            wait.move(WaitClosed, 100)
            index.close(wait)

    for name in NAMES:
        event = wire(name, content)
        received = ReceivedEvent("internal", event, 0)
        found = [w for w in index.candidates(received) if w.accepts(event)]
        scanned = [w for w in still_open if w.event == name and w.accepts(event)]

        assert [w.opened for w in found] == [w.opened for w in scanned]
    assert list(index.all_open()) == still_open


@pytest.mark.rule("B2", "B4", "I1")
def test_the_index_equals_a_linear_scan_whatever_the_conditions_are():
    """300 random sets that open, end and ask; `wait_sets.py` makes long runs."""
    path = Path(__file__).with_name("wait_sets.py")
    spec = importlib.util.spec_from_file_location("wait_sets", path)
    wait_sets = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wait_sets)

    tally = wait_sets.main(["--count", "300", "--seed", "1"])

    assert tally.sets == 300
    assert min(tally.refused, tally.filed, tally.matches_filed) > 30


@given(count=st.integers(1, 40), wanted=st.integers(0, 39))
def test_an_equality_is_asked_only_where_it_can_hold(count, wanted):
    """Of many waits for a key of their own an event is shown to those with its key."""
    index = WaitIndex()
    for n in range(count):
        condition = "async.data.x == event.data.x"
        index.open(opened(n, "a", condition, {"x": f"key-{n}"}))

    event = ReceivedEvent("internal", wire("a", {"x": f"key-{wanted}"}), 0)
    found = index.candidates(event)

    assert [w.opened for w in found] == ([wanted] if wanted < count else [])


def test_waits_of_the_past_can_be_asked():
    """`open_at` tells which waits were open when a fact happened."""
    index = WaitIndex()
    first, second = opened(1, "a", None, {}), opened(5, "a", None, {})
    for wait in (first, second):
        index.open(wait)
    first.move(WaitMatched, 3)
    index.close(first)

    assert [index.open_at("a", at) for at in (1, 2, 4, 6)] == [
        (),
        (first,),
        (),
        (second,),
    ]
    assert index.open_at("b", 9) == ()


@pytest.mark.parametrize(
    ("fact", "state"),
    [
        (WaitMatched, WaitState.MATCHED),
        (WaitTimedOut, WaitState.TIMED_OUT),
        (WaitClosed, WaitState.CLOSED),
    ],
)
def test_a_wait_ends_once(fact, state):
    """Each end is reached from the open state and from no other."""
    wait = opened(0, "a", None, {})

    wait.move(fact, 1)

    assert (wait.state, wait.ended) == (state, 1)
    assert {source for (source, kind) in WAIT_TRANSITIONS if kind is fact} == {
        WaitState.OPEN
    }
    with pytest.raises(KeyError):
        wait.move(fact, 2)


def watch(run_id, name, key=None):
    """Return what cancels a run, opened at fact 2, if `k` is *key*."""
    condition = key and compile_expression(f"async.data.k == '{key}'")
    return Watch(run_id=run_id, event=name, predicate=condition, expires=1, since=2)


def received(name, content):
    """Return an event as the server received it."""
    return ReceivedEvent("internal", wire(name, content), 0)


class TestWhatCancels:
    """What cancels a run on an event is filed as a wait is."""

    def test_an_event_finds_what_it_may_match(self):
        """By its name, and by the condition that its own values meet."""
        index = CancelIndex()
        assert not index.is_used
        watches = [watch("1", "stop"), watch("2", "stop", "7"), watch("3", "halt")]
        for each in watches:
            index.open(each)

        found = index.candidates(received("stop", {"k": "7"}))

        assert index.is_used
        assert [each.run_id for each in found] == ["1", "2"]
        assert list(index.candidates(received("stop", {"k": "8"}))) == watches[:1]
        assert list(index.candidates(received("none", {}))) == []

    def test_what_is_closed_is_not_found(self):
        """Its run has ended; what was open before can still be told."""
        index, mine = CancelIndex(), watch("1", "stop")
        index.open(mine)

        index.close(mine, 5)

        assert list(index.candidates(received("stop", {}))) == []
        assert index.open_at("stop", 4) == (mine,)
        assert index.open_at("stop", 5) == index.open_at("stop", 1) == ()
