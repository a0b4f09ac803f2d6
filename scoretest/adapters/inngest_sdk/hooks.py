"""What is replaced in the ``inngest`` package so that an entry hears of its handler.

The hooks ask the entry under way, if there is one; elsewhere nothing changes.
"""

import datetime as dt
import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, Protocol, cast

import inngest

from ..._json import Together
from ..._model.place import Place
from ...sdk.current import current_port
from ...sdk.places import caller
from . import private
from .beneath import ConvertedRun
from .reads import read_by, watch_reads, watch_scores

__all__ = ["STEP_TOOLS", "WatchedEntry", "Watcher", "install_hooks"]

STEP_TOOLS: Final = (
    "invoke",
    "invoke_by_id",
    "run",
    "send_event",
    "sleep",
    "sleep_until",
    "wait_for_event",
)


class Watcher(Protocol):
    """An entry of one of the package's functions, while its handler runs."""

    def wall_clock(self) -> dt.datetime:
        """Return the present instant, an aware datetime."""

    def comes_to(self, step_id: str, body: Any, arguments: tuple[Any, ...]) -> None:
        """Hear that the handler calls a step, whether it is done or not."""

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
    modules: tuple[Any, ...] = (private.step_async, private.step_sync, private.errors)
    if isinstance(private.errors.__dict__["datetime"], _DatetimeModule):
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
    _untie_tools(private.step_async.AI)
    _untie_tools(private.step_sync.AI)
    _untie_steps()
    watch_scores(_watcher)
    watch_reads(_watcher)


def _watch_steps(kind: Any) -> None:
    name = private.runs_steps_by(kind)
    original = getattr(kind, name)

    @wraps(original)
    def run(self: Any, step_id: str, handler: Any, *args: Any, **options: Any) -> Any:
        watcher = _watcher()
        if watcher is not None:
            watcher.comes_to(step_id, handler, args)
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
    kind: Any = private.group.Group
    kind_sync: Any = private.group.GroupSync
    original, original_sync = kind.parallel, kind_sync.parallel

    @wraps(original)
    async def parallel(self: Any, *args: Any, **options: Any) -> Any:
        return Together(await original(self, *args, **options))

    @wraps(original_sync)
    def parallel_sync(self: Any, *args: Any, **options: Any) -> Any:
        return Together(original_sync(self, *args, **options))

    kind.parallel = parallel
    kind_sync.parallel = parallel_sync


def _watch_interrupts() -> None:
    kind: Any = private.base.ResponseInterrupt
    original = kind.__init__

    @wraps(original)
    def init(self: Any, responses: Any) -> None:
        original(self, responses)
        watcher = _watcher()
        if watcher is not None and not private.group.in_parallel.get():
            watcher.interrupted()

    kind.__init__ = init


def _watch_defers() -> None:
    if not private.HAS_ALPHA:
        return
    attach, log = private.deferred.attach, getattr(private.deferred, private.LOG)

    @wraps(attach)
    def watched_attach(ctx: Any, result: Any) -> Any:
        wanted = private.wanted_defers(ctx)
        answer = attach(ctx, result)
        watcher = _watcher()
        if watcher is not None and wanted and answer.error is not None:
            watcher.lost(wanted)
        return answer

    @wraps(log)
    def watched_log(ctx: Any, err: Exception) -> None:
        watcher = _watcher()
        if watcher is not None and not str(err).startswith("parent failed before"):
            watcher.skipped(str(err))
        log(ctx, err)

    private.deferred.attach = watched_attach
    setattr(private.deferred, private.LOG, watched_log)


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
    kind: Any = private.execution_models.ReportedStep
    original = kind.release

    @wraps(original)
    async def release(self: Any) -> None:
        await original(self)
        if _watcher() is not None:
            private.forget_signal(self, _Settled)

    kind.release = release
