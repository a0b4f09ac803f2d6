"""Deferred work of one run: kept while it runs, released when it ends.

Laws: the first accepted call of an id wins, whatever later entries say (rules A4, A6);
an abort is final, even one that comes before the call (rule A6); nothing is released
before the run is terminal, and then every live defer exactly once, in the order of the
calls, however the run ended (rules A1, A2). The server releases in no order (rule A8);
ours is one of its orders. A rejected defer never harms its run (rule A7).

The book knows ids, sizes and states. It does not know events: what a released defer
starts is the engine's affair.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from .._model.fact import DeferAborted, DeferAdded, DeferRejected, DeferScheduled
from .._model.limits import Limits
from .._model.operation import DeferAbort, DeferAdd
from .._model.session import objection

__all__ = ["DEFER_TRANSITIONS", "DeferBook", "DeferState"]


class DeferState(StrEnum):
    """Where a defer stands."""

    ABSENT = "Absent"
    ADDED = "Added"
    ABORTED = "Aborted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


DeferFact: TypeAlias = DeferAdded | DeferAborted | DeferRejected | DeferScheduled

DEFER_TRANSITIONS: Final[dict[tuple[DeferState, type[DeferFact]], DeferState]] = {
    (DeferState.ABSENT, DeferAdded): DeferState.ADDED,
    (DeferState.ABSENT, DeferAborted): DeferState.ABORTED,
    (DeferState.ABSENT, DeferRejected): DeferState.REJECTED,
    (DeferState.ADDED, DeferAborted): DeferState.ABORTED,
    (DeferState.ADDED, DeferScheduled): DeferState.SCHEDULED,
}


class DeferBook:
    """The defers of one run, by hashed id.

    Attributes:
        known: The accepted ids, and whether each can still be aborted (rule E6). Made
            anew by every change, so that an entry may hold on to what it was told.
    """

    def __init__(self, run_id: str, limits: Limits) -> None:
        self.known: Mapping[str, bool] = {}
        self._run_id = run_id
        self._limits = limits
        self._states: dict[str, DeferState] = {}
        self._calls: dict[str, DeferAdd] = {}
        self._bytes = 0

    def fork(self) -> "DeferBook":
        """Return the same defers in another world."""
        twin = DeferBook(self._run_id, self._limits)
        twin.known, twin._bytes = self.known, self._bytes
        twin._states, twin._calls = self._states.copy(), self._calls.copy()
        return twin

    @property
    def ids(self) -> tuple[str, ...]:
        """The users' ids of all accepted defers."""
        return tuple(call.id for call in self._calls.values())

    def add(self, call: DeferAdd) -> DeferAdded | DeferRejected | None:
        """Keep *call*, refuse it, or do nothing when its id was seen before."""
        if call.hashed in self._states:
            return None
        reason = self._objection(call)
        if reason:
            refused = DeferRejected(self._run_id, call.id, reason)
            self._move(call.hashed, refused)
            return refused
        self._calls[call.hashed] = call
        self._bytes += call.size
        added = DeferAdded(run_id=self._run_id, defer=call.id, function=call.function)
        self._move(call.hashed, added)
        return added

    def _objection(self, call: DeferAdd) -> str:
        limits = self._limits
        if len(self._calls) >= limits.defers_per_run:
            return f"a run has at most {limits.defers_per_run} defers"
        if call.size > limits.defer_input_bytes:
            return f"its data has {call.size} bytes, over {limits.defer_input_bytes}"
        if call.meta_size > limits.defer_meta_bytes:
            return (
                f"its meta has {call.meta_size} bytes, over {limits.defer_meta_bytes}"
            )
        total = self._bytes + call.size
        if total > limits.defer_total_bytes:
            return (
                f"the run's defers have {total} bytes together, "
                f"over {limits.defer_total_bytes}"
            )
        return objection(call.sessions, limits)

    def abort(self, call: DeferAbort) -> DeferAborted | None:
        """Take a defer back; nothing happens when that cannot be, or was done."""
        state = self._states.get(call.hashed, DeferState.ABSENT)
        if (state, DeferAborted) not in DEFER_TRANSITIONS:
            return None
        kept = self._calls.get(call.hashed)
        aborted = DeferAborted(self._run_id, kept.id if kept else call.hashed)
        self._move(call.hashed, aborted)
        return aborted

    def release(self) -> tuple[DeferAdd, ...]:
        """Return the live defers, oldest first, and mark them as scheduled."""
        if not self._calls:
            return ()
        live = tuple(call for call in self._calls.values() if self.known[call.hashed])
        for call in live:
            self._states[call.hashed] = DEFER_TRANSITIONS[
                DeferState.ADDED, DeferScheduled
            ]
        self.known = dict.fromkeys(self._calls, False)
        return live

    def _move(self, hashed: str, fact: DeferFact) -> None:
        state = self._states.get(hashed, DeferState.ABSENT)
        self._states[hashed] = state = DEFER_TRANSITIONS[state, type(fact)]
        if hashed in self._calls:
            self.known = {**self.known, hashed: state is DeferState.ADDED}
