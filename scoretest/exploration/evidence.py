"""Evidence: what the explorer reads from handlers, expressions and facts."""

from types import CodeType
from typing import Final

from .._model.fact import Fact, FindingReported
from ..expr._errors import ExpressionError
from ..expr._injection import skeleton
from ..expr._parser import parse
from .checks import BY_ZERO, Draft, is_no_number

__all__ = [
    "CLOCKS",
    "UNREADABLE",
    "folded",
    "injectable",
    "is_stumble",
    "looks_at_time",
    "shape_of_expression",
]

CLOCKS: Final = frozenset(
    {
        *("now", "time", "time_ns", "utcnow", "today"),
        *("localtime", "gmtime", "strftime"),
        *("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"),
    }
)
"""Names by which code reads a clock of its machine."""
_LOOKS_AT_TIME: Final = CLOCKS | {"ts", "started_at"}
UNREADABLE: Final = "InvalidExpression"
"""The name of the error with which a run fails whose expression is none."""


def injectable(key: str, slug: str) -> Draft:
    """Return what is said of a key whose value is pasted into an expression."""
    return Draft(
        "INJECTABLE",
        f"the value of {key!r} is pasted into a match expression and can change what "
        "the expression means",
        slug,
        f"compare in the expression: async.data.{key} == event.data.{key}",
    )


def shape_of_expression(text: str) -> object:
    """Return an expression without its literals; None if it is no expression."""
    try:
        return skeleton(parse(text)) if text else ()
    except ExpressionError:
        return None


def is_stumble(fact: Fact) -> bool:
    """Say whether a handler did not get along with what it was given."""
    if isinstance(fact, FindingReported):
        found = fact.finding
        return found.code == "SCORE_INVALID" and not is_no_number(found.message)
    error = getattr(fact, "error", None)
    return error is not None and not (
        error.name == BY_ZERO or is_no_number(error.message)
    )


def looks_at_time(code: CodeType | None) -> bool:
    """Say whether a handler speaks of clocks or of an event's time."""
    if code is None:
        return False
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return bool(_LOOKS_AT_TIME & set(code.co_names)) or any(map(looks_at_time, inner))


def folded(key: str) -> str:
    """Return a key without the differences between spellings."""
    return key.replace("_", "").replace("-", "").lower()
