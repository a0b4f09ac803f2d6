"""Writing scores: from steps, from scorers, from clients."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from .._json import show
from .._model.experiment import ExperimentRef
from .._model.place import Place
from .._model.ports import RunPort
from .._model.score import InvalidScoreError, Score, check_score
from ..errors import UsageError

__all__ = ["check_run", "check_target", "score_body", "score_call", "scores_of"]

# the server answers 400 to anything else (rule G5)
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
_WHICH_RUN: Final = "pass ctx.run_id, or ctx.parents[0].run_id for the parent"


def score_call(
    port: RunPort,
    score: Score,
    run_id: str | None,
    step_id: str | None,
    place: Place | str,
    experiment: ExperimentRef | None = None,
) -> Callable[[], Awaitable[None]]:
    """Return the callback of an awaited step that writes *score*; see `score_body`."""

    async def write() -> None:
        scored = _checked(port, score, run_id, step_id, place)
        await port.ascore(score, scored, step_id, experiment)

    return write


def score_body(
    port: RunPort,
    score: Score,
    run_id: str | None,
    step_id: str | None,
    place: Place | str,
    experiment: ExperimentRef | None = None,
) -> Callable[[], None]:
    """Return the callback of a step that writes *score*, to this run by default.

    With an *experiment* the score counts for its variant: two writes, the assignment
    first (rule G6).
    """

    def write() -> None:
        scored = _checked(port, score, run_id, step_id, place)
        if experiment is not None:
            port.assign_variant(experiment, run_id=scored, step_id=step_id)
        port.write_score(
            name=score.name, value=score.value, run_id=scored, step_id=step_id
        )

    return write


def _checked(
    port: RunPort,
    score: Score,
    run_id: str | None,
    step_id: str | None,
    place: Place | str,
) -> str:
    """Return the id of the run that is scored.

    Raises:
        InvalidScoreError: The score, or what it scores, is none; the test is told.
    """
    scored = port.run_id if run_id is None else run_id
    try:
        check_score(score.name, score.value)
        check_target(run_id, step_id)
        check_run(scored)
    except InvalidScoreError as error:
        port.report("SCORE_INVALID", error.what, error.fix, place)
        raise
    return scored


def check_target(
    run_id: object, step_id: object, *, is_run_needed: bool = False
) -> None:
    """Refuse a run or step that cannot be one (rule G4).

    Raises:
        InvalidScoreError: One of them is given and is blank, or no text.
    """
    step = "step_id" if is_run_needed else "target_step_id"  # of a client, of a step
    for label, value in (("run_id", run_id), (step, step_id)):
        is_needed = is_run_needed and label == "run_id"
        if (value is not None or is_needed) and (
            not isinstance(value, str) or not value.strip()
        ):
            raise InvalidScoreError(
                f"{label} must be text that is not blank, not {show(value)}",
                fix=_WHICH_RUN
                if label == "run_id"
                else "pass the id of a step of that run, or leave it out",
            )


def check_run(run_id: str) -> None:
    """Refuse what is no run's id, as the server does (rule G5).

    Raises:
        InvalidScoreError: It is no ULID.
    """
    if not _ULID.fullmatch(run_id):
        raise InvalidScoreError(
            f"{show(run_id)} is not the id of a run", fix=_WHICH_RUN
        )


def scores_of(result: object, scorer: str) -> tuple[Score, ...]:
    """Return the scores that a scorer's *result* stands for.

    Raises:
        UsageError: It is neither a `Score`, nor a dict with name and value, nor a list
            of those, nor None.
    """
    if result is None:
        return ()
    if isinstance(result, Score):
        return (result,)
    if isinstance(result, Mapping) and set(result) == {"name", "value"}:
        return (Score(result["name"], result["value"]),)
    if isinstance(result, list | tuple):
        return tuple(score for item in result for score in scores_of(item, scorer))
    raise UsageError(
        f"scorer {scorer!r} returned {show(result)}, which is no score",
        fix='return Score("user-feedback", 1), a list of scores, or None for no score',
    )
