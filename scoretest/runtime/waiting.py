"""Where the tasks of a test are, for the error that ends the test."""

import asyncio
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

from .._model.place import short_place

__all__ = ["waiting_places"]

_OURS: Final = __name__.partition(".")[0]
# whose frames say nothing about the test
_MACHINERY: Final = frozenset(
    {"anyio", "asyncio", "contextlib", "pytest_asyncio", _OURS}
)


def waiting_places(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Return for each task of a test what it is, and the line at which it is.

    The tasks of handlers are not among them: a world describes those itself.
    """
    found = (_innermost(task) for task in asyncio.all_tasks(loop))
    return sorted(_told(frame) for frame in found if frame is not None)


def _told(frame: FrameType) -> str:
    place = short_place(frame.f_code.co_filename, frame.f_lineno)
    return f"{frame.f_code.co_name} is at {place}"


def _innermost(task: "asyncio.Task[Any]") -> FrameType | None:
    """Return the last frame on a task's way that belongs to its user."""
    frames = list(_frames(task.get_coro()))
    if not frames or _package(frames[0]) == _OURS:
        return None
    own = [frame for frame in frames if _package(frame) not in _MACHINERY]
    return own[-1] if own else None


def _frames(awaitable: Any) -> Iterator[FrameType]:
    while awaitable is not None:
        frame = getattr(awaitable, "cr_frame", None)
        if frame is not None:
            yield frame
        awaitable = getattr(awaitable, "cr_await", None)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]
