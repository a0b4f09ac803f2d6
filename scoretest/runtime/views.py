"""What a test reads of a run, its waits and its scores: live views on the engine."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from .._core.memos import StepRecord
from .._core.runs import RunState
from .._core.waits import Wait
from .._engine import Engine, Live
from .._json import Json, copy_json, show
from .._model.event import Event
from .._model.experiment import ExperimentRef
from .._model.score import Score, ScoreEntry, ScoreValue
from .._model.session import shared
from ..errors import UsageError, near_miss
from ..times import Duration, Instant, format_duration, format_instant, to_datetime
from .parts import RunError, RunStatus, RunStep, event_view, status_of

__all__ = [
    "OpenWait",
    "Run",
    "ScoreRecord",
    "Source",
    "entry_of",
    "find_run",
    "source_of",
    "status_quietly",
]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What views read from.

    Attributes:
        engine: The world.
        start: The instant at which it began.
        looked_at: The ids of failed runs that the test has looked at.
        last_read: The id of the run whose outcome was read last, if any.
    """

    engine: Engine
    start: Instant
    looked_at: set[str] = field(default_factory=set)
    last_read: "deque[str]" = field(default_factory=lambda: deque(maxlen=1))


@final
class OpenWait:
    """A wait of a run, and why an event did not satisfy it.

    Attributes:
        why: In the list `Sent.ignored`: why that event did not match; else "".
    """

    def __init__(self, source: Source, wait: Wait, why: str = "") -> None:
        self._source = source
        self._wait = wait
        self.why = why

    @property
    def run(self) -> "Run":
        """The run that waits."""
        return Run(self._source, self._source.engine.lives[self._wait.run_id])

    @property
    def step_id(self) -> str:
        """The waiting step's id."""
        return str(self._wait.step)

    @property
    def event(self) -> str:
        """The name of the event."""
        return self._wait.event

    @property
    def expression(self) -> str | None:
        """The match expression as it was written, or None."""
        predicate = self._wait.predicate
        return None if predicate is None else predicate.text

    @property
    def notes(self) -> list[str]:
        """What production does with the expression that its author may not expect."""
        predicate = self._wait.predicate
        return [] if predicate is None else list(predicate.notes)

    @property
    def opened_at(self) -> datetime:
        """When the wait began."""
        return to_datetime(self._wait.opened_at)

    @property
    def expires_at(self) -> datetime:
        """The last instant at which an event can match (rule B9)."""
        return to_datetime(self._wait.expires)

    @property
    def wants(self) -> str:
        """What it waits for, in words."""
        condition = f" if {self.expression}" if self.expression else ""
        until = format_instant(self._wait.expires)
        return f"event {self.event!r}{condition} until {until}"

    def __str__(self) -> str:
        """Return what it waits for, and why an event did not match, line by line."""
        parts = [
            ("event", repr(self.event)),
            ("if", self.expression),
            ("until", format_instant(self._wait.expires)),
            ("why not", self.why),
        ]
        parts += [("note", note) for note in self.notes]
        lines = [f"  {label + ':':<9}{text}" for label, text in parts if text]
        head = f"step {self.step_id!r} of {self.run.function_id!r} waits"
        return "\n".join([head, *lines])

    def __repr__(self) -> str:
        return f"<wait {self.step_id!r} for {self.event!r}>"


