"""What a world waits for, as data: the signals and the instants that matter to it.

Generators of timelines ask this, so that what they try lies where something happens.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from .._core.runs import RunState
from .._core.waits import Wait
from .._engine import pending_of
from .._json import JsonObject
from .._model.event import Event
from .._model.fact import TraceEntry
from .._model.predicate import Predicate
from ..expr._witness import near_misses, witness
from ..times import Instant
from .harness import Harness
from .views import OpenWait

__all__ = [
    "EDGES",
    "NearSignal",
    "has_timers",
    "has_waits",
    "matching_signal",
    "near_signals",
    "now_of",
    "open_waits_of",
    "run_states_of",
    "times_to_timers",
    "trace_of",
]

EDGES: Sequence[tuple[str, timedelta]] = (
    ("at", timedelta(0)),
    ("just before", timedelta(milliseconds=-1)),
    ("just after", timedelta(milliseconds=1)),
)
"""Where an instant can stand beside a timer; a millisecond is the wire's unit."""


class NearSignal(NamedTuple):
    """An event that a wait refuses because of one condition.

    Attributes:
        why: What is wrong with it, such as ``"other type at data.ticketId"``.
        event: The event.
    """

    why: str
    event: Event


def _condition(wait: OpenWait) -> Predicate | None:
    return wait._wait.predicate  # noqa: SLF001 -- compiled, with the run's own values put in


def _blank(wait: OpenWait, extra: JsonObject | None) -> JsonObject:
    return {"name": wait.event, "data": extra or {}, "id": "", "ts": 0}


def matching_signal(wait: OpenWait, extra: JsonObject | None = None) -> Event | None:
    """Return an event that *wait* accepts, with *extra* data; None if none was found."""
    data = witness(_condition(wait), _blank(wait, extra))
    return None if data is None else Event(name=wait.event, data=data)


def near_signals(wait: OpenWait, extra: JsonObject | None = None) -> list[NearSignal]:
    """Return the events that *wait* refuses because of one condition."""
    return [
        NearSignal(
            f"{miss.kind} at {'.'.join(('data', *miss.path))}",
            Event(name=wait.event, data=miss.data),
        )
        for miss in near_misses(_condition(wait), _blank(wait, extra))
    ]


def times_to_timers(harness: Harness) -> list[timedelta]:
    """Return how far it is to each instant at which a timer is due, the nearest first."""
    engine = harness._engine  # noqa: SLF001 -- as in trace_of
    return [timedelta(microseconds=due - engine.now) for due in pending_of(engine)]


def trace_of(harness: Harness) -> Sequence[TraceEntry]:
    """Return every fact of a world so far, oldest first; it grows with the world."""
    return harness._engine.trace  # noqa: SLF001 -- for who checks the harness itself


def now_of(harness: Harness) -> Instant:
    """Return the present instant of a world."""
    return harness._engine.now  # noqa: SLF001 -- as in trace_of


def run_states_of(harness: Harness) -> dict[str, RunState]:
    """Return the state of each run, without having looked at any."""
    lives = harness._engine.lives  # noqa: SLF001 -- as in trace_of
    return {run_id: live.run.state for run_id, live in lives.items()}


def open_waits_of(harness: Harness) -> Sequence[Wait]:
    """Return the waits that are open, in the order of opening."""
    return harness._engine.open_waits  # noqa: SLF001 -- as in trace_of


def has_waits(harness: Harness) -> bool:
    """Say whether a run waits for an event."""
    return bool(harness._engine.open_waits)  # noqa: SLF001 -- as in trace_of


def has_timers(harness: Harness) -> bool:
    """Say whether anything is due some time."""
    return harness._engine.next_due() is not None  # noqa: SLF001 -- as in trace_of
