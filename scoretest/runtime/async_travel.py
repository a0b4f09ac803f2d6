"""Moving through virtual time from a test that runs in it itself.

The test is one task among those of the loop. A verb of it is over when everything else
is exactly idle: whatever is due by then has run, the test's own other tasks included. A
handler may be left waiting for what the test does next, so that is no deadlock yet.
"""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar, final

from .driver import Driver
from .idle_crons import is_cron_alone, note_if_alone
from .timer_heap import NEVER_US
from .travel import CHAIN_ON_THE_WAY, Itinerary, chain_of, check_coroutine

__all__ = ["AsyncTravel"]

T = TypeVar("T")


@final
class AsyncTravel:
    """The clock of one world, as an async test moves it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._itinerary = Itinerary(driver)

    async def settle(self) -> None:
        """Wait until what is due now has run."""
        await self._to(self._itinerary.settle())

    async def advance(self, by: str | timedelta) -> None:
        """Go forward, timer by timer."""
        await self._to(self._itinerary.advance(by))

    async def advance_to(self, moment: datetime) -> None:
        """Go forward to *moment*, timer by timer."""
        await self._to(self._itinerary.advance_to(moment))

    async def fast_forward(self, within: str | timedelta | None) -> None:
        """Go on until nothing is pending in this world, at most *within*.

        Timers of the test itself, a time-out around this call above all, are none of the
        world's; they fire when their time comes.

        Raises:
            DeadlockError: Nothing is pending, and a handler waits all the same.
            LivelockError: The program does not end.
        """
        limit = self._itinerary.fast_forward(within)
        loop = self._driver.loop
        end_us = NEVER_US if limit is None else loop.now_us + limit + 1
        with self._driver.operation(chain_of(limit), may_wait=limit is not None):
            await loop.settle()
            while (due_us := self._driver.pending_us()) < end_us:
                if is_cron_alone(self._driver):
                    note_if_alone(self._driver)
                    return
                await loop.advance_to(due_us, is_onward=True)

    async def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> T:
        """Await a coroutine function, and then until what is due now has run."""
        check_coroutine(function, "acall")
        with self._driver.operation(CHAIN_ON_THE_WAY, may_wait=True):
            result = await function(*args, **kwargs)
            await self._driver.loop.settle()
        return result

    async def _to(self, target_us: int) -> None:
        with self._driver.operation(CHAIN_ON_THE_WAY, may_wait=True):
            await self._driver.loop.advance_to(target_us)
