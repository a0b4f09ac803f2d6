"""Getting out of a plain handler that swallows every interrupt in an endless loop.

An exception that a step raises always starts inside the handler's ``try``. One that is
raised between two of its lines can start outside: in the body of the ``except``, or at
the head of the loop. A trace function can do that, so it is set for this one purpose,
once the handler has been given up on, and taken back as soon as the handler is left.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeGuard

__all__ = ["raise_between_lines", "tracing_restored"]

_RUNTIME: Final = "scoretest.runtime"
_TOOLS: Final = "scoretest.sdk"


@contextmanager
def tracing_restored() -> Iterator[None]:
    """Put back, at the end, whatever traced before; a debugger or a coverage tool."""
    before = sys.gettrace()
    try:
        yield
    finally:
        if sys.gettrace() is not before:
            sys.settrace(before)


def raise_between_lines(interrupt: Callable[[], BaseException]) -> None:
    """Raise an interrupt at each next line of the handler's frames around the caller.

    The tools through which the handler came here are left out, wherever they stand.

    Args:
        interrupt: Makes what is raised.
    """

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            raise interrupt()
        return trace

    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 -- the only way to a running frame
    while _is_in(frame, _RUNTIME, _TOOLS):
        frame = frame.f_back
    while frame is not None and not _is_in(frame, _RUNTIME):
        if not _is_in(frame, _TOOLS):
            frame.f_trace = trace
        frame = frame.f_back
    # frames to come are left alone: the tools may call more before they return
    sys.settrace(lambda _frame, _event, _arg: None)


def _is_in(frame: FrameType | None, *wings: str) -> TypeGuard[FrameType]:
    return frame is not None and frame.f_globals.get("__name__", "").startswith(wings)
