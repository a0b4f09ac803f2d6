"""Where the user's code is: at a call, and at a definition."""

import sys
from collections.abc import Callable
from inspect import unwrap
from types import CodeType

from .._model.place import Place, short_place

__all__ = ["caller", "place_of"]


def caller(depth: int = 2) -> Place:
    """Return the place that called the function which calls this one."""
    frame = sys._getframe(depth)  # noqa: SLF001 -- inspect.stack() reads every source file on the way
    return frame.f_code, frame.f_lasti


def place_of(function: Callable[..., object]) -> str:
    """Return where *function* is defined, or ``"?"`` when Python cannot tell."""
    function = unwrap(function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        code = getattr(getattr(function, "func", None), "__code__", None)
    if not isinstance(code, CodeType):
        return "?"
    return short_place(code.co_filename, code.co_firstlineno)
