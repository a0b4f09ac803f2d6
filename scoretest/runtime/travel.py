"""Moving through virtual time: how far, and what stops it."""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, final

from .._json import show
from ..errors import UsageError
from ..sdk.function import is_coroutine_handler
from ..times import (
    LAST_INSTANT,
    Duration,
    Instant,
    format_duration,
    format_instant,
    to_duration,
    to_instant,
)
from .driver import Driver
from .idle_crons import stopping_before_crons
from .timer_heap import NEVER_US

__all__ = ["CHAIN_ON_THE_WAY", "Itinerary", "Travel", "chain_of", "check_coroutine"]

T = TypeVar("T")

# how many runs may start each other before the harness takes them for endless
CHAIN_ON_THE_WAY: Final = 20_000
_CHAIN_TO_THE_END: Final = 1_000


class Itinerary:
    """How far a test wants to go, checked."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def settle(self) -> int:
        """Return the present, as the loop counts it."""
        return self._driver.loop.now_us

    def advance(self, by: str | timedelta) -> int:
        """Return the end of a way, as the loop counts it.

        Raises:
            UsageError: *by* is negative, or no duration.
        """
        duration = to_duration(by, what="the time to advance")
        if duration < 0:
            raise self._backwards(f"advancing by {format_duration(duration)}")
        return self._on_loop(Instant(self._driver.now + duration))

    def advance_to(self, moment: datetime) -> int:
        """Return *moment*, as the loop counts it.

        Raises:
            UsageError: *moment* is in the past, or no aware datetime.
        """
        target = to_instant(moment, what="the moment")
        if target < self._driver.now:
            raise self._backwards(f"advancing to {format_instant(target)}")
        return self._on_loop(target)

    def fast_forward(self, within: str | timedelta | None) -> Duration | None:
        """Return how far to go at most.

        Raises:
            UsageError: *within* is negative, or no duration.
        """
        if within is None:
            return None
        limit = to_duration(within, what="within")
        if limit < 0:
            raise self._backwards(f"going on for {format_duration(limit)}")
        return limit

    def _on_loop(self, target: Instant) -> int:
        present_us = self._driver.loop.now_us
        epoch = self._driver.now - present_us
        end = min(LAST_INSTANT, epoch + NEVER_US - 1)
        if target > end:
            raise UsageError(
                f"the time of this world ends at {format_instant(Instant(end))}",
                where=f"virtual time {format_instant(self._driver.now)}",
                fix="move less far, or begin earlier with Harness(start=...)",
            )
        return target - epoch

    def _backwards(self, call: str) -> UsageError:
        return UsageError(
            f"{call} would move time backwards",
            where=f"virtual time {format_instant(self._driver.now)}",
            fix="time only moves forward; begin earlier with Harness(start=...)",
        )


@final
class Travel:
    """The clock of one world, as an ordinary test moves it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._itinerary = Itinerary(driver)

    def settle(self) -> None:
        """Run what is due now."""
        self._to(None)

    def advance(self, by: str | timedelta) -> None:
        """Go forward, timer by timer."""
        self._to(self._itinerary.advance(by))

    def advance_to(self, moment: datetime) -> None:
        """Go forward to *moment*, timer by timer."""
        self._to(self._itinerary.advance_to(moment))

    def fast_forward(self, within: str | timedelta | None) -> None:
        """Go from timer to timer until nothing is pending, at most *within*.

        Raises:
            LivelockError: The program does not end.
        """
        limit = self._itinerary.fast_forward(within)
        driver = self._driver
        with driver.operation(chain_of(limit)), stopping_before_crons(driver):
            driver.loop.run_until_quiet(limit)

    def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> T:
        """Run a coroutine function, moving as far as it sleeps, and settle."""
        check_coroutine(function)
        with self._driver.operation(CHAIN_ON_THE_WAY):
            result = self._driver.loop.run_until_complete(function(*args, **kwargs))
            self._driver.loop.run_to(None)
        return result

    def _to(self, target_us: int | None) -> None:
        with self._driver.operation(CHAIN_ON_THE_WAY):
            self._driver.loop.run_to(target_us)


def chain_of(limit: Duration | None) -> int:
    """Return how many runs may start each other while a program is let go on."""
    return _CHAIN_TO_THE_END if limit is None else CHAIN_ON_THE_WAY


def check_coroutine(function: Callable[..., object], verb: str = "call") -> None:
    """Refuse what cannot be called and awaited.

    Raises:
        UsageError: *function* is no coroutine function.
    """
    if not is_coroutine_handler(function):
        raise UsageError(
            f"{verb}() takes a coroutine function, not {show(function)}",
            fix=f"write harness.{verb}(handle_click, request), without calling it",
        )
