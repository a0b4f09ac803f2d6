"""Moving through virtual time: how far, and what stops it."""

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar, final

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
from .timer_heap import NEVER_US

__all__ = ["Travel"]

T = TypeVar("T")

# how many runs may start each other before the harness takes them for endless
_CHAIN_ON_THE_WAY = 20_000
_CHAIN_TO_THE_END = 1_000


@final
class Travel:
    """The clock of one world, as its test moves it."""

    def __init__(self, driver: Driver, start: Instant) -> None:
        self._driver = driver
        self._start = start

    def settle(self) -> None:
        """Run what is due now."""
        self._to(None)

    def advance(self, by: str | timedelta) -> None:
        """Go forward, timer by timer.

        Raises:
            UsageError: *by* is negative, or no duration.
        """
        duration = to_duration(by, what="the time to advance")
        if duration < 0:
            raise self._backwards(f"advancing by {format_duration(duration)}")
        self._to(Instant(self._driver.now + duration))

    def advance_to(self, moment: datetime) -> None:
        """Go forward to *moment*, timer by timer.

        Raises:
            UsageError: *moment* is in the past, or no aware datetime.
        """
        target = to_instant(moment, what="the moment")
        if target < self._driver.now:
            raise self._backwards(f"advancing to {format_instant(target)}")
        self._to(target)

    def fast_forward(self, within: str | timedelta | None) -> None:
        """Go from timer to timer until nothing is pending, at most *within*.

        Raises:
            UsageError: *within* is negative, or no duration.
            LivelockError: The program does not end.
        """
        limit: Duration | None = None
        if within is not None:
            limit = to_duration(within, what="within")
            if limit < 0:
                raise self._backwards(f"going on for {format_duration(limit)}")
        is_bounded = limit is not None
        chain = _CHAIN_ON_THE_WAY if is_bounded else _CHAIN_TO_THE_END
        with self._driver.operation(chain):
            self._driver.loop.run_until_quiet(limit)

    def call(
        self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, **kwargs: Any
    ) -> T:
        """Run a coroutine function, moving as far as it sleeps, and settle.

        Raises:
            UsageError: *function* is no coroutine function.
        """
        if not is_coroutine_handler(function):
            raise UsageError(
                f"call() takes a coroutine function, not {show(function)}",
                fix="write harness.call(handle_click, request), without calling it",
            )
        with self._driver.operation(_CHAIN_ON_THE_WAY):
            result = self._driver.loop.run_until_complete(function(*args, **kwargs))
            self._driver.loop.run_to(None)
        return result

    def _to(self, target: Instant | None) -> None:
        end = min(LAST_INSTANT, self._start + NEVER_US - 1)
        if target is not None and target > end:
            raise UsageError(
                f"the time of this world ends at {format_instant(Instant(end))}",
                where=f"virtual time {format_instant(self._driver.now)}",
                fix="move less far, or begin earlier with Harness(start=...)",
            )
        with self._driver.operation(_CHAIN_ON_THE_WAY):
            self._driver.loop.run_to(None if target is None else target - self._start)

    def _backwards(self, call: str) -> UsageError:
        return UsageError(
            f"{call} would move time backwards",
            where=f"virtual time {format_instant(self._driver.now)}",
            fix="time only moves forward; begin earlier with Harness(start=...)",
        )
