"""The options of flow control, as the decorators are given them."""

from typing import TypeVar

from .._json import show
from .._model.flow import (
    NO_FLOW_OPTIONS,
    Batch,
    Concurrency,
    Debounce,
    FlowOptions,
    Priority,
    RateLimit,
    Throttle,
    TriggerCron,
)
from .._model.limits import MOST_TRIGGERS
from .._model.options import TriggerEvent
from ..errors import UsageError

__all__ = ["checked_triggers", "flow_options"]

T = TypeVar("T")


def flow_options(  # noqa: PLR0913 -- the options of a function, all of them named
    fn_id: str,
    *,
    batch_events: object = None,
    concurrency: object = None,
    debounce: object = None,
    priority: object = None,
    rate_limit: object = None,
    throttle: object = None,
) -> FlowOptions:
    """Return what a declaration says of flow control.

    Raises:
        UsageError: An option is of a wrong kind, or two of them exclude each other.
    """
    given = (batch_events, concurrency, debounce, priority, rate_limit, throttle)
    if all(option is None for option in given):
        return NO_FLOW_OPTIONS
    flow = FlowOptions(
        batch=_checked(
            fn_id, batch_events, "batch_events", Batch, "Batch(max_size=10)"
        ),
        concurrency=_limits(fn_id, concurrency),
        debounce=_checked(
            fn_id, debounce, "debounce", Debounce, 'Debounce(period="5s")'
        ),
        priority=_checked(fn_id, priority, "priority", Priority, 'Priority(run="120")'),
        rate_limit=_checked(
            fn_id,
            rate_limit,
            "rate_limit",
            RateLimit,
            'RateLimit(limit=1, period="1m")',
        ),
        throttle=_checked(
            fn_id, throttle, "throttle", Throttle, 'Throttle(limit=1, period="1m")'
        ),
    )
    flow.check(fn_id)
    return flow


def _limits(fn_id: str, concurrency: object) -> tuple[Concurrency, ...]:
    if concurrency is None:
        return ()
    example = "[Concurrency(limit=10)]"
    if not isinstance(concurrency, list | tuple):
        raise UsageError(
            f"concurrency of {fn_id!r} must be a list, not {show(concurrency)}",
            fix=f"write concurrency={example}",
        )
    name = "each concurrency"
    found = (_checked(fn_id, c, name, Concurrency, example) for c in concurrency)
    return tuple(limit for limit in found if limit is not None)


def _checked(
    fn_id: str, value: object, name: str, kind: type[T], example: str
) -> T | None:
    if value is None or isinstance(value, kind):
        return value
    raise UsageError(
        f"{name} of {fn_id!r} must be a {kind.__name__} of scoretest, not {show(value)}",
        fix=f"write {example}",
    )


def checked_triggers(
    fn_id: str, trigger: object
) -> tuple[TriggerEvent | TriggerCron, ...]:
    """Return the triggers of a function.

    Raises:
        UsageError: There is none, or too many, or one of them is no trigger.
    """
    triggers = tuple(trigger) if isinstance(trigger, list) else (trigger,)
    for item in triggers or (trigger,):  # an empty list is no trigger either
        if not isinstance(item, TriggerEvent | TriggerCron):
            raise UsageError(
                f"the trigger of {fn_id!r} must be a TriggerEvent or a TriggerCron, "
                f"not {show(item)}",
                fix='write trigger=TriggerEvent(event="support/ticket.created")',
            )
    if len(triggers) > MOST_TRIGGERS:
        raise UsageError(
            f"function {fn_id!r} has {len(triggers)} triggers, over {MOST_TRIGGERS}",
            fix='let one trigger stand for several: TriggerEvent(event="support/*")',
        )
    return triggers
