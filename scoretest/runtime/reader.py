"""Reads a world: hands out views on its runs, waits, events and scores."""

from collections.abc import Sequence
from typing import TypeVar, final

from .._core.waits import Wait
from .._engine import Engine
from .._json import JsonObject, show
from .._model.event import Event, ReceivedEvent
from .._model.fact import EventReceived, Fact, TraceEntry
from ..errors import UsageError, near_miss
from ..reports.timeline import Timeline
from ..times import MILLISECOND, Instant, to_instant
from .checks import pick
from .scores import Scores
from .views import OpenWait, Run, event_view

__all__ = ["Reader"]

F = TypeVar("F", bound=Fact)


@final
class Reader:
    """Everything that can be read of one world, and who has looked at what.

    Attributes:
        looked_at: The ids of failed runs that the test has looked at.
    """

    def __init__(self, engine: Engine, start: Instant) -> None:
        self._engine = engine
        self._start = start
        self.looked_at: set[str] = set()

    @property
    def now(self) -> Instant:
        """The engine's present instant."""
        return self._engine.now

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
        return [Run(self, live) for live in self._engine.lives.values()]

    def run(self, run_id: str) -> Run:
        """Return the run of this id, which the world is known to have."""
        return Run(self, self._engine.lives[run_id])

    def find_run(self, run_id: str) -> Run | None:
        """Return the run of this id, or None when the world has none."""
        live = self._engine.lives.get(run_id)
        return None if live is None else Run(self, live)

    def only_run(self, which: str) -> Run:
        """Return the run of an id, or the only run of a function's slug.

        Raises:
            UsageError: There is none, or several.
        """
        found = self.find_run(which)
        of_function = [run for run in self.runs if run.function_id == which]
        if found or len(of_function) == 1:
            return found or of_function[0]
        known = {run.function_id for run in self.runs}
        known |= {run.function_id.partition("-")[2] for run in self.runs}
        hint = "" if of_function else near_miss(which, sorted(known))
        return pick(
            of_function,
            self.runs,
            f"run of {which!r}{hint}",
            "pass the function itself, or pick one from harness.runs",
        )

    def near_trigger(self, names: Sequence[str]) -> str:
        """Return a hint at the trigger that one of these event names may have meant."""
        hints = (near_miss(name, self._engine.trigger_names) for name in names)
        return next(filter(None, hints), "")

    @property
    def waits(self) -> list[OpenWait]:
        """The open waits, in the order of opening."""
        return [OpenWait(self, wait) for wait in self._engine.open_waits]

    @property
    def events(self) -> list[Event]:
        """Every event in order, the server's own included."""
        return [
            event_view(fact.event) for _, fact in self._engine.facts_of(EventReceived)
        ]

    @property
    def scores(self) -> Scores:
        """The scores that stand."""
        return Scores(self, self._engine.scores, self._engine.score_history)

    @property
    def timeline(self) -> Timeline:
        """What happened so far."""
        return Timeline(self._engine.trace, self._start)

    def ignored(self, event: ReceivedEvent, sequence: int) -> list[OpenWait]:
        """Return the waits that were open at a fact and that its event left open."""
        waits = self._engine.waits_open_at(event.name, sequence)
        left = [wait for wait in waits if not wait.accepts(event.wire)]
        return self._with_reasons(left, event.wire)

    def explain(self, which: Event | Sequence[OpenWait]) -> str:
        """Say why waits refused an event, or would refuse one that was not sent.

        Raises:
            UsageError: *which* is neither an event nor a list of waits.
        """
        if not isinstance(which, Event | list):
            raise UsageError(
                f"explain() takes an Event, or what send() returned, not {show(which)}",
                fix='write harness.explain(Event(name="support/feedback.received"))',
            )
        waits = self.would_ignore(which) if isinstance(which, Event) else which
        return "\n".join(map(str, waits)) or (
            "no open wait on this event's name refused it"
        )

    def would_ignore(self, event: Event) -> list[OpenWait]:
        """Return the open waits that *event* would not satisfy, were it sent now."""
        waits = self._engine.waits_open_at(event.name, len(self._engine.trace))
        ts = self.now if event.ts is None else to_instant(event.ts, what="ts")
        wire: JsonObject = {
            "name": event.name,
            "data": dict(event.data),
            "id": event.id,
            "ts": ts // MILLISECOND,
        }
        return self._with_reasons([w for w in waits if not w.accepts(wire)], wire)

    def _with_reasons(self, waits: Sequence[Wait], wire: JsonObject) -> list[OpenWait]:
        return [
            OpenWait(self, wait, wait.predicate.explain(wire))
            for wait in waits
            if wait.predicate is not None
        ]
