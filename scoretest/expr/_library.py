"""The two kinds of functions that need something from outside: patterns and the clock.

Patterns need linear time: google-re2 or nothing, never `re`.
"""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

from ._time import checked_moment, read_elapsed
from ._values import ABSENT, Elapsed, Fault, Operation, Value

if TYPE_CHECKING:  # simpleeval is loaded by the first evaluation
    from ._evaluator import Evaluator

__all__ = ["CLOCKED", "PATTERNS", "has_patterns"]

_MAX_MEMORY: Final = 1 << 20  # bytes that one compiled pattern may take


@cache
def _re2() -> ModuleType | None:
    try:
        import re2  # noqa: PLC0415 -- optional: the extra scoretest[re2]
    except ImportError:
        return None
    return re2  # type: ignore[no-any-return]  # re2 has no types


def has_patterns() -> bool:
    """Say whether ``matches()`` can be evaluated: google-re2 is installed."""
    return _re2() is not None


@cache
def _pattern(text: str) -> Callable[[str], object] | None:
    re2 = _re2()
    if re2 is None:
        return None
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(text, options=options).search  # type: ignore[no-any-return]  # re2 has no types
    except (re2.error, UnicodeEncodeError):
        return None


def _matches(_: "Evaluator", text: Value, pattern: Value) -> Value:
    if type(text) in ABSENT or type(pattern) in ABSENT:
        return False
    if not (isinstance(text, str) and isinstance(pattern, str)):
        return Fault("matches() takes text and a pattern")
    search = _pattern(pattern)
    return (
        Fault("the pattern is none of RE2")
        if search is None
        else search(text) is not None
    )


PATTERNS: Final = cast(
    "dict[str, Operation]", {"matches": _matches, ".matches": _matches}
)


def _now(evaluator: "Evaluator") -> Value:
    if evaluator.clock is None:
        return Fault("now() needs a clock")
    return checked_moment(evaluator.clock() * 1_000)


def _shifted(sign: int) -> Callable[["Evaluator", Value], Value]:
    def shift(evaluator: "Evaluator", length: Value) -> Value:
        if type(length) in ABSENT:
            return False
        span = read_elapsed(length) if isinstance(length, str) else length
        now = _now(evaluator)
        if not isinstance(span, Elapsed) or isinstance(now, Fault):
            return Fault("now_plus() and now_minus() take a duration such as '1h'")
        return checked_moment(now.ns + sign * span.ns)  # type: ignore[attr-defined]  # a Moment

    return shift


CLOCKED: Final = cast(
    "dict[str, Operation]",
    {"now": _now, "now_plus": _shifted(1), "now_minus": _shifted(-1)},
)
