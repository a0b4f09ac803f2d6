"""Parts of a run, as a test reads them: its status, its error, its steps."""

from enum import StrEnum
from typing import Final, final

from .._core.memos import StepRecord, StepState
from .._core.runs import RunState
from .._json import Json, copy_json
from .._model.event import Event, ReceivedEvent
from .._model.operation import ErrorInfo
from ..sdk.arguments import event_from_wire

__all__ = ["RunError", "RunStatus", "RunStep", "event_view", "status_of"]


class RunStatus(StrEnum):
    """Where a run stands, in the server's words."""

    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_STATUS: Final = {
    RunState.COMPLETED: RunStatus.COMPLETED,
    RunState.FAILED: RunStatus.FAILED,
    RunState.CANCELLED: RunStatus.CANCELLED,
}


def status_of(state: RunState) -> RunStatus:
    """Return the server's word for where a run stands."""
    return _STATUS.get(state, RunStatus.RUNNING)


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
