"""Targets: the functions of a module, found by looking at what stands in it."""

from collections.abc import Sequence
from importlib import import_module
from traceback import extract_tb
from types import ModuleType
from typing import Any, Final, NamedTuple

from .._model.place import short_place
from ..errors import UsageError, near_miss
from ..runtime.foreign import AnyEvent, Served
from ..sdk.function import Function

__all__ = ["Target", "find_target", "place_of"]

_START: Final = "START"


class Target(NamedTuple):
    """What was found in a module.

    Attributes:
        name: As it was asked for.
        functions: What is to be explored.
        beside: The other functions of the module; they are served, too.
        starts: The events of the module's ``START``, if it has that.
    """

    name: str
    functions: tuple[Served, ...]
    beside: tuple[Served, ...]
    starts: list[AnyEvent] | None


def find_target(name: str) -> Target:
    """Import ``module`` or ``module:attribute`` and look for functions.

    They may be variables of the module, or stand in its lists. Of an attribute that is
    one function the others of its module are served as well; one that is a list says
    itself what is served.

    Raises:
        UsageError: There is no such module, or no function in it.
    """
    module_name, _, attribute = name.partition(":")
    module = _imported(module_name)
    held = vars(module)
    if attribute and attribute not in held:
        raise UsageError(
            f"{module_name!r} has no {attribute!r}{near_miss(attribute, held)}",
            fix="write module:function",
        )
    chosen = [held[attribute]] if attribute else list(held.values())
    functions = _functions_in(chosen)
    if not functions:
        raise UsageError(
            f"there is no function in {name!r}",
            fix="name the module in which functions are decorated",
        )
    is_one = bool(attribute) and _is_function(held[attribute])
    every = _functions_in(list(held.values())) if is_one else []
    beside = tuple(function for function in every if function not in functions)
    return Target(name, functions, beside, _starts(held.get(_START)))


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:  # a user's module may raise anything
        is_absent = isinstance(error, ModuleNotFoundError)
        fix = "name it as an import does, from the folder that holds it"
        raise UsageError(
            f"the module {name!r} cannot be imported: {type(error).__name__}: {error}",
            where=place_of(error),
            fix=fix if is_absent else "mend the module: Python cannot import it either",
        ) from error


def place_of(error: BaseException) -> str:
    """Return the last line of somebody's code that an import has come to."""
    if isinstance(error, SyntaxError) and error.filename:
        return short_place(error.filename, error.lineno or 0)
    frames = [
        (frame.filename, frame.lineno or 0)
        for frame in extract_tb(error.__traceback__)
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]
    return short_place(*frames[-1]) if frames else ""


def _functions_in(values: Sequence[object]) -> tuple[Served, ...]:
    """Return the functions among values, and in lists of values, each once."""
    found: dict[Served, None] = {}
    for value in values:
        inner = value.values() if isinstance(value, dict) else value
        is_held = isinstance(value, list | tuple | dict)
        for one in inner if is_held else [value]:  # type: ignore[attr-defined]  # is_held says that it can be gone through
            if _is_function(one):
                found[one] = None
    return tuple(found)


def _starts(start: Any) -> list[AnyEvent] | None:
    if start is None or isinstance(start, list):
        return start
    return list(start) if isinstance(start, tuple) else [start]


def _is_function(value: object) -> bool:
    return isinstance(value, Function) or any(
        kind.__name__ == "Function" and kind.__module__.startswith("inngest.")
        for kind in type(value).__mro__
    )
