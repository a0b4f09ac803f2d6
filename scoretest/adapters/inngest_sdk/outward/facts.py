"""What a converted handler's context tells of its run: the package's context, read."""

import logging
from collections.abc import Mapping
from typing import Any, cast, final

import inngest

from ...._json import JsonObject, copy_object
from ...._model.event import Event
from ...._model.experiment import ExperimentRef
from ....errors import UsageError
from ....sdk.context import DeferredParent
from ....sdk.errors import NonRetriableError
from ....sdk.function import AnyFunction
from .run import wire_of

__all__ = ["ConvertedFacts"]


@final
class ConvertedFacts:
    """The facts of one entry."""

    def __init__(self, ctx: Any, function: AnyFunction) -> None:
        self._ctx = ctx
        self._function = function

    def find_logger(self) -> logging.Logger:
        """Return the package's logger, which is silent while steps are gone over."""
        return cast("logging.Logger", self._ctx.logger)

    def make_events(self) -> list[Event]:
        """Return the events that started the run, each a copy of its own."""
        return [self._event(event) for event in self._ctx.events]

    def _event(self, event: inngest.Event) -> Event:
        payload = _payload(event)
        if self._function.options.shows_input and "input" not in payload:
            payload["input"] = payload.copy()
        return Event.arrived(wire_of(event), payload)

    def make_parents(self) -> list[DeferredParent]:
        """Return the runs that deferred this one (rule A9)."""
        return [
            DeferredParent(
                fn_slug=parent.fn_slug,
                run_id=parent.run_id,
                experiment=_experiment(parent.experiment),
            )
            for parent in getattr(self._ctx, "parents", ())
        ]

    def make_input(self) -> object:
        """Return the payload as the schema's own type, or as a mapping.

        Raises:
            NonRetriableError: The payload does not fit the function's schema.
        """
        payload, schema = _payload(self._ctx.events[0]), self._function.schema
        try:
            return payload if schema is None else schema.validate(payload)
        except UsageError as error:
            raise NonRetriableError(error.what) from None


def _payload(event: inngest.Event) -> JsonObject:
    data: Mapping[str, Any] = event.data
    return copy_object(dict(data))


def _experiment(ref: Any) -> ExperimentRef | None:
    if ref is None:
        return None
    return ExperimentRef(experiment_name=ref.experiment_name, variant=ref.variant)
