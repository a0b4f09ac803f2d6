"""Signals that come too early: before the wait that was to hear them had opened."""

from collections.abc import Iterator

from .._engine import Engine
from .._model.fact import (
    DeferAdded,
    EventReceived,
    RunCompleted,
    WaitMatched,
    WaitOpened,
)
from .draft import Draft
from .search import Transition

__all__ = ["outlived", "sent_before", "slept"]


def slept(transition: Transition) -> Iterator[Draft]:
    """A wait opens after a sleep during which its signal would have been lost."""
    engine = transition.node.engine
    for _, fact in transition.facts:
        if not isinstance(fact, WaitOpened):
            continue
        steps = list(engine.lives[fact.run_id].memos.steps.values())
        place = next(i for i, s in enumerate(steps) if s.name == fact.step)
        before = steps[place - 1] if place else None
        if before is not None and before.op == "Sleep":
            yield Draft(
                "SIGNAL_BEFORE_WAIT",
                f"an event {fact.event!r} that comes during the sleep "
                f"{str(before.name)!r} is lost: the wait {str(fact.step)!r} opens after it",
                engine.lives[fact.run_id].run.function.slug,
                "wait first, or sleep and wait at once in ctx.group.parallel",
            )


def sent_before(transition: Transition) -> Iterator[Draft]:
    """A run waits for what was sent by a run, and received before the wait opened."""
    engine = transition.node.engine
    opened = {f.run_id: None for _, f in transition.facts if isinstance(f, WaitOpened)}
    if not opened:
        return
    waits = [wait for wait in engine.open_waits if wait.run_id in opened]
    heard = {fact.event_id for _, fact in engine.facts_of(WaitMatched)}
    for sequence, entry in enumerate(engine.trace):
        fact = entry.fact
        if not isinstance(fact, EventReceived) or not fact.event.sender:
            continue
        if fact.event.internal_id in heard:
            continue
        for wait in waits:
            if (
                wait.event == fact.event.name
                and sequence < wait.opened
                and _is_of(engine, wait.run_id, fact.event.sender)
                and wait.accepts(fact.event.wire)
            ):
                yield Draft(
                    "SIGNAL_BEFORE_WAIT",
                    f"the event {wait.event!r} was sent before the wait "
                    f"{str(wait.step)!r} opened, and is lost",
                    engine.lives[wait.run_id].run.function.slug,
                    "send and wait at once in ctx.group.parallel",
                )


def _is_of(engine: Engine, run_id: str, sender: str) -> bool:
    """Say whether an event that *sender* sent can be an answer to a run."""
    if run_id == sender:
        return True
    sent = [e.sender for e in engine.lives[sender].run.events]
    return run_id in sent


def outlived(transition: Transition) -> Iterator[Draft]:
    """Time passes between a defer and the end of its run: signals come too early."""
    engine = transition.node.engine
    for at, fact in transition.facts:
        if isinstance(fact, RunCompleted):
            added = [
                t
                for t, add in engine.facts_of(DeferAdded)
                if add.run_id == fact.run_id and t < at
            ]
            if added:
                yield Draft(
                    "SIGNAL_BEFORE_RUN",
                    "signals that come between the defer and the end of its run are "
                    "lost to the deferred function, which starts only then",
                    engine.lives[fact.run_id].run.function.slug,
                    "end the parent soon after the defer",
                )
