"""Failure handlers: what runs when a run of a function has failed.

To the server a failure handler is a function of its own, started by the event that
tells of the failure (rule D6). Its slug is that of the function with ``-failure``.
"""

from typing import Any

from .._json import show
from .._model.event import FUNCTION_FAILED
from .._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ..errors import UsageError
from .function import AnyFunction, Function, Handler, is_coroutine_handler
from .places import place_of

__all__ = ["with_failure_handler"]

_SUFFIX = "-failure"


def with_failure_handler(
    function: AnyFunction, handler: Handler[Any] | None, fn_id: str
) -> None:
    """Give *function* its failure handler, if there is one.

    Raises:
        UsageError: It cannot be called, or one of the two is async and the other not.
    """
    if handler is None:
        return
    if not callable(handler):
        raise UsageError(
            f"the on_failure of {fn_id!r} is not callable: {show(handler)}",
            fix="pass a function that takes one argument, ctx",
        )
    if is_coroutine_handler(handler) is not function.is_async:
        kind = "an async function" if function.is_async else "an ordinary function"
        raise UsageError(
            f"the on_failure of {fn_id!r} must be {kind}, as its handler is",
            where=place_of(handler),
            fix="write both with `async def`, or both with `def`",
        )
    function.on_failure = Function(_described(function.options, handler), handler)


def _described(failing: FunctionOptions, handler: Handler[Any]) -> FunctionOptions:
    condition = f"event.data.function_id == '{failing.slug}'"
    return FunctionOptions(
        slug=failing.slug + _SUFFIX,
        app_id=failing.app_id,
        triggers=(TriggerEvent(event=FUNCTION_FAILED, expression=condition),),
        retries=0,
        kind=FunctionKind.ORDINARY,
        place=place_of(handler),
    )
