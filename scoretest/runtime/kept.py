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
from .._model.effect import Enter
from .._model.operation import Operation, Outcome, StepName
from ..errors import UsageError
from ..sdk.context import Context
from .coroutines import AsyncEntry
from .entry import Request
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

    async def called(
        self, name: StepName, body: Callable[[], Awaitable[object] | object]
    ) -> Memo:
        """Call *body* until it has settled."""
        if not self.can_stay():
            return await super().called(name, body)
        memo = None
        while memo is None:
            operations = await self.attempted(name, body)
            if self.crash is not None:  # a worker that died keeps nothing
                self.unwind()
            memo = await self.stay(name, *operations)
        return memo

    def can_stay(self) -> bool:
        """Say whether nothing but this step is under way in the entry."""
        is_alone = asyncio.current_task() is self.task and not self.children
        is_whole = not in_group.get() and not self.effect.target
        return is_alone and is_whole and not self.is_left and not self.is_hopeless

    async def stay(self, name: StepName, *operations: Operation) -> Memo | None:
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

    async def settled(self, name: StepName, ask: Callable[[], Operation]) -> Memo:
        """Wait until the engine has what *ask* asks for."""
        if not self.can_stay():
            return await super().settled(name, ask)
        memo = None
        while memo is None:
            memo = await self.stay(name, ask())
        return memo


KEPT: Final[dict[str, type[AsyncEntry]]] = {
    "step": AsyncEntry,
    "wait": AwakeEntry,
    "never": KeptEntry,
}
"""What makes the entries of coroutine handlers, by when they are entered again."""
