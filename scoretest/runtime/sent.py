"""What came of sending: the runs that an event started, resumed, and left waiting."""

from collections.abc import Iterable, Iterator, Sequence
from typing import SupportsIndex, final, overload

from .._core.waits import Wait
from .._json import JsonObject
from .._model.event import Event, ReceivedEvent
from .._model.fact import (
    EventJoined,
    EventKept,
    EventReceived,
    Fact,
    RunCancelled,
    RunQueued,
    RunSkipped,
    WaitMatched,
)
from .._model.session import resolved, wire_meta
from ..errors import UsageError, near_miss
from ..times import MILLISECOND, Instant, to_instant
from .views import OpenWait, Run, Source

__all__ = [
    "NoRunError",
    "ResumedRuns",
    "Sent",
    "StartedRuns",
    "as_wire",
    "ignored",
    "would_ignore",
]


class NoRunError(UsageError, IndexError):
    """A run was asked for that an event did not start."""


class StartedRuns(list[Run]):
    """The runs that events started: a list whose IndexError says what to do."""

    def __init__(self, runs: Iterable[Run], hint: str, fix: str) -> None:
        super().__init__(runs)
        self._hint = hint
        self._fix = fix

    @overload
    def __getitem__(self, place: SupportsIndex) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> list[Run]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Run | list[Run]:
        """Return the run at *place*.

        Raises:
            NoRunError: The events did not start so many.
        """
        try:
            return super().__getitem__(place)
        except IndexError:
            if len(self):
                raise NoRunError(
                    f"runs[{place}] was asked for, and the events that were sent "
                    f"started {len(self)} run(s)",
                    seen="; ".join(map(repr, self)),
                    fix="take one of those that were started",
                ) from None
            raise NoRunError(
                f"the events that were sent started no run{self._hint}",
                fix=self._fix,
            ) from None


class ResumedRuns(list[Run]):
    """The runs that events resumed: a list that knows what was sent."""

    def __init__(self, runs: Iterable[Run], sent: "Sent") -> None:
        super().__init__(runs)
        self.sent = sent


@final
class Sent:
    """The consequences of one call to `Harness.send`.

    It speaks of the moment of sending: what the started runs did afterwards is on the
    runs themselves.

    Attributes:
        ids: The server's ids of the events, in order (rule E4).
    """

    def __init__(self, source: Source, ids: list[str], begin: int, end: int) -> None:
        self.ids = ids
        self._source = source
        self._begin = begin
        self._end = end

    def __repr__(self) -> str:
        return (
            f"<sent {len(self.ids)} event(s): {len(self.runs)} run(s) started, "
            f"{len(self.resumed)} resumed, {len(self.ignored)} wait(s) not satisfied>"
        )

    def _facts(self) -> Iterator[tuple[int, Fact]]:
        # by index: a slice of the trace would copy it when it is long
        trace = self._source.engine.trace
        for sequence in range(self._begin, self._end):
            yield sequence, trace[sequence].fact

    @property
    def runs(self) -> list[Run]:
        """The runs that these events started, at once and alone or not, in order."""
        found = dict.fromkeys(
            fact.run_id
            for _, fact in self._facts()
            if isinstance(fact, RunQueued | EventJoined) and fact.event_id in self.ids
        )
        started = [self._run(run_id) for run_id in found]
        return StartedRuns(started, *(("", "") if started else self._why_none()))

    def _run(self, run_id: str) -> Run:
        return Run(self._source, self._source.engine.lives[run_id])

    def _why_none(self) -> tuple[str, str]:
        """Return a hint at why the events started no run, and what to do about it."""
        for _, fact in self._facts():
            if isinstance(fact, EventKept):
                hint = f" yet: {fact.function!r} keeps the event ({fact.why})"
                return hint, "go on in time, then ask for harness.run(function)"
            if isinstance(fact, RunSkipped) and fact.event_id in self.ids:
                hint = f": {fact.function!r} skipped it, {fact.reason}"
                return hint, "send it later, or with another key"
        fix = "serve a function with a trigger of exactly this event's name"
        return self._near_trigger(), fix

    def _near_trigger(self) -> str:
        """Return a hint at the trigger that an event's name may have meant."""
        known = self._source.engine.trigger_names
        names = [f.event.name for _, f in self._facts() if isinstance(f, EventReceived)]
        return next(filter(None, (near_miss(name, known) for name in names)), "")

    @property
    def resumed(self) -> list[Run]:
        """The runs that had a wait which these events satisfied, in order."""
        return ResumedRuns(self._hit(WaitMatched), self)

    def _hit(self, kind: type[WaitMatched | RunCancelled]) -> list[Run]:
        facts = (fact for _, fact in self._facts())
        hit = [
            f.run_id for f in facts if isinstance(f, kind) and f.event_id in self.ids
        ]
        return [self._run(run_id) for run_id in dict.fromkeys(hit)]

    @property
    def cancelled(self) -> list[Run]:
        """The runs that these events cancelled, in order (rule F1)."""
        return self._hit(RunCancelled)

    @property
    def ignored(self) -> list[OpenWait]:
        """The waits on these events' names that they did not satisfy, each with why."""
        return [
            wait
            for sequence, event in self.arrivals
            for wait in ignored(self._source, event, sequence)
        ]

    @property
    def arrivals(self) -> list[tuple[int, ReceivedEvent]]:
        """The events as the server received them, with their places in the trace."""
        return [
            (sequence, fact.event)
            for sequence, fact in self._facts()
            if isinstance(fact, EventReceived) and fact.event.internal_id in self.ids
        ]


def ignored(source: Source, event: ReceivedEvent, sequence: int) -> list[OpenWait]:
    """Return the waits that were open at a fact and that its event left open."""
    waits = source.engine.waits_open_at(event.name, sequence)
    left = [wait for wait in waits if not wait.accepts(event.wire)]
    return _with_reasons(source, left, event.wire)


def would_ignore(source: Source, event: Event) -> list[OpenWait]:
    """Return the open waits that *event* would not satisfy, were it sent now."""
    engine = source.engine
    waits = engine.waits_open_at(event.name, len(engine.trace))
    wire = as_wire(event, engine.now)
    left = [wait for wait in waits if not wait.accepts(wire)]
    return _with_reasons(source, left, wire)


def as_wire(event: Event, now: Instant) -> JsonObject:
    """Return an event that was not sent in the shape that it would have."""
    ts = now if event.ts is None else to_instant(event.ts, what="ts")
    return {
        "name": event.name,
        "data": dict(event.data),
        "id": event.id,
        "ts": ts // MILLISECOND,
        "user": {},
        **wire_meta(resolved(event.meta)),
    }


def _with_reasons(
    source: Source, waits: Sequence[Wait], wire: JsonObject
) -> list[OpenWait]:
    return [
        OpenWait(source, wait, wait.predicate.explain(wire))
        for wait in waits
        if wait.predicate is not None
    ]
