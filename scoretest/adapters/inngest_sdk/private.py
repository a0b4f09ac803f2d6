"""Every private name of the ``inngest`` package that scoretest touches, in one place.

The package has no public way to handle a request without a web framework, to ask a
function for its options, to send without a socket, or to hear what becomes of a handler.
Nothing else in scoretest names what is private to the package: a test sees to that, and
asks each supported version for everything that is named here.
"""
# ruff: noqa: SLF001 -- it is what this module is for

import warnings
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import inngest
from inngest._internal import const, errors, execution_lib, net, server_lib
from inngest._internal.execution_lib import models as execution_models
from inngest._internal.server_lib import execution_request
from inngest._internal.step_lib import base, group, step_async, step_sync

with warnings.catch_warnings():  # it warns of itself, and a test may run with `error`
    warnings.simplefilter("ignore", DeprecationWarning)
    from inngest._internal.comm_lib import CommHandler
    from inngest._internal.comm_lib.models import CommRequest

deferred: Any
run_context: Any
scores: Any
try:
    from inngest._internal import deferred, run_context, scores
except ImportError:  # before 0.5.20a0 there were no defers, scores and experiments
    deferred = run_context = scores = None

__all__ = [
    "HAS_ALPHA",
    "LOG",
    "CommHandler",
    "CommRequest",
    "base",
    "build_with",
    "builder_of",
    "const",
    "deferred",
    "errors",
    "execution_lib",
    "execution_models",
    "execution_request",
    "forget_signal",
    "group",
    "handler_of",
    "known_defers",
    "net",
    "on_failure_of",
    "run_context",
    "runs_steps_by",
    "scores",
    "send_through",
    "server_lib",
    "step_async",
    "step_sync",
    "wanted_defers",
]

HAS_ALPHA: Final = run_context is not None
"""Whether the installed version has defers, scores and experiments."""

LOG: Final = "_log"
"""What `deferred` calls with the reason for which it skips a defer."""

# what the client asks for when it sends; nobody looks at it here
_EVENT_KEY: Final = "scoretest"

Builder: TypeAlias = Callable[[list[inngest.Event]], Any]
"""What makes a request to send events, or says as an error why there is none."""


def handler_of(function: inngest.Function[Any]) -> Callable[..., Any]:
    """Return what the user wrote."""
    return function._handler


def on_failure_of(function: inngest.Function[Any]) -> Callable[..., Any]:
    """Return the failure handler that the user wrote."""
    return cast("Callable[..., Any]", function._opts.on_failure)


def send_through(client: inngest.Inngest, exchange: Any) -> None:
    """Let everything that *client* sends go to *exchange*, which needs no key."""
    client._http_client = exchange
    if client._event_key is None:
        client._event_key = _EVENT_KEY


def builder_of(client: inngest.Inngest) -> Builder:
    """Return what builds the requests of *client*."""
    return client._build_send_request


def build_with(client: inngest.Inngest, builder: Builder) -> None:
    """Let *builder* build the requests of *client*."""
    client._build_send_request = builder  # type: ignore[assignment, method-assign]  # what this module is for


def runs_steps_by(kind: type) -> str:
    """Return which method of a kind of step tools runs a step."""
    return "_run" if hasattr(kind, "_run") else "run"


def wanted_defers(ctx: Any) -> list[str]:
    """Return the ids that the handler has deferred in this entry, and not taken back."""
    return [
        operation.display_name
        for operation in ctx._defer_ops.values()
        if operation.op is server_lib.Opcode.DEFER_ADD
    ]


def known_defers(ctx: Any) -> Any:
    """Return what the server has accepted of earlier entries, by hashed id (rule A4)."""
    return ctx.step._execution._request.defers


def forget_signal(step: Any, stand_in: object) -> None:
    """Put *stand_in* for the future whose result is the *step* itself."""
    step._release_signal = stand_in
