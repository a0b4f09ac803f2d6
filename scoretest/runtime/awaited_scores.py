"""The awaited way to write a score, for whatever writes them at once.

A port that writes over a network has to be awaited. In the harness there is nothing to
wait for.
"""

from typing import Protocol

from .._model.experiment import ExperimentRef, TakenVariant
from .._model.score import Score, ScoreValue

__all__ = ["AwaitedScores"]


class _Writes(Protocol):
    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score to the ledger."""

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Let the scores on a target count for a variant."""


class AwaitedScores:
    """What a port has that writes scores at once."""

    __slots__ = ()

    async def ascore(
        self: _Writes,
        score: Score,
        run_id: str,
        step_id: str | None,
        ref: ExperimentRef | None,
    ) -> None:
        """Write a checked score, and before it the variant that it counts for."""
        if ref is not None:
            self.assign_variant(ref, run_id=run_id, step_id=step_id)
        name, value = score.name, score.value
        self.write_score(name=name, value=value, run_id=run_id, step_id=step_id)

    def note_choice(self, choice: TakenVariant) -> None:
        """Leave it to `take_variant` to tell the engine."""
