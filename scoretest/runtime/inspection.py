"""Questions about threads and files that only a look at them can answer."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Final

from .._model.place import Place

__all__ = [
    "POOL_NAME",
    "Link",
    "anyio_workers",
    "awaits_the_loop",
    "beyond_anyio",
    "call_name",
    "has_task",
    "is_pool_thread",
    "link_of",
    "position_of",
]

POOL_NAME: Final = "scoretest-worker"


# -- threads -------------------------------------------------------------------------


def anyio_workers(loop: object) -> Iterator[Any]:
    """Yield anyio's worker threads for *loop*, the oldest first.

    The class is private to anyio, so it is known by its name and its attributes.
    """
    for thread in threading.enumerate():
        is_worker = type(thread).__name__ == "WorkerThread"
        if is_worker and getattr(thread, "loop", None) is loop:
            yield thread


def has_task(worker: Any) -> bool:
    """Return whether an anyio worker has work that somebody waits for."""
    return bool(worker.queue.unfinished_tasks) and not worker.stopping


def is_pool_thread(thread: threading.Thread, loop: object) -> bool:
    """Return whether *thread* works to order, so that it never calls in by itself."""
    is_ours = thread.name.startswith(POOL_NAME)
    return is_ours or any(thread is worker for worker in anyio_workers(loop))


def awaits_the_loop(ident: int | None) -> bool:
    """Return whether a thread waits for a future that no other thread is running.

    That is how `anyio.from_thread.run` and `asyncio.run_coroutine_threadsafe` look from
    outside: the thread sleeps in ``result()`` and only the loop can wake it.
    """
    frame = sys._current_frames().get(ident or 0)  # noqa: SLF001 -- documented, in spite of its name
    while frame is not None and frame.f_code.co_filename == threading.__file__:
        frame = frame.f_back
    if frame is None or frame.f_code is not Future.result.__code__:
        return False
    future = frame.f_locals["self"]
    return not future.running() and not future.done()


def beyond_anyio(place: Place) -> Place:
    """Return *place*, or the line of the thread for which anyio came to it.

    ``anyio.from_thread.run(ctx.step.run, "a", f)`` calls the step on the loop, from a
    line of anyio's own; the user's line waits in the thread.
    """
    try:
        called = getattr(asyncio.current_task(), "get_coro", object)()
    except RuntimeError:  # a handler that is called inline has no task
        return place
    frame = getattr(called, "cr_frame", None)
    if frame is None or not frame.f_globals["__name__"].startswith("anyio."):
        return place
    function = frame.f_locals.get("func")
    threads = sys._current_frames().values()  # noqa: SLF001 -- as above
    callers = (line for thread in threads for line in _callers_of(function, thread))
    return next(callers, place)


def _callers_of(function: object, frame: FrameType | None) -> Iterator[Place]:
    """Yield the lines of a thread that have *function* called on the loop."""
    while frame is not None and frame.f_back is not None:
        is_anyio = frame.f_globals.get("__name__") == "anyio.from_thread"
        if is_anyio and frame.f_locals.get("func") is function:
            yield frame.f_back.f_code, frame.f_back.f_lasti
        frame = frame.f_back


def position_of(ident: int) -> int:
    """Return the place of a live thread in the order in which threads were started."""
    idents = [thread.ident for thread in threading.enumerate()]
    return idents.index(ident) if ident in idents else len(idents)


def call_name(function: Callable[..., object]) -> str:
    """Return how to name a function in a message."""
    while isinstance(function, partial):  # so does `asyncio.to_thread` wrap it
        function = function.args[0] if function.args else function.func
    return f"{getattr(function, '__qualname__', type(function).__name__)}()"


# -- files ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """What a file descriptor is connected to, as far as it is a socket."""

    name: object = None
    peer: object = None
    is_listening: bool = False

    def is_closed_circuit(self, ends: AbstractSet[tuple[object, object]]) -> bool:
        """Return whether the other end is among *ends*: nobody outside can write."""
        return self.name != self.peer and (self.peer, self.name) in ends

    def describe(self, fd: int) -> str:
        """Name the link in a message."""
        return (
            f"a connection to {self.peer!r}" if self.peer else f"file descriptor {fd}"
        )


def link_of(fd: int) -> Link:
    """Look at an open file descriptor without taking it over."""
    try:
        known = socket.socket(fileno=fd)
    except OSError:  # a pipe, a terminal
        return Link()
    try:
        if known.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return Link(is_listening=True)
        return Link(name=known.getsockname(), peer=known.getpeername())
    except OSError:  # still connecting, or without connections
        return Link()
    finally:
        known.detach()
