"""Functions of the ``inngest`` package, as a harness serves them."""

import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import inngest

from ..._json import show
from ..._model.life import Cancel, LifeOptions, Singleton, Timeouts
from ..._model.limits import MOST_RETRIES
from ..._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ...errors import NotBuiltError, UsageError
from ...runtime.foreign import EntryKind, ForeignFunction, Translated
from ...sdk.client import Client
from ...sdk.function import refuse_unbuilt, unbuilt_options
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
        NotBuiltError: A function has an option that scoretest does not run yet.
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
    unbuilt = unbuilt_options()
    fn_id = function.local_id
    refuse_unbuilt(fn_id, {name: given[name] for name in _OPTIONS if name in unbuilt})
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
    )


def _triggers(config: Any) -> tuple[TriggerEvent, ...]:
    triggers = []
    for trigger in config.triggers:
        if isinstance(trigger, inngest.TriggerCron):
            raise NotBuiltError(
                f"the cron trigger {trigger.cron!r} of function {config.id!r} is not "
                "built yet",
                fix="start the function with an event in this test",
            )
        triggers.append(
            TriggerEvent(event=trigger.event, expression=trigger.expression)
        )
    return tuple(triggers)


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
