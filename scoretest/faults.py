"""Sweeps of faults: every point at which a worker can crash, one after the other."""

from collections.abc import Callable
from typing import Final

from .errors import UsageError
from .runtime.harness import Harness

__all__ = ["sweep"]

_MOST: Final = 10_000


def sweep(
    play: Callable[[Harness], object],
    *,
    make: Callable[[], Harness] = Harness,
    most: int = _MOST,
) -> int:
    """Play a scenario once for each point of its steps, with a crash at that point.

    The first time nothing crashes. Afterwards the worker goes away at point 1, then at
    point 2, and so on, until a number is not reached any more. Each time faults are
    switched off at the end, and every run must come to its end.

    Args:
        play: The scenario: serves functions, sends events, moves time, asserts what must
            hold however often a callback was repeated.
        make: Makes a fresh harness.
        most: How many points there may be.

    Returns:
        How many points there were.

    Raises:
        BaseException: What *play*, the recovery or the harness raises, with a note that
            names the point.
        UsageError: There are more than *most* points.
    """
    for point in range(most + 1):
        try:
            with make() as harness:
                harness.faults.crash_at(point or most + 1)
                play(harness)
                passed = harness.faults.points
                harness.faults.recover()
        except BaseException as error:
            where = f"with a crash at point {point}" if point else "without a crash"
            error.add_note(f"scoretest.faults.sweep: {where}")
            raise
        if point >= passed:
            return point
    raise UsageError(
        f"the scenario has more than {most} points",
        fix="play a smaller one, or write sweep(play, most=...)",
    )
