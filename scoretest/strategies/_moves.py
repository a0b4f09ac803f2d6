"""What a timeline does to a world, move by move.

What depends on the state of a world is a small number, looked up when the world is
there: the first wait, the second edge. So a timeline is drawn as a whole, before
anything runs; it shrinks well, and its text is code.
"""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import hypothesis

from .._json import JsonObject
from .._model.event import Event
from ..runtime.harness import Harness
from ..runtime.prospects import EDGES, matching_signal, near_signals, times_to_timers
from ..runtime.views import OpenWait
from ..times import Duration, format_duration

__all__ = ["Advance", "Match", "Miss", "Move", "Send", "Timeline", "ToEdge"]


@dataclasses.dataclass(frozen=True)
class Send:
    """Send an event."""

    name: str
    data: JsonObject = dataclasses.field(default_factory=dict)

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test."""
        return _send(harness, Event(name=self.name, data=self.data))


@dataclasses.dataclass(frozen=True)
class Match:
    """Send what an open wait accepts; *wait* counts from the one opened first."""

    wait: int = 0

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if nothing waits."""
        wait = _wait_of(harness, self.wait)
        event = None if wait is None else matching_signal(wait)
        return "" if event is None else _send(harness, event)


@dataclasses.dataclass(frozen=True)
class Miss:
    """Send what an open wait refuses because of condition number *which*."""

    wait: int = 0
    which: int = 0

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if nothing can be refused."""
        wait = _wait_of(harness, self.wait)
        near = [] if wait is None else near_signals(wait)
        if not near:
            return ""
        why, event = near[self.which % len(near)]
        return f"{_send(harness, event)}  # {why}"


@dataclasses.dataclass(frozen=True)
class Advance:
    """Move the clock by a duration."""

    by: str

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test."""
        harness.advance(self.by)
        return f"harness.advance({self.by!r})"


@dataclasses.dataclass(frozen=True)
class ToEdge:
    """Move the clock beside a pending timer; *timer* counts from the nearest.

    Attributes:
        timer: Which timer.
        side: ``"at"``, ``"just before"`` or ``"just after"``.
    """

    timer: int = 0
    side: str = "at"

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if no timer is pending."""
        pending = times_to_timers(harness)
        if not pending:
            return ""
        way = pending[self.timer % len(pending)] + dict(EDGES)[self.side]
        way = max(way, timedelta(0))
        harness.advance(way)
        return f"harness.advance({_told(way)})"


Move: TypeAlias = Send | Match | Miss | Advance | ToEdge
"""One thing that a timeline does to a world."""


class Timeline:
    """Moves, one after the other; its text is the call that makes it again.

    Attributes:
        moves: What it does.
    """

    def __init__(self, *moves: Move) -> None:
        self.moves = moves

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Timeline) and self.moves == other.moves
        return same if isinstance(other, Timeline) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Timeline({', '.join(map(repr, self.moves))})"

    def play(
        self, harness: Harness, after_each: Callable[[], object] | None = None
    ) -> list[str]:
        """Do all moves, and note them for Hypothesis's report.

        Args:
            harness: The world.
            after_each: Called after every move.

        Returns:
            The lines of a test that does the same, without what found nothing to do.
        """
        lines: list[str] = []
        is_over = False
        try:
            for move in self.moves:
                line = move.play(harness)
                lines += [line] if line else []
                if after_each is not None:
                    after_each()
            is_over = True
        finally:
            _note(lines, None if is_over else move)
        return lines


def _note(lines: list[str], failed: Move | None) -> None:
    if hypothesis.currently_in_test_context():
        program = "\n".join(lines) or "pass"
        stopped = "" if failed is None else f"\n# then {failed!r} failed"
        hypothesis.note(f"the timeline, as code:\n{program}{stopped}")


def _wait_of(harness: Harness, number: int) -> OpenWait | None:
    waits = harness.waits
    return waits[number % len(waits)] if waits else None


def _send(harness: Harness, event: Event) -> str:
    harness.send(event)
    return f"harness.send({event.name!r}, {dict(event.data)!r})"


def _told(way: timedelta) -> str:
    microseconds = way // timedelta(microseconds=1)
    if microseconds % 1000:
        return f"timedelta(microseconds={microseconds})"
    return repr(format_duration(Duration(microseconds)))
