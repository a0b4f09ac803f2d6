"""Operations: what a handler asks of the engine when an entry ends.

They are the opcodes of the real protocol (rule E6) under names that say who acts.
"""

from typing import TypeAlias

from .._json import Json, JsonObject
from ..times import Duration, Instant
from .record import record
from .session import Sessions

__all__ = [
    "DeferAbort",
    "DeferAdd",
    "ErrorInfo",
    "InvokeFunction",
    "Operation",
    "Outcome",
    "PlanStep",
    "Raised",
    "Returned",
    "SleepUntil",
    "StepName",
    "StepRaised",
    "StepRan",
    "WaitFor",
]


@record
class StepName:
    """A step's identity within its run (rule E5).

    Attributes:
        id: As the user wrote it.
        index: 0 for the first step of this id, then 1, 2, …
        hashed: The key under which the engine remembers it.
    """

    id: str
    index: int
    hashed: str

    def __str__(self) -> str:
        return f"{self.id}:{self.index}" if self.index else self.id


@record
class ErrorInfo:
    """An exception as it goes over the wire.

    Attributes:
        name: The exception's class, or the name that its server counterpart has.
        message: Its text.
        stack: Its traceback, without the frames of scoretest.
        place: ``file:line`` of the innermost frame of the user's code, or "".
        retriable: Whether another attempt may help (rule D4).
        retry_after: How long to wait instead of the usual backoff (rule D5).
    """

    name: str
    message: str
    stack: str = ""
    place: str = ""
    retriable: bool = True
    retry_after: Duration | None = None


@record
class PlanStep:
    """Run this step in an entry of its own: it stands in a parallel group.

    Attributes:
        step: Which step.
        races: Whether its branch goes on before its neighbours are through.
    """

    step: StepName
    races: bool = False


@record
class StepRan:
    """The step's callback returned; *size* is in bytes of JSON."""

    step: StepName
    data: Json
    size: int
    op: str = "StepRun"


@record
class StepRaised:
    """The step's callback raised."""

    step: StepName
    error: ErrorInfo
    op: str = "StepRun"


@record
class SleepUntil:
    """Enter again once the clock shows *until*."""

    step: StepName
    until: Instant
    races: bool = False


@record
class WaitFor:
    """Enter again with a matching event, or with nothing when *timeout* is over."""

    step: StepName
    event: str
    expression: str | None
    timeout: Duration
    races: bool = False


@record
class InvokeFunction:
    """Enter again with the result of a run of *function*, started with *data*."""

    step: StepName
    function: str
    data: JsonObject
    timeout: Duration | None
    sessions: Sessions = ()
    size: int = 0
    races: bool = False


@record
class DeferAdd:
    """Start a run of *function* when this run has ended (rule A1)."""

    id: str
    hashed: str
    function: str
    data: JsonObject
    size: int
    sessions: Sessions = ()
    meta_size: int = 0


@record
class DeferAbort:
    """Take back the defer with this hashed id (rule A6)."""

    hashed: str


Operation: TypeAlias = (
    PlanStep
    | StepRan
    | StepRaised
    | SleepUntil
    | WaitFor
    | InvokeFunction
    | DeferAdd
    | DeferAbort
)


@record
class Returned:
    """The handler came to its end."""

    data: Json


@record
class Raised:
    """The handler itself raised."""

    error: ErrorInfo


Outcome: TypeAlias = Returned | Raised | None
"""How an entry ended: at the handler's end, with an error, or at its operations."""
