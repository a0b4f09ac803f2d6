"""What a harness asks of the ``inngest`` package itself: options, and requests."""

from collections.abc import Sequence
from typing import Any, Protocol

import inngest

from . import private
from .requests import REQUEST_URL
from .versions import installed_version

__all__ = [
    "Answer",
    "config_of",
    "connect",
    "is_deferred",
    "open_handler",
]


class Answer(Protocol):
    """What the package answers to a request."""

    status_code: int
    headers: dict[str, str]
    body: Any


# --- functions ------------------------------------------------------------------------


def config_of(function: inngest.Function[Any]) -> tuple[Any, Any | None]:
    """Return what the package registers for *function*, and for its failure handler."""
    config = function.get_config(REQUEST_URL)
    return config.main, config.on_failure


def is_deferred(function: inngest.Function[Any]) -> bool:
    """Say whether *function* was made by ``create_defer``."""
    if not private.HAS_ALPHA:
        return False
    from inngest.experimental.deferred import DeferredFunction  # noqa: PLC0415 -- older versions have no such module

    return isinstance(function, DeferredFunction)


# --- requests -------------------------------------------------------------------------


def open_handler(
    client: inngest.Inngest, functions: Sequence[inngest.Function[Any]]
) -> private.CommHandler:
    """Return what handles requests for *functions*, as a web framework makes it."""
    options: dict[str, Any] = {
        "client": client,
        "framework": private.server_lib.Framework.CONNECT,
        "functions": list(functions),
        "streaming": inngest.Streaming.DISABLE,
    }
    if installed_version() != "0.5.18":
        options["enable_unauthed_sync"] = None
    in_production, client.is_production = client.is_production, False
    try:  # no server signs these requests, so that no key is needed
        return private.CommHandler(**options)
    finally:
        client.is_production = in_production


# --- the way out ----------------------------------------------------------------------


def connect(client: inngest.Inngest, exchange: Any) -> None:
    """Let everything that *client* sends go to *exchange*."""
    private.send_through(client, exchange)
    build = private.builder_of(client)

    def build_without_wall_clock(events: list[inngest.Event]) -> Any:
        request: Any = build(events)
        if not isinstance(request, Exception):
            for event, sent in zip(events, request.body, strict=True):
                sent["ts"] = event.ts  # 0 is "now", and now is the harness's
        return request

    private.build_with(client, build_without_wall_clock)
