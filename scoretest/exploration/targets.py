"""Targets: the functions of a module, found by looking at what stands in it."""

from importlib import import_module
from typing import Any, Final, NamedTuple

from .._model.event import Event
from .._model.options import FunctionKind, FunctionOptions
from ..errors import UsageError, near_miss
from ..runtime.foreign import Served
from ..sdk.function import Function

__all__ = ["Target", "find_target"]

_START: Final = "START"


class Target(NamedTuple):
    """What was found in a module.

    Attributes:
        name: As it was asked for.
        functions: Its functions, parents first.
        client: Their client, if it is of another package.
        starts: The events of the module's ``START``, if it has that.
    """

    name: str
    functions: tuple[Served, ...]
    client: Any
    starts: list[Event] | None


def find_target(name: str) -> Target:
    """Import ``module`` or ``module:attribute`` and look for functions.

    Raises:
        UsageError: There is no such module, or no function in it.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise UsageError(
            f"the module {module_name!r} cannot be imported: {error}",
            fix="name it as an import does, from the folder that holds it",
        ) from None
    held = vars(module)
    if attribute and attribute not in held:
        raise UsageError(
            f"{module_name!r} has no {attribute!r}{near_miss(attribute, held)}",
            fix="write module:function",
        )
    chosen = [held[attribute]] if attribute else list(held.values())
    functions = list(dict.fromkeys(value for value in chosen if _is_function(value)))
    if not functions:
        raise UsageError(
            f"there is no function in {name!r}",
            fix="name the module in which functions are decorated",
        )
    functions.sort(key=_order)
    clients = [v for v in held.values() if _is_foreign_client(v)]
    return Target(name, tuple(functions), next(iter(clients), None), held.get(_START))


def _is_function(value: object) -> bool:
    is_foreign = type(value).__module__.startswith("inngest.")
    return isinstance(value, Function) or (
        is_foreign and type(value).__name__ == "Function"
    )


def _is_foreign_client(value: object) -> bool:
    kind = type(value)
    return kind.__module__.startswith("inngest.") and kind.__name__ == "Inngest"


def _order(function: Served) -> bool:
    """Put what events start before what is deferred."""
    options = getattr(function, "options", None)
    is_ours = isinstance(options, FunctionOptions)
    return is_ours and options.kind is not FunctionKind.ORDINARY  # type: ignore[union-attr]  # is_ours says which
