"""Functions of the ``inngest`` package, as a harness serves them."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import inngest

from ..._json import show
from ..._model.options import FunctionKind, FunctionOptions
from ...errors import UsageError
from ...runtime.foreign import EntryKind, ForeignFunction, Translated
from ...sdk.client import Client
from ...sdk.function import is_coroutine_handler
from ...sdk.places import place_of
from .entries import SdkAsyncEntry, SdkPlainEntry
from .exchange import Exchange
from .hooks import install_hooks
from .options import options_of, triggers_of
from .package import (
    config_of,
    connect,
    open_handler,
)
from .private import handler_of, on_failure_of

__all__ = ["translate"]

T = TypeVar("T")

_TWINS: "WeakKeyDictionary[inngest.Inngest, Client]" = WeakKeyDictionary()


def translate(client: object, functions: object) -> Translated:
    """Return what stands for *client* and *functions* in a harness.

    Raises:
        UsageError: *functions* holds something else than functions of the package.
    """
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
    options = options_of(config, function)
    result = _foreign(options, handler_of(function), function, comm)
    if failure is not None:
        handler = on_failure_of(function)
        described = FunctionOptions(
            slug=failure.id,
            app_id=options.app_id,
            triggers=triggers_of(failure),
            retries=0,
            kind=FunctionKind.ORDINARY,
            place=place_of(handler),
        )
        result.on_failure = _foreign(described, handler, handler, comm)
    return result


def _foreign(
    options: FunctionOptions, handler: Callable[..., Any], original: object, comm: Any
) -> ForeignFunction:
    kind = SdkAsyncEntry if is_coroutine_handler(handler) else SdkPlainEntry
    make: EntryKind = partial(kind, comm)
    return ForeignFunction(options, handler, original=original, entry_kind=make)
