"""Where a world lives: on a loop of its own, or as a guest on the loop of an async test.

A world moves only while nothing is under way in it. Then all that it has to come is in
the engine, which knows no loop: handlers are entered again wherever the world is.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, Literal, final

from ..errors import DeadlockError, ScoretestError, UsageError
from ..sdk.current import current_port
from ..times import Instant
from .coroutines import AsyncEntry
from .driver import Driver
from .entry import Entry
from .loop import VirtualLoop
from .shared_loop import SharedLoop
from .wall_clock import WallClock, stranger_at_the_clock

__all__ = ["Residence"]

# Python complains of a coroutine that swallows its own end when it is collected, which
# could be in the middle of another test; so these are kept
_UNENDING: "list[asyncio.Task[Any]]" = []
OPT_IN: Final = (
    "write in conftest.py `from scoretest.pytest_anyio import anyio_backend` for tests "
    'of anyio, or `pytest_plugins = ["scoretest.pytest_asyncio"]` for tests of '
    "pytest-asyncio that take the fixture `harness` or have the mark `scoretest`"
)


@final
class Residence:
    """The loop of one world at present, and its moves from one to another.

    Args:
        driver: Runs the world; it was made with a loop of its own.
        io: Whether threads, sockets and processes are waited for or refused.

    Attributes:
        is_closed: Whether the world has ended.
        stranger: Who else has frozen the wall clock, which does not follow this world.
    """

    def __init__(self, driver: Driver, io: Literal["block", "forbid"]) -> None:
        self._driver = driver
        self._io = io
        self._max_jumps = driver.loop.max_jumps
        self._jumps_before = self._max_jumps
        self._deadlock: DeadlockError | None = None
        self._clock: WallClock | None = None
        self._jump = 0
        self.stranger = ""
        self._is_lost = False
        self.is_closed = False

    def set_budget(self, max_jumps: int) -> None:
        """Choose how often one operation may move the clock."""
        self._max_jumps = self._driver.loop.max_jumps = max_jumps

    def hang_up(self, clock: WallClock | None) -> None:
        """Let a wall clock that was joined follow this world, and leave it at the end."""
        self._clock = clock
        self._driver.on_moved = None if clock is None else self._show

    def jump(self, by: int) -> bool:
        """Let the wall clock go wrong by *by* microseconds; False if there is none."""
        self._jump = by
        if self._clock is not None:
            self._show(self._driver.now)
        return self._clock is not None

    @property
    def jumped(self) -> int:
        """By how many microseconds the wall clock goes wrong."""
        return self._jump

    def _show(self, now: Instant) -> None:
        if self._clock is not None:
            self._clock.show(Instant(now + self._jump))

    # --- before a verb --------------------------------------------------------------

    def run_here(self, verb: str) -> None:
        """Be ready for a verb that runs the loop itself.

        Raises:
            UsageError: It is called in a handler, a loop is running, or the world has
                ended.
        """
        self._check_usable(verb)
        loop = _running()
        if loop is not None:
            raise self._inside(verb, loop)
        if self._driver.loop.is_closed():
            self._move_to(VirtualLoop(io=self._io))

    def await_here(self, verb: str) -> None:
        """Be ready for a verb that is awaited.

        Raises:
            UsageError: It is called in a handler, the running loop is not for it, or
                the world has ended.
        """
        self._check_usable(verb)
        loop = _running()
        if loop is not self._driver.loop:
            self._move_in(verb, loop)

    def stand_here(self, verb: str) -> None:
        """Be ready for a verb that neither runs the loop nor awaits.

        Raises:
            UsageError: It is called in a handler, the running loop is not for it, or
                the world has ended.
        """
        self._check_usable(verb)
        loop = _running()
        if loop is not None and loop is not self._driver.loop:
            self._move_in(verb, loop)

    def look_around(self) -> None:
        """Move in with the running loop, if that is possible and nothing speaks against."""
        loop = _running()
        is_new = loop is not self._driver.loop and not self.is_closed
        if is_new and isinstance(loop, SharedLoop):
            with suppress(UsageError):
                self._move_in("now", loop)

    def _check_usable(self, verb: str) -> None:
        if self._clock is not None:  # another world may have moved it meanwhile
            self._show(self._driver.now)
        else:
            self.stranger = self.stranger or stranger_at_the_clock()
        if self.is_closed:
            raise UsageError(
                f"{_call(verb)} was used after the harness was closed",
                fix="use it inside the test, or make a new Harness()",
            )
        if self._is_lost:
            raise UsageError(
                f"{_call(verb)} was used after the event loop of the test was closed, "
                "with a handler under way",
                fix="go on until the handlers have ended, or `await harness.aclose()` "
                "in the test",
            )
        if current_port.get() is not None:
            raise UsageError(
                f"{_call(verb)} was called inside a handler",
                where=self._driver.describe(),
                fix="in a handler use ctx.step.send_event, ctx.step.sleep or "
                "client.send; only the test itself uses the harness",
            )

    def _move_in(self, verb: str, loop: asyncio.AbstractEventLoop | None) -> None:
        if not isinstance(loop, SharedLoop):
            raise _in_real_time(verb, loop)
        if loop.is_taken:
            raise UsageError(
                f"{_call(verb)} was called on an event loop that keeps the time of "
                "another harness",
                fix="close the other one first, with `async with` or `aclose()`; several "
                "worlds at a time need a test that is a plain `def`",
            )
        if self._driver.under_way() or self._driver.kept or self._strangers():
            raise UsageError(
                f"{_call(verb)} was called on another event loop than the one on which "
                "a handler is under way",
                where=self._driver.describe(),
                fix="send in the test or in an async fixture, or go on there until the "
                "handler has ended",
            )
        self._move_to(loop)

    def _strangers(self) -> bool:
        loop = self._driver.loop
        is_own = not isinstance(loop, SharedLoop)
        return is_own and not loop.is_closed() and bool(asyncio.all_tasks(loop))

    def _move_to(self, loop: VirtualLoop) -> None:
        before = self._driver.loop
        self._driver.let_go()
        self._leave(before)
        self._driver.move_to(loop)
        if isinstance(loop, SharedLoop):
            loop.let_out(self._io)
            loop.on_resume = self._resume
        self._jumps_before, loop.max_jumps = loop.max_jumps, self._max_jumps

    def _leave(self, loop: VirtualLoop) -> None:
        if isinstance(loop, SharedLoop):
            loop.let_out("block")
            loop.on_resume = None
            loop.max_jumps = self._jumps_before
        else:
            loop.close()

    # --- the end --------------------------------------------------------------------

    def _resume(self) -> None:
        """Notice that who runs the loop is about to close it, and end the world."""
        entries = [*self._driver.under_way(), *self._driver.kept.values()]
        if any(map(_is_cancelled, entries)):
            try:
                self._driver.check_deadlock()
            except DeadlockError as error:
                self._deadlock = error
            self._is_lost = True
            self._driver.stop()
            self._leave(self._driver.loop)

    def check_deadlock(self) -> None:
        """Refuse to leave a handler that nothing can wake.

        Raises:
            DeadlockError: There is one, or there was when its loop was closed.
        """
        if self._deadlock is not None:
            raise self._deadlock
        self._driver.check_deadlock()

    def close(self) -> None:
        """End everything that is under way, and leave the loop."""
        self.is_closed = True
        driver, loop = self._driver, self._driver.loop
        tasks = _tasks_of([*driver.under_way(), *driver.kept.values()])
        if not self._is_lost:
            driver.stop()
        if not isinstance(loop, SharedLoop):
            # the handlers first, in their order: a set of tasks has none
            tasks = list(dict.fromkeys([*tasks, *asyncio.all_tasks(loop)]))
        if tasks and not loop.is_closed():
            _unwind(loop, tasks)
        if not self._is_lost:
            self._leave(loop)
        if self._clock is not None:
            self._clock.leave()
            self._clock = None

    async def farewell(self) -> None:
        """Wait until what `close` has ended is unwound."""
        loop = _running()
        if isinstance(loop, VirtualLoop):
            with suppress(ScoretestError):
                await loop.settle()

    # --- what to say ----------------------------------------------------------------

    def _inside(self, verb: str, loop: asyncio.AbstractEventLoop) -> UsageError:
        twin = f"`await harness.a{verb}(...)`"
        is_ours = isinstance(loop, VirtualLoop)
        return UsageError(
            f"{_call(verb)} was called inside a running event loop",
            where=self._driver.describe(),
            fix=f"write {twin}" if is_ours else f"write {twin}, and {OPT_IN}",
        )


def _call(verb: str) -> str:
    """Return a verb as its caller wrote it."""
    return verb if "." in verb or " " in verb else f"harness.{verb}"


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _in_real_time(verb: str, loop: asyncio.AbstractEventLoop | None) -> UsageError:
    kind = type(loop)
    name = f"{kind.__module__}.{kind.__qualname__}"
    what = "there is none of asyncio" if loop is None else f"{name} keeps real time"
    return UsageError(
        f"{_call(verb)} needs an event loop in virtual time, and {what}",
        fix=f"{OPT_IN}; or write the test as a plain `def`, where "
        "harness.call(function, ...) runs coroutines of the application",
    )


def _is_cancelled(entry: Entry) -> bool:
    task = entry.task
    return task is not None and task.cancelling() > 0 and not entry.is_left


def _tasks_of(entries: Iterable[Entry]) -> "list[asyncio.Task[Any]]":
    """Return the tasks of *entries* that are not done, each handler's before its own."""
    tasks: list[asyncio.Task[Any]] = []
    for entry in entries:
        tasks += [entry.task] if entry.task is not None else []
        tasks += entry.abandoned() if isinstance(entry, AsyncEntry) else []
    return [task for task in tasks if not task.done()]


def _unwind(loop: VirtualLoop, tasks: "list[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    if loop.is_running():
        return  # they unwind at its next turns
    if _running() is None:
        with suppress(ScoretestError, KeyboardInterrupt):
            loop.run_to(None)
    for task in tasks:
        if not task.done():
            # it swallows its cancellation; asyncio would complain at a later collection
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 -- the only way to say so
            _UNENDING.append(task)
