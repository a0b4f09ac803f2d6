"""An entry of a coroutine handler: an ordinary asyncio task on the virtual loop.

A step that is not done parks: it hands in its operation and waits on a future that
never comes. When the loop is exactly idle, every step that the handler can reach has
been handed in, whether it stands alone, in `asyncio.gather` or in a task group. Then
the driver leaves the entry: it cancels the task, and cancellation unwinds the handler
as timeouts and task groups expect it.

A handler that catches the cancellation and goes on is not stopped: production's is not
either. What it wanted is forgotten, and the test is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate, isawaitable
from typing import Any, NoReturn, TypeAlias, TypeVar

from .._core.memos import Memo
from .._engine import Live
from .._json import Json, JsonObject
from .._model.effect import Enter
from .._model.operation import (
    Operation,
    Outcome,
    PlanStep,
    SleepUntil,
    StepName,
    StepRaised,
    StepRan,
    WaitFor,
)
from .._model.place import Place
from .._model.ports import Invoked
from ..sdk.context import Context
from ..sdk.current import current_port
from ..sdk.errors import NonRetriableError, RetryAfterError
from ..sdk.function import AnyFunction
from ..times import Duration, Instant
from .entry import Entry, Request
from .faults import CRASHED
from .host import Host
from .invoking import invocation
from .leaving import LeaveHandler, NestedStep, in_group, in_step

__all__ = ["AsyncEntry", "current_entry"]

T = TypeVar("T")

Tracked: TypeAlias = tuple[str, Any, Place, str]
"""A step that was called: the tool, the call's coroutine, where, and the step's id."""


def current_entry() -> "AsyncEntry | None":
    """Return the entry whose handler runs in this context, if any."""
    port = current_port.get()
    return port if isinstance(port, AsyncEntry) else None


class AsyncEntry(Entry):
    """One entry of a coroutine handler."""

    bodies = 0
    _is_branch_left = False  # a task of a group's branch was, and was not seen

    def __init__(
        self,
        driver: Host,
        live: Live,
        effect: Enter,
        function: AnyFunction,
        request: Request,
    ) -> None:
        super().__init__(driver, live, effect, function, request)
        self.children: list[asyncio.Task[object]] = []
        self._parked: set[asyncio.Task[object]] = set()
        self._calls: list[Tracked] = []

    # --- the handler ------------------------------------------------------------

    async def main(self) -> None:
        """Go through the handler once and give the engine what came of it."""
        current_port.set(self)
        try:
            try:
                result = await self.function.entry(self.make_context())  # type: ignore[misc]  # the async kind
            except BaseException as error:  # noqa: BLE001 -- looked at there, and raised again if it ends the test
                outcome = self._interrupted(error)
            else:
                outcome = self._finished(result)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 -- GeneratorExit and the like end the test, not the run
            self.driver.crash(error)
            return
        self._close_calls()
        self.answer(outcome)

    def make_context(self) -> Context:
        """Return the context of the handler."""
        return Context(self.source(), self, self.effect.attempt)

    def _finished(self, result: object) -> Outcome:
        self._note_swallowed()
        if self._may_have_forgotten():
            self._report_not_awaited()
        return self.returned(result)

    def _interrupted(self, error: BaseException) -> Outcome:
        """Return the outcome of a handler that *error* left.

        Raises:
            BaseException: It is not the run's affair.
        """
        match error:
            case asyncio.CancelledError() if not self.is_left:
                return self.failed(error)
            case asyncio.CancelledError() | NestedStep():
                return self.left()
            case LeaveHandler():  # from a group that the user's code left early
                self.operations.extend(error.operations)
                return self.left()
            case Exception() if not isinstance(error, MemoryError):
                self._note_swallowed()
                return self.failed(error)
        raise error

    def _note_swallowed(self) -> None:
        if self.is_left or self._is_branch_left:
            self.swallowed()

    def leave(self) -> None:
        """Unwind the handler: every step it can reach has been handed in."""
        self.is_left = True
        if self.task is not None:
            self.task.cancel()

    def unwind(self) -> NoReturn:
        """Unwind the handler at once, from its own task, as `leave` does from outside."""
        self.is_left = True
        raise asyncio.CancelledError

    def leaked(self) -> list[asyncio.Task[object]]:
        """Return the tasks that the handler started and did not wait for."""
        return [
            task
            for task in self.children
            if not task.done() and task not in self._parked
        ]

    def abandoned(self) -> list[asyncio.Task[object]]:
        """Return every task of the entry that is still there."""
        return [task for task in self.children if not task.done()]

    # --- calls that nobody awaits -----------------------------------------------

    def track(
        self, tool: str, step_id: str, call: Coroutine[object, object, T], place: Place
    ) -> Coroutine[object, object, T]:
        """Return *call*, remembered until the entry ends."""
        self._calls.append((tool, call, place, step_id))
        return call

    def _may_have_forgotten(self) -> bool:
        """Say, quickly, whether a call was made that never came to its step."""
        return self.reaches < len(self._calls)

    def _not_awaited(self) -> list[Tracked]:
        return [
            tracked
            for tracked in self._calls
            # asked first, because it is quick: whether the call has ended
            if tracked[1].cr_frame is not None
            and getcoroutinestate(tracked[1]) == CORO_CREATED
        ]

    def _report_not_awaited(self) -> None:
        for tool, _, place, step_id in self._not_awaited():
            self.report(
                "STEP_NOT_AWAITED",
                f"step {step_id!r} was called and never awaited, so it never ran",
                f"write `await ctx.{tool}({step_id!r}, ...)`",
                place,
            )

    def _close_calls(self) -> None:
        if self._may_have_forgotten():
            for _, call, *_ in self._not_awaited():
                call.close()  # else Python warns of it at some later collection
        self._calls.clear()

    # --- steps --------------------------------------------------------------------

    async def run(
        self, step_id: str, body: Callable[[], Awaitable[object] | object], place: Place
    ) -> Json:
        """Call *body* once and remember what it returned."""
        name, memo = self.reach(step_id, "StepRun", place)
        return self.opened(memo or await self.called(name, body))

    async def called(
        self, name: StepName, body: Callable[[], Awaitable[object] | object]
    ) -> Memo:
        """Call *body* once and leave the handler with what it came to."""
        if self.is_skipped(name):
            await self._hand_in()
        if self.is_planned():
            await self._hand_in(PlanStep(name))
        await self._hand_in(*await self.attempted(name, body))

    async def settled(self, name: StepName, ask: Callable[[], Operation]) -> Memo:
        """Leave the handler with the operation that *ask* makes."""
        await self._hand_in(*([] if self.is_skipped(name) else [ask()]))

    async def attempted(
        self, name: StepName, body: Callable[[], Awaitable[object] | object]
    ) -> tuple[Operation, ...]:
        """Call *body*, and return what to hand in: nothing if a fault strikes."""
        faults = self.driver.faults
        if not faults.is_armed:
            return (await self._perform(name, body),)
        faulty = faults.before_step(self.function.id, self.run_id, name, body)
        if faulty is None:
            self.crash = CRASHED
            return ()
        answer = await self._perform(name, faulty)
        if faults.after_step(self.function.id, self.run_id, name):
            self.crash = CRASHED
            return ()
        return (answer,)

    async def _perform(
        self, name: StepName, body: Callable[[], Awaitable[object] | object]
    ) -> StepRan | StepRaised:
        token = in_step.set(name)
        self.bodies += 1
        self.running.append(name)
        try:
            output = self.driver.stubs.call(self.function, name, body)
            if isawaitable(output):
                output = await output
            return self.ran(name, output)
        except (NonRetriableError, RetryAfterError):
            raise  # rules D4 and D5: these belong to the function, not to the step
        except NestedStep:
            return self.nested(name)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever the user's code raises is its step's failure
            return self.raised(name, error)
        finally:
            self.running.remove(name)
            self.bodies -= 1
            in_step.reset(token)

    async def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""
        name, memo = self.reach(step_id, "Sleep", place)
        if memo is None:
            await self.settled(name, partial(SleepUntil, name, until))

    async def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Leave the handler until an event matches, or the time is over."""
        name, memo = self.reach(step_id, "WaitForEvent", place)
        if memo is None:
            wait = partial(WaitFor, name, event, expression, within)
            memo = await self.settled(name, wait)
        found = self.opened(memo)
        return found if isinstance(found, dict) else None

    async def invoke(
        self,
        step_id: str,
        function: Invoked,
        data: object,
        within: Duration | None,
        place: Place,
    ) -> Json:
        """Leave the handler until a run of *function* has ended."""
        name, memo = self.reach(step_id, "InvokeFunction", place)
        if memo is None:
            asked = partial(invocation, self, name, function, data, within, place)
            memo = await self.settled(name, asked)
        return self.opened(memo)

    async def parallel(
        self, branches: Sequence[Callable[[], Awaitable[T]]]
    ) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""
        token = in_group.set(True)
        results: list[T] = []
        wanted: list[Operation] = []
        is_incomplete = False
        try:
            for branch in branches:
                try:
                    results.append(await branch())
                except LeaveHandler as leave:
                    is_incomplete |= self.is_branch_wanted(leave)
                    wanted += leave.operations
                    self.is_left = self._is_branch_left = False
                except BaseExceptionGroup as several:  # from a task group in the branch
                    is_incomplete = True
                    wanted += _operations(several)
                    self.is_left = self._is_branch_left = False
        except Exception:  # the branches behind this one are not reached: no finding
            self.is_cut_short = True
            raise
        finally:
            in_group.reset(token)
        if is_incomplete:
            await self._hand_in(*wanted)
        return tuple(results)

    async def _hand_in(self, *operations: Operation) -> NoReturn:
        """Hand in *operations* and go no further; a group collects them first."""
        if self.is_hopeless:  # never to be woken; the operation ends without it
            await self._never()
        task = asyncio.current_task()
        if in_group.get():
            # in a task of its own only that task is left: its siblings go on
            self.is_left = task is self.task
            self._is_branch_left = not self.is_left
            raise LeaveHandler(operations)
        self.operations.extend(operations)
        if task is self.task and not self.children:
            self.unwind()  # nothing else can happen in this entry
        if task is not None and task is not self.task:
            self._parked.add(task)
        self.driver.leave_when_idle(self)
        await self._never()

    async def _never(self) -> NoReturn:
        """Wait until the task is cancelled.

        Also where no loop runs any more: a handler that swallows everything comes here
        again while the collector closes it, and an error would send it round for ever.
        """
        loop = asyncio.get_running_loop() if self.task is None else self.task.get_loop()
        future: asyncio.Future[NoReturn] = loop.create_future()
        await future


def _operations(several: BaseExceptionGroup[BaseException]) -> list[Operation]:
    """Return what the tasks of a group hand in.

    Raises:
        BaseExceptionGroup: One of them raised something else.
    """
    leaving, others = several.split(LeaveHandler)
    if others is not None:
        raise others
    return [operation for leave in _leaves(leaving) for operation in leave.operations]


def _leaves(error: BaseException | None) -> Iterator[LeaveHandler]:
    if isinstance(error, LeaveHandler):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
