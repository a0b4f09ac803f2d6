"""Every private name of the ``inngest`` package that the adapter touches.

The package has no public way to handle a request without a web framework, to ask a
function for its options, or to send without a socket. A test asks each supported
version for everything that is named here.
"""

import datetime as dt
import warnings
import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, Protocol, cast

import inngest
from inngest._internal import const, errors, server_lib
from inngest._internal.execution_lib import models
from inngest._internal.step_lib import base, group, step_async, step_sync

from ..._json import Together
from ..._model.place import Place
from ...errors import UsageError
from ...sdk.current import current_port
from ...sdk.places import caller
from .beneath import ConvertedRun
from .reads import read_by, watch_reads, watch_scores
from .requests import REQUEST_URL

with warnings.catch_warnings():  # it warns of itself, and a test may run with `error`
    warnings.simplefilter("ignore", DeprecationWarning)
    from inngest._internal import comm_lib

__all__ = [
    "STEP_TOOLS",
    "SUPPORTED",
    "Answer",
    "WatchedEntry",
    "Watcher",
    "check_version",
    "config_of",
    "connect",
    "handler_of",
    "install_hooks",
    "installed_version",
    "is_deferred",
    "on_failure_of",
    "open_handler",
]

SUPPORTED: Final = ("0.5.18", "0.5.19", "0.5.20a0")

# what the client asks for when it sends; nobody looks at it here
_EVENT_KEY: Final = "scoretest"
STEP_TOOLS: Final = (
    "invoke",
    "invoke_by_id",
    "run",
    "send_event",
    "sleep",
    "sleep_until",
    "wait_for_event",
)


class Answer(Protocol):
    """What the package answers to a request."""

    status_code: int
    headers: dict[str, str]
    body: Any


