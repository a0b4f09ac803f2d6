"""The deadline of an exploration, in real time: all parts of it share one."""

import time
from math import inf
from typing import Final, final

__all__ = ["OVER", "Deadline"]

OVER: Final = "the deadline"
"""Why something was left out, in words."""


@final
class Deadline:
    """When to stop.

    Args:
        seconds: How far away it is.

    Attributes:
        was_met: Whether somebody has left something out because of it.
    """

    # of the class, because faked clocks replace what stands in modules
    _monotonic = staticmethod(time.monotonic)

    def __init__(self, seconds: float = inf) -> None:
        self._end = self._monotonic() + seconds
        self.was_met = False

    def is_over(self) -> bool:
        """Say whether the time is over; who asks leaves something out then."""
        self.was_met = self.was_met or self._monotonic() > self._end
        return self.was_met
