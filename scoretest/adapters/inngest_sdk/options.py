"""The options of the ``inngest`` package's functions, as the engine registers them.

Our options have the names and fields of the package's, so each is made from its twin.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import inngest

from ..._json import show
from ..._model.flow import (
    Batch,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Throttle,
    TriggerCron,
)
from ..._model.life import Cancel, Singleton, Timeouts
from ..._model.limits import MOST_RETRIES
from ..._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ...errors import UsageError
from ...sdk.flow import checked_triggers, flow_options
from ...sdk.life import life_options
from ...sdk.places import place_of
from .package import is_deferred
from .private import handler_of

__all__ = ["options_of", "triggers_of"]

_FLOW: Final[dict[str, Any]] = {
    "batch_events": Batch,
    "concurrency": Concurrency,
    "debounce": Debounce,
    "priority": Priority,
    "rate_limit": RateLimit,
    "throttle": Throttle,
}
_LIFE: Final[dict[str, Any]] = {
    "cancel": Cancel,
    "idempotency": str,
    "singleton": Singleton,
    "timeouts": Timeouts,
}


def options_of(config: Any, function: inngest.Function[Any]) -> FunctionOptions:
    """Return what the engine registers for *function*, which registers *config*.

    Raises:
        UsageError: The server would refuse an option.
    """
    fn_id = function.local_id
    is_late = is_deferred(function)
    triggers = () if is_late else triggers_of(config)
    return FunctionOptions(
        slug=config.id,
        app_id=config.id.removesuffix(f"-{fn_id}"),
        triggers=triggers if is_late else checked_triggers(fn_id, list(triggers)),
        retries=_retries(config, fn_id),
        kind=FunctionKind.DEFERRED if is_late else FunctionKind.ORDINARY,
        place=place_of(handler_of(function)),
        life=life_options(fn_id, **_given(config, _LIFE)),
        flow=flow_options(fn_id, **_given(config, _FLOW)),
    )


def triggers_of(config: Any) -> tuple[TriggerEvent | TriggerCron, ...]:
    """Return the triggers that are registered with *config*."""
    return tuple(
        _twin(TriggerCron if isinstance(t, inngest.TriggerCron) else TriggerEvent, t)
        for t in config.triggers
    )


def _retries(config: Any, fn_id: str) -> int | None:
    (step,) = config.steps.values()
    if step.retries is None:
        return None
    retries = int(step.retries.attempts)
    if retries > MOST_RETRIES:
        raise UsageError(
            f"retries of {fn_id!r} must be a whole number from 0 to {MOST_RETRIES}, "
            f"not {show(retries)}",
            fix="leave it out for the server's default of 4",
        )
    return retries


def _given(config: Any, kinds: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    return {name: _ours(kind, getattr(config, name)) for name, kind in kinds.items()}


def _ours(kind: Any, value: Any) -> Any:
    if value is None or kind is str:
        return value
    if isinstance(value, list):
        return [_twin(kind, item) for item in value]
    return _twin(kind, value)


def _twin(kind: Any, value: Any) -> Any:
    return kind(**{field.name: getattr(value, field.name) for field in fields(kind)})
