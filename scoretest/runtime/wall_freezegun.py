"""The wall clock faked by freezegun, and nothing but the wall clock.

freezegun fakes ``time.monotonic`` and ``time.perf_counter`` as well, and would stop
everything that measures: Hypothesis's deadlines, asyncio's real loops, durations. They
are put back as soon as it has started. So are the names of packages that measure or
handle real times, pytest and Hypothesis and this package: they keep the true classes.

The clock is moved by the attribute of freezegun's factory, which costs a tenth of a
microsecond, and shows UTC: ``datetime.now()`` is the same on every machine.
"""

import time
from datetime import timedelta
from typing import Any, Final

from freezegun import api, freeze_time

from ..times import Instant, to_datetime

__all__ = ["FreezegunMachine"]

_NOT_THE_WALL: Final = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_TRUE_CLASSES: Final = ("_pytest", "pluggy", "xdist", "execnet", "hypothesis")
_OURS: Final = __name__.partition(".")[0]
_SCHEMA: Final = "__get_pydantic_core_schema__"


class FreezegunMachine:
    """Fakes the wall clock with one freeze of freezegun."""

    def __init__(self) -> None:
        self._freezer: Any = None
        self._factory: Any = None
        self._step_s, self._growth = 0.0, 1.0

    def start(self, now: Instant) -> None:
        """Begin to fake it."""
        # the kind of factory whose clock can also go on with each look
        self._freezer = freeze_time(to_datetime(now), auto_tick_seconds=1)
        self._factory = self._freezer.start()
        self._factory.tick = self._go_on
        # freezegun answers callers near pytest's runner or a thread's start with the
        # real time; here everybody is told the same
        api.ignore_lists[-1] = ()
        self._put_back()
        for fake in (api.FakeDate, api.FakeDatetime):
            setattr(fake, _SCHEMA, classmethod(_schema_of_the_real))

    def _put_back(self) -> None:
        measuring = [getattr(api, f"real_{name}") for name in _NOT_THE_WALL]
        for name, real in zip(_NOT_THE_WALL, measuring, strict=True):
            setattr(time, name, real)
        for module, name, real in self._freezer.undo_changes:
            owner = str(getattr(module, "__name__", "")).partition(".")[0]
            if real in measuring or owner in {_OURS, *_TRUE_CLASSES}:
                setattr(module, name, real)

    def show(self, now: Instant) -> None:
        """Let it show *now*."""
        self._factory.time_to_freeze = to_datetime(now).replace(tzinfo=None)

    def drag(self, seconds: float, growth: float = 1) -> None:
        """Let the clock go on with each look at it.

        Args:
            seconds: How far with the first look.
            growth: By what that is multiplied with each look.
        """
        self._step_s, self._growth = seconds, growth

    def _go_on(self) -> None:
        self._factory.time_to_freeze += timedelta(seconds=self._step_s)
        self._step_s *= self._growth

    def stop(self) -> bool:
        """Put everything back; False if a freeze inside this one has not ended yet."""
        if api.freeze_factories[-1] is not self._factory:
            return False
        for fake in (api.FakeDate, api.FakeDatetime):
            delattr(fake, _SCHEMA)
        self._freezer.stop()
        return True


def _schema_of_the_real(cls: type, _source: Any, handler: Any) -> Any:
    """Let a pydantic model that is defined while the clock is faked take real dates."""
    is_datetime = issubclass(cls, api.FakeDatetime)
    return handler.generate_schema(api.real_datetime if is_datetime else api.real_date)
