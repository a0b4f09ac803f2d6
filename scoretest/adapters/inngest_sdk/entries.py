"""Entries of functions of the ``inngest`` package: one request each."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from inspect import isawaitable
from typing import Any, Final

from ..._engine import Live
from ..._ids import hash_id
from ..._model.effect import Enter
from ..._model.operation import DeferAdd, Returned, StepName
from ...errors import ScoretestError
from ...runtime.coroutines import AsyncEntry
from ...runtime.entry import Entry, Request
from ...runtime.faults import CRASHED
from ...runtime.foreign import ForeignFunction
from ...runtime.host import Host
from ...runtime.inline import as_in_a_thread
from ...sdk.current import current_port
from ...times import to_datetime
from .answers import read
from .hooks import WatchedEntry
from .outward.errors import leaving_as, theirs
from .requests import Asked, request_for

__all__ = ["SdkAsyncEntry", "SdkPlainEntry"]


_SCORE_FIX: Final = "name a score without quotes, and give it a finite number or a bool"


class _SdkEntry(Entry, WatchedEntry):
    """What the entries of both kinds of handler have in common."""

    def __init__(
        self,
        comm: Any,
        driver: Host,
        live: Live,
        effect: Enter,
        function: ForeignFunction,
        request: Request,
    ) -> None:
        super().__init__(driver, live, effect, function, request)
        self._known_defers = request.defers
        self._comm = comm

    def _request(self) -> Any:
        run, effect = self.live.run, self.effect
        asked = Asked(
            slug=run.function.slug,
            run_id=run.id,
            entry=effect.entry,
            attempt=effect.attempt,
            most_attempts=self.live.most_attempts,
            target=effect.target,
            events=[event.wire for event in run.events],
            memos=self.memos,
            defers=self._known_defers,
        )
        return request_for(asked)

    @staticmethod
    def is_failure(error: BaseException) -> bool:
        """Say whether a web framework would answer *error* with a status of 500.

        The package lets few errors through: those that are no `Exception`, and those
        that it fails to describe.
        """
        through = asyncio.CancelledError | BaseExceptionGroup | Exception
        return isinstance(error, through) and not isinstance(error, ScoretestError)

    # --- faults ---------------------------------------------------------------------

    def _before(self, name: StepName, body: Callable[[], Any]) -> Callable[[], Any]:
        """Return what is called for a step: its callback, if no fault strikes first."""
        faults = self.driver.faults
        if not faults.is_armed:
            return body
        faulty = faults.before_step(self.function.id, self.run_id, name, body)
        if faulty is None:
            self.crash = CRASHED  # what is answered now never arrives
            return _nothing
        return faulty

    def _after(self, name: StepName) -> None:
        """Let a fault strike that comes after a step's callback."""
        faults, slug = self.driver.faults, self.function.id
        if not faults.is_armed or self.crash is not None:
            return
        if faults.after_step(slug, self.run_id, name):
            self.crash = CRASHED

    # --- what the package's modules ask while the handler runs ----------------------

    def comes_to(self, step_id: str, body: Any, arguments: tuple[Any, ...]) -> None:
        """Hear of a step; an explorer hears it in place of the entry."""

    def wall_clock(self) -> datetime:
        """Return the present instant of the world."""
        return to_datetime(self.now)

    def interrupted(self) -> None:
        """Note that the handler is to be left."""
        self.is_left = True

    def lost(self, defers: Sequence[str]) -> None:
        """Note which defers went down with the handler (rule A3)."""
        self.operations += [
            DeferAdd(id=name, hashed=hash_id(name), function="", data={}, size=0)
            for name in defers
        ]

    def skipped(self, why: str) -> None:
        """Tell why a defer was skipped (rule A12)."""
        self.report(
            "DEFER_SKIPPED",
            f"a defer was skipped: {why}",
            "mend the call; production only logs it",
            self.function.options.place,
        )

    def refused(self, why: str) -> None:
        """Tell why a score was refused (rule G5)."""
        self.report("SCORE_INVALID", why, _SCORE_FIX, self.function.options.place)

    def is_reading(self) -> bool:
        """Say whether somebody wants to know what is read of events."""
        return self.driver.reads is not None

    def read(self, event: dict[str, Any]) -> None:
        """Let what is asked of an event in vain be noted."""
        reads = self.driver.reads
        if reads is not None:
            reads.watch(event, self.function.id)


class SdkPlainEntry(_SdkEntry):
    """One entry of an ordinary handler, called inline."""

    async def main(self) -> None:
        """Hand the request over and give the engine what is answered."""
        current_port.set(self)
        try:
            with as_in_a_thread():
                answer = self._comm.post_sync(self._request())
            outcome = read(self, answer)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 -- what is no answer ends the test
            if not self.is_failure(error):
                self.driver.crash(error)
                return
            outcome = self.failed(error)
        self.answer(outcome)

    def around(self, step_id: str, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is called instead of a step's callback."""
        name = StepName(step_id, 0, "")

        def stands_in(*args: Any) -> Any:
            self.running.append(name)
            try:
                with leaving_as(theirs):  # a stub may raise our errors
                    called = self._before(name, partial(body, *args))
                    return self.driver.stubs.call(self.function, name, called)
            finally:
                self.running.remove(name)
                self._after(name)

        return stands_in


class SdkAsyncEntry(_SdkEntry, AsyncEntry):
    """One entry of a coroutine handler, in a task on the virtual loop."""

    async def main(self) -> None:
        """Hand the request over and give the engine what is answered."""
        current_port.set(self)
        try:
            outcome = read(self, await self._comm.post(self._request()))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 -- what is no answer ends the test
            if not self.is_failure(error):
                self.driver.crash(error)
                return
            outcome = self.failed(error)
        # the package makes a task for each request; one that is done was not leaked
        self.children = [task for task in self.children if not task.done()]
        if isinstance(outcome, Returned) and self._calls:
            self._report_not_awaited()
        self._close_calls()
        self.answer(outcome)

    def around(self, step_id: str, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is called instead of a step's callback."""
        name = StepName(step_id, 0, "")

        async def stands_in(*args: Any) -> Any:
            self.running.append(name)
            self.bodies += 1
            try:
                with leaving_as(theirs):  # a stub may raise our errors
                    called = self._before(name, partial(body, *args))
                    output = self.driver.stubs.call(self.function, name, called)
                    return await output if isawaitable(output) else output
            finally:
                self.running.remove(name)
                self.bodies -= 1
                self._after(name)

        return stands_in


def _nothing() -> None:
    """Stand for a callback that the worker did not live to call."""
