"""Runs: one execution each of one function, from its event to its end.

A run is entered one or more times; between entries nothing of it exists but this
record and its steps. The table says all that can happen to a run. An entry that answers
after the run is over is dropped (rule F1's in-flight step).

`attempt` counts within the unit that is entered: the code up to the next new step, or
one step of a parallel group. It starts again at 0 whenever something settled (rule D2).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from .._json import Json
from .._model.copying import copier
from .._model.event import ReceivedEvent
from .._model.fact import (
    RunCancelled,
    RunCompleted,
    RunEntered,
    RunFailed,
    RunHeld,
    RunQueued,
    RunRetried,
)
from .._model.operation import ErrorInfo
from .._model.options import FunctionOptions
from ..errors import InternalError
from ..times import Instant

__all__ = ["RUN_TRANSITIONS", "RunRecord", "RunState"]


class RunState(StrEnum):
    """Where a run stands."""

    NEW = "New"
    QUEUED = "Queued"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


RunFact: TypeAlias = (
    RunQueued
    | RunHeld
    | RunEntered
    | RunRetried
    | RunCompleted
    | RunFailed
    | RunCancelled
)

RUN_TRANSITIONS: Final[dict[tuple[RunState, type[RunFact]], RunState]] = {
    (RunState.NEW, RunQueued): RunState.QUEUED,
    (RunState.QUEUED, RunHeld): RunState.QUEUED,
    (RunState.QUEUED, RunEntered): RunState.RUNNING,
    (RunState.RUNNING, RunHeld): RunState.RUNNING,
    (RunState.QUEUED, RunCancelled): RunState.CANCELLED,
    (RunState.RUNNING, RunEntered): RunState.RUNNING,
    (RunState.RUNNING, RunRetried): RunState.RUNNING,
    (RunState.RUNNING, RunCompleted): RunState.COMPLETED,
    (RunState.RUNNING, RunFailed): RunState.FAILED,
    (RunState.RUNNING, RunCancelled): RunState.CANCELLED,
}

_NEVER: Final = Instant(-1)
_OVER: Final = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED})


@dataclass(slots=True, eq=False)
class RunRecord:
    """One run.

    Attributes:
        id: Its ULID.
        function: What runs.
        events: The events that started it: one, or those of a batch.
        parent: The run that deferred it, or "".
        depth: How many events of one instant led to it, one causing the next.
        depth_at: That instant.
        generation: How many runs led to it, each started by the one before.
        state: Where it stands.
        entries: How often its handler was entered.
        attempts: Entries of the last unit that failed or settled, counted from 1.
        open_entries: The entries that have not answered.
        output: What it returned.
        error: Why it failed.
        started_at: When it was queued.
        ended_at: When it ended, or None.
        lost_defers: Ids of defers that an entry dropped when it failed (rule A3).
    """

    id: str
    function: FunctionOptions
    events: tuple[ReceivedEvent, ...]
    parent: str
    started_at: Instant
    depth: int = 0
    depth_at: Instant = _NEVER
    generation: int = 0
    state: RunState = RunState.NEW
    entries: int = 0
    attempts: int = 0
    open_entries: dict[int, RunEntered] = field(default_factory=dict)
    output: Json = None
    error: ErrorInfo | None = None
    ended_at: Instant | None = None
    lost_defers: list[str] = field(default_factory=list)

    def fork(self) -> "RunRecord":
        """Return the same run in another world."""
        twin = _twin(self)
        twin.open_entries = self.open_entries.copy()
        twin.lost_defers = self.lost_defers.copy()
        return twin

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self.state in _OVER

    def move(self, fact: type[RunFact]) -> None:
        """Take the edge that *fact* stands for.

        Raises:
            InternalError: The table has no such edge.
        """
        state = RUN_TRANSITIONS.get((self.state, fact))
        if state is None:
            raise InternalError(
                f"run {self.id} cannot take {fact.__name__} while {self.state.value}",
                where=f"function {self.function.slug!r} ({self.function.place})",
                fix="this is a bug in scoretest; please report it with the seed",
            )
        self.state = state


_twin: Final = copier(RunRecord)
