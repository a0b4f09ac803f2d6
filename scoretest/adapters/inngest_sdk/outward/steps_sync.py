"""The steps of a converted handler that is an ordinary function."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from inspect import iscoroutine
from typing import Any, TypeVar, final

import inngest

from ...._json import Json, JsonObject
from ...._model.place import Place
from ...._model.ports import Invoked
from ....errors import UsageError
from ....times import Duration, Instant, to_datetime
from .errors import leaving_as, ours
from .run import ConvertedPort, invoked_data, wire_of

__all__ = ["ConvertedSyncSteps"]

T = TypeVar("T")


@final
class ConvertedSyncSteps(ConvertedPort):
    """The steps of an ordinary handler."""

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Hold one step; what comes out of it is ours again."""
        with leaving_as(ours), self.attributed():
            yield

    def run(self, step_id: str, body: Callable[[], object], place: Place) -> Json:
        """Call *body* once and remember what it returned."""
        del place  # the package tells of no places

        def called() -> Json:
            with self.callback():
                output = _result(body(), step_id)
                return self.over_the_wire(output, f"the result of step {step_id!r}")

        with self._reached():
            output: Json = self.ctx.step.run(step_id, called)
        return output

    def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""
        del place
        with self._reached():
            self.ctx.step.sleep_until(step_id, to_datetime(until))

    def wait_for_event(
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
        with self._reached():
            found: inngest.Event | None = self.ctx.step.wait_for_event(
                step_id, event=event, if_exp=if_exp, timeout=timeout
            )
        return None if found is None else wire_of(found)

    def invoke(
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
        with self._reached():
            output: Json = self.ctx.step.invoke_by_id(
                step_id,
                app_id=function.app_id,
                function_id=function.fn_id,
                data=payload,
                timeout=timeout,
            )
        return output

    def parallel(self, branches: Sequence[Callable[[], T]]) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""
        results: Any = self.ctx.group.parallel(tuple(branches))
        return tuple(results)


def _result(output: object, step_id: str) -> object:
    """Return what a callback returned, unless it should have been awaited."""
    if not iscoroutine(output):
        return output
    output.close()
    raise UsageError(
        f"step {step_id!r} of a plain handler returned a coroutine",
        fix="make the handler `async def`, and await the step",
    )
