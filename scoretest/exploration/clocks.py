"""The clocks and the time zone of the application, under control for a while.

The wall clock is faked by freezegun, which leaves stopwatches alone; these, such as
`time.monotonic`, are faked here, and only outside steps. A clock may also go on with every
look at it, as it does for a handler that is held up between two of them.
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
        effects: Tells when a step's callback begins and ends.
    """

    def __init__(self, wall: Any, effects: Effects) -> None:
        self._wall = wall
        self._effects = effects
        self._began_ns = time.monotonic_ns()
        self._looks = 0
        self._look_s = 0
        self._is_inside = False

    @contextmanager
    def showing(self, now: Instant, shift_s: int, look_s: int) -> Iterator[None]:
        """Show another time than *now*, but to steps.

        Args:
            now: The time of the world.
            shift_s: How far from that the clock is.
            look_s: How far it goes on with each look.
        """
        effects = self._effects
        hooks = effects.before_body, effects.after_body

        def enter() -> None:
            self._is_inside = True
            self._wall.drag(0)
            self._wall.show(now)

        def leave() -> None:
            self._is_inside = False
            self._wall.show(Instant(now + shift_s * SECOND))
            self._wall.drag(look_s)

        self._looks, self._look_s = 0, look_s
        effects.before_body, effects.after_body = enter, leave
        leave()
        try:
            yield
        finally:
            effects.before_body, effects.after_body = hooks
            self._wall.drag(0)

    def stopwatch(self, real: Callable[[], Any]) -> Callable[[], Any]:
        """Return what stands for a stopwatch."""

        def look() -> Any:
            if self._is_inside:
                return real()
            shown = self._began_ns + self._looks * self._look_s * _NS
            self._looks += 1
            return shown if real.__name__.endswith("_ns") else shown / _NS

        return look


@contextmanager
def clocks_of(
    spaces: Sequence[dict[str, Any]], now: Instant, effects: Effects
) -> Iterator[Clocks]:
    """Fake the clocks, also for code that stands in no module, such as a notebook's.

    Args:
        spaces: The variables of the application's modules.
        now: What the wall clock shows at first.
        effects: Tells when a step's callback begins and ends.
    """
    from ..runtime.wall_freezegun import FreezegunMachine  # noqa: PLC0415 -- only who reads a clock pays for it

    wall = FreezegunMachine()
    wall.start(now)
    clocks = Clocks(wall, effects)
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
    try:
        yield clocks
    finally:
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
