"""What a handler's context tells of its run: events, parents, input.

A run has one source for all its entries. What a handler gets is made anew for every
entry, so that no entry can change what another one sees.
"""

import logging
from typing import final

from .._engine import Live
from .._json import JsonObject, copy_object
from .._model.event import Event, ReceivedEvent
from .._model.experiment import EXPERIMENT_KEY, ExperimentRef
from .._model.options import FunctionKind
from ..errors import InternalError, UsageError
from ..sdk.context import DeferredParent
from ..sdk.errors import NonRetriableError
from ..sdk.function import AnyFunction
from .reading import Reads

__all__ = ["ContextSource"]

_ROUTING = ("_inngest", EXPERIMENT_KEY)


@final
class ContextSource:
    """The source of what the contexts of one run tell of it."""

    __slots__ = ("_function", "_live", "_logger", "_patterns", "_reads")

    def __init__(
        self,
        live: Live,
        function: AnyFunction,
        logger: logging.Logger,
        reads: Reads | None = None,
    ) -> None:
        self._live = live
        self._function = function
        self._logger = logger
        self._reads = reads
        self._patterns = [self._as_event(event) for event in live.run.events]

    def find_logger(self) -> logging.Logger:
        """Return the logger of the function's client."""
        return self._logger

    def make_events(self) -> list[Event]:
        """Return the events that started the run, each a copy of its own."""
        return [self._copy(pattern) for pattern in self._patterns]

    def _copy(self, pattern: Event) -> Event:
        payload = self._payload(pattern)
        if self._function.options.shows_input and "input" not in payload:
            payload["input"] = payload.copy()
        return pattern.with_data(self._watched(payload))

    def _watched(self, payload: JsonObject) -> JsonObject:
        if self._reads is None:
            return payload
        event = self._live.run.events[0].name
        return self._reads.watched(payload, event, self._function.id)

    def _payload(self, pattern: Event) -> JsonObject:
        return copy_object(pattern.data)  # type: ignore[arg-type]  # made by _as_event

    def _as_event(self, event: ReceivedEvent) -> Event:
        """Return what the handler may see of an event: not its routing (rule A9)."""
        data = event.data
        if self._function.options.kind is not FunctionKind.ORDINARY:
            data = {key: data[key] for key in data if key not in _ROUTING}
        return Event.arrived(event.wire, data)

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
        payload = self._payload(self._patterns[0])
        schema = self._function.schema
        try:
            return (
                self._watched(payload) if schema is None else schema.validate(payload)
            )
        except UsageError as error:
            raise NonRetriableError(error.what) from None


def _parent(event: ReceivedEvent) -> DeferredParent:
    routing = event.data["_inngest"]
    if not isinstance(routing, dict):  # only the engine makes such events
        raise InternalError(f"event {event.id!r} has no routing", fix="report this")
    return DeferredParent(
        fn_slug=str(routing["parent_fn_slug"]),
        run_id=str(routing["parent_run_id"]),
        experiment=_experiment(event),
    )


def _experiment(event: ReceivedEvent) -> ExperimentRef | None:
    carried = event.data.get(EXPERIMENT_KEY)
    if not isinstance(carried, dict):
        return None
    return ExperimentRef(
        experiment_name=str(carried["experimentName"]), variant=str(carried["variant"])
    )
