"""Functions of the ``inngest`` package, as a harness serves them."""

import logging
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import inngest

from ..._json import show
from ..._model.flow import (
    Batch,
    Concurrency,
    Debounce,
    FlowOptions,
    Priority,
    RateLimit,
    Throttle,
    TriggerCron,
)
from ..._model.life import Cancel, LifeOptions, Singleton, Timeouts
from ..._model.limits import MOST_RETRIES
from ..._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ...errors import UsageError
from ...runtime.foreign import EntryKind, ForeignFunction, Translated
from ...sdk.client import Client
from ...sdk.flow import flow_options
from ...sdk.places import place_of
from .entries import SdkAsyncEntry, SdkPlainEntry
from .exchange import Exchange
from .internals import (
    check_version,
    config_of,
    connect,
    handler_of,
    install_hooks,
    installed_version,
    is_deferred,
    on_failure_of,
    open_handler,
)

__all__ = ["translate"]

T = TypeVar("T")

_TWINS: "WeakKeyDictionary[inngest.Inngest, Client]" = WeakKeyDictionary()

# the options that the package registers with the server
_OPTIONS = (
    "batch_events",
    "cancel",
    "concurrency",
    "debounce",
    "idempotency",
    "priority",
    "rate_limit",
    "singleton",
    "throttle",
    "timeouts",
)


def translate(client: object, functions: object) -> Translated:
    """Return what stands for *client* and *functions* in a harness.

    Raises:
        UsageError: The package's version is not supported, or *functions* holds
            something else than its functions.
        NotBuiltError: A cron trigger has jitter.
    """
    check_version(installed_version())
    if not isinstance(client, inngest.Inngest):
        raise UsageError(
            f"serve() takes a Client, not {show(client)}",
            fix='pass the app: client = inngest.Inngest(app_id="support")',
        )
    served = _checked(functions)
    install_hooks()
    twin = _TWINS.get(client)
    if twin is None:
        twin = _TWINS[client] = Client(client.app_id, logger=_logger(client))
        connect(client, Exchange(twin))
    handler = open_handler(client, served)
    return twin, [_translated(function, handler) for function in served]


def _logger(client: inngest.Inngest) -> logging.Logger:
    logger = client.logger
    return (
        logger if isinstance(logger, logging.Logger) else logging.getLogger("inngest")
    )


def _checked(functions: object) -> list[inngest.Function[Any]]:
    if not isinstance(functions, list | tuple):
        raise UsageError(
            f"functions must be a list, not {show(functions)}",
            fix="write harness.serve(client, functions=[handle_ticket, scorer])",
        )
    for function in functions:
        if not isinstance(function, inngest.Function):
            raise UsageError(
                f"{show(function)} is no function of the inngest package",
                fix="serve the functions of one package with its own client",
            )
    return list(functions)


def _translated(function: inngest.Function[Any], comm: Any) -> ForeignFunction:
    config, failure = config_of(function)
    options = _options(config, function)
    result = _foreign(options, handler_of(function), function, comm)
    if failure is not None:
        handler = on_failure_of(function)
        described = FunctionOptions(
            slug=failure.id,
            app_id=options.app_id,
            triggers=_triggers(failure),
            retries=0,
            kind=FunctionKind.ORDINARY,
            place=place_of(handler),
        )
        result.on_failure = _foreign(described, handler, handler, comm)
    return result


def _foreign(
    options: FunctionOptions, handler: Callable[..., Any], original: object, comm: Any
) -> ForeignFunction:
    function: ForeignFunction

    def entry_kind(*parts: Any) -> Any:
        kind = SdkAsyncEntry if function.is_async else SdkPlainEntry
        return kind(comm, *parts)

    kind: EntryKind = entry_kind
    function = ForeignFunction(options, handler, original=original, entry_kind=kind)
    return function


def _options(config: Any, function: inngest.Function[Any]) -> FunctionOptions:
    given = {name: getattr(config, name) or None for name in _OPTIONS}
    fn_id = function.local_id
    is_late = is_deferred(function)
    (step,) = config.steps.values()
    retries = step.retries.attempts if step.retries else None
    if retries is not None and retries > MOST_RETRIES:
        raise UsageError(
            f"retries of {fn_id!r} must be a whole number from 0 to {MOST_RETRIES}, "
            f"not {retries}",
            fix="leave it out for the server's default of 4",
        )
    life = _life(given)
    life.check(fn_id)
    return FunctionOptions(
        slug=config.id,
        app_id=config.id.removesuffix(f"-{fn_id}"),
        triggers=() if is_late else _triggers(config),
        retries=retries,
        kind=FunctionKind.DEFERRED if is_late else FunctionKind.ORDINARY,
        place=place_of(handler_of(function)),
        life=life,
        flow=_flow(given, fn_id),
    )


def _triggers(config: Any) -> tuple[TriggerEvent | TriggerCron, ...]:
    return tuple(
        TriggerCron(cron=trigger.cron, jitter=trigger.jitter)
        if isinstance(trigger, inngest.TriggerCron)
        else TriggerEvent(event=trigger.event, expression=trigger.expression)
        for trigger in config.triggers
    )


def _flow(given: dict[str, Any], fn_id: str) -> FlowOptions:
    throttle, rate_limit = given["throttle"], given["rate_limit"]
    debounce, batch, priority = (
        given[name] for name in ("debounce", "batch_events", "priority")
    )
    return flow_options(
        fn_id,
        concurrency=given["concurrency"]
        and [_as(Concurrency, limit) for limit in given["concurrency"]],
        throttle=throttle and _as(Throttle, throttle),
        rate_limit=rate_limit and _as(RateLimit, rate_limit),
        debounce=debounce and _as(Debounce, debounce),
        batch_events=batch and _as(Batch, batch),
        priority=priority and _as(Priority, priority),
    )


def _as(kind: type[T], option: Any) -> T:
    """Return an option of the package as ours, whose fields have the same names."""
    names = (field.name for field in fields(kind))  # type: ignore[arg-type]  # they are dataclasses
    return kind(**{name: getattr(option, name) for name in names})


def _life(given: dict[str, Any]) -> LifeOptions:
    timeouts, singleton = given["timeouts"], given["singleton"]
    return LifeOptions(
        cancel=tuple(
            Cancel(event=cancel.event, if_exp=cancel.if_exp, timeout=cancel.timeout)
            for cancel in given["cancel"] or ()
        ),
        timeouts=timeouts and Timeouts(start=timeouts.start, finish=timeouts.finish),
        idempotency=given["idempotency"],
        singleton=singleton and Singleton(mode=singleton.mode, key=singleton.key),
    )
