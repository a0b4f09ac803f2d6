"""Places in the user's code."""

import re
from collections.abc import Sequence
from types import CodeType
from typing import Final, TypeAlias

__all__ = ["Place", "innermost", "short_place", "told"]

_INSTALLED: Final = re.compile(
    r"[/\\](?:site-packages|dist-packages|lib[/\\]python3\.\d+)[/\\]|^<", re.IGNORECASE
)

Place: TypeAlias = tuple[CodeType, int]
"""A code object and an offset in it, as a frame has them.

The line is looked up only when the place is told: every call of a step tool has a place,
and next to none is ever told.
"""


def short_place(filename: str, line: int) -> str:
    """Return ``folder/file.py:12``: enough to find it, and free of the machine's paths."""
    parts = filename.replace("\\", "/").rsplit("/", 2)
    return "/".join(parts[-2:]) + f":{line}"


def innermost(frames: Sequence[tuple[str, int]]) -> str:
    """Return the last place of a traceback that no installed package has, if there is one.

    Args:
        frames: File and line of each frame, the innermost last.
    """
    own = [frame for frame in frames if not _INSTALLED.search(frame[0])]
    last = [*frames[-1:], *own][-1:]
    return short_place(*last[0]) if last else ""


def told(place: Place | str) -> str:
    """Return *place* as text."""
    if isinstance(place, str):
        return place
    code, offset = place
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= offset < end and number is not None:
            line = number
    return short_place(code.co_filename, line)
