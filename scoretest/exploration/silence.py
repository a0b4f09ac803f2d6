"""Deferred functions that are there to score, and end without a score.

A scorer of ours is one by its kind. The real SDK has deferred functions only: one of them
is a scorer if it has scored on some timeline, or if its code speaks of scores.
"""

from .._engine import Engine
from .._model.options import FunctionKind
from .checks import Draft

__all__ = ["is_silent", "unscored"]


def is_silent(engine: Engine, run_id: str) -> bool:
    """Say whether a run of a deferred function has written no score."""
    options = engine.lives[run_id].run.function
    is_deferred = options.kind is FunctionKind.DEFERRED
    return is_deferred and all(s.writer != run_id for s in engine.score_history)


def unscored(slug: str) -> Draft:
    """Return what is said of a function that does not score on a timeline."""
    return Draft(
        "SCORE_NEVER_WRITTEN",
        "the deferred function scores on other timelines, and on this one it ends "
        "without a score",
        slug,
        "write a score on this path, too, for example a neutral one",
    )
