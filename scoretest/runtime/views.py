"""What a test reads of a run: live views on the engine's records."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, final

from .._core.memos import StepRecord, StepState
from .._core.runs import RunState
from .._core.waits import Wait
from .._engine import Live
from .._json import Json, copy_json
from .._model.event import Event, ReceivedEvent
from .._model.operation import ErrorInfo
from ..sdk.arguments import event_from_wire
from ..times import Duration, format_duration, format_instant, to_datetime
from .checks import pick

if TYPE_CHECKING:
    from .reader import Reader
    from .scores import ScoreRecord

__all__ = [
    "OpenWait",
    "Run",
    "RunError",
    "RunStatus",
    "RunStep",
    "event_view",
]


class RunStatus(StrEnum):
    """Where a run stands, in the server's words."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_STATUS = {
    RunState.COMPLETED: RunStatus.COMPLETED,
    RunState.FAILED: RunStatus.FAILED,
}


def event_view(event: ReceivedEvent) -> Event:
    """Return *event* as tests see it: a copy, in wire shape."""
    copied = copy_json(event.wire)
    return event_from_wire(copied if isinstance(copied, dict) else {})


@final
class RunError:
    """Why a run or a step failed.

    Attributes:
        name: The class of the error, such as ``"KeyError"``.
        message: Its text.
        stack: Its traceback, in places that are the same on every machine.
    """

    __slots__ = ("message", "name", "stack")

    def __init__(self, info: ErrorInfo) -> None:
        self.name = info.name
        self.message = info.message
        self.stack = info.stack

    def __repr__(self) -> str:
        return f"<{self.name}: {self.message}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RunError):
            return NotImplemented
        return (self.name, self.message) == (other.name, other.message)

    __hash__ = None  # type: ignore[assignment]  # compared by what it says


@final
class RunStep:
    """A step of a run, as it stands now."""

    __slots__ = ("_record",)

    def __init__(self, record: StepRecord) -> None:
        self._record = record

    @property
    def id(self) -> str:
        """The step's id, with ``:1`` and so on from its second use (rule E5)."""
        return str(self._record.name)

    @property
    def op(self) -> str:
        """What kind it is, such as ``"StepRun"``, ``"Sleep"``, ``"WaitForEvent"``."""
        return self._record.op

    @property
    def status(self) -> str:
        """Where it stands, such as ``"Completed"``, ``"Failed"``, ``"Waiting"``."""
        return self._record.state.value

    @property
    def output(self) -> Json:
        """What it yielded; None until then, and after a timeout."""
        return copy_json(self._record.output)

    @property
    def error(self) -> RunError | None:
        """What it raised last, or None; a step that succeeds in the end has none."""
        info = self._record.error
        is_over_it = self._record.state is StepState.COMPLETED
        return None if info is None or is_over_it else RunError(info)

    @property
    def attempts(self) -> int:
        """How often its callback was called."""
        return self._record.attempts

    def __repr__(self) -> str:
        return f"<{self.op} {self.id!r} {self.status}>"


@final
class OpenWait:
    """A wait of a run, and why an event did not satisfy it.

    Attributes:
        why: In the list `Sent.ignored`: why that event did not match; else "".
    """

    def __init__(self, reader: "Reader", wait: Wait, why: str = "") -> None:
        self._reader = reader
        self._wait = wait
        self.why = why

    @property
    def run(self) -> "Run":
        """The run that waits."""
        return self._reader.run(self._wait.run_id)

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

    def __init__(self, reader: "Reader", live: Live) -> None:
        self._reader = reader
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
        return _STATUS.get(self._live.run.state, RunStatus.RUNNING)

    @property
    def status(self) -> RunStatus:
        """Where the run stands: ``"Running"``, ``"Completed"`` or ``"Failed"``."""
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
        if self._live.run.state is RunState.FAILED:
            self._reader.looked_at.add(self.id)

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
        found = [step for step in self.steps if step.id == step_id]
        return pick(
            found, self.steps, f"step {step_id!r} of {self!r}", "look at run.steps"
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
    def parent(self) -> "Run | None":
        """The run that deferred this one, or None."""
        parent = self._live.run.parent
        return self._reader.run(parent) if parent else None

    @property
    def deferred(self) -> "list[Run]":
        """The runs that this one deferred, in the order of its `defer` calls."""
        return [run for run in self._reader.runs if run._live.run.parent == self.id]  # noqa: SLF001 -- its own kind

    @property
    def scores(self) -> "Sequence[ScoreRecord]":
        """The scores that stand on this run and its steps."""
        return self._reader.scores.of(self)

    @property
    def waiting_for(self) -> str | None:
        """What the run is waiting for, in words; None when it is over or busy."""
        pending = [
            self._pending(step) for step in self._live.memos.unsettled().values()
        ]
        return "; ".join(pending) or self._retrying()

    def _pending(self, step: StepRecord) -> str:
        wait = self._live.waits.get(step.name.hashed)
        if wait is not None:
            return OpenWait(self._reader, wait).wants
        return f"step {str(step.name)!r} ({step.state.value})"

    def _retrying(self) -> str | None:
        run = self._live.run
        if run.is_over or run.error is None or run.open_entries:
            return None
        return f"attempt {run.attempts + 1} after {run.error.name}: {run.error.message}"

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
        end = self._reader.now if run.ended_at is None else run.ended_at
        return format_duration(Duration(end - run.started_at))
