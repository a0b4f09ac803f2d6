"""The way from a coroutine to the virtual loop on which it runs."""

import asyncio
from typing import Final

from ..errors import UsageError
from .loop import VirtualLoop

__all__ = ["running_loop"]

_FIX: Final = (
    "run the test on a virtual loop, `asyncio.Runner(loop_factory=VirtualLoop)`; "
    "uvloop and other loops cannot run in virtual time"
)


def running_loop() -> VirtualLoop:
    """Return the virtual loop on which the caller runs.

    Raises:
        UsageError: no loop is running, or one that keeps real time.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise UsageError("no event loop is running", fix=_FIX) from None
    if not isinstance(loop, VirtualLoop):
        kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
        raise UsageError(f"the running loop is {kind}, in real time", fix=_FIX)
    return loop
