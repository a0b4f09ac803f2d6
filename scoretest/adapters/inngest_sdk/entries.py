"""Entries of functions of the ``inngest`` package: one request each."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from inspect import isawaitable
from typing import Any

from ..._engine import Live
from ..._ids import hash_id
from ..._model.effect import Enter
from ..._model.operation import DeferAdd, Returned, StepName
from ...errors import ScoretestError
from ...runtime.coroutines import AsyncEntry
from ...runtime.entry import Entry, Request
from ...runtime.foreign import ForeignFunction
from ...runtime.host import Host
from ...sdk.current import current_port
from ...times import to_datetime
from .answers import read
from .internals import WatchedEntry, make_request
from .protocol import request_for

__all__ = ["SdkAsyncEntry", "SdkPlainEntry"]


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
        wire = request_for(self.live, self.effect, self.memos, self._known_defers)
        return make_request(*wire)

    @staticmethod
    def is_failure(error: BaseException) -> bool:
        """Say whether a web framework would answer *error* with a status of 500.

        The package lets few errors through: those that are no `Exception`, and those
        that it fails to describe.
        """
        through = asyncio.CancelledError | BaseExceptionGroup | Exception
        return isinstance(error, through) and not isinstance(error, ScoretestError)

    # --- what the package's modules ask while the handler runs ----------------------

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


class SdkPlainEntry(_SdkEntry):
    """One entry of an ordinary handler, called inline."""

    async def main(self) -> None:
        """Hand the request over and give the engine what is answered."""
        current_port.set(self)
        try:
            outcome = read(self, self._comm.post_sync(self._request()))
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

        def called(*args: Any) -> Any:
            self.running.append(name)
            try:
                return self.driver.stubs.call(self.function, name, partial(body, *args))
            finally:
                self.running.remove(name)

        return called


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
        if isinstance(outcome, Returned):
            self._report_not_awaited()
        self._close_calls()
        self.answer(outcome)

    def around(self, step_id: str, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is called instead of a step's callback."""
        name = StepName(step_id, 0, "")

        async def called(*args: Any) -> Any:
            self.running.append(name)
            self.bodies += 1
            try:
                output = self.driver.stubs.call(
                    self.function, name, partial(body, *args)
                )
                return await output if isawaitable(output) else output
            finally:
                self.running.remove(name)
                self.bodies -= 1

        return called
