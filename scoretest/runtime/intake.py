"""What an event of a user becomes on its way to the engine."""

from collections.abc import Callable

from .._engine import Engine
from .._json import to_wire
from .._model.command import SendEvent
from .._model.event import Event
from .._model.finding import Finding
from .._model.session import objection, resolved
from ..errors import UsageError
from ..times import to_instant
from .host import Hosted, run_where_of

__all__ = ["as_command"]


def as_command(
    event: Event, sender: Hosted | None, engine: Engine, note: Callable[[Finding], None]
) -> SendEvent:
    """Check *event* and return what the engine is told of it.

    Args:
        event: What is sent.
        sender: The entry that sends it; None for the application.
        engine: Who gets it.
        note: What to do with a finding.

    Raises:
        UsageError: The server would refuse the event, or JSON cannot carry its data.
    """
    what = f"the data of event {event.name!r}"
    wire = to_wire(event.data, what=what)
    ts = None if event.ts is None else to_instant(event.ts, what="ts")
    engine.check_event(event.name, ts, wire.size)
    sessions = resolved(event.meta)
    if why := objection(sessions, engine.limits):
        raise UsageError(
            f"event {event.name!r} is refused: {why}",
            fix="take some away: a session that is None is not inherited",
        )
    run_id = sender.run_id if sender else ""
    for loss in wire.losses:
        note(
            Finding(
                code="LOSSY_OUTPUT",
                message=f"{loss.path}: {loss.what}",
                where=run_where_of(sender, engine.now),
                fix="send what JSON can carry",
                run_id=run_id,
            )
        )
    return SendEvent(
        internal_id=engine.new_event_id(),
        name=event.name,
        data=wire.value if isinstance(wire.value, dict) else {},
        id=event.id,
        ts=ts,
        sender=run_id,
        sessions=sessions,
    )
