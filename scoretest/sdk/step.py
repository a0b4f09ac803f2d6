"""Step tools: durable calls, sleeps, waits, events and scores.

Each method checks what it is given, so that the port gets instants and durations only.
Signatures follow the real SDK; durations may also be written as text.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, NoReturn, TypeAlias, TypeVar, final, overload

from .._json import Json
from .._model.event import Event
from .._model.place import Place
from .._model.ports import AsyncSteps, Invoked
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

__all__ = ["Step"]

T = TypeVar("T")

Call: TypeAlias = Coroutine[Any, Any, T]


@final
class Step:
    """The step tools of a coroutine handler; every method is awaited."""

    def __init__(self, port: AsyncSteps) -> None:
        self._port = port

    @property
    def ai(self) -> NoReturn:
        """Model calls through the server; not built yet."""
        raise not_built("ctx.step.ai", NO_AI)

    @overload
    def run(
        self,
        step_id: str,
        handler: Callable[..., Awaitable[T]],
        *handler_args: object,
    ) -> Call[T]: ...
    @overload
    def run(
        self, step_id: str, handler: Callable[..., T], *handler_args: object
    ) -> Call[T]: ...
    def run(
        self, step_id: str, handler: Callable[..., Any], *handler_args: object
    ) -> Call[Any]:
        """Call *handler* once and remember its result, however often the run restarts.

        Args:
            step_id: The step's name in this function.
            handler: An async or ordinary function whose result JSON can carry.
            *handler_args: What to call it with.

        Returns:
            The result as it came back from JSON.

        Raises:
            StepError: It raised, and no attempt is left (rule D3).

        Source: rules E1, E5, D2.
        """
        checked_body(handler, step_id)
        place = caller()
        body = (lambda: handler(*handler_args)) if handler_args else handler
        call = self._port.run(step_id, body, place)
        return self._port.track("step.run", step_id, call, place)

    def sleep(self, step_id: str, duration: DurationLike) -> Call[None]:
        """Leave the handler for *duration*; rounded to whole seconds, halves down.

        Args:
            step_id: The step's name in this function.
            duration: Text such as ``"1h30m"``, milliseconds, or a timedelta.

        Source: rule E2.
        """
        checked_id(step_id)
        until, place = until_after(self._port.now, duration), caller()
        call = self._port.sleep_until(step_id, until, place)
        return self._port.track("step.sleep", step_id, call, place)

    def sleep_until(self, step_id: str, until: datetime) -> Call[None]:
        """Leave the handler until the clock shows *until*, an aware datetime.

        Source: rule E2.
        """
        checked_id(step_id)
        moment, place = to_instant(until, what="until"), caller()
        call = self._port.sleep_until(step_id, moment, place)
        return self._port.track("step.sleep_until", step_id, call, place)

    def wait_for_event(
        self,
        step_id: str,
        *,
        event: str,
        timeout: DurationLike,
        if_exp: str | None = None,
        match: str | None = None,
    ) -> Call[Event | None]:
        """Leave the handler until *event* arrives and matches, or the time is over.

        Args:
            step_id: The step's name in this function.
            event: The event's name.
            timeout: How long to wait: whole seconds, at least one, at most 366 days.
            if_exp: A match expression; ``event`` is this run's, ``async`` the new one.
            match: ``"data.x"`` is short for ``event.data.x == async.data.x``.

        Returns:
            The event, or None when none came in time.

        Raises:
            FunctionConfigInvalidError: *timeout* is below a second, or a fraction.

        Source: rules B1 to B10 and section C.
        """
        checked_id(step_id)
        checked_name(event, step_id)
        if_text, place = condition(if_exp, match, step_id), caller()
        call = self._wait(step_id, event, if_text, timeout, place)
        return self._port.track("step.wait_for_event", step_id, call, place)

    async def _wait(
        self,
        step_id: str,
        event: str,
        if_text: str | None,
        asked: object,
        place: Place,
    ) -> Event | None:
        # checked when awaited, so that a try around the await sees it (rule B10)
        within = wait_timeout(asked)
        wire = await self._port.wait_for_event(step_id, event, if_text, within, place)
        return None if wire is None else event_from_wire(wire)

    def send_event(self, step_id: str, events: Event | list[Event]) -> Call[list[str]]:
        """Send *events* once, as a durable step.

        Returns:
            The server's ids, even when the events carry their own (rule E4).
        """
        checked_id(step_id)
        outgoing, place = event_list(events), caller()
        call = self._port.run(
            step_id, lambda: self._port.asend(sent_by_step(self._port, outgoing)), place
        )
        return self._port.track("step.send_event", step_id, call, place)  # type: ignore[arg-type]  # the ids are JSON texts

    def score(
        self,
        step_id: str,
        *,
        name: str,
        value: ScoreValue,
        run_id: str | None = None,
        target_step_id: str | None = None,
    ) -> Call[None]:
        """Write a score once, as a durable step.

        Args:
            step_id: The step's name in this function.
            name: What was measured.
            value: A finite number or a bool.
            run_id: The run to score; this run when left out.
            target_step_id: A step of that run to score instead of the run.

        Source: rules G1 to G4.
        """
        checked_id(step_id)
        place = caller()
        score = Score(name, value)
        body = score_body(self._port, score, run_id, target_step_id, place)
        call = self._port.run(step_id, body, place)
        return self._port.track("step.score", step_id, call, place)  # type: ignore[arg-type]  # the step's result is null

    def invoke(
        self,
        step_id: str,
        *,
        function: object,
        data: Mapping[str, object] | None = None,
        timeout: DurationLike | None = None,
        meta: EventMeta | None = None,
        **unbuilt: object,
    ) -> Call[Any]:
        """Run another function and wait for its result.

        Args:
            step_id: The step's name in this function.
            function: Made by `Client.create_function`.
            data: Becomes the data of its event; a JSON object.
            timeout: How long to wait; a year when left out. The run goes on after it.
            meta: Sessions of the call, beside those of this run.
            **unbuilt: The real SDK's other arguments; each is refused by name.

        Returns:
            What the function returned.

        Raises:
            StepError: Its run failed, took too long, or there is no such function.

        Source: rule E3.
        """
        checked_call(step_id, unbuilt)
        invoked, place = invoked_function(function, step_id, meta), caller()
        call = self._invoke(step_id, invoked, data, timeout, place)
        return self._port.track("step.invoke", step_id, call, place)

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
    ) -> Call[Any]:
        """Run a function by its id and wait for its result; see `invoke`.

        Args:
            step_id: The step's name in this function.
            function_id: Its id, without that of its app.
            app_id: Its app; this function's own when left out.
            data: Becomes the data of its event; a JSON object.
            timeout: How long to wait.
            meta: Sessions of the call, beside those of this run.
            **unbuilt: The real SDK's other arguments; each is refused by name.

        Source: rule E3.
        """
        checked_call(step_id, unbuilt)
        invoked, place = invoked_by_id(app_id, function_id, step_id, meta), caller()
        call = self._invoke(step_id, invoked, data, timeout, place)
        return self._port.track("step.invoke_by_id", step_id, call, place)

    async def _invoke(
        self, step_id: str, invoked: Invoked, data: object, asked: object, place: Place
    ) -> Json:
        # checked when awaited, as a wait's timeout is
        within = invoke_timeout(asked)
        return await self._port.invoke(step_id, invoked, data, within, place)
