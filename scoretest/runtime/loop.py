"""An asyncio event loop on which time is a number and waiting costs nothing.

asyncio asks its selector "is anything ready?" once a turn. When nothing is, every task
waits: that moment is *exact idle*, and only there does anything happen that the user's
own callbacks did not ask for. In this order:

1. what is outside (threads, sockets, processes) is waited for in real time;
2. `on_idle` may wake something;
3. the clock moves to the earliest of three: the engine's next timer, asyncio's next
   timer, the target of a waiter (`settle`, `advance_to`). At the same instant they come
   in that order, and within each kind in the order in which they were set.

Hence the laws: a waiter hears of an instant after all that is due there has run; idle
waiters beat clock jumps; jumps beat deadlock. The clock is a whole number of
microseconds, and floats exist only in what callers of asyncio pass and read.

The errors of the loop leave through the selector, between two callbacks. They end the
operation as a whole, and no ``except Exception`` in a task can swallow them.

No other file touches private names of asyncio; the ones used are declared at the top of
`VirtualLoop`, and the tests watch them on every supported Python.
"""

import asyncio
from asyncio import TimerHandle
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, TypeVarTuple

from ..times import Duration, format_duration
from . import verdicts
from .fences import forbid_outside
from .outside import Events, Outside, Selector
from .timer_heap import NEVER_US, TimerHeap, WaiterHeap, to_microseconds
from .waiting import waiting_places
from .watchdog import Watchdog

__all__ = ["VirtualLoop"]

