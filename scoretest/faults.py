"""Sweeps of faults: every point at which a worker can crash, one after the other."""

from collections.abc import Callable
from typing import Final

from .errors import UsageError
from .runtime.harness import Harness

__all__ = ["sweep"]

_MOST: Final = 10_000
_NEVER: Final = 2**62


def sweep(
    play: Callable[[Harness], object],
    *,
    make: Callable[[], Harness] = Harness,
    most: int = _MOST,
) -> int:
    """Play a scenario once for each point of its steps, with a crash at that point.

    The first time nothing crashes. Afterwards the worker goes away at point 1, then at
    point 2, and so on, up to the last that the first time passed. Each time faults are
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
    points = _played(play, make, 0)
    if points > most:
        raise UsageError(
            f"the scenario has {points} points, more than {most}",
            fix="play a smaller one, or write sweep(play, most=...)",
        )
    for point in range(1, points + 1):
        _played(play, make, point)
    return points


def _played(
    play: Callable[[Harness], object], make: Callable[[], Harness], point: int
) -> int:
    """Play once with a crash at *point*, or at none for 0; return how many there were."""
    try:
        with make() as harness:
            harness.faults.crash_at(point or _NEVER)
            play(harness)
            points = harness.faults.points
            harness.faults.recover()
    except BaseException as error:
        where = f"with a crash at point {point}" if point else "without a crash"
        error.add_note(f"scoretest.faults.sweep: {where}")
        raise
    return points
