"""What a handler's context tells of its run: events, parents, input.

Each is made anew for every entry, so that no entry can change what another one sees.
"""

import logging
from typing import final

from .._engine import Live
from .._json import JsonObject, copy_object
from .._model.event import Event, ReceivedEvent
from .._model.options import FunctionKind
from ..errors import InternalError, UsageError
from ..sdk.context import DeferredParent
from ..sdk.errors import NonRetriableError
from ..sdk.function import AnyFunction
from .host import Host

__all__ = ["ContextSource"]

_ROUTING = ("_inngest", "_inngestExperiment")


@final
class ContextSource:
    """The source of a context's facts, for one entry."""

    __slots__ = ("_function", "_host", "_live")

    def __init__(self, host: Host, live: Live, function: AnyFunction) -> None:
        self._host = host
        self._live = live
        self._function = function

    def find_logger(self) -> logging.Logger:
        """Return the logger of the function's client."""
        return self._host.logger_of(self._function)

    def make_events(self) -> list[Event]:
        """Return the events that started the run, each a copy of its own."""
        return [self._as_event(event) for event in self._live.run.events]

    def _as_event(self, event: ReceivedEvent) -> Event:
        payload = self._payload(event)
        if self._function.options.shows_input and "input" not in payload:
            payload = {**payload, "input": payload}
        return Event.arrived(event.wire, payload)

    def _payload(self, event: ReceivedEvent) -> JsonObject:
        """Return a copy of the event's data, a deferred one without its routing (A9)."""
        data = event.data
        if self._function.options.kind is not FunctionKind.ORDINARY:
            data = {key: data[key] for key in data if key not in _ROUTING}
        return copy_object(data)

    def make_parents(self) -> list[DeferredParent]:
        """Return the runs that deferred this one (rule A9).

        Raises:
            UsageError: It is a run of a deferred function that was invoked by its id.
        """
        run, options = self._live.run, self._function.options
        if options.kind is not FunctionKind.ORDINARY and not run.parent:
            raise UsageError(
                f"the {options.kind.value} {options.slug!r} was invoked, so that no "
                "run has deferred it",
                fix="start it with ctx.defer(...)",
            )
        return [_parent(event) for event in run.events if run.parent]

    def make_input(self) -> object:
        """Return the payload as the schema's own type, or as a mapping.

        Raises:
            NonRetriableError: The payload does not fit the function's schema.
        """
        payload = self._payload(self._live.run.events[0])
        schema = self._function.schema
        try:
            return payload if schema is None else schema.validate(payload)
        except UsageError as error:
            raise NonRetriableError(error.what) from None


def _parent(event: ReceivedEvent) -> DeferredParent:
    routing = event.data["_inngest"]
    if not isinstance(routing, dict):  # only the engine makes such events
        raise InternalError(f"event {event.id!r} has no routing", fix="report this")
    return DeferredParent(
        fn_slug=str(routing["parent_fn_slug"]), run_id=str(routing["parent_run_id"])
    )
