"""Forks of a world: what happens in one is never seen in the other.

At rest nothing of a handler is alive, so a world is its records. Those that never
change are shared: facts, events, memos, options, and every run that has ended. Those
that do are copied: the open runs with their steps, waits and timers, and the indexes.
"""

from collections import deque

from .._model.predicate import Predicate, Rebind
from ..errors import UsageError
from ..expr import Expression, with_clock
from ._world import Live, World

__all__ = ["rebinder", "twin_of"]


def twin_of(world: World) -> World:
    """Return the same world, which must be at rest, with no starts of its own yet.

    Raises:
        UsageError: A handler is under way.
    """
    if any(live.run.open_entries for live in world.lives.values()):
        raise UsageError(
            "a world cannot be forked while a handler is under way",
            fix="let it come to rest first",
        )
    twin = World.__new__(World)  # what a new world has would be thrown away
    rebind = rebinder(twin)
    twin.now, twin.limits = world.now, world.limits
    twin.ids = world.ids.fork()
    twin.trace = world.trace.fork()
    twin.timers = world.timers.fork()
    twin.bus = world.bus.fork(rebind)
    twin.waits = world.waits.fork(rebind)
    twin.cancels = world.cancels.fork(rebind)
    twin.admission = world.admission.fork()
    twin.ledger = world.ledger.fork()
    twin.experiments = world.experiments.fork()
    twin.lives = {
        run_id: live if live.run.is_over else _fork_live(live, twin)
        for run_id, live in world.lives.items()
    }
    twin.is_exact = world.is_exact
    twin.effects, twin.coming = [], deque()
    return twin


def rebinder(world: World) -> Rebind:
    """Return what gives a predicate the clock of *world*, if it asks for the time."""

    def rebind(predicate: Predicate | None) -> Predicate | None:
        asks_the_time = isinstance(predicate, Expression) and "now" in predicate.stored
        return with_clock(predicate, world.clock) if asks_the_time else predicate  # type: ignore[arg-type]  # an Expression, looked at above

    return rebind


def _fork_live(live: Live, world: World) -> Live:
    return Live(
        run=live.run.fork(),
        memos=live.memos.fork(),
        defers=live.defers.fork(),
        waits={h: world.waits.twin_of(wait) for h, wait in live.waits.items()},
        alarms=live.alarms.copy(),
        most_attempts=live.most_attempts,
        watches=tuple(map(world.cancels.twin_of, live.watches)),
        invokes=live.invokes.copy(),
        gate=live.gate,
    )
