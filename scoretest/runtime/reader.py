"""Reads a world: hands out views on its runs, waits, events and scores."""

from collections.abc import Collection, Sequence
from typing import TypeVar, final

from .._engine import Engine
from .._json import show
from .._model.event import Event
from .._model.fact import EventReceived, Fact, TraceEntry
from ..errors import UsageError, near_miss
from ..reports.timeline import Timeline
from ..times import Instant
from .cancelling import spared
from .parts import event_view
from .scores import Scores
from .sent import Sent, as_wire, would_ignore
from .views import OpenWait, Run, Source, find_run

__all__ = ["Reader"]

F = TypeVar("F", bound=Fact)


@final
class Reader:
    """Everything that can be read of one world, and who has looked at what.

    Attributes:
        source: What the views read from.
        looked_at: The ids of failed runs that the test has looked at.
    """

    def __init__(self, engine: Engine, start: Instant) -> None:
        self._engine = engine
        self._start = start
        self.source = Source(engine, start)
        self.looked_at = self.source.looked_at

    @property
    def trace(self) -> Sequence[TraceEntry]:
        """Every fact so far, oldest first."""
        return self._engine.trace

    def facts_of(self, kind: type[F]) -> list[tuple[Instant, F]]:
        """Return the facts of one kind, each with its time."""
        return self._engine.facts_of(kind)

    @property
    def runs(self) -> list[Run]:
        """All runs, in the order of starting."""
        return [Run(self.source, live) for live in self._engine.lives.values()]

    def run(self, run_id: str) -> Run:
        """Return the run of this id, which the world is known to have."""
        return Run(self.source, self._engine.lives[run_id])

    def only_run(self, which: str, served: Collection[str]) -> Run:
        """Return the run of an id, or the only run of a function's slug.

        Raises:
            UsageError: There is none, or several.
        """
        found = find_run(self.source, which)
        of_function = [run for run in self.runs if run.function_id == which]
        if found or len(of_function) == 1:
            return found or of_function[0]
        if of_function:
            raise UsageError(
                f"function {which!r} has {len(of_function)} runs, and run() cannot "
                "tell which one is meant",
                seen="; ".join(map(repr, of_function)),
                fix="take it from harness.runs, or from the .runs of what send() "
                "returned",
            )
        raise UsageError(
            f"there is no run of {which!r}{_near(which, served)}",
            seen="; ".join(map(repr, self.runs)) or "there are none at all",
            fix="start it with harness.send(...), and name it by the function itself",
        )

    @property
    def waits(self) -> list[OpenWait]:
        """The open waits, in the order of opening."""
        return [OpenWait(self.source, wait) for wait in self._engine.open_waits]

    @property
    def events(self) -> list[Event]:
        """Every event in order, the server's own included."""
        return [
            event_view(fact.event) for _, fact in self._engine.facts_of(EventReceived)
        ]

    @property
    def scores(self) -> Scores:
        """The scores that stand."""
        return Scores(self.source)

    @property
    def timeline(self) -> Timeline:
        """What happened so far."""
        return Timeline(self._engine.trace, self._start)

    def explain(self, which: Event | Sent) -> str:
        """Say why an event resumes no wait and cancels no run, sent or not.

        Raises:
            UsageError: *which* is neither an event nor what `send` returned.
        """
        source, engine = self.source, self._engine
        if isinstance(which, Sent):
            found = [str(wait) for wait in which.ignored]
            for at, event in which.arrivals:
                found += spared(source, event.name, event.wire, at)
        elif isinstance(which, Event):
            found = [str(wait) for wait in would_ignore(source, which)]
            wire = as_wire(which, engine.now)
            found += spared(source, which.name, wire, len(engine.trace))
        else:
            raise UsageError(
                f"explain() takes an Event, or what send() returned, not {show(which)}",
                fix='write harness.explain(Event(name="support/feedback.received"))',
            )
        return "\n".join(found) or "no open wait on this event's name refused it"


def _near(slug: str, served: Collection[str]) -> str:
    """Return a hint at the function that was meant, perhaps by its fn_id alone."""
    if slug in served:
        return ""
    full = (known for known in served if known.endswith(f"-{slug}"))
    return near_miss(next(full, slug), served)
