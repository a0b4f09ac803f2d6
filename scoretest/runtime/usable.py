"""When a harness can be used, and where."""

import asyncio

from ..errors import NotBuiltError, UsageError
from .driver import Driver

__all__ = ["check_usable", "refuse_async"]

_ASYNC_FACE = ("asend", "aadvance", "aadvance_to", "afast_forward", "acall")


def check_usable(verb: str, driver: Driver, *, is_closed: bool) -> None:
    """Refuse a verb of a closed harness, and one inside a running event loop.

    Raises:
        UsageError: It is one of the two.
    """
    if is_closed:
        raise UsageError(
            f"harness.{verb} was used after the harness was closed",
            fix="use it inside the test, or make a new Harness()",
        )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        f"harness.{verb} was called inside a running event loop",
        where=driver.describe(),
        fix="in a handler use ctx.step.send_event or client.send; write the test as a "
        "plain `def`, the async face of the harness is not built yet",
    )


def refuse_async(name: str) -> None:
    """Refuse the async twin of a verb by name.

    Raises:
        NotBuiltError: *name* is one.
    """
    if name in _ASYNC_FACE:
        raise NotBuiltError(
            f"harness.{name} is not built yet",
            fix=f"write the test as a plain `def` with harness.{name[1:]}",
        )
