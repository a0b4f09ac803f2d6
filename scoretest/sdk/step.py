"""Step tools: durable calls, sleeps, waits, events and scores.

Each method checks what it is given, so that the port gets instants and durations only.
Signatures follow the real SDK; durations may also be written as text.
"""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, NoReturn, TypeAlias, TypeVar, final, overload

from .._model.event import Event
from .._model.place import Place
from .._model.ports import AsyncSteps
from .._model.score import Score, ScoreValue
from ..times import to_instant
from .arguments import (
    NO_AI,
    NO_INVOKE,
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
from .places import caller
from .scoring import score_body

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
        call = self._port.run(step_id, lambda: self._port.asend(outgoing), place)
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

    def invoke(self, step_id: str, **_: object) -> NoReturn:
        """Call another function; not built yet."""
        raise not_built(f"ctx.step.invoke({step_id!r})", NO_INVOKE)

    def invoke_by_id(self, step_id: str, **_: object) -> NoReturn:
        """Call another function by its id; not built yet."""
        raise not_built(f"ctx.step.invoke_by_id({step_id!r})", NO_INVOKE)
