"""The verbs of a harness for tests that run in virtual time themselves."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from .._engine import Engine
from .._model.event import Event
from .async_travel import AsyncTravel
from .cancelling import cancel_run
from .checks import as_events
from .driver import Driver
from .foreign import AnyEvent
from .reader import Reader
from .residence import Residence
from .sent import Sent
from .views import Run

__all__ = ["AsyncFace"]

T = TypeVar("T")


class AsyncFace:
    """The awaited twin of each verb that moves a world; `Harness` is made of it.

    They need a test that runs on a virtual loop: see `scoretest.pytest_anyio` and
    `scoretest.pytest_asyncio`. The world moves onto that loop at its first use in the
    test, so the test's own ``asyncio.sleep`` moves the clock of the world, too.
    """

    _engine: Engine
    _driver: Driver
    _reader: Reader
    _residence: Residence
    _async_travel: AsyncTravel

    async def asend(
        self,
        event: str | AnyEvent | Sequence[AnyEvent],
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 -- the wire's word
        ts: datetime | int | None = None,
    ) -> Sent:
        """Send events as `Harness.send` does, in an async test."""
        self._residence.await_here("asend")
        sent = self._sent(as_events(event, data, id, ts))
        await self._async_travel.settle()
        return sent

    async def aadvance(self, by: str | timedelta) -> Self:
        """Move the clock forward as `Harness.advance` does, in an async test."""
        self._residence.await_here("aadvance")
        await self._async_travel.advance(by)
        return self

    async def aadvance_to(self, moment: datetime) -> Self:
        """Move the clock as `Harness.advance_to` does, in an async test."""
        self._residence.await_here("aadvance_to")
        await self._async_travel.advance_to(moment)
        return self

    async def afast_forward(self, within: str | timedelta | None = None) -> Self:
        """Go on as `Harness.fast_forward` does, in an async test.

        It goes on while something of this world is pending. Timers that the test itself
        has set fire when they are due, and are not waited for.
        """
        self._residence.await_here("afast_forward")
        await self._async_travel.fast_forward(within)
        return self

    async def acall(
        self,
        function: Callable[..., Coroutine[Any, Any, T]],
        *args: object,
        **kwargs: object,
    ) -> T:
        """Await a coroutine function of the application, then run what is due now."""
        self._residence.await_here("acall")
        return await self._async_travel.call(function, *args, **kwargs)

    async def acancel(self, run: Run | str) -> None:
        """Cancel a run as `Harness.cancel` does, in an async test."""
        self._residence.await_here("acancel")
        cancel_run(self._driver, self._reader.source, run)
        await self._async_travel.settle()

    def _sent(self, events: Sequence[Event]) -> Sent:
        """Let *events* arrive, and return what they set going."""
        begin = len(self._engine.trace)
        ids = self._driver.send(events)
        return Sent(self._reader.source, ids, begin, len(self._engine.trace))
