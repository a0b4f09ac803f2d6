"""The step tools of a handler that is an ordinary function.

The same tools as in `scoretest.sdk.step`, without ``await``: a step that has to leave
the handler does so by an interrupt that is no `Exception`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn, TypeVar, final

from .._model.event import Event
from .._model.ports import SyncSteps
from .._model.score import Score, ScoreValue
from .._model.session import EventMeta
from ..times import to_instant
from .arguments import (
    NO_AI,
    DurationLike,
    checked_body,
    checked_id,
    checked_name,
    condition,
    event_from_wire,
    event_list,
    not_built,
    until_after,
    wait_timeout,
)
from .invoking import checked_call, invoke_timeout, invoked_by_id, invoked_function
from .places import caller
from .scoring import score_body
from .sessions import sent_by_step

__all__ = ["StepSync"]

T = TypeVar("T")


@final
class StepSync:
    """The step tools of an ordinary handler; `Step` says what each does."""

    def __init__(self, port: SyncSteps) -> None:
        self._port = port

    @property
    def ai(self) -> NoReturn:
        """Model calls through the server; not built yet."""
        raise not_built("ctx.step.ai", NO_AI)

    def run(self, step_id: str, handler: Callable[..., T], *handler_args: object) -> T:
        """Call *handler* once and remember its result; see `Step.run`."""
        checked_body(handler, step_id)
        body: Callable[[], Any] = (
            (lambda: handler(*handler_args)) if handler_args else handler
        )
        return self._port.run(step_id, body, caller())  # type: ignore[return-value]  # JSON in, the handler's own type out

    def sleep(self, step_id: str, duration: DurationLike) -> None:
        """Leave the handler for *duration*; see `Step.sleep`."""
        checked_id(step_id)
        until = until_after(self._port.now, duration)
        self._port.sleep_until(step_id, until, caller())

    def sleep_until(self, step_id: str, until: datetime) -> None:
        """Leave the handler until the clock shows *until*; see `Step.sleep_until`."""
        checked_id(step_id)
        self._port.sleep_until(step_id, to_instant(until, what="until"), caller())

    def wait_for_event(
        self,
        step_id: str,
        *,
        event: str,
        timeout: DurationLike,
        if_exp: str | None = None,
        match: str | None = None,
    ) -> Event | None:
        """Leave the handler until *event* arrives; see `Step.wait_for_event`."""
        checked_id(step_id)
        checked_name(event, step_id)
        if_text = condition(if_exp, match, step_id)
        duration = wait_timeout(timeout)
        wire = self._port.wait_for_event(step_id, event, if_text, duration, caller())
        return None if wire is None else event_from_wire(wire)

    def send_event(self, step_id: str, events: Event | list[Event]) -> list[str]:
        """Send *events* once, as a durable step; see `Step.send_event`."""
        checked_id(step_id)
        outgoing = event_list(events)
        return self._port.run(
            step_id,
            lambda: self._port.send(sent_by_step(self._port, outgoing)),
            caller(),
        )  # type: ignore[return-value]  # the ids are JSON texts

    def score(
        self,
        step_id: str,
        *,
        name: str,
        value: ScoreValue,
        run_id: str | None = None,
        target_step_id: str | None = None,
    ) -> None:
        """Write a score once, as a durable step; see `Step.score`."""
        checked_id(step_id)
        place = caller()
        score = Score(name, value)
        body = score_body(self._port, score, run_id, target_step_id, place)
        self._port.run(step_id, body, place)

    def invoke(
        self,
        step_id: str,
        *,
        function: object,
        data: Mapping[str, object] | None = None,
        timeout: DurationLike | None = None,
        meta: EventMeta | None = None,
        **unbuilt: object,
    ) -> Any:
        """Run another function and wait for its result; see `Step.invoke`."""
        checked_call(step_id, unbuilt)
        invoked, within = (
            invoked_function(function, step_id, meta),
            invoke_timeout(timeout),
        )
        return self._port.invoke(step_id, invoked, data, within, caller())

    def invoke_by_id(
        self,
        step_id: str,
        *,
        function_id: str,
        app_id: str | None = None,
        data: Mapping[str, object] | None = None,
        timeout: DurationLike | None = None,
        meta: EventMeta | None = None,
        **unbuilt: object,
    ) -> Any:
        """Run a function by its id and wait for its result; see `Step.invoke_by_id`."""
        checked_call(step_id, unbuilt)
        invoked = invoked_by_id(app_id, function_id, step_id, meta)
        within = invoke_timeout(timeout)
        return self._port.invoke(step_id, invoked, data, within, caller())
