"""The steps of one run: what each asked for, what is still pending, what is remembered.

A handler is entered again and again from its top; what makes that cheap and right is
the memo: the result, or the error, of every step that has settled. A step settles once
and never changes afterwards (rule E1). Its identity is the hash of the user's id and,
for the second and later use of one id, an index (rule E5).

Laws: the run is entered for discovery only when nothing of it is pending (rules B7,
E1); a settled step's output is what came back from JSON, never the original object;
a timed-out wait and an ended sleep are remembered as null (rule B3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from .._json import Json
from .._model.copying import copier
from .._model.fact import (
    InvokeClosed,
    InvokeFailed,
    InvokeReturned,
    InvokeStarted,
    InvokeTimedOut,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    WaitClosed,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from .._model.operation import ErrorInfo, StepName

__all__ = ["STEP_TRANSITIONS", "Memo", "Memos", "StepRecord", "StepState"]


class StepState(StrEnum):
    """Where a step stands; the value is the word that users see."""

    NEW = "New"
    PLANNED = "Planned"
    RETRYING = "Retrying"
    SLEEPING = "Sleeping"
    WAITING = "Waiting"
    INVOKING = "Invoking"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    CLOSED = "Closed"


StepFact: TypeAlias = (
    StepPlanned
    | StepRetried
    | StepCompleted
    | StepFailed
    | SleepStarted
    | SleepEnded
    | WaitOpened
    | WaitMatched
    | WaitTimedOut
    | WaitClosed
    | InvokeStarted
    | InvokeReturned
    | InvokeFailed
    | InvokeTimedOut
    | InvokeClosed
)

STEP_TRANSITIONS: Final[dict[tuple[StepState, type[StepFact]], StepState]] = {
    (StepState.NEW, StepPlanned): StepState.PLANNED,
    (StepState.NEW, StepCompleted): StepState.COMPLETED,
    (StepState.NEW, StepRetried): StepState.RETRYING,
    (StepState.NEW, StepFailed): StepState.FAILED,
    (StepState.NEW, SleepStarted): StepState.SLEEPING,
    (StepState.NEW, WaitOpened): StepState.WAITING,
    (StepState.NEW, InvokeStarted): StepState.INVOKING,
    (StepState.NEW, InvokeFailed): StepState.FAILED,
    (StepState.PLANNED, StepCompleted): StepState.COMPLETED,
    (StepState.PLANNED, StepRetried): StepState.RETRYING,
    (StepState.PLANNED, StepFailed): StepState.FAILED,
    (StepState.RETRYING, StepCompleted): StepState.COMPLETED,
    (StepState.RETRYING, StepRetried): StepState.RETRYING,
    (StepState.RETRYING, StepFailed): StepState.FAILED,
    (StepState.SLEEPING, SleepEnded): StepState.COMPLETED,
    (StepState.WAITING, WaitMatched): StepState.COMPLETED,
    (StepState.WAITING, WaitTimedOut): StepState.TIMED_OUT,
    (StepState.WAITING, WaitClosed): StepState.CLOSED,
    (StepState.INVOKING, InvokeReturned): StepState.COMPLETED,
    (StepState.INVOKING, InvokeFailed): StepState.FAILED,
    (StepState.INVOKING, InvokeTimedOut): StepState.FAILED,
    (StepState.INVOKING, InvokeClosed): StepState.CLOSED,
}

_SETTLED: Final = frozenset(
    {StepState.COMPLETED, StepState.FAILED, StepState.TIMED_OUT}
)


class Memo(NamedTuple):
    """What a later entry finds for a step: what it was, its data, or its error."""

    op: str
    data: Json
    error: ErrorInfo | None = None


@dataclass(slots=True, eq=False)
class StepRecord:
    """One step of one run.

    Attributes:
        name: Its identity.
        op: What kind of step it is, in the protocol's words: ``"StepRun"``, …
        state: Where it stands.
        output: What it yielded, once it settled.
        error: What it raised, last or for good.
        attempts: How often its callback was called.
        races: Whether the run goes on as soon as it settles, whatever is pending.
    """

    name: StepName
    op: str
    state: StepState = StepState.NEW
    output: Json = None
    error: ErrorInfo | None = None
    attempts: int = 0
    races: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the step has its final result."""
        return self.state in _SETTLED


_twin: Final = copier(StepRecord)


class Memos:
    """The steps of one run, by hashed id, in the order in which they were reported.

    Attributes:
        steps: All of them.
        settled: What the next entry finds.
        pending: How many have no result yet.
        size: How many bytes the results have.
        has_race: Whether a step has raced with others.
        is_ahead: Whether one of those has settled since the run was entered for it.
    """

    def __init__(self) -> None:
        self.steps: dict[str, StepRecord] = {}
        self.settled: dict[str, Memo] = {}
        self.pending = 0
        self.size = 0
        self.has_race = self.is_ahead = False

    def fork(self) -> "Memos":
        """Return the same steps in another world."""
        twin = Memos()
        # a step that has its result is never changed, and shared
        twin.steps = {h: s if s.is_settled else _twin(s) for h, s in self.steps.items()}
        twin.settled, twin.pending = self.settled.copy(), self.pending
        twin.size = self.size
        twin.has_race, twin.is_ahead = self.has_race, self.is_ahead
        return twin

    def record(self, name: StepName, op: str) -> StepRecord:
        """Return the step of this name, new or known."""
        step = self.steps.get(name.hashed)
        if step is None:
            step = self.steps[name.hashed] = StepRecord(name, op)
            self.pending += 1
        return step

    def move(self, step: StepRecord, fact: type[StepFact]) -> None:
        """Take the edge that *fact* stands for; a step that settles is remembered."""
        step.state = STEP_TRANSITIONS[step.state, fact]
        if step.state in _SETTLED:
            failed = step.state is StepState.FAILED
            self.settled[step.name.hashed] = Memo(
                step.op, step.output, step.error if failed else None
            )
            self.pending -= 1
            if step.races:
                self.is_ahead = True

    def race(self, step: StepRecord) -> None:
        """Let the run go on as soon as *step* settles."""
        step.races = self.has_race = True

    def unsettled(self) -> Mapping[str, StepRecord]:
        """Return the steps without a result, in the order of reporting."""
        return {h: step for h, step in self.steps.items() if not step.is_settled}
