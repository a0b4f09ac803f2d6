"""Injection: what a hostile value in the start event makes of expressions."""

from collections.abc import Iterator, Mapping

from .._model.fact import RunFailed, WaitOpened
from ..expr._errors import ExpressionError
from ..expr._injection import skeleton
from ..expr._parser import parse
from .checks import Draft
from .search import Transition

__all__ = ["bent", "injectable"]

_UNREADABLE = "InvalidExpression"
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


def bent(
    transition: Transition, usual: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, bool]]:
    """Yield the functions whose expressions are others than usual.

    Args:
        transition: What came of a hostile value.
        usual: The expressions of steps, by function and step.

    Yields:
        The slug, and whether there is still an expression that can be read.
    """
    lives = transition.node.engine.lives
    for _, fact in transition.facts:
        if isinstance(fact, RunFailed) and fact.error.name == _UNREADABLE:
            yield lives[fact.run_id].run.function.slug, False
        if isinstance(fact, WaitOpened):
            slug = lives[fact.run_id].run.function.slug
            before = usual.get((slug, str(fact.step)))
            if before is not None and _shape(before) != _shape(fact.expression):
                yield slug, True


def _shape(text: str) -> object:
    """Return an expression without its literals; None if it is no expression."""
    try:
        return skeleton(parse(text)) if text else ()
    except ExpressionError:
        return None
