"""What is due, and when: the only queue of virtual time.

Two laws. Timers come out in the order ``(due, sequence)``, the sequence being the order
in which they were set; nothing else ever decides between two of them. A cancelled timer
never comes out. Cancelling marks; the mark is swept up when the timer's turn comes, so
that both setting and cancelling stay cheap with a million timers.

A timer does not know what it means: it carries an `Alarm`, or a `Signal` if it belongs
to no run, that the engine reads. The
order matters to users: of two waits that end at the same instant the one opened first
ends first, and a retry set before a sleep is entered before it.
"""

import heapq
from enum import StrEnum

from .._model.record import record
from ..times import Instant

__all__ = ["Alarm", "AlarmKind", "Signal", "SignalKind", "TimerQueue"]


class AlarmKind(StrEnum):
    """What happens when a timer fires."""

    ENTER = "enter the run"
    SLEEP = "end the sleep"
    WAIT = "time the wait out"
    INVOKE = "time the invocation out"
    START = "cancel the run, unless it has begun"
    FINISH = "cancel the run"


@record
class Alarm:
    """What a timer is for.

    Attributes:
        kind: What happens.
        run_id: To which run.
        step: The hashed id of the step concerned, or "" for the whole run; of a run's
            timeout, its name.
        attempt: The attempt that begins, where an entry follows.
    """

    kind: AlarmKind
    run_id: str
    step: str = ""
    attempt: int = 0


class SignalKind(StrEnum):
    """What happens when a timer fires that belongs to no run."""

    TURN = "let those in whom a throttle held back"
    GATHERED = "start the run of a debounce or a batch"
    CRON = "start the run of a cron trigger"


@record
class Signal:
    """What a timer is for that belongs to no run, or to no single one.

    Attributes:
        kind: What happens.
        key: Of which throttle, debounce, batch or cron.
        since: The instant that a cron names, which may be earlier than the timer.
    """

    kind: SignalKind
    key: str
    since: int = 0


class TimerQueue:
    """Alarms in the order in which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int]] = []
        self._alarms: dict[int, Alarm | Signal] = {}
        self._sequence = 0

    def fork(self) -> "TimerQueue":
        """Return the same alarms in another world."""
        twin = TimerQueue()
        twin._heap, twin._alarms = self._heap.copy(), self._alarms.copy()
        twin._sequence = self._sequence
        return twin

    def set(self, due: Instant, alarm: Alarm | Signal) -> int:
        """Add *alarm* and return the number by which it can be cancelled."""
        self._sequence += 1
        self._alarms[self._sequence] = alarm
        heapq.heappush(self._heap, (due, self._sequence))
        return self._sequence

    def pending(self) -> list[tuple[Instant, Alarm | Signal]]:
        """Return what is set, in the order in which it is due."""
        return [
            (due, self._alarms[n]) for due, n in sorted(self._heap) if n in self._alarms
        ]

    def cancel(self, number: int) -> None:
        """Forget a timer; one that fired or was cancelled before is ignored."""
        self._alarms.pop(number, None)

    def next_due(self) -> Instant | None:
        """Return when the next timer is due, or None when there is none."""
        while self._heap and self._heap[0][1] not in self._alarms:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, now: Instant) -> Alarm | Signal | None:
        """Take the first timer that is due at *now*, or return None."""
        due = self.next_due()
        if due is None or due > now:
            return None
        return self._alarms.pop(heapq.heappop(self._heap)[1])
