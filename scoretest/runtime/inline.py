"""Code that is called inline, and is to see what it would see in a thread of its own.

A server calls an ordinary handler in a worker's thread, where no event loop runs: there
`asyncio.run`, `anyio.run` and their like make a loop for one call. Such a loop keeps real
time, as it would there.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["as_in_a_thread"]


@contextmanager
def as_in_a_thread() -> Iterator[None]:
    """Hide the event loop that is running."""
    running = asyncio._get_running_loop()  # noqa: SLF001 -- asyncio's own way to say so, for makers of loops
    asyncio._set_running_loop(None)  # noqa: SLF001 -- likewise
    try:
        yield
    finally:
        asyncio._set_running_loop(running)  # noqa: SLF001 -- likewise
