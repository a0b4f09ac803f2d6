"""What the invoke tools are given, checked."""

from .._json import show
from .._model.options import FunctionKind, FunctionOptions
from .._model.place import told
from .._model.ports import Invoked
from .._model.session import EventMeta, checked_meta
from ..errors import NotBuiltError, UsageError, near_miss
from ..times import Duration
from .arguments import checked_id, wait_timeout
from .places import caller

__all__ = ["checked_call", "invoke_timeout", "invoked_by_id", "invoked_function"]

_UNBUILT = ("v",)


def checked_call(step_id: object, unbuilt: dict[str, object]) -> None:
    """Refuse a step's id that is no text, and arguments that are not built.

    Raises:
        UsageError: The id is no text, or an argument is unknown.
        NotBuiltError: The real SDK has the argument, and scoretest has not yet.
    """
    checked_id(step_id)
    for name, value in unbuilt.items():
        if name not in _UNBUILT:
            raise UsageError(
                f"invoke has no argument {name!r}"
                f"{near_miss(name, ('app_id', 'data', 'function', 'meta', 'timeout'))}",
                seen=show(value),
                fix=f"leave {name}= out",
            )
        if value is not None:
            raise NotBuiltError(
                f"{name}= of invoke {step_id!r} is not built yet",
                where=told(caller(3)),
                fix=f"leave {name}= out in this test; nothing would act on it",
            )


def invoked_function(function: object, step_id: str, meta: object = None) -> Invoked:
    """Return which function is meant.

    Raises:
        UsageError: It is none, or one that only a defer can start, or *meta* is none.
    """
    options = getattr(function, "options", None)
    if not isinstance(options, FunctionOptions):
        raise UsageError(
            f"step {step_id!r} invokes {show(function)}, which is no function",
            fix="pass what @client.create_function made, or use invoke_by_id",
        )
    if options.kind is not FunctionKind.ORDINARY:
        raise UsageError(
            f"step {step_id!r} invokes {function!r}",
            fix="defer it: ctx.defer(...); it needs the run that defers it",
        )
    fn_id = options.slug.removeprefix(f"{options.app_id}-")
    return Invoked(options.app_id, fn_id, _meta(meta, step_id))


def invoked_by_id(
    app_id: object, function_id: object, step_id: str, meta: object = None
) -> Invoked:
    """Return which function is meant by its ids.

    Raises:
        UsageError: One of them is no text, or *meta* is none.
    """
    if not isinstance(function_id, str) or not function_id:
        raise UsageError(
            f"function_id of step {step_id!r} must be text, not {show(function_id)}",
            fix='write function_id="charge", without the app\'s id',
        )
    if app_id is not None and (not isinstance(app_id, str) or not app_id):
        raise UsageError(
            f"app_id of step {step_id!r} must be text, not {show(app_id)}",
            fix="leave it out for a function of the same app",
        )
    return Invoked(app_id, function_id, _meta(meta, step_id))


def _meta(meta: object, step_id: str) -> EventMeta | None:
    return checked_meta(meta, f"step {step_id!r}")


def invoke_timeout(timeout: object) -> Duration | None:
    """Return how long to wait, or None for as long as the server does.

    Raises:
        FunctionConfigInvalidError: It is below a second, or a fraction.
    """
    return None if timeout is None else wait_timeout(timeout)
