"""A watchdog in real time for callbacks that block the thread.

Virtual time cannot end ``while True: pass`` or a real ``time.sleep(3600)``: the loop is
not asked any more. In the main thread a signal timer can: it interrupts Python code and
sleeping system calls alike, needs no thread of its own (a thread would make every
`os.fork` in user code warn), and costs nothing between its ticks. It is set by the first
operation of a loop, and taken back by `close` or by the first tick that finds the loop
at rest. It counts its own ticks instead of reading a clock, because the clock may be
frozen.

Not watched: loops outside the main thread, platforms without signal timers, and
programs that use `SIGALRM` themselves (a time-out plugin of pytest, say), which the
watchdog leaves alone. C code that never returns to the interpreter cannot be
interrupted by anyone; `faulthandler` can at least show where it is.
"""

import atexit
import signal
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from ..errors import StalledError

__all__ = ["Blocked", "Watchdog"]

_TICKS: Final = 20  # a block is noticed at most a twentieth of the limit too late
_FRAMES_SHOWN: Final = 5
_OURS: Final = "scoretest.runtime."
_CAN_WATCH: Final = hasattr(signal, "setitimer")


class Blocked(KeyboardInterrupt):
    """What interrupts the callback: asyncio lets it pass as it lets Ctrl-C pass.

    It never leaves the loop, which raises `StalledError` in its stead.
    """


class Watchdog:
    """Interrupts the main thread when a callback holds it for too long.

    Args:
        pulse: Returns a number that changes as long as the loop turns.
        stall_after: Seconds of real time without a change that are too long.
        describe: Says whose turn it is, for the error.
    """

    def __init__(
        self, pulse: Callable[[], int], stall_after: float, describe: Callable[[], str]
    ) -> None:
        self._pulse = pulse
        self._stall_after = stall_after
        self._describe = describe
        self._is_set = False
        self.is_watching = False
        self._last_pulse = 0
        self._ticks = 0
        self._blocker = ""
        self._is_ticking = False

    def __enter__(self) -> None:
        self._blocker, self._ticks, self._last_pulse = "", 0, self._pulse()
        self.is_watching = True
        if not self._is_set and _is_alarm_free():
            self._set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_watching = False
        is_foreign = isinstance(error, KeyboardInterrupt | SystemExit)
        if self._blocker and (isinstance(error, Blocked) or not is_foreign):
            # also when the program has swallowed the interrupt: it did block
            raise self._stalled() from None

    def close(self) -> None:
        """Take the signal timer back, unless somebody else has taken it over."""
        if self._is_set:
            self._is_set = False
            if _alarm_handler() == self._on_tick:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _set(self) -> None:
        # left set between operations, because setting it is dearer than a short one
        self._is_set = True
        _disarm_at_exit()
        tick_s = self._stall_after / _TICKS
        signal.signal(signal.SIGALRM, self._on_tick)
        signal.setitimer(signal.ITIMER_REAL, tick_s, tick_s)

    def _on_tick(self, _signum: int, frame: FrameType | None) -> None:
        if self._is_ticking:  # the machine is so slow that the last tick is not through
            return
        self._is_ticking = True
        try:
            self._tick(frame)
        finally:
            self._is_ticking = False

    def _tick(self, frame: FrameType | None) -> None:
        if not self.is_watching:
            self.close()
            return
        pulse = self._pulse()
        if pulse != self._last_pulse:
            self._last_pulse, self._ticks = pulse, 0
            return
        self._ticks += 1
        if self._ticks >= _TICKS:  # at each tick from now on: it may be swallowed
            self._blocker = f"{_frames(frame)}; {self._describe()}"
            raise Blocked

    def _stalled(self) -> StalledError:
        return StalledError(
            f"a callback blocked the loop for {self._stall_after:g} s of real time",
            where=self._blocker,
            fix="await instead of blocking, or block in a thread: anyio.to_thread.run_sync",
        )


@cache
def _disarm_at_exit() -> None:
    """Keep a world that was never closed from ending Python by an alarm."""
    atexit.register(_disarm)


def _disarm() -> None:
    if isinstance(getattr(_alarm_handler(), "__self__", None), Watchdog):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_alarm_free() -> bool:
    if not _CAN_WATCH or threading.get_ident() != threading.main_thread().ident:
        return False
    handler = _alarm_handler()
    owner = getattr(handler, "__self__", None)
    if isinstance(owner, Watchdog):
        return not owner.is_watching
    is_set = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    return handler is signal.SIG_DFL and not is_set


def _alarm_handler() -> object:
    return signal.getsignal(signal.SIGALRM)


def _frames(frame: FrameType | None) -> str:
    """Return the innermost frames of the callback, and where it begins."""
    lines: list[str] = []
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == "asyncio.events" or (lines and module.startswith(_OURS)):
            break  # the loop itself starts here
        code = frame.f_code
        name = Path(code.co_filename).name
        if module != __name__:
            lines.append(f"{name}:{frame.f_lineno} in {code.co_name}")
        frame = frame.f_back
    del lines[_FRAMES_SHOWN - 1 : -1]
    return ", called from ".join(lines)
