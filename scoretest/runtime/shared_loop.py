"""The virtual loop of an async test, in which a harness is a guest.

A framework makes it and runs it: anyio's plugin or pytest-asyncio, for the test and for
its async fixtures alike. The harness moves in at its first use in the test, and out when
it closes; the loop belongs to the framework all the time.

What ends an operation leaves a harness's own loop through the selector. Here that would
end the whole test, of which nobody could say where; so it is raised where the test
awaits, if it awaits a harness at all.
"""

import asyncio
from collections.abc import Callable
from typing import Literal, final

from ..errors import ScoretestError
from .fences import allow_outside, forbid_outside
from .loop import VirtualLoop
from .outside import Events

__all__ = ["SharedLoop"]


@final
class SharedLoop(VirtualLoop):
    """A virtual loop that somebody else runs.

    Attributes:
        on_resume: Called before the loop runs again, after it stood.
    """

    on_resume: Callable[[], None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._awaited: list[asyncio.Future[None]] = []

    @property
    def is_taken(self) -> bool:
        """Whether a world lives here."""
        return self.on_idle is not None

    def run_forever(self) -> None:
        """Run until something stops the loop, with fresh budgets."""
        if self.on_resume is not None and not self.is_running():
            self.on_resume()
        super().run_forever()

    async def advance_to(self, target_us: int, *, is_onward: bool = False) -> None:
        """Wait until all that is due up to *target_us* has run; onward on old budgets.

        Raises:
            UsageError: *target_us* has passed.
            ScoretestError: The program that runs here cannot go on.
        """
        self._check_target(target_us)
        if not is_onward:
            self.renew_budgets()
        waiter = self._waiters.join(target_us, self.create_future())
        self._awaited.append(waiter)
        try:
            await waiter
        finally:
            self._awaited.remove(waiter)

    def _decide(self, is_busy: bool) -> Events:  # noqa: FBT001 -- the selector's question, in its words
        try:
            return super()._decide(is_busy)
        except ScoretestError as error:
            awaited = [waiter for waiter in self._awaited if not waiter.done()]
            if not awaited:
                raise
            self.renew_budgets()
            awaited[0].set_exception(error)
            return []

    def let_out(self, io: Literal["block", "forbid"]) -> None:
        """Wait for threads, sockets and processes, or refuse them, from now on."""
        self._outside.is_forbidden = io == "forbid"
        (forbid_outside if io == "forbid" else allow_outside)(self)
