"""Evidence: what the explorer reads from handlers, expressions and facts."""

from types import CodeType
from typing import Final

from .._engine import Engine
from .._model.fact import Fact, FindingReported, WaitMatched, WaitOpened
from ..expr._errors import ExpressionError
from ..expr._injection import skeleton
from ..expr._parser import parse
from .checks import BY_ZERO, Draft, is_no_number

__all__ = [
    "UNREADABLE",
    "crossing",
    "folded",
    "injectable",
    "is_apart",
    "is_broadcast",
    "is_stumble",
    "looks_at_time",
    "shape_of_expression",
]

_LOOKS_AT_TIME: Final = frozenset(
    {"ts", "now", "time", "monotonic", "utcnow", "today", "started_at", "perf_counter"}
)
UNREADABLE: Final = "InvalidExpression"
"""The name of the error with which a run fails whose expression is none."""


def crossing(slug: str) -> Draft:
    """Return what is said of runs that hear each other's signals."""
    return Draft(
        "CROSS_TALK",
        "one event resumed or cancelled runs that were started with different data",
        slug,
        "compare an id in if_exp: async.data.id == event.data.id",
    )


def is_broadcast(engine: Engine, fact: Fact) -> bool:
    """Say whether a wait says by itself that every run shall hear the event."""
    return isinstance(fact, WaitMatched) and any(
        opened.run_id == fact.run_id
        and opened.step == fact.step
        and opened.expression.strip() == "true"
        for _, opened in engine.facts_of(WaitOpened)
    )


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


def is_apart(engine: Engine, one: str, another: str) -> bool:
    """Say whether two runs have different data, and should hear different signals."""
    return own_data(engine, one) != own_data(engine, another)


def own_data(engine: Engine, run_id: str) -> object:
    """Return what a run was started with, or the first run of its line."""
    data = engine.lives[run_id].run.events[0].data
    own = {key: data[key] for key in data if not key.startswith("_inngest")}
    return own or origin(engine, run_id)


def origin(engine: Engine, run_id: str) -> str:
    """Return the data that the first run of a line was started with."""
    run = engine.lives[run_id].run
    while run.parent:
        run = engine.lives[run.parent].run
    return repr(run.events[0].data)
