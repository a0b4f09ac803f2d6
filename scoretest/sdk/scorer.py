"""Scorers: deferred functions whose result is a score for the run that deferred them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from .._json import JsonObject, show
from .._model.flow import (
    Batch,
    Concurrency,
    Debounce,
    Priority,
    RateLimit,
    Throttle,
)
from .._model.life import Cancel, Singleton, Timeouts
from .._model.options import FunctionKind, FunctionOptions
from .._model.score import Score
from ..errors import UsageError
from .client import Client
from .context import Context, ContextSync
from .failure import with_failure_handler
from .flow import flow_options
from .function import (
    DeferredFunction,
    Handler,
    checked_name_of,
    describe,
    is_coroutine_handler,
    refuse_unbuilt,
)
from .life import life_options
from .schema import Schema
from .scoring import score_body, score_call, scores_of

__all__ = ["create_defer", "create_scorer"]

T = TypeVar("T")

# the step that writes a scorer's score; several scores count on from it (rule E5)
_STEP = "score"


def create_defer(  # noqa: PLR0913 -- the options of a function, all of them named
    client: Client,
    *,
    fn_id: str,
    schema: object = None,
    retries: int | None = None,
    name: str | None = None,
    on_failure: Handler[Any] | None = None,
    batch_events: Batch | None = None,
    cancel: list[Cancel] | None = None,
    concurrency: list[Concurrency] | None = None,
    debounce: Debounce | None = None,
    idempotency: str | None = None,
    priority: Priority | None = None,
    rate_limit: RateLimit | None = None,
    singleton: Singleton | None = None,
    throttle: Throttle | None = None,
    timeouts: Timeouts | None = None,
    **unbuilt: object,
) -> Callable[[Handler[T]], DeferredFunction[T]]:
    """Make a function that runs when the run that deferred it has ended.

    Args:
        client: The app it belongs to.
        fn_id: Its id within the app.
        schema: A pydantic model, a dataclass or a TypedDict that its payload must fit.
        retries: How many attempts may follow the first, 0 to 20; the default is 4.
        name: A name for people; nothing depends on it.
        on_failure: A handler that runs, once, when a run has failed.
        batch_events: Starts one run for several events.
        cancel: The events that cancel a run; ``event`` is the deferred one.
        concurrency: How many steps may execute at a time; at most two limits.
        debounce: Starts one run when events have paused, with the last one.
        idempotency: An expression; each of its values starts one run in 24 hours.
        priority: Puts a run ahead of others, or behind them.
        rate_limit: How many events may start a run in a period; the rest start none.
        singleton: Lets only one run of a key be active at a time.
        throttle: How many runs may start in a period; the rest start later.
        timeouts: How long a run may take to start and to finish.
        **unbuilt: The real SDK's other options; each is refused by name until built.

    Source: rules A1 to A12, F1 to F9.
    """
    refuse_unbuilt(fn_id, unbuilt)
    app_id = _app_of(client, fn_id)
    checked_name_of(fn_id, name)
    life = life_options(
        fn_id,
        cancel=cancel,
        idempotency=idempotency,
        singleton=singleton,
        timeouts=timeouts,
    )
    flow = flow_options(
        fn_id,
        batch_events=batch_events,
        concurrency=concurrency,
        debounce=debounce,
        priority=priority,
        rate_limit=rate_limit,
        throttle=throttle,
    )

    def decorate(handler: Handler[T]) -> DeferredFunction[T]:
        kind = FunctionKind.DEFERRED
        plain = describe(app_id, fn_id, handler, kind=kind, retries=retries)
        options = replace(plain, life=life, flow=flow)
        checked = None if schema is None else Schema(schema, options.slug)
        function = DeferredFunction(options, handler, schema=checked)
        function.name = name
        with_failure_handler(function, on_failure, fn_id)
        return function

    return decorate


def create_scorer(  # noqa: PLR0913 -- as above
    client: Client,
    *,
    fn_id: str,
    schema: object = None,
    retries: int | None = None,
    name: str | None = None,
    on_failure: Handler[Any] | None = None,
    batch_events: Batch | None = None,
    cancel: list[Cancel] | None = None,
    concurrency: list[Concurrency] | None = None,
    debounce: Debounce | None = None,
    idempotency: str | None = None,
    priority: Priority | None = None,
    rate_limit: RateLimit | None = None,
    singleton: Singleton | None = None,
    throttle: Throttle | None = None,
    timeouts: Timeouts | None = None,
    **unbuilt: object,
) -> Callable[[Handler[Any]], DeferredFunction[Any]]:
    """Make a deferred function whose result scores the run that deferred it.

    The handler returns a `Score`, a dict with ``name`` and ``value``, a list of those,
    or None for no score. Each is written in a durable step named ``"score"``, and
    counts for the experiment's variant if the defer carries one.

    Args:
        client: The app it belongs to.
        fn_id: Its id within the app.
        schema: A pydantic model, a dataclass or a TypedDict that its payload must fit.
        retries: How many attempts may follow the first, 0 to 20; the default is 4.
        name: A name for people; nothing depends on it.
        on_failure: A handler that runs, once, when a run has failed.
        batch_events: Starts one run for several events.
        cancel: The events that cancel a run; ``event`` is the deferred one.
        concurrency: How many steps may execute at a time; at most two limits.
        debounce: Starts one run when events have paused, with the last one.
        idempotency: An expression; each of its values starts one run in 24 hours.
        priority: Puts a run ahead of others, or behind them.
        rate_limit: How many events may start a run in a period; the rest start none.
        singleton: Lets only one run of a key be active at a time.
        throttle: How many runs may start in a period; the rest start later.
        timeouts: How long a run may take to start and to finish.
        **unbuilt: The real SDK's other options; each is refused by name until built.

    Source: rules A1, F1 to F9, G1, G3 and G6.
    """
    refuse_unbuilt(fn_id, unbuilt)
    app_id = _app_of(client, fn_id)
    checked_name_of(fn_id, name)
    life = life_options(
        fn_id,
        cancel=cancel,
        idempotency=idempotency,
        singleton=singleton,
        timeouts=timeouts,
    )
    flow = flow_options(
        fn_id,
        batch_events=batch_events,
        concurrency=concurrency,
        debounce=debounce,
        priority=priority,
        rate_limit=rate_limit,
        throttle=throttle,
    )

    def decorate(handler: Handler[Any]) -> DeferredFunction[Any]:
        kind = FunctionKind.SCORER
        plain = describe(app_id, fn_id, handler, kind=kind, retries=retries)
        options = replace(plain, life=life, flow=flow)
        checked = None if schema is None else Schema(schema, options.slug)
        is_async = is_coroutine_handler(handler)
        wrap = _scored if is_async else _scored_sync
        entry = wrap(handler, options)
        function = DeferredFunction(options, handler, entry=entry, schema=checked)
        function.name = name
        with_failure_handler(function, on_failure, fn_id)
        return function

    return decorate


def _app_of(client: object, fn_id: object) -> str:
    if not isinstance(client, Client):
        raise UsageError(
            f"the deferred function {fn_id!r} needs a Client first, not {show(client)}",
            fix='make one: client = Client(app_id="support")',
        )
    return client.app_id


def _scored(
    handler: Handler[Any], options: FunctionOptions
) -> Callable[[Context], Any]:
    async def entry(ctx: Context) -> object:
        scores = scores_of(await handler(ctx), options.slug)  # type: ignore[arg-type]  # the async kind, looked at above
        for score in scores:
            await ctx.step.run(_STEP, _writing_async(ctx, score, options.place))
        return _as_output(scores)

    return entry


def _scored_sync(
    handler: Handler[Any], options: FunctionOptions
) -> Callable[[ContextSync], Any]:
    def entry(ctx: ContextSync) -> object:
        scores = scores_of(handler(ctx), options.slug)  # type: ignore[arg-type]  # the sync kind, looked at above
        for score in scores:
            ctx.step.run(_STEP, _writing(ctx, score, options.place))
        return _as_output(scores)

    return entry


def _writing_async(
    ctx: Context, score: Score, place: str
) -> Callable[[], Awaitable[None]]:
    """Return the callback that writes *score*; see `_writing`."""

    async def write() -> None:
        parent = ctx.parents[0]
        await score_call(
            ctx._port,  # noqa: SLF001 -- as in _writing
            score,
            parent.run_id,
            None,
            place,
            parent.experiment,
        )()

    return write


def _writing(ctx: ContextSync, score: Score, place: str) -> Callable[[], None]:
    """Return the callback that writes *score*; a mistake is the handler's at *place*."""

    def write() -> None:  # the parent is looked up by the one entry that writes
        parent = ctx.parents[0]
        score_body(ctx._port, score, parent.run_id, None, place, parent.experiment)()  # noqa: SLF001 -- a scorer is as near to the port as a step tool

    return write


def _as_output(scores: Sequence[Score]) -> JsonObject | list[JsonObject] | None:
    output: list[JsonObject] = [
        {"name": score.name, "value": score.value} for score in scores
    ]
    return output[0] if len(output) == 1 else output or None
