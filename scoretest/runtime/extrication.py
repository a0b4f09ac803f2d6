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
from typing import Any

__all__ = ["raise_between_lines", "tracing_restored"]


@contextmanager
def tracing_restored() -> Iterator[None]:
    """Put back, at the end, whatever traced before; a debugger or a coverage tool."""
    before = sys.gettrace()
    try:
        yield
    finally:
        if sys.gettrace() is not before:
            sys.settrace(before)


def raise_between_lines(interrupt: Callable[[], BaseException], innermost: int) -> None:
    """Raise an interrupt at each next line of the frames that lie around the caller.

    Args:
        interrupt: Makes what is raised.
        innermost: How many frames to leave out, counted from this function's caller.
    """

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            raise interrupt()
        return trace

    frame: FrameType | None = sys._getframe(innermost + 1)  # noqa: SLF001 -- the only way to a running frame
    while frame is not None and not frame.f_globals.get("__name__", "").startswith(
        "scoretest.runtime"
    ):
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)
