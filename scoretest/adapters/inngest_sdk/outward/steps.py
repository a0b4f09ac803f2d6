"""The steps of a converted coroutine handler: the package's own, one after the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from inspect import isawaitable
from typing import Any, TypeVar, cast, final

import inngest

from ...._json import Json, JsonObject
from ...._model.place import Place
from ...._model.ports import Invoked
from ....errors import NotBuiltError
from ....times import Duration, Instant, to_datetime
from ..hooks import Watcher
from .errors import leaving_as, ours
from .package_run import interrupt_in
from .run import ConvertedPort, in_callback, invoked_data, wire_of
from .world import meta_given

__all__ = ["ConvertedSteps"]

T = TypeVar("T")


@final
class ConvertedSteps(ConvertedPort):
    """The steps of a coroutine handler.

    The package leaves a handler at the first new step, whatever runs beside it; a
    second step beside it would be done in every entry. Steps side by side outside a
    group are refused before a callback of theirs has been called.
    """

    refusal: NotBuiltError | None = None
    """Why the run cannot go on, once steps were met side by side."""

    is_over = False
    """Whether the handler has been left."""

    _under_way: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse to go on when steps were met side by side.

        Raises:
            NotBuiltError: They were; whatever the handler made of it.
        """
        if self.refusal is not None:
            raise self.refusal

    def track(
        self, tool: str, step_id: str, call: Coroutine[object, object, T], place: Place
    ) -> Coroutine[object, object, T]:
        """Return *call*, remembered by the harness, if there is one."""
        if self.beneath is not None:
            watcher = cast("Watcher", self.beneath)
            watcher.track(tool, step_id, call, place)
        return call

    @asynccontextmanager
    async def _reached(self, step_id: str) -> AsyncIterator[None]:
        """Hold one step; what comes out of it is ours again.

        Raises:
            NotBuiltError: Another step is under way beside it.
        """
        if in_callback.get():  # the package has its own words for a step in a step
            with self.attributed():
                yield
            return
        await self._alone(step_id)
        try:
            with leaving_as(ours), self.attributed():
                yield
        finally:
            self._under_way = self._under_way[:-1]

    async def _alone(self, step_id: str) -> None:
        self._under_way += (step_id,)
        await asyncio.sleep(0)  # who runs beside this comes to a step of his own now
        if len(self._under_way) > 1 or self.is_over:
            self.refusal = self.refusal or NotBuiltError(
                f"steps {sorted(self._under_way)} run side by side outside "
                "ctx.group.parallel, which the inngest package cannot do",
                where=self.function.options.place,
                fix="write ctx.group.parallel((lambda: ..., lambda: ...)) around them",
            )
            raise self.refusal

    async def run(
        self, step_id: str, body: Callable[[], Awaitable[object] | object], place: Place
    ) -> Json:
        """Call *body* once and remember what it returned."""
        del place  # the package tells of no places

        async def called() -> Json:
            with self.callback():
                output = body()
                if isawaitable(output):
                    output = await output
                return self.over_the_wire(output, f"the result of step {step_id!r}")

        async with self._reached(step_id):
            output: Json = await self.ctx.step.run(step_id, called)
        return output

    async def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""
        del place
        async with self._reached(step_id):
            await self.ctx.step.sleep_until(step_id, to_datetime(until))

    async def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Leave the handler until an event matches, or the time is over."""
        del place
        if_exp, timeout = self.expression(expression), timedelta(microseconds=within)
        async with self._reached(step_id):
            found: inngest.Event | None = await self.ctx.step.wait_for_event(
                step_id, event=event, if_exp=if_exp, timeout=timeout
            )
        return None if found is None else wire_of(found)

    async def invoke(
        self,
        step_id: str,
        function: Invoked,
        data: object,
        within: Duration | None,
        place: Place,
    ) -> Json:
        """Leave the handler until a run of *function* has ended."""
        payload = invoked_data(self, step_id, data, place)
        timeout = None if within is None else timedelta(microseconds=within)
        async with self._reached(step_id):
            output: Json = await self.ctx.step.invoke_by_id(
                step_id,
                app_id=function.app_id,
                function_id=function.fn_id,
                data=payload,
                timeout=timeout,
                **meta_given(function.meta),
            )
        return output

    async def parallel(
        self, branches: Sequence[Callable[[], Awaitable[T]]]
    ) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""
        results: Any = await self.ctx.group.parallel(tuple(map(_branch, branches)))
        return tuple(results)


def _branch(branch: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
    """Return *branch*, left as the package expects it also from a task group."""

    async def gone_through() -> T:
        try:
            return await branch()
        except BaseExceptionGroup as several:
            interrupt = interrupt_in(several)
            if interrupt is None:
                raise
            raise interrupt from None

    return gone_through
