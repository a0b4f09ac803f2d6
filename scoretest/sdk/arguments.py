"""What the step tools are given, checked: each function returns a clean value or raises."""

from datetime import timedelta
from typing import TypeAlias

from .._json import JsonObject, show
from .._model.event import Event
from ..errors import NotBuiltError, UsageError
from ..times import SECOND, Duration, Instant, to_duration
from .errors import FunctionConfigInvalidError
from .places import caller

__all__ = [
    "NO_AI",
    "NO_INVOKE",
    "DurationLike",
    "checked_body",
    "checked_id",
    "checked_name",
    "condition",
    "event_from_wire",
    "event_list",
    "not_built",
    "until_after",
    "wait_timeout",
]


DurationLike: TypeAlias = str | int | timedelta
"""``"7d"``, whole milliseconds, or a timedelta."""


NO_INVOKE = "defer to the function, or send the event that starts it"
NO_AI = "call the model in step.run"


def event_from_wire(wire: JsonObject) -> Event:
    """Return the event that *wire* describes (rule B3)."""
    data, ts = wire["data"], wire["ts"]
    return Event(
        name=str(wire["name"]),
        data=data if isinstance(data, dict) else {},
        id=str(wire["id"]),
        ts=ts,  # type: ignore[arg-type]  # milliseconds, which Event turns into a datetime
    )


def wait_timeout(timeout: object) -> Duration:
    """Return a wait's timeout, refusing what the real SDK refuses (rule B10)."""
    duration = to_duration(timeout, what="timeout", bare_ms=True)
    if duration < SECOND:
        raise FunctionConfigInvalidError(
            "duration must be at least 1 second",
            seen=show(timeout),
            fix='write timeout="7d", or whole milliseconds from 1000 on',
        )
    if duration % SECOND:
        raise FunctionConfigInvalidError(
            "duration must be a whole number of seconds",
            seen=show(timeout),
            fix="drop the fraction of a second",
        )
    return duration


def condition(if_exp: str | None, match: str | None, step_id: str) -> str | None:
    """Return the wait's expression, from either way of writing it."""
    if match is None:
        if if_exp is None or isinstance(if_exp, str):
            return if_exp
        raise UsageError(
            f"if_exp of step {step_id!r} must be text, not {show(if_exp)}",
            fix='write if_exp="async.data.ticketId == event.data.ticketId"',
        )
    if if_exp is not None:
        raise UsageError(
            f"step {step_id!r} has both if_exp and match",
            fix='keep one; match="data.x" is event.data.x == async.data.x',
        )
    if not isinstance(match, str) or not match:
        raise UsageError(
            f"match of step {step_id!r} must be a path, not {show(match)}",
            fix='write match="data.ticketId"',
        )
    return f"event.{match} == async.{match}"


def checked_id(step_id: object) -> None:
    if not isinstance(step_id, str):
        raise UsageError(
            f"a step's id must be text, not {show(step_id)}",
            fix='name the step first: ctx.step.run("charge", charge)',
        )


def checked_name(event: object, step_id: str) -> str:
    if not isinstance(event, str) or not event:
        raise UsageError(
            f"step {step_id!r} waits for {show(event)}, which is no event name",
            fix='write event="support/feedback.received"',
        )
    return event


def checked_body(handler: object, step_id: str) -> None:
    if not callable(handler):
        raise UsageError(
            f"step {step_id!r} was given {show(handler)}, which cannot be called",
            fix="pass the function itself and its arguments: "
            'ctx.step.run("charge", charge, order)',
        )


def event_list(events: object) -> list[Event]:
    listed = events if isinstance(events, list) else [events]
    for event in listed:
        if not isinstance(event, Event):
            raise UsageError(
                f"only events can be sent, not {show(event)}",
                fix='write Event(name="support/ticket.created", data={...})',
            )
    return listed


def not_built(what: str, advice: str) -> NotBuiltError:
    return NotBuiltError(f"{what} is not built yet", where=caller(3), fix=advice)


def until_after(now: Instant, duration: object) -> Instant:
    return Instant(now + to_duration(duration, what="duration", bare_ms=True))