class Watcher(Protocol):
    """An entry of one of the package's functions, while its handler runs."""

    def wall_clock(self) -> dt.datetime:
        """Return the present instant, an aware datetime."""

    def around(self, step_id: str, body: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is called instead of the callback of a step."""

    def track(self, tool: str, step_id: str, call: Any, place: Place, /) -> Any:
        """Return *call*, a coroutine, remembered until it is awaited."""

    def interrupted(self) -> None:
        """Hear that the handler is to be left at a step, outside any group."""

    def lost(self, defers: Sequence[str]) -> None:
        """Hear which defers went down with the handler (rule A3)."""

    def skipped(self, why: str) -> None:
        """Hear why a defer was skipped (rule A12)."""

    def refused(self, why: str) -> None:
        """Hear why a score was refused (rule G5)."""

    def is_reading(self) -> bool:
        """Say whether somebody wants to know what is read of events."""

    def read(self, event: dict[str, Any]) -> None:
        """Hear of an event that the handler is about to get; its data may be replaced."""


class WatchedEntry:
    """The class of everything that is a `Watcher`; a protocol is slow to ask for."""


def installed_version() -> str:
    """Return the version of the package."""
    return const.VERSION


def check_version(version: str) -> None:
    """Refuse a version of the package that the adapter was not tried with.

    Raises:
        UsageError: The message names the versions that work.
    """
    if version not in SUPPORTED:
        raise UsageError(
            f"inngest {version} cannot be served",
            seen=f"supported: {', '.join(SUPPORTED)}",
            fix=f"install one of these, for example inngest=={SUPPORTED[-1]}",
        )


# --- functions ------------------------------------------------------------------------


def config_of(function: inngest.Function[Any]) -> tuple[Any, Any | None]:
    """Return what the package registers for *function*, and for its failure handler."""
    config = function.get_config(REQUEST_URL)
    return config.main, config.on_failure


def handler_of(function: inngest.Function[Any]) -> Callable[..., Any]:
    """Return what the user wrote."""
    return function._handler  # noqa: SLF001 -- what this module is for


def on_failure_of(function: inngest.Function[Any]) -> Callable[..., Any]:
    """Return the failure handler that the user wrote."""
    return cast("Callable[..., Any]", function._opts.on_failure)  # noqa: SLF001 -- what this module is for


def is_deferred(function: inngest.Function[Any]) -> bool:
    """Say whether *function* was made by ``create_defer``."""
    try:
        from inngest.experimental.deferred import DeferredFunction  # noqa: PLC0415 -- older versions have no such module
    except ImportError:
        return False
    return isinstance(function, DeferredFunction)


# --- requests -------------------------------------------------------------------------


def open_handler(
    client: inngest.Inngest, functions: Sequence[inngest.Function[Any]]
) -> comm_lib.CommHandler:
    """Return what handles requests for *functions*, as a web framework makes it."""
    options: dict[str, Any] = {
        "client": client,
        "framework": server_lib.Framework.CONNECT,
        "functions": list(functions),
        "streaming": inngest.Streaming.DISABLE,
    }
    if installed_version() != "0.5.18":
        options["enable_unauthed_sync"] = None
    in_production, client.is_production = client.is_production, False
    try:  # no server signs these requests, so that no key is needed
        return comm_lib.CommHandler(**options)
    finally:
        client.is_production = in_production


# --- the way out ----------------------------------------------------------------------


def connect(client: inngest.Inngest, exchange: Any) -> None:
    """Let everything that *client* sends go to *exchange*."""
    client._http_client = exchange  # noqa: SLF001 -- what this module is for
    if client._event_key is None:  # noqa: SLF001 -- as above
        client._event_key = _EVENT_KEY  # noqa: SLF001 -- as above
    build = client._build_send_request  # noqa: SLF001 -- as above

    def build_without_wall_clock(events: list[inngest.Event]) -> Any:
        request: Any = build(events)
        if not isinstance(request, Exception):
            for event, sent in zip(events, request.body, strict=True):
                sent["ts"] = event.ts  # 0 is "now", and now is the harness's
        return request

    client._build_send_request = build_without_wall_clock  # type: ignore[method-assign]  # noqa: SLF001 -- as above


# --- what happens in a handler --------------------------------------------------------


def _watcher() -> Watcher | None:
    port: object = current_port.get()
    if isinstance(port, ConvertedRun):
        port = port.beneath
    return cast("Watcher", port) if isinstance(port, WatchedEntry) else None


class _Clock:
    """Stands for the class ``datetime.datetime`` in the package's modules."""

    def __getattr__(self, name: str) -> Any:
        return getattr(dt.datetime, name)

    def now(self, tz: dt.tzinfo | None = None) -> dt.datetime:
        watcher = _watcher()
        if watcher is None:
            return dt.datetime.now(tz)  # noqa: TID251 -- not in a handler: it is what the package asks
        return watcher.wall_clock()


class _DatetimeModule:
    """Stands for the module ``datetime`` in the package's modules."""

    datetime = _Clock()

    def __getattr__(self, name: str) -> Any:
        return getattr(dt, name)


def install_hooks() -> None:
    """Let the package's modules ask the entry under way; elsewhere nothing changes."""
    modules: tuple[Any, ...] = (step_async, step_sync, errors)
    if isinstance(errors.__dict__["datetime"], _DatetimeModule):
        return
    for module in modules:
        module.datetime = _DatetimeModule()
    _watch_steps(inngest.Step)
    _watch_steps(inngest.StepSync)
    for name in STEP_TOOLS:
        _watch_call(name)
    _watch_groups()
    _watch_interrupts()
    _watch_defers()
    _untie_tools(step_async.AI)
    _untie_tools(step_sync.AI)
    _untie_steps()
    watch_scores(_watcher)
    watch_reads(_watcher)


def _watch_steps(kind: Any) -> None:
    name = "_run" if hasattr(kind, "_run") else "run"
    original = getattr(kind, name)

    @wraps(original)
    def run(self: Any, step_id: str, handler: Any, *args: Any, **options: Any) -> Any:
        watcher = _watcher()
        if watcher is not None:
            handler = watcher.around(step_id, handler)
        return original(self, step_id, handler, *args, **options)

    setattr(kind, name, run)


def _watch_call(name: str) -> None:
    original, tool = getattr(inngest.Step, name), f"step.{name}"

    @wraps(original)
    def call(self: Any, step_id: str, *args: Any, **options: Any) -> Any:
        coroutine, watcher = original(self, step_id, *args, **options), _watcher()
        if watcher is None:
            return coroutine
        if name == "wait_for_event" and watcher.is_reading():
            coroutine = read_by(watcher, coroutine)
        return watcher.track(tool, step_id, coroutine, caller())

    setattr(inngest.Step, name, call)


def _watch_groups() -> None:
    """Let it be known of a tuple that a group made it, and no user."""
    original, original_sync = group.Group.parallel, group.GroupSync.parallel

    @wraps(original)
    async def parallel(self: Any, *args: Any, **options: Any) -> Any:
        return Together(await original(self, *args, **options))

    @wraps(original_sync)
    def parallel_sync(self: Any, *args: Any, **options: Any) -> Any:
        return Together(original_sync(self, *args, **options))

    group.Group.parallel = parallel  # type: ignore[method-assign]  # what this module is for
    group.GroupSync.parallel = parallel_sync  # type: ignore[method-assign]  # as above


def _watch_interrupts() -> None:
    kind: Any = base.ResponseInterrupt
    original = kind.__init__

    @wraps(original)
    def init(self: Any, responses: Any) -> None:
        original(self, responses)
        watcher = _watcher()
        if watcher is not None and not group.in_parallel.get():
            watcher.interrupted()

    kind.__init__ = init


def _watch_defers() -> None:
    try:
        from inngest._internal import deferred  # noqa: PLC0415 -- older versions have no such module
    except ImportError:
        return
    attach, log = deferred.attach, deferred._log  # noqa: SLF001 -- what this module is for

    @wraps(attach)
    def watched_attach(ctx: Any, result: Any) -> Any:
        operations = ctx._defer_ops  # noqa: SLF001 -- what this module is for
        if not operations:
            return attach(ctx, result)
        wanted = [
            op.display_name
            for op in operations.values()
            if op.op is server_lib.Opcode.DEFER_ADD
        ]
        answer = attach(ctx, result)
        watcher = _watcher()
        if watcher is not None and answer.error is not None:
            watcher.lost(wanted)
        return answer

    @wraps(log)
    def watched_log(ctx: Any, err: Exception) -> None:
        watcher = _watcher()
        if watcher is not None and not str(err).startswith("parent failed before"):
            watcher.skipped(str(err))
        log(ctx, err)

    deferred.attach = watched_attach
    deferred._log = watched_log  # noqa: SLF001 -- what this module is for


# --- what an entry leaves behind ------------------------------------------------------
# Two cycles hold all that the package makes for a request, 50 containers and more: left
# to the collector, they take a third of the time of a large job.


def _untie_tools(kind: Any) -> None:
    """Let the tools of ``step.ai`` not keep the step tools alive that they belong to."""
    original = kind.__init__

    @wraps(original)
    def init(self: Any, step: Any) -> None:
        original(self, step if _watcher() is None else weakref.proxy(step))

    kind.__init__ = init


class _Settled:
    """Stands for a future whose result nobody asks for any more."""

    @staticmethod
    def done() -> bool:
        return True


def _untie_steps() -> None:
    """Let a step forget the future whose result is the step."""
    original = models.ReportedStep.release

    @wraps(original)
    async def release(self: Any) -> None:
        await original(self)
        if _watcher() is not None:
            self._release_signal = _Settled

    models.ReportedStep.release = release  # type: ignore[method-assign]  # what this module is for
