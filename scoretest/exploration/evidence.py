"""Evidence: what the explorer reads from handlers, expressions and facts."""

from types import CodeType
from typing import Final

from .._model.fact import Fact, FindingReported
from .checks import BY_ZERO, is_no_number

__all__ = [
    "CLOCKS",
    "folded",
    "is_stumble",
    "looks_at_time",
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
