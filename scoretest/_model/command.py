"""Commands: everything that can happen to the engine from outside."""

from typing import TypeAlias

from .._json import JsonObject
from ..times import Instant
from .experiment import ExperimentRef, TakenVariant
from .finding import Finding
from .operation import Operation, Outcome
from .record import record
from .score import ScoreValue
from .session import Sessions

__all__ = [
    "AssignVariant",
    "CancelRun",
    "Command",
    "EntryReturned",
    "ReportFinding",
    "SendEvent",
    "TakeVariant",
    "WriteScore",
]


@record
class SendEvent:
    """An event arrives.

    Attributes:
        internal_id: The server's ULID for it, drawn beforehand by the caller.
        name: The event's name.
        data: Its data after the round trip.
        id: The sender's identifier, or "".
        ts: When it happened, or None for now.
        sender: The run whose handler sends it, or "".
        sessions: What it belongs to.
    """

    internal_id: str
    name: str
    data: JsonObject
    id: str = ""
    ts: Instant | None = None
    sender: str = ""
    sessions: Sessions = ()


@record
class EntryReturned:
    """A handler's entry ended and answers the engine."""

    run_id: str
    entry: int
    operations: tuple[Operation, ...] = ()
    outcome: Outcome = None


@record
class WriteScore:
    """A score, already checked, is written to a run or to one of its steps."""

    name: str
    value: ScoreValue
    run_id: str
    step_id: str | None = None
    writer: str = ""


@record
class CancelRun:
    """A run that has not ended is cancelled from outside (rule F1)."""

    run_id: str


@record
class TakeVariant:
    """A run goes the way of a variant, as its memo says."""

    run_id: str
    choice: TakenVariant


@record
class AssignVariant:
    """A run, or one of its steps, is assigned to a variant (rule G6)."""

    experiment: ExperimentRef
    run_id: str
    step_id: str | None = None
    writer: str = ""


@record
class ReportFinding:
    """The SDK or the runtime saw something that a test should know."""

    finding: Finding


Command: TypeAlias = (
    SendEvent
    | EntryReturned
    | WriteScore
    | TakeVariant
    | AssignVariant
    | CancelRun
    | ReportFinding
)
