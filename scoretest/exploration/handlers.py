"""What the code of handlers says: its constants, whether it scores, reads a clock.

A handler's code is its own, that of the functions within it, and that of the functions
of the application that it calls by name.
"""

import sys
from collections.abc import Iterator
from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any, Final

__all__ = [
    "SCORING",
    "application_package",
    "codes_of",
    "handlers_of",
    "says",
    "things_beside",
]

SCORING: Final = frozenset(
    {"score", "score_sync", "score_experiment", "score_experiment_sync"}
)
"""The names by which a handler writes a score."""

_MOST_CODES: Final = 60
_OTHERS: Final = frozenset(
    {"inngest", "scoretest", "pydantic", *sys.stdlib_module_names}
)


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


def codes_of(function: Any) -> list[CodeType]:
    """Return the code of a function's handlers, each part once."""
    found: dict[CodeType, None] = {}
    waiting: list[tuple[CodeType, FunctionType]] = [
        (handler.__code__, handler) for handler in handlers_of(function)
    ]
    while waiting and len(found) < _MOST_CODES:
        code, handler = waiting.pop(0)
        if code in found:
            continue
        found[code] = None
        waiting += [(c, handler) for c in code.co_consts if isinstance(c, CodeType)]
        waiting += [
            (called.__code__, called)
            for called in map(_application_function, things_beside(handler, code))
            if called is not None
        ]
    return list(found)


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


def says(codes: list[CodeType], names: frozenset[str]) -> bool:
    """Say whether code uses one of some names."""
    return any(not names.isdisjoint(code.co_names) for code in codes)
