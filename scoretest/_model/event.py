"""Events: what users send, and what the server makes of one when it arrives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, final

from .._json import Json, JsonObject, show
from ..errors import UsageError
from ..times import MILLISECOND, Instant, to_datetime, to_instant
from .record import record
from .session import EventMeta, checked_meta, told_sessions

__all__ = [
    "DEFERRED_SCHEDULE",
    "FUNCTION_CANCELLED",
    "FUNCTION_FAILED",
    "FUNCTION_FINISHED",
    "FUNCTION_INVOKED",
    "SCHEDULED_TIMER",
    "Event",
    "ReceivedEvent",
    "check_ts",
]

DEFERRED_SCHEDULE = "inngest/deferred.schedule"  # rule A9
FUNCTION_FINISHED = "inngest/function.finished"  # rule H4
FUNCTION_FAILED = "inngest/function.failed"  # rule D6
FUNCTION_INVOKED = "inngest/function.invoked"  # rule E3
FUNCTION_CANCELLED = "inngest/function.cancelled"  # rule D6
SCHEDULED_TIMER = "inngest/scheduled.timer"  # rule H2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, as applications send it and handlers receive it.

    Attributes:
        name: Such as ``"support/ticket.created"``.
        data: A JSON object; None is sent as an empty one (rule H3).
        id: The sender's own identifier, or the server's when none was given (rule E4).
        ts: When it happened, in UTC; None until it is sent without one. Whole
            milliseconds since 1970 are accepted, as on the wire.
        meta: Its sessions, such as ``{"sessions": {"conversation": "chat-1"}}``; on an
            event that has arrived, those that the server made of them, or None.
    """

    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    ts: datetime | None = None
    meta: EventMeta | None = None

    def __repr__(self) -> str:
        meta = f", meta={self.meta!r}" if self.meta else ""
        parts = (
            f"name={self.name!r}, data={self.data!r}, id={self.id!r}, ts={self.ts!r}"
        )
        return f"Event({parts}{meta})"

    @classmethod
    def arrived(cls, wire: JsonObject, data: JsonObject) -> Self:
        """Return the event *wire*, which needs no more checks, with *data* as its own."""
        ts = wire["ts"]
        ts_ms = ts if isinstance(ts, int) else 0
        event = object.__new__(cls)
        fill = object.__setattr__
        fill(event, "name", wire["name"])
        fill(event, "data", data)
        fill(event, "id", wire["id"])
        fill(event, "ts", to_datetime(Instant(ts_ms * MILLISECOND)))
        meta = wire.get("meta")
        fill(event, "meta", None if meta is None else checked_meta(meta, "an event"))
        return event

    def with_data(self, data: JsonObject) -> "Event":
        """Return this event with *data* of its own; nothing is checked again."""
        event = object.__new__(Event)
        fill = object.__setattr__
        fill(event, "name", self.name)
        fill(event, "data", data)
        fill(event, "id", self.id)
        fill(event, "ts", self.ts)
        meta = self.meta
        fill(event, "meta", None if meta is None else checked_meta(meta, "an event"))
        return event

    def __post_init__(self) -> None:
        name: object = self.name
        if not isinstance(name, str):
            raise UsageError(
                f"an event's name must be text, not {show(name)}",
                fix='write Event(name="support/ticket.created", data={...})',
            )
        given: object = self.id
        if given is None:  # the default is "", but a caller's is often None
            object.__setattr__(self, "id", "")
        elif not isinstance(given, str):
            raise UsageError(
                f"an event's id must be text, not {show(given)}",
                fix="leave it out to let the harness number the event",
            )
        data: object = self.data
        if data is None:
            object.__setattr__(self, "data", {})
        elif not isinstance(data, Mapping):
            raise UsageError(
                f"the data of event {name!r} must be an object, not {show(data)}",
                fix='send {"ticketId": ...}',
            )
        object.__setattr__(self, "ts", check_ts(self.ts))
        if self.meta is not None:
            meta = checked_meta(self.meta, f"event {name!r}")
            object.__setattr__(self, "meta", meta)


def check_ts(ts: object) -> datetime | None:
    """Return *ts* as an aware UTC datetime, or None when there is none.

    Raises:
        UsageError: *ts* is neither an aware datetime nor whole milliseconds.
    """
    if ts is None or ts == 0:  # zero is the wire's "not given"
        return None
    if isinstance(ts, int) and not isinstance(ts, bool):
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ts)
        except OverflowError:
            raise UsageError(
                f"an event's ts {ts!r} is no time that a calendar has",
                fix="give milliseconds since 1970",
            ) from None
    return to_datetime(to_instant(ts, what="an event's ts"))


@record
class ReceivedEvent:
    """An event on the server: the wire's object, and what the server knows besides.

    Attributes:
        internal_id: The server's own ULID (rule E4).
        wire: ``name``, ``data``, ``id`` and ``ts`` (milliseconds), and ``meta`` if it
            has sessions; never changed.
        received_at: When the server got it; the only time that matching looks at (B5).
        sender: The run whose handler or end sent it; "" for the application.
        depth: How many events of this one instant led to it, one causing the next.
    """

    internal_id: str
    wire: dict[str, Json]
    received_at: Instant
    sender: str = ""
    depth: int = 0

    @property
    def name(self) -> str:
        """The event's name."""
        return str(self.wire["name"])

    @property
    def data(self) -> JsonObject:
        """The event's data, not a copy."""
        data = self.wire["data"]
        return data if isinstance(data, dict) else {}

    @property
    def id(self) -> str:
        """The sender's identifier, or the server's when none was given."""
        return str(self.wire["id"])

    @property
    def sessions(self) -> dict[str, str]:
        """Its sessions, a copy."""
        return told_sessions(self.wire)

    @property
    def ts_ms(self) -> int:
        """When the event says that it happened, in milliseconds since 1970."""
        ts = self.wire["ts"]
        return ts if isinstance(ts, int) else 0

    @property
    def ts(self) -> Instant:
        """When the event says that it happened."""
        return Instant(self.ts_ms * MILLISECOND)
