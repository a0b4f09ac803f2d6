"""Functions: a description and a handler, nothing that acts."""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar, final

from .._json import show
from .._model.flow import TriggerCron
from .._model.limits import MOST_RETRIES
from .._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ..errors import NotBuiltError, UsageError, near_miss
from .context import Context, ContextSync
from .places import place_of
from .schema import Schema

__all__ = [
    "AnyFunction",
    "AsyncHandler",
    "DeferredFunction",
    "Function",
    "Handler",
    "SyncHandler",
    "checked_name_of",
    "checked_slug_part",
    "describe",
]

T = TypeVar("T")

# the options of the real SDK's functions
_BUILT = (
    "batch_events",
    "cancel",
    "concurrency",
    "debounce",
    "fn_id",
    "idempotency",
    "name",
    "on_failure",
    "priority",
    "rate_limit",
    "retries",
    "schema",
    "singleton",
    "throttle",
    "timeouts",
    "trigger",
)
_UNBUILT = (
    "middleware",
    "output_type",
)

AsyncHandler: TypeAlias = Callable[[Context], Awaitable[T]]
SyncHandler: TypeAlias = Callable[[ContextSync], T]
Handler: TypeAlias = AsyncHandler[T] | SyncHandler[T]


class Function(Generic[T]):
    """A function that events start; made by `Client.create_function`.

    Attributes:
        options: Its description, as the engine registers it.
        handler: What the user wrote.
        entry: What is called for each entry; the handler, or a wrapper around it.
        schema: What its payload must look like, or None.
        is_async: Whether the handler is a coroutine function.
        name: A name for people, or None.
        on_failure: The function that runs when a run of this one has failed, or None.
    """

    name: str | None = None
    on_failure: "Function[Any] | None" = None

    def __init__(
        self,
        options: FunctionOptions,
        handler: Handler[T],
        entry: Callable[..., object] | None = None,
        schema: Schema | None = None,
    ) -> None:
        self.options = options
        self.handler = handler
        self.entry: Callable[..., object] = entry or handler
        self.schema = schema
        self.is_async = is_coroutine_handler(handler)

    @property
    def id(self) -> str:
        """The slug, ``"{app_id}-{fn_id}"``."""
        return self.options.slug

    @property
    def parts(self) -> "tuple[Function[Any], ...]":
        """The function, and its failure handler if it has one: what is registered."""
        return (self,) if self.on_failure is None else (self, self.on_failure)

    def __call__(self, *_: object, **__: object) -> object:
        """Refuse to be called: a handler needs a run around it."""
        raise UsageError(
            f"function {self.id!r} was called directly",
            where=self.options.place,
            fix="send the event that starts it with `harness.send(...)`",
        )

    def __repr__(self) -> str:
        return f"<{self.options.kind.value} {self.id!r} at {self.options.place}>"


@final
class DeferredFunction(Function[T]):
    """A function that other runs start with `defer()`; see `create_defer`."""


AnyFunction: TypeAlias = Function[Any]


def is_coroutine_handler(handler: Callable[..., object]) -> bool:
    """Say whether calling *handler* gives a coroutine."""
    inner = handler.func if isinstance(handler, partial) else handler
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(
        getattr(inner, "__call__", None)  # noqa: B004 -- its kind matters, not that it is there
    )


def describe(
    app_id: str,
    fn_id: object,
    handler: object,
    *,
    kind: FunctionKind,
    triggers: tuple[TriggerEvent | TriggerCron, ...] = (),
    retries: object = None,
) -> FunctionOptions:
    """Check what a decorator was given, and return the function's description.

    Raises:
        UsageError: An id that is no text, a handler that is not callable, or retries
            outside 0 to 20.
    """
    checked_slug_part("fn_id", fn_id, example="feedback-scorer")
    if not callable(handler):
        raise UsageError(
            f"the handler of {fn_id!r} is not callable: {show(handler)}",
            fix="put the decorator above a function that takes one argument, ctx",
        )
    if retries is not None and not _is_retries(retries):
        raise UsageError(
            f"retries of {fn_id!r} must be a whole number from 0 to {MOST_RETRIES}, "
            f"not {show(retries)}",
            fix="leave it out for the server's default of 4",
        )
    return FunctionOptions(
        slug=f"{app_id}-{fn_id}",
        app_id=app_id,
        triggers=triggers,
        retries=retries if isinstance(retries, int) else None,
        kind=kind,
        place=place_of(handler),
        shows_input=kind is not FunctionKind.ORDINARY,
    )


def checked_slug_part(what: str, text: object, *, example: str) -> None:
    """Refuse an id that cannot be part of a function's slug.

    Raises:
        UsageError: It is no text, empty, or holds what would need an escape.
    """
    if not isinstance(text, str) or not text or any(c in text for c in "'\\\n\r"):
        raise UsageError(
            f"{what} must be text, not empty and without quotes, backslashes and "
            f"newlines, and it is {show(text)}",
            fix=f'write {what}="{example}"',
        )


def checked_name_of(fn_id: object, name: object) -> None:
    """Refuse a name for people that is no text.

    Raises:
        UsageError: It is none.
    """
    if name is not None and not isinstance(name, str):
        raise UsageError(
            f"the name of {fn_id!r} must be text, not {show(name)}",
            fix="leave it out",
        )


def _is_retries(value: object) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and 0 <= value <= MOST_RETRIES  # type: ignore[operator]  # is_number says int


def refuse_unbuilt(fn_id: object, options: dict[str, object]) -> None:
    """Refuse the options of the real SDK that scoretest does not run yet.

    Raises:
        NotBuiltError: One of *options* was given; the message names it.
        UsageError: The real SDK has no such option either.
    """
    for name, value in options.items():
        if name not in _UNBUILT:
            raise UsageError(
                f"function {fn_id!r} has no option {name!r}"
                f"{near_miss(name, (*_UNBUILT, *_BUILT))}",
                seen=show(value),
                fix=f"leave {name}= out, or write one that the real SDK has",
            )
        if value is not None:
            raise NotBuiltError(
                f"{name}= of function {fn_id!r} is not built yet",
                seen=show(value),
                fix=f"leave {name}= out in this test; nothing would act on it",
            )
