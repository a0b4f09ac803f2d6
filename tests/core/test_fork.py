"""Forks of an engine: what happens in one is never seen in the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._engine import Engine
from scoretest._engine._state import state_of
from scoretest._model.command import EntryReturned, SendEvent, WriteScore
from scoretest._model.flow import TriggerCron
from scoretest._model.life import Cancel, LifeOptions
from scoretest._model.operation import (
    DeferAdd,
    Returned,
    SleepUntil,
    StepName,
    StepRan,
    WaitFor,
)
from scoretest._model.options import FunctionKind, FunctionOptions, TriggerEvent
from scoretest.errors import NotBuiltError, UsageError
from scoretest.times import SECOND, Duration, Instant

ALWAYS = "now() >= timestamp('1970-01-01T00:00:00Z')"
MOVES = st.lists(st.sampled_from(["order", "paid", "cancelled", "tick", "score"]))


def shop() -> Engine:
    """Return an engine with one function, which an event can cancel."""
    engine = Engine(start=Instant(0))
    order = FunctionOptions(
        slug="shop-order",
        app_id="shop",
        triggers=(TriggerEvent(event="order", expression=ALWAYS),),
        retries=None,
        kind=FunctionKind.ORDINARY,
        place="app.py:1",
        life=LifeOptions(cancel=(Cancel(event="cancelled"),)),
    )
    engine.register(order, engine.conditions(order))
    return engine


def answer(engine: Engine, run_id: str, entry: int) -> None:
    """Let the handler take a step, wait for a payment, sleep, and defer and end."""
    done = len(engine.lives[run_id].memos.settled)
    name = StepName(f"s{done}", 0, f"h{done}")
    paid = "async.data.late == null || now() > timestamp('1970-01-01T00:00:02Z')"
    wanted = [
        StepRan(name, done, 1),
        WaitFor(name, "paid", paid, Duration(5 * SECOND)),
        SleepUntil(name, Instant(engine.now + 2 * SECOND)),
    ]
    defer = DeferAdd("later", "d", "shop-later", {}, 2)
    operations = (defer, *wanted[done : done + 1])
    outcome = None if done < len(wanted) else Returned("done")
    settle(engine, engine.apply(EntryReturned(run_id, entry, operations, outcome)))


def settle(engine: Engine, effects: tuple) -> None:
    """Answer every entry that the engine asks for."""
    for effect in effects:
        answer(engine, effect.run_id, effect.entry)


def play(engine: Engine, moves: list[str]) -> None:
    """Let things happen."""
    for move in moves:
        if move == "tick":
            settle(engine, engine.advance(Instant(engine.now + 2 * SECOND)))
        elif move == "score":
            engine.apply(WriteScore("quality", len(engine.trace), "run"))
        else:
            sent = SendEvent(engine.new_event_id(), move, {})
            settle(engine, engine.apply(sent))


def told(engine: Engine) -> object:
    """Return all that can be read of a world."""
    steps = [
        (live.run.id, live.run.state, [repr(s) for s in live.memos.steps.values()])
        for live in engine.lives.values()
    ]
    waits = [(w.run_id, w.event, w.expires) for w in engine.open_waits]
    return list(engine.trace), steps, waits, engine.scores, engine.now


@given(MOVES, MOVES, MOVES)
def test_a_fork_and_its_origin_never_meet(before, left, right):
    """Each goes on as a world does that had the same past and no twin."""
    origin, alone_left, alone_right = shop(), shop(), shop()
    play(origin, before)
    twin = origin.fork()

    play(origin, left)
    play(twin, right)

    play(alone_left, before + left)
    play(alone_right, before + right)
    assert told(origin) == told(alone_left)
    assert told(twin) == told(alone_right)


@given(MOVES, MOVES)
def test_a_fork_of_a_fork_is_a_world_too(before, after):
    """Forks can be forked, however often."""
    origin, alone = shop(), shop()
    play(origin, before)
    twin = origin.fork().fork()

    play(twin, after)

    play(alone, before + after)
    assert told(twin) == told(alone)


def test_a_world_in_which_a_handler_is_under_way_cannot_be_forked():
    """The state of a handler is in no engine."""
    engine = shop()
    engine.apply(SendEvent(engine.new_event_id(), "order", {}))

    with pytest.raises(UsageError, match="while a handler is under way"):
        engine.fork()


def test_a_world_with_flow_control_cannot_be_forked_yet():
    """What waits for its turn would stay behind."""
    engine = Engine(start=Instant(0))
    nightly = FunctionOptions(
        slug="shop-nightly",
        app_id="shop",
        triggers=(TriggerCron(cron="0 0 * * *"),),
        retries=None,
        kind=FunctionKind.ORDINARY,
        place="app.py:1",
    )
    engine.register(nightly, engine.conditions(nightly))

    with pytest.raises(NotBuiltError, match="'shop-nightly' has a cron"):
        engine.fork()


def test_time_tells_worlds_apart_only_for_who_looks_at_it():
    """Two worlds of one state differ by their clocks, if the program reads them."""
    early, late = (Engine(start=Instant(at * SECOND)) for at in (1, 2))

    assert state_of(early) == state_of(late)
    assert state_of(early, timely=True) != state_of(late, timely=True)
