"""The wall clock faked by time-machine, which works below Python.

It has no fake classes and catches every reader of the clock; in exchange it needs a
compiled package, the extra ``scoretest[time-machine]``. The clock shows UTC, and the
time zone of the process is UTC as long as it runs.
"""

from typing import Any, Final

import time_machine

from ..times import Instant, to_datetime

__all__ = ["TimeMachine"]

_ATTRIBUTE: Final = "_destination_timestamp_ns"


class TimeMachine:
    """Fakes the wall clock with one journey of time-machine."""

    def __init__(self) -> None:
        self._travel: Any = None
        self._traveller: Any = None

    def start(self, now: Instant) -> None:
        """Begin to fake it."""
        self._travel = time_machine.travel(to_datetime(now), tick=False)
        self._traveller = self._travel.start()

    def show(self, now: Instant) -> None:
        """Let it show *now*."""
        # its move_to() sets the time zone of the process anew, a hundred times dearer
        if hasattr(self._traveller, _ATTRIBUTE):
            setattr(self._traveller, _ATTRIBUTE, now * 1_000)
        else:
            self._traveller.move_to(to_datetime(now))

    def stop(self) -> bool:
        """Put everything back; False if a journey inside this one has not ended yet."""
        if time_machine.traveller_stack[-1] is not self._traveller:
            return False
        self._travel.stop()
        return True
