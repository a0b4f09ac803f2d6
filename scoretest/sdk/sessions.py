"""How sessions are handed on: by a step that sends, and by a client that sends."""

from collections.abc import Sequence
from dataclasses import replace

from .._model.event import Event
from .._model.ports import RunPort
from .._model.session import stamped
from .current import current_port

__all__ = ["sent_by_client", "sent_by_step"]


def sent_by_step(port: RunPort, events: Sequence[Event]) -> list[Event]:
    """Return *events* with the sessions of the run whose step sends them."""
    return [_stamped(port, event) for event in events]


def sent_by_client(client: object, events: list[Event]) -> list[Event]:
    """Return *events* with the sessions of the run that sends them by *client*.

    Another app's client hands nothing on, and what an event says that it inherits is
    left as it is, as in the real SDK.
    """
    port = current_port.get()
    if port is None or not port.is_of(client):
        return events
    return [
        event
        if event.meta is not None and "propagated_sessions" in event.meta
        else _stamped(port, event)
        for event in events
    ]


def _stamped(port: RunPort, event: Event) -> Event:
    inherited = port.sessions
    if not inherited:
        return event
    meta = stamped(event.meta, inherited, f"event {event.name!r}")
    return replace(event, meta=meta)
