"""Who is still on the way when a trace ends, and what everybody waits for."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from .._model.fact import (
    Fact,
    InvokeClosed,
    InvokeFailed,
    InvokeReturned,
    InvokeStarted,
    InvokeTimedOut,
    RunCancelled,
    RunCompleted,
    RunEntered,
    RunFailed,
    RunHeld,
    RunQueued,
    RunRetried,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    TraceEntry,
    WaitClosed,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from ..times import Instant
from .index import Index
from .line import Line
from .sentences import offset

__all__ = ["Ends"]

_SETTLED = (
    StepCompleted
    | StepFailed
    | SleepEnded
    | WaitMatched
    | WaitTimedOut
    | WaitClosed
    | InvokeReturned
    | InvokeFailed
    | InvokeTimedOut
    | InvokeClosed
)
_PENDING = StepPlanned | StepRetried | SleepStarted | WaitOpened | InvokeStarted

_TURN = "turn"  # no hashed id of a step


class Ends:
    """How the runs of a trace ended, and which did not.

    Args:
        entries: The whole trace.
        start: The instant that offsets count from.
    """

    def __init__(self, entries: Iterable[TraceEntry], start: Instant) -> None:
        self._start = start
        self._on_the_way: dict[str, dict[str, str]] = {}
        self.completed = 0
        self.failed = 0
        self.cancelled = 0
        for entry in entries:
            self._follow(entry.fact)

    @property
    def open(self) -> int:
        """How many runs had not ended."""
        return len(self._on_the_way)

    def lines(self, index: Index) -> Iterator[Line]:
        """Yield a line for each run that had not ended, in the order of starting."""
        for run_id, pending in self._on_the_way.items():
            what = "; ".join(pending.values()) or "has not ended"
            yield Line("open", f"{index.run(run_id)} {what}")

    def _follow(self, fact: Fact) -> None:
        match fact:
            case RunCompleted():
                self.completed += 1
                self._on_the_way.pop(fact.run_id, None)
            case RunFailed():
                self.failed += 1
                self._on_the_way.pop(fact.run_id, None)
            case RunCancelled():
                self.cancelled += 1
                self._on_the_way.pop(fact.run_id, None)
            case RunQueued():
                self._on_the_way[fact.run_id] = {}
            case RunRetried():
                again = f"tries again at {offset(fact.due, self._start)}"
                self._of(fact.run_id)[""] = again
            case RunHeld() | RunEntered():
                self._follow_turn(fact)
            case _:
                self._follow_step(fact)

    def _follow_turn(self, fact: RunHeld | RunEntered) -> None:
        pending = self._of(fact.run_id)
        if isinstance(fact, RunHeld):
            pending[_TURN] = f"is held by its {fact.limit}"
            return
        pending.pop(_TURN, None)
        if not fact.target:
            pending.pop("", None)

    def _follow_step(self, fact: Fact) -> None:
        if isinstance(fact, _SETTLED):
            self._of(fact.run_id).pop(fact.step.hashed, None)
        elif isinstance(fact, _PENDING):
            self._of(fact.run_id)[fact.step.hashed] = self._told(fact)

    def _told(self, fact: _PENDING) -> str:
        match fact:
            case StepPlanned():
                return f"has step {fact.step} before it"
            case StepRetried():
                due = offset(fact.due, self._start)
                return f"tries step {fact.step} again at {due}"
            case SleepStarted():
                return f"sleeps until {offset(fact.until, self._start)}"
            case WaitOpened():
                until = offset(fact.expires, self._start)
                return f"waits for {fact.event} until {until}"
            case InvokeStarted():
                until = offset(fact.expires, self._start)
                return f"waits for {fact.function} until {until}"
            case _:
                assert_never(fact)

    def _of(self, run_id: str) -> dict[str, str]:
        return self._on_the_way.get(run_id, {})
