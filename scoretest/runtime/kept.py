"""Entries of handlers that are kept: they wait where they are, and go on from there.

The engine knows nothing of it. It is told of each step as always, and asks for the next
entry; that finds the handler where it stands, and does not begin a new one. So every
fact is the same, but code between steps runs once, and what is wrong with it is not
seen.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from .._core.memos import Memo
from .._json import Json, JsonObject
from .._model.effect import Enter
from .._model.operation import Operation, Outcome, SleepUntil, StepName, WaitFor
from .._model.place import Place
from .._model.ports import Invoked
from ..errors import UsageError
from ..sdk.context import Context
from ..times import Duration, Instant
from .coroutines import AsyncEntry
from .entry import Request
from .invoking import invocation
from .leaving import in_group

__all__ = ["KEPT", "AwakeEntry", "KeptEntry"]


class AwakeEntry(AsyncEntry):
    """An entry that goes on when a callback has run; it is left at what takes time."""

    _context: Context | None = None
    _awaited: "asyncio.Future[None] | None" = None  # set by the next entry, if it waits
    _is_over = False  # the run ended while the handler stood at a step

    def make_context(self) -> Context:
        """Return the context of the handler, whose attempt changes with each entry."""
        self._context = super().make_context()
        return self._context

    def go_on(self, effect: Enter, request: Request) -> None:
        """Let the handler go on: this is the next entry of its run."""
        self.effect = effect
        self.memos, self._kept_defers = request
        self._replayed, self.size = len(self.memos), 0
        if self._context is not None:
            self._context.attempt = effect.attempt
        awaited, self._awaited = self._awaited, None
        if awaited is not None and not awaited.done():
            awaited.set_result(None)

    def left(self) -> Outcome:
        """Return the outcome of a handler that stopped at its operations."""
        return None if self._is_over else super().left()

    def answer(self, outcome: Outcome) -> None:
        """Give the engine what the handler came to, unless it is not asked for."""
        self._context = None  # it leads back here: a cycle for the collector
        if self._awaited is not None:
            self.driver.kept.pop(self.run_id, None)
            self.driver.crash(self._woken())
        elif not self._is_over:
            super().answer(outcome)

    def _woken(self) -> UsageError:
        options = self.function.options
        return UsageError(
            f"the handler of {options.slug!r} was kept at a step, and something else "
            "than this step woke it",
            where=f"{options.place}, run {self.run_id}",
            fix='a timeout around a step needs Harness(reentry="step"), as on the server',
        )

    # --- steps ----------------------------------------------------------------------

    async def run(
        self, step_id: str, body: Callable[[], Awaitable[object] | object], place: Place
    ) -> Json:
        """Call *body* until it has settled, and remember what it returned."""
        if not self._can_stay():
            return await super().run(step_id, body, place)
        name, memo = self.reach(step_id, "StepRun", place)
        while memo is None:
            operations = await self._attempted(name, body)
            if self.crash is not None:  # a worker that died keeps nothing
                return await self._hand_in(*operations)
            memo = await self._stay(name, *operations)
        return self.opened(memo)

    def _can_stay(self) -> bool:
        """Say whether nothing but this step is under way in the entry."""
        is_alone = asyncio.current_task() is self.task and not self.children
        is_whole = not in_group.get() and not self.effect.target
        return is_alone and is_whole and not self.is_left and not self.is_hopeless

    async def _stay(self, name: StepName, *operations: Operation) -> Memo | None:
        """Hand *operations* in, wait for the next entry, and return the step's memo."""
        self._check_path()
        self._awaited = asyncio.get_running_loop().create_future()
        self.driver.kept[self.run_id] = self
        deferred = () if self._deferring is None else self._deferring.operations
        self._deferring = None
        self.driver.entry_ended(self, (*deferred, *operations), None)
        if self.live.run.is_over:
            self._awaited, self._is_over = None, True
            self.driver.kept.pop(self.run_id, None)
            self.unwind()
        await self._awaited
        return self.memos.get(name.hashed)


class KeptEntry(AwakeEntry):
    """An entry that waits at each step; only a group is entered again."""

    async def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Wait until the clock shows *until*."""
        if not self._can_stay():
            return await super().sleep_until(step_id, until, place)
        name, memo = self.reach(step_id, "Sleep", place)
        while memo is None:
            memo = await self._stay(name, SleepUntil(name, until))
        return None

    async def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Wait until an event matches, or the time is over."""
        if not self._can_stay():
            return await super().wait_for_event(
                step_id, event, expression, within, place
            )
        name, memo = self.reach(step_id, "WaitForEvent", place)
        wait = WaitFor(step=name, event=event, expression=expression, timeout=within)
        while memo is None:
            memo = await self._stay(name, wait)
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
        """Wait until a run of *function* has ended."""
        if not self._can_stay():
            return await super().invoke(step_id, function, data, within, place)
        name, memo = self.reach(step_id, "InvokeFunction", place)
        while memo is None:
            asked = invocation(self, name, function, data, within, place)
            memo = await self._stay(name, asked)
        return self.opened(memo)


KEPT: Final[dict[str, type[AsyncEntry]]] = {
    "step": AsyncEntry,
    "wait": AwakeEntry,
    "never": KeptEntry,
}
"""What makes the entries of coroutine handlers, by when they are entered again."""
