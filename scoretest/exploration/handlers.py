"""What the code of handlers says: its constants, whether it scores, reads a clock.

A handler's code is its own, that of the functions within it, and that of the functions
of the application that it calls by name.
"""

import sys
from collections.abc import Iterable, Iterator
from dis import Instruction, get_instructions
from enum import Enum
from inspect import unwrap
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

from .._json import Json

__all__ = [
    "SCORING",
    "Code",
    "application_package",
    "codes_of",
    "constants_of",
    "foresees",
    "handlers_of",
    "says",
    "things_beside",
]

SCORING: Final = frozenset(
    {"score", "score_sync", "score_experiment", "score_experiment_sync"}
)
"""The names by which a handler writes a score."""

_MOST_CODES: Final = 60
_MOST_CONSTANTS: Final = 12
_LONG: Final = 60
_CALLING: Final = ("PRECALL", "CALL", "CACHE", "COPY")
_TRUTHS: Final = ("UNARY_NOT", "TO_BOOL")
_COMPARING: Final = ("COMPARE_OP", "CONTAINS_OP")
_OTHERS: Final = frozenset(
    {"inngest", "scoretest", "pydantic", *sys.stdlib_module_names}
)


class Code(NamedTuple):
    """A piece of code, and the function whose names it sees."""

    code: CodeType
    handler: FunctionType


def handlers_of(function: Any) -> Iterator[FunctionType]:
    """Yield a function's handler, and the one of its failures, as they were written."""
    while function is not None:
        handler = unwrap(getattr(function, "handler", None) or _nothing)
        called = (
            handler if isinstance(handler, FunctionType) else type(handler).__call__
        )
        if isinstance(called, FunctionType) and called is not _nothing:
            yield called
        function = getattr(function, "on_failure", None)


def _nothing() -> None:
    """Stand for a handler that is not there."""


def codes_of(function: Any) -> list[Code]:
    """Return the code of a function's handlers, each part once."""
    found: dict[CodeType, FunctionType] = {}
    waiting: list[Code] = [
        Code(handler.__code__, handler) for handler in handlers_of(function)
    ]
    while waiting and len(found) < _MOST_CODES:
        code, handler = waiting.pop(0)
        if code in found:
            continue
        found[code] = handler
        waiting += [
            Code(inner, handler)
            for inner in code.co_consts
            if isinstance(inner, CodeType)
        ]
        waiting += [
            Code(called.__code__, called)
            for called in map(_application_function, things_beside(handler, code))
            if called is not None
        ]
    return [Code(*item) for item in found.items()]


def constants_of(codes: Iterable[Code]) -> list[Json]:
    """Return what handlers compare values with, and the neighbours of numbers."""
    found: dict[tuple[str, str], Json] = {}
    for value in (value for code in codes for value in _compared(code)):
        if isinstance(value, int | float) and not isinstance(value, bool):
            for near in (value, value + 1, value - 1):
                found[type(near).__name__, repr(near)] = near
        elif isinstance(value, str) and len(value) < _LONG:
            found["str", value] = value
    return list(found.values())[:_MOST_CONSTANTS]


def _compared(code: Code) -> Iterator[object]:
    """Yield the constants that stand beside a comparison, and those of tables."""
    steps = list(get_instructions(code.code))
    for place, step in enumerate(steps):
        if step.opname in _COMPARING:
            near = steps[max(place - 3, 0) : place]
            for one, after in zip(near, steps[max(place - 2, 0) :], strict=False):
                if after.opname != "BINARY_SUBSCR":
                    yield from _flat(_value(one, code))
        elif step.opname == "LOAD_GLOBAL":
            yield from _keys(_value(step, code))
        elif step.opname == "BUILD_CONST_KEY_MAP" and any(
            after.opname == "BINARY_SUBSCR" for after in steps[place : place + 8]
        ):
            yield from _flat(steps[place - 1].argval)


def _value(step: Instruction, code: Code) -> object:
    if step.opname == "LOAD_GLOBAL":
        _, handler = code  # the attribute, mypy thinks, is a method
        names: dict[str, object] = handler.__globals__
        return names.get(step.argval)
    return step.argval if step.opname == "LOAD_CONST" else None


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, tuple | list):
        yield from value[:_LONG]
    elif isinstance(value, set | frozenset):
        yield from sorted(value, key=repr)[:_LONG]
    else:
        yield value


def _keys(value: object) -> Iterator[object]:
    """Yield the keys of a table, or the values of an enumeration."""
    if isinstance(value, dict):
        yield from list(value)[:_LONG]
    elif isinstance(value, type) and issubclass(value, Enum):
        yield from [member.value for member in value]


def things_beside(handler: FunctionType, code: CodeType) -> Iterator[object]:
    """Yield what a handler's code names: variables of its module, and of its maker."""
    for name in code.co_names:
        if name in handler.__globals__:
            yield handler.__globals__[name]
    for cell in handler.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nobody has filled it yet
            continue


def _application_function(thing: object) -> FunctionType | None:
    """Return a plain function of the application, or None."""
    plain = unwrap(thing) if callable(thing) else thing
    if not isinstance(plain, FunctionType):
        return None
    return plain if application_package(plain.__module__) else None


def application_package(module: str | None) -> bool:
    """Say whether a module is one of the application."""
    return (module or "").partition(".")[0] not in _OTHERS


def says(codes: Iterable[Code], names: frozenset[str]) -> bool:
    """Say whether code uses one of some names."""
    return any(not names.isdisjoint(code.code.co_names) for code in codes)


def foresees(codes: Iterable[Code], key: str) -> bool:
    """Say whether code asks whether what it got under *key* is there at all."""
    return any(_foresees(list(get_instructions(code.code)), key) for code in codes)


def _foresees(steps: list[Instruction], key: str) -> bool:
    for place, step in enumerate(steps):
        if step.opname != "LOAD_CONST" or step.argval != key:
            continue
        after = [s for s in steps[place + 1 : place + 5] if s.opname not in _CALLING]
        if not after:
            continue
        if after[0].opname.startswith("STORE_"):
            name = after[0].argval
            if any(
                one.argval == name and _asks(two)
                for one, two in pairwise(steps[place + 1 :])
                if one.opname.startswith("LOAD_")
            ):
                return True
        elif _asks(after[0]):
            return True
    return False


def _asks(step: Instruction) -> bool:
    """Say whether an instruction goes one way or another by whether something is there."""
    is_none = step.opname == "LOAD_CONST" and step.argval is None
    return is_none or "JUMP" in step.opname or step.opname in _TRUTHS
