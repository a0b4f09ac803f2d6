"""The clocks and the time zone of the application, under control for a while.

The wall clock and the stopwatches, such as `time.monotonic`, follow the time of the world
that is played. A clock goes on a little with every look at it, as clocks do, and a little more
each time, so that whoever polls it comes to an end; or it goes on much, as for a handler
that is held up between two looks.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, final

from ..times import SECOND, Instant
from .effects import Effects

__all__ = ["Clocks", "clocks_of", "zone_restored"]

_STOPWATCHES: Final = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_NS: Final = 1_000_000_000
_SCALE: Final = 1 << 20
"""Stopwatches count parts of a second of which sums are exact, also as floats."""
_TICK_S: Final = 1 / _SCALE
"""How far a clock goes on with a look: two looks are never at the same time."""
_GROWTH: Final = 1.1


class _Undo(NamedTuple):
    """A name in a module, and what it stood for."""

    space: dict[str, Any]
    name: str
    value: Any


@final
class Clocks:
    """Every clock that the application reads.

    Args:
        wall: The machine that fakes the wall clock.
        now: What the clocks show at first.
    """

    def __init__(self, wall: Any, now: Instant) -> None:
        self._wall = wall
        self._start = self._now = now
        self._began_s = time.monotonic_ns() // _NS
        self._shift_s = 0
        self._look_s = _TICK_S
        self._is_inside = False
        self._past_s, (self._step_s, self._growth) = 0.0, self._pace

    def show(self, now: Instant) -> None:
        """Let the clocks show the time of a world."""
        self._now = now
        self._past_s, (self._step_s, self._growth) = 0.0, self._pace
        self._wall.show(self._shown)
        self._wall.drag(*self._pace)

    def turn(self, *, is_inside: bool) -> None:
        """A step's callback begins, or has ended."""
        self._is_inside = is_inside
        self.show(self._now)

    @contextmanager
    def wrong(self, shift_s: int, look_s: float) -> Iterator[None]:
        """Let the clocks go wrong, but for steps.

        Args:
            shift_s: How far off they are.
            look_s: How far they go on with each look; a tick if zero.
        """
        self._shift_s, self._look_s = shift_s, look_s or _TICK_S
        try:
            yield
        finally:
            self._shift_s, self._look_s = 0, _TICK_S

    @property
    def _pace(self) -> tuple[float, float]:
        """How far the clocks go on with a look, and how much further with the next one."""
        if self._is_inside or self._look_s == _TICK_S:
            return _TICK_S, _GROWTH
        return self._look_s, 1

    @property
    def _shown(self) -> Instant:
        shift_s = 0 if self._is_inside else self._shift_s
        return Instant(self._now + shift_s * SECOND)

    def stopwatch(self, real: Callable[[], Any]) -> Callable[[], Any]:
        """Return what stands for a stopwatch."""

        def look() -> Any:
            parts = (self._shown - self._start) * _SCALE // SECOND
            parts += round(self._past_s * _SCALE)
            self._past_s += self._step_s
            self._step_s *= self._growth
            shown = self._began_s * _SCALE + parts
            if real.__name__.endswith("_ns"):
                return shown * _NS // _SCALE
            return shown / _SCALE

        return look


@contextmanager
def clocks_of(
    spaces: Sequence[dict[str, Any]], now: Instant, effects: Effects
) -> Iterator[Clocks]:
    """Fake the clocks, also for code that stands in no module, such as a notebook's.

    Args:
        spaces: The variables of the application's modules.
        now: What the clocks show at first.
        effects: Tells when a step's callback begins and ends.
    """
    from ..runtime.wall_freezegun import FreezegunMachine  # noqa: PLC0415 -- only who reads a clock pays for it

    wall = FreezegunMachine()
    wall.start(now)
    clocks = Clocks(wall, now)
    watches = {
        id(real): clocks.stopwatch(real)
        for real in (getattr(time, name) for name in _STOPWATCHES)
    }
    fakes = _fakes() | watches
    undo = [
        _Undo(space, name, value)
        for space in (vars(time), *spaces)
        for name, value in space.items()
        if id(value) in (watches if space is vars(time) else fakes)
    ]
    for space, name, value in undo:
        space[name] = fakes[id(value)]
    hooks = before, after = effects.before_body, effects.after_body

    def enter() -> None:
        before()
        clocks.turn(is_inside=True)

    def leave() -> None:
        after()
        clocks.turn(is_inside=False)

    effects.before_body, effects.after_body = enter, leave
    try:
        yield clocks
    finally:
        effects.before_body, effects.after_body = hooks
        for space, name, value in undo:
            space[name] = value
        wall.stop()


def _fakes() -> dict[int, Any]:
    """Return what stands for each true clock, by the identity of that."""
    api = vars(sys.modules["freezegun.api"])
    found = {id(api["real_date"]): api["FakeDate"]}
    found[id(api["real_datetime"])] = api["FakeDatetime"]
    for name in ("time", "time_ns", "localtime", "gmtime", "strftime"):
        if f"real_{name}" in api:
            found[id(api[f"real_{name}"])] = api[f"fake_{name}"]
    return found


@contextmanager
def zone_restored() -> Iterator[None]:
    """Put the time zone of the process back afterwards."""
    kept = os.environ.get("TZ")
    try:
        yield
    finally:
        if kept is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = kept
        time.tzset()
