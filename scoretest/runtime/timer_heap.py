"""What waits for an instant, in the order (due microsecond, order set).

asyncio's own heap compares float times only, so equal ones come out shuffled, and it
rounds with a clock resolution that large times swallow. Integers do neither.
"""

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Final

from ..errors import UsageError
from ..times import DAY

__all__ = ["NEVER_US", "TimerHeap", "WaiterHeap", "to_microseconds"]

NEVER_US: Final = 3_000 * 366 * DAY
"""Where the calendar of `datetime` ends: a timer due then or later never fires.

So are ``sleep(math.inf)`` and its kin read.
"""

# fewer cancelled timers than this are not worth a clean-up
_CANCELLED_KEPT: Final = 100


def to_microseconds(seconds: float) -> int:
    """Return *seconds* in whole microseconds; infinity is `NEVER_US`.

    Raises:
        UsageError: *seconds* is not a number.
    """
    try:
        return round(seconds * 1_000_000)
    except OverflowError:
        return NEVER_US if seconds > 0 else -NEVER_US
    except (TypeError, ValueError):
        raise UsageError(
            f"a timer cannot be set to {seconds!r} seconds",
            fix="pass a number of seconds",
        ) from None


class TimerHeap:
    """The timers of one loop; cancelled ones are dropped when they are met.

    Attributes:
        first_us: No timer is due earlier; `NEVER_US` if there is none.
    """

    def __init__(self) -> None:
        self.first_us: int = NEVER_US
        self._heap: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._sequence = 0
        self._cancelled = 0

    def push(self, due_us: int, timer: asyncio.TimerHandle) -> None:
        """Add *timer*, unless it is due beyond the calendar."""
        if due_us < NEVER_US:
            self._sequence += 1
            heappush(self._heap, (due_us, self._sequence, timer))
            self.first_us = self._heap[0][0]

    def next_due_us(self) -> int:
        """Return when the first live timer is due; `NEVER_US` if there is none."""
        heap = self._heap
        while heap and heap[0][2].cancelled():
            heappop(heap)
        self.first_us = heap[0][0] if heap else NEVER_US
        return self.first_us

    def release(
        self, now_us: int, receive: Callable[[asyncio.TimerHandle], object]
    ) -> bool:
        """Hand every live timer due by *now_us* to *receive*; return whether any was."""
        has_any = False
        while self.next_due_us() <= now_us:
            receive(heappop(self._heap)[2])
            has_any = True
        return has_any

    def note_cancellation(self) -> None:
        """Clean up once more than half of the timers may be cancelled ones.

        asyncio also reports the cancellation of timers that have fired, so the count is
        an upper bound; a clean-up in vain is rare and cheap.
        """
        self._cancelled += 1
        limit = len(self._heap) // 2
        if self._cancelled > _CANCELLED_KEPT and self._cancelled > limit:
            self._heap = [entry for entry in self._heap if not entry[2].cancelled()]
            heapify(self._heap)
            self._cancelled = 0

    def clear(self) -> None:
        """Forget every timer."""
        self._heap.clear()
        self.first_us = NEVER_US


class WaiterHeap:
    """Coroutines that wait until all that is due by their target has run."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, asyncio.Future[None]]] = []
        self._sequence = 0

    def join(
        self, target_us: int, waiter: "asyncio.Future[None]"
    ) -> "asyncio.Future[None]":
        """Line *waiter* up, and return it."""
        self._sequence += 1
        heappush(self._heap, (target_us, self._sequence, waiter))
        return waiter

    def next_target_us(self) -> int:
        """Return the first target; `NEVER_US` if nobody waits."""
        heap = self._heap
        while heap and heap[0][2].done():  # the task that waited was cancelled
            heappop(heap)
        return heap[0][0] if heap else NEVER_US

    def wake_first(self) -> None:
        """Wake the waiter with the first target; the next has to wait for its effects."""
        heappop(self._heap)[2].set_result(None)

    def clear(self) -> None:
        """Forget every waiter."""
        self._heap.clear()
