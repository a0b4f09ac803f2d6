"""Places in the user's code, in a form that is the same on every machine."""

import sys
from collections.abc import Callable
from types import CodeType

__all__ = ["caller", "place_of", "short_place"]


def short_place(filename: str, line: int) -> str:
    """Return ``folder/file.py:12``: enough to find it, and free of the machine's paths."""
    parts = filename.replace("\\", "/").rsplit("/", 2)
    return "/".join(parts[-2:]) + f":{line}"


def caller(depth: int = 2) -> str:
    """Return the place that called the function which calls this one."""
    frame = sys._getframe(depth)  # noqa: SLF001 -- inspect.stack() reads every source file on the way
    return short_place(frame.f_code.co_filename, frame.f_lineno)


def place_of(function: Callable[..., object]) -> str:
    """Return where *function* is defined, or ``"?"`` when Python cannot tell."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        code = getattr(getattr(function, "func", None), "__code__", None)
    if not isinstance(code, CodeType):
        return "?"
    return short_place(code.co_filename, code.co_firstlineno)
