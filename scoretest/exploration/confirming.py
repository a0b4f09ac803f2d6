"""Failures on timelines with made-up payloads: told when the payload does not matter.

A run that fails with a value that was made up proves nothing about its function. One that
fails in the same place with every other value as well does.
"""

from collections.abc import Collection, Iterator
from typing import Final, TypeAlias

from .._json import Json
from .._model.fact import Fact, FindingReported, RunFailed
from .checks import Draft
from .payloads import KINDS, MANY, with_value
from .search import Transition
from .stage import Letter, Move, Stage

__all__ = ["confirmed"]

Failure: TypeAlias = tuple[str, str, str]
"""The name, the message and the place of an error."""

_REFUSED: Final = "SCORE_INVALID"
_TOLD_ANYWAY: Final = (
    "InvalidExpression",
    "InngestErrFunctionOverflowed",
    "InngestErrTimeoutTooLong",
)
_OTHERS: Final[tuple[Json, ...]] = (*KINDS, 0.5, {}, "one@example.com")


def confirmed(
    stage: Stage, transition: Transition, told: Collection[tuple[str, str]]
) -> Iterator[Draft]:
    """Yield the failures of a guessed timeline that no other payload avoids.

    Args:
        stage: Where it is tried.
        transition: What has happened.
        told: The codes and functions of what is known already.
    """
    for _, fact in transition.facts:
        failure = _failure(fact)
        if failure is None:
            continue
        draft = _draft(transition, fact)
        if (draft.code, draft.function) in told:
            continue
        others = [_failures_with(stage, transition, value) for value in _OTHERS]
        alike = {
            type(value)
            for value, failures in zip(_OTHERS, others, strict=True)
            if failure in failures
        }
        if all(others) and len(alike) >= MANY:
            yield draft


def _failure(fact: Fact) -> Failure | None:
    if isinstance(fact, RunFailed) and fact.error.name not in _TOLD_ANYWAY:
        return fact.error.name, fact.error.message, fact.error.place
    if isinstance(fact, FindingReported) and fact.finding.code == _REFUSED:
        return _REFUSED, fact.finding.message, ""
    return None


def _failures_with(stage: Stage, transition: Transition, value: Json) -> list[Failure]:
    """Return what fails with another value in the place of made-up ones."""
    engine = stage.root
    for at, letter in transition.node.moves:
        is_made_up = letter is not None and letter.made_up
        sent = _with(letter, value) if letter and is_made_up else letter
        engine = stage.play(engine, Move(at, sent))
    failures = [_failure(entry.fact) for entry in engine.trace]
    return [failure for failure in failures if failure is not None]


def _with(letter: Letter, value: Json) -> Letter:
    data = letter.data
    for path in letter.made_up:
        data = with_value(data, path, value)
    return letter._replace(data=data)


def _draft(transition: Transition, fact: Fact) -> Draft:
    lives = transition.node.engine.lives
    if isinstance(fact, FindingReported):
        found = fact.finding
        live = lives.get(found.run_id)
        slug = live.run.function.slug if live else ""
        return Draft(found.code, found.message, slug, found.fix, found.where)
    assert isinstance(fact, RunFailed)  # noqa: S101 -- of nothing else a draft is asked for
    error = fact.error
    return Draft(
        "RUN_FAILED",
        f"the run fails with {error.name}: {error.message}",
        lives[fact.run_id].run.function.slug,
        "mend the handler, or let it end with a result on this timeline",
        error.place,
    )
