"""What the step tools are given, checked: each function returns a clean value or raises."""

from datetime import timedelta
from typing import TypeAlias

from .._json import JsonObject, show
from .._model.event import Event
from .._model.place import told
from ..errors import NotBuiltError, UsageError
from ..times import SECOND, Duration, Instant, to_duration
from .errors import FunctionConfigInvalidError
from .places import caller

__all__ = [
    "NO_AI",
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


NO_AI = "call the model in step.run"


def event_from_wire(wire: JsonObject) -> Event:
    """Return the event that *wire* describes (rule B3)."""
    data = wire["data"]
    return Event.arrived(wire, data if isinstance(data, dict) else {})


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


def condition(if_exp: object, match: object, step_id: str) -> str | None:
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
    """Refuse a step's id that is no text.

    Raises:
        UsageError: It is not.
    """
    if not isinstance(step_id, str):
        raise UsageError(
            f"a step's id must be text, not {show(step_id)}",
            fix='name the step first: ctx.step.run("charge", charge)',
        )


def checked_name(event: object, step_id: str) -> str:
    """Return the name of the event that a step waits for.

    Raises:
        UsageError: It is no name.
    """
    if not isinstance(event, str) or not event:
        raise UsageError(
            f"step {step_id!r} waits for {show(event)}, which is no event name",
            fix='write event="support/feedback.received"',
        )
    return event


def checked_body(handler: object, step_id: object) -> None:
    """Refuse a step's id that is no text, or a callback that cannot be called.

    Raises:
        UsageError: One of them is.
    """
    if not isinstance(step_id, str) or not callable(handler):
        checked_id(step_id)
        raise UsageError(
            f"step {step_id!r} was given {show(handler)}, which cannot be called",
            fix="pass the function itself and its arguments: "
            'ctx.step.run("charge", charge, order)',
        )


def event_list(events: object) -> list[Event]:
    """Return one event or several as a list.

    Raises:
        UsageError: One of them is no event.
    """
    return [
        _checked_event(event)
        for event in (events if isinstance(events, list) else [events])
    ]


def _checked_event(event: object) -> Event:
    if isinstance(event, Event):
        return event
    raise UsageError(
        f"only events can be sent, not {show(event)}",
        fix='write Event(name="support/ticket.created", data={...})',
    )


def not_built(what: str, advice: str) -> NotBuiltError:
    """Return the error for a tool that does not exist yet."""
    return NotBuiltError(f"{what} is not built yet", where=told(caller(3)), fix=advice)


def until_after(now: Instant, duration: object) -> Instant:
    """Return the instant that lies *duration* after *now*.

    Raises:
        UsageError: *duration* cannot be read.
    """
    return Instant(now + to_duration(duration, what="duration", bare_ms=True))