@final
class Run:
    """One run of one function, as it stands now."""

    def __init__(self, source: Source, live: Live) -> None:
        self._source = source
        self._live = live

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Run):
            return NotImplemented
        return self._live is other._live

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<run {self.id} of {self.function_id!r}, {self._status}>"

    @property
    def id(self) -> str:
        """The run's ULID."""
        return self._live.run.id

    @property
    def function_id(self) -> str:
        """The function's slug, ``"{app_id}-{fn_id}"``."""
        return self._live.run.function.slug

    @property
    def _status(self) -> RunStatus:
        return status_of(self._live.run.state)

    @property
    def status(self) -> RunStatus:
        """``"Running"``, ``"Completed"``, ``"Failed"`` or ``"Cancelled"``."""
        self._look()
        return self._status

    @property
    def output(self) -> Json:
        """What the handler returned, after JSON; None until then."""
        self._look()
        return copy_json(self._live.run.output)

    @property
    def error(self) -> RunError | None:
        """Why the run failed; None while it runs and when it completed."""
        self._look()
        info = self._live.run.error
        has_failed = self._live.run.state is RunState.FAILED
        return RunError(info) if info is not None and has_failed else None

    def _look(self) -> None:
        self._source.last_read.append(self.id)
        if self._live.run.state is RunState.FAILED:
            self._source.looked_at.add(self.id)

    @property
    def attempts(self) -> int:
        """Entries of the last unit that failed or settled, counted from 1 (rule D2)."""
        return self._live.run.attempts

    @property
    def entries(self) -> int:
        """How often the handler was entered (rule E1)."""
        return self._live.run.entries

    @property
    def steps(self) -> list[RunStep]:
        """The run's steps, in the order in which it reported them."""
        return [RunStep(record) for record in self._live.memos.steps.values()]

    def step(self, step_id: str) -> RunStep:
        """Return the step of this id.

        Raises:
            UsageError: The run has no such step; the message lists those it has.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        ids = [step.id for step in self.steps]
        raise UsageError(
            f"there is no step {show(step_id)} of {self!r}{near_miss(step_id, ids)}",
            seen="; ".join(map(repr, self.steps)) or "there are none at all",
            fix="look at run.steps",
        )

    @property
    def event(self) -> Event:
        """The event that started the run, in wire shape."""
        return event_view(self._live.run.events[0])

    @property
    def events(self) -> list[Event]:
        """All events that started the run."""
        return [event_view(event) for event in self._live.run.events]

    @property
    def sessions(self) -> dict[str, str]:
        """What all its events share: what its ``ctx.sessions`` begins as."""
        return shared(event.wire for event in self._live.run.events)

    @property
    def parent(self) -> "Run | None":
        """The run that deferred this one, or None."""
        return find_run(self._source, self._live.run.parent)

    @property
    def deferred(self) -> "list[Run]":
        """The runs that this one deferred, in the order of its `defer` calls."""
        source = self._source
        lives = source.engine.lives.values()
        return [Run(source, live) for live in lives if live.run.parent == self.id]

    @property
    def scores(self) -> "list[ScoreRecord]":
        """The scores that stand on this run and its steps."""
        source = self._source
        return [
            ScoreRecord(source, entry)
            for entry in source.engine.scores
            if entry.run_id == self.id
        ]

    @property
    def waiting_for(self) -> str | None:
        """What the run is waiting for, in words; None when it is over or busy."""
        if self._live.run.is_over:
            return None
        pending = [
            self._pending(step) for step in self._live.memos.unsettled().values()
        ]
        turn = self._source.engine.turn_of(self._live)
        return turn or "; ".join(pending) or self._retrying()

    def _pending(self, step: StepRecord) -> str:
        wait = self._live.waits.get(step.name.hashed)
        if wait is not None:
            return OpenWait(self._source, wait).wants
        call = self._live.invokes.get(step.name.hashed)
        if call is not None:
            until = format_instant(call.expires)
            return f"function {call.function!r} until {until}"
        return f"step {str(step.name)!r} ({step.state.value})"

    def _retrying(self) -> str | None:
        run = self._live.run
        if run.state is RunState.QUEUED:  # rule H3
            return f"its start at {format_instant(self._starts_at())}"
        if run.error is None or run.open_entries:
            return None
        return f"attempt {run.attempts + 1} after {run.error.name}: {run.error.message}"

    def _starts_at(self) -> Instant:
        """Return when a queued run starts: at its event's time, or later (rule F8)."""
        gate, ts = self._live.gate, self._live.run.events[0].ts
        return ts if gate is None else Instant(max(ts, gate.since))

    @property
    def started_at(self) -> datetime:
        """When the run was created."""
        return to_datetime(self._live.run.started_at)

    @property
    def ended_at(self) -> datetime | None:
        """When the run ended, or None."""
        ended = self._live.run.ended_at
        return None if ended is None else to_datetime(ended)

    @property
    def duration(self) -> str:
        """How long the run has taken, in virtual time, such as ``"7d"``."""
        run = self._live.run
        end = self._source.engine.now if run.ended_at is None else run.ended_at
        return format_duration(Duration(end - run.started_at))


def find_run(source: Source, run_id: str) -> Run | None:
    """Return the run of this id, or None when the world has none."""
    live = source.engine.lives.get(run_id)
    return None if live is None else Run(source, live)


@final
class ScoreRecord:
    """A score that was written.

    Two records are equal when they are the same write; a record equals a `Score` of
    its name and value.
    """

    __slots__ = ("_entry", "_source")

    def __init__(self, source: Source, entry: ScoreEntry) -> None:
        self._source = source
        self._entry = entry

    @property
    def name(self) -> str:
        """What was measured."""
        return self._entry.name

    @property
    def value(self) -> ScoreValue:
        """The value; a bool stays a bool."""
        return self._entry.value

    @property
    def run_id(self) -> str:
        """The id of the run that is scored."""
        return self._entry.run_id

    @property
    def run(self) -> Run | None:
        """The run that is scored; None when this world has no such run (rule G5)."""
        return find_run(self._source, self._entry.run_id)

    @property
    def step_id(self) -> str | None:
        """The scored step's own id; None when the run is scored."""
        return self._entry.step_id

    @property
    def scorer(self) -> Run | None:
        """The deferred run that wrote it, or None."""
        writer = find_run(self._source, self._entry.writer)
        return writer if writer is not None and writer.parent is not None else None

    @property
    def experiment(self) -> ExperimentRef | None:
        """The experiment and the variant that it counts for now, or None (rule G6)."""
        entry = self._entry
        return self._source.engine.experiments.of(entry.run_id, entry.step_id)

    @property
    def at(self) -> datetime:
        """When it was written."""
        return to_datetime(self._entry.at)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ScoreRecord):
            return self._entry is other._entry
        if isinstance(other, Score):
            same = type(self.value) is type(other.value) or not (
                isinstance(self.value, bool) or isinstance(other.value, bool)
            )
            return same and (self.name, self.value) == (other.name, other.value)
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.value))

    def __repr__(self) -> str:
        target = f" step {self.step_id!r}" if self.step_id is not None else ""
        return f"<score {self.name}={self.value!r} on run {self.run_id}{target}>"


# for the report of a failed assertion, which must not count as the test's own look


def source_of(view: Run | ScoreRecord) -> Source:
    """Return the world that a view reads."""
    return view._source  # noqa: SLF001 -- a friend of both


def entry_of(record: ScoreRecord) -> ScoreEntry:
    """Return the write that a record shows."""
    return record._entry  # noqa: SLF001 -- a friend


def status_quietly(run: Run) -> RunStatus:
    """Return where *run* stands, without having looked at it."""
    return run._status  # noqa: SLF001 -- a friend