_TURNS_PER_GLANCE: Final = 32  # after so many, spinning programs hear of the outside
_Ts = TypeVarTuple("_Ts")
_T = TypeVar("_T")
_LAST_US: Final = NEVER_US - 1


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, owned by one harness or one test.

    `run_until_complete` moves the clock as far as its coroutine needs; `run_to` and
    `run_until_quiet` move it as far as they are told. The clock starts at zero.

    Args:
        max_jumps: How often one operation may move the clock.
        max_turns: How many turns the loop may make at one instant of virtual time.
        io: Whether threads, sockets and processes are waited for in real time
            (``"block"``) or refused (``"forbid"``).
        stall_after: Seconds of real time for which a thread, a socket or a callback may
            keep everything waiting. Callbacks are watched as `Watchdog` says.

    Attributes:
        on_idle: Asked at exact idle; returns whether it has woken or changed anything.
            An operation that starts at idle asks before it runs the loop.
        next_due: Returns when the engine's next timer is due, or None.
        on_due: Called when that instant has come.
        on_time: Called when the clock has moved.
        describe: Says who waits, for the error that ends the operation.
    """

    if TYPE_CHECKING:
        _ready: deque[asyncio.Handle]

        def _check_closed(self) -> None: ...
        def _check_thread(self) -> None: ...
        def _write_to_self(self) -> None: ...

    def __init__(
        self,
        *,
        max_jumps: int = 30_000,
        max_turns: int = 100_000,
        io: Literal["block", "forbid"] = "block",
        stall_after: float = 10.0,
    ) -> None:
        self.max_jumps = max_jumps
        self.max_turns = max_turns
        self.on_idle: Callable[[], bool] | None = None
        self.next_due: Callable[[], int | None] | None = None
        self.on_due: Callable[[int], None] | None = None
        self.on_time: Callable[[int], None] | None = None
        self.describe: Callable[[], str] | None = None
        self._timers = TimerHeap()
        self._waiters = WaiterHeap()
        self._limit_us: int | None = None  # None while an operation has a future to end
        self._has_arrived = False
        self._now_us = self._turns = self._last_turn = self._jumps_left = 0
        selector = Selector()
        selector.decide = self._decide
        super().__init__(selector)
        self._outside = Outside(
            self,
            selector=selector,
            receive=self._ready.append,
            wake=self._write_to_self,
            stall_after=stall_after,
            is_forbidden=io == "forbid",
        )
        self._outside.describe = self._where
        self._watchdog = Watchdog(self._pulse, stall_after, self._where)
        if io == "forbid":
            forbid_outside(self)

    @property
    def now_us(self) -> int:
        """Whole microseconds of virtual time since the loop was made."""
        return self._now_us

    @property
    def has_timers(self) -> bool:
        """Whether a timer of asyncio is set that will fire."""
        return self._timers.next_due_us() < NEVER_US

    def time(self) -> float:
        """Return the virtual time in seconds, for asyncio and those who use it."""
        return self._now_us / 1_000_000

    def run_newest(self) -> None:
        """Run the callback that was scheduled last, ahead of its turn."""
        self._ready.pop()._run()  # noqa: SLF001 -- a handle has no other way to be run

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call *callback* when *delay* seconds of virtual time have passed."""
        due_us = self._now_us + to_microseconds(delay)
        return self._set_timer(due_us, callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call *callback* at *when* seconds of virtual time."""
        return self._set_timer(to_microseconds(when), callback, args, context)

    def _set_timer(
        self,
        due_us: int,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context | None,
    ) -> TimerHandle:
        self._check_closed()
        if self.get_debug():
            self._check_thread()
        timer = TimerHandle(due_us / 1_000_000, callback, args, self, context)
        self._timers.push(due_us, timer)
        return timer

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:  # noqa: ARG002 -- asyncio's signature
        self._timers.note_cancellation()

    def _move_clock(self, to_us: int) -> None:
        if to_us > self._now_us:
            self._now_us = to_us
            if self.on_time is not None:
                self.on_time(to_us)

    def run_forever(self) -> None:
        """Run until something stops the loop, with fresh budgets."""
        self._refuse_while_running("run")
        self.renew_budgets()
        self._outside.adopt_thread()
        with self._watchdog:
            super().run_forever()

    def run_to(self, target_us: int | None) -> None:
        """Run all that is due up to and including *target_us*; leave the clock there.

        Args:
            target_us: An instant of this loop; None runs what is due now.

        Raises:
            UsageError: *target_us* has passed, or the loop is running already.
            LivelockError: the program does not come to rest within the budgets.
        """
        limit_us = self._now_us if target_us is None else target_us
        self._check_target(limit_us)
        self._run_until_idle(limit_us)
        self._move_clock(limit_us)

    def run_until_quiet(self, within_us: int | None) -> bool:
        """Run timer by timer until nothing is pending, at most for *within_us*.

        The clock stays at the last timer that fired.

        Returns:
            Whether nothing is pending any more.

        Raises:
            UsageError: *within_us* is negative, or the loop is running already.
            LivelockError: the program does not come to rest within the budgets.
        """
        limit_us = _LAST_US if within_us is None else self._now_us + within_us
        self._check_target(limit_us)
        self._run_until_idle(limit_us)
        return not self._is_anything_due(_LAST_US)

    async def settle(self) -> None:
        """Wait until everything that is due now has run."""
        await self.advance_to(self._now_us)

    async def advance_to(self, target_us: int, *, is_onward: bool = False) -> None:
        """Wait until all that is due up to *target_us* has run; onward on old budgets.

        Raises:
            UsageError: *target_us* has passed.
        """
        self._check_target(target_us)
        if not is_onward:
            self.renew_budgets()
        await self._waiters.join(target_us, self.create_future())

    def _run_until_idle(self, limit_us: int) -> None:
        self._check_closed()
        self._refuse_while_running("run_to")
        if self._is_at_rest(limit_us):
            return
        self._limit_us, self._has_arrived = limit_us, False
        try:
            self.run_forever()
        finally:
            self._limit_us = None
        if not self._has_arrived:
            raise verdicts.fenced(self._where(), call="stop")

    def _is_at_rest(self, limit_us: int) -> bool:
        """Tell without a turn of the loop that an operation has nothing to do."""
        if self._ready or self._outside.is_possible():
            return False
        if self.on_idle is not None and self.on_idle():
            return False
        return not self._ready and not self._is_anything_due(limit_us)

    def renew_budgets(self) -> None:
        """Start counting anew: something came to its end."""
        self._jumps_left = self.max_jumps
        self._last_turn = self._turns + self.max_turns

    def _pulse(self) -> int:
        """Return a number that changes as long as no callback blocks the thread."""
        return self._turns + self._outside.polls

    def _decide(self, is_busy: bool) -> Events:  # noqa: FBT001 -- the selector's question, in its words
        """Answer what asyncio asks once a turn: what has arrived from outside?"""
        self._turns += 1
        if self._turns > self._last_turn:
            raise verdicts.spinning(self._where(is_stuck=True), turns=self.max_turns)
        if self._timers.first_us <= self._now_us:
            is_busy = self._timers.release(self._now_us, self._ready.append) or is_busy
        if is_busy:
            left = self._last_turn - self._turns
            return self._outside.glance(left) if left % _TURNS_PER_GLANCE == 0 else []
        if self._outside.is_possible():
            events = self._outside.wait()
            if events or self._ready:
                return events
        return self._use_idle_moment()

    def _use_idle_moment(self) -> Events:
        if self.on_idle is not None and self.on_idle():
            return []
        if self._take_next(_LAST_US if self._limit_us is None else self._limit_us):
            return []
        if self._limit_us is None:
            events = self._outside.linger()
            if not events and not self._ready:
                raise verdicts.deadlocked(self._where(is_stuck=True))
            return events
        self._has_arrived = True
        super().stop()
        return []

    def _take_next(self, limit_us: int) -> bool:
        """Let the clock do the next thing that is due by *limit_us*, if there is one."""
        timer_us, waiter_us = self.next_timer_us(), self._waiters.next_target_us()
        if timer_us <= min(limit_us, waiter_us):
            self._jump(timer_us)
        elif waiter_us <= limit_us:
            self._move_clock(waiter_us)
            self._waiters.wake_first()
        else:
            return False
        return True

    def _jump(self, to_us: int) -> None:
        self._jumps_left -= 1
        if self._jumps_left < 0:
            raise verdicts.endless(self._where(is_stuck=True), jumps=self.max_jumps)
        self._last_turn = self._turns + self.max_turns
        self._move_clock(to_us)
        if self.on_due is not None and self._engine_due_us() <= to_us:
            self.on_due(self._now_us)
        self._timers.release(self._now_us, self._ready.append)

    def _is_anything_due(self, limit_us: int) -> bool:
        return min(self.next_timer_us(), self._waiters.next_target_us()) <= limit_us

    def next_timer_us(self) -> int:
        """Return when the next timer of any kind is due; `NEVER_US` without one."""
        due_us = self._timers.next_due_us()
        return due_us if self.next_due is None else min(due_us, self._engine_due_us())

    def _engine_due_us(self) -> int:
        due_us = None if self.next_due is None else self.next_due()
        return NEVER_US if due_us is None else due_us

    def call_soon_threadsafe(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call *callback* in the loop; those of other threads wait for exact idle."""
        if self._outside.is_local():
            return super().call_soon_threadsafe(callback, *args, context=context)
        self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._outside.post(handle)
        return handle

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*_Ts], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """Run *func* in a thread or process, in real time, while the clock stands."""
        self._check_closed()
        return self._outside.submit(executor, func, args)

    def set_default_executor(self, executor: ThreadPoolExecutor) -> None:  # type: ignore[override]  # asyncio refuses any other, too
        """Run the jobs that name no executor in *executor*, which the loop will shut."""
        super().set_default_executor(executor)
        self._outside.use_pool(executor)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109 -- asyncio's signature
        """Shut the executor at once: asyncio's way would start a thread and a timer."""
        self._outside.close_pool()

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        """Start a process; the clock stands until it has ended."""
        return self._outside.watch_child(await super().subprocess_exec(*args, **kwargs))

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> Any:
        """Start a shell; the clock stands until it has ended."""
        return self._outside.watch_child(
            await super().subprocess_shell(*args, **kwargs)
        )

    def stop(self) -> None:
        """Stop the loop; a task on it that asks for that gets a `UsageError`."""
        if self.is_running() and asyncio.current_task(self) is not None:
            raise verdicts.fenced(self._where(), call="stop")
        super().stop()

    def close(self) -> None:
        """Close the loop and its executor.

        Raises:
            UsageError: the loop is running.
        """
        if self.is_running():
            raise verdicts.fenced(self._where(), call="close")
        if not self.is_closed():
            self._watchdog.close()
            self._outside.close()
            self._timers.clear()
            self._waiters.clear()
        super().close()

    def _refuse_while_running(self, call: str) -> None:
        if self.is_running():
            raise verdicts.busy(self._where(), call=call)

    def _check_target(self, target_us: int) -> None:
        if not self._now_us <= target_us < NEVER_US:
            raise verdicts.cannot_move(self._where(), target_us=target_us)

    def _where(self, *, is_stuck: bool = False) -> str:
        now = f"virtual time {format_duration(Duration(self._now_us))}"
        told = now if self.describe is None else self.describe()
        return "; ".join([*waiting_places(self), told]) if is_stuck else told
