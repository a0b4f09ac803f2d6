"""Room on the interpreter's stack for trees that are deep but within the limits.

A tree has at most 250 levels, so the recursion below is bounded; but the caller may
already stand deep in a stack of its own, and a verdict must not depend on that.
"""

import sys
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["with_room"]

T = TypeVar("T")

# 250 levels at up to eight frames each, twice over
_ROOM: Final = 4_000


def with_room(work: Callable[[], T]) -> T:
    """Call *work*; if the stack is too short for it, call it again with more room."""
    try:
        return work()
    except RecursionError:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(before + _ROOM)
        try:
            return work()
        finally:
            sys.setrecursionlimit(before)
