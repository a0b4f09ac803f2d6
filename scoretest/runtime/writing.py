"""Scores and variants that an entry's handler writes by itself, outside of steps."""

from .._model.command import AssignVariant, TakeVariant
from .._model.experiment import ExperimentRef, TakenVariant
from .._model.score import ScoreValue
from .awaited_scores import AwaitedScores
from .host import Host

__all__ = ["Writing"]


class Writing(AwaitedScores):
    """An entry, as far as its scores and variants go."""

    driver: Host
    run_id: str
    has_variants = False  # an experiment has to know whether its variant takes a step

    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score, in the name of this run."""
        self.driver.write_score(name, value, run_id, step_id, writer=self.run_id)

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Let the scores on a target count for a variant, in the name of this run."""
        self.driver.apply(AssignVariant(ref, run_id, step_id, self.run_id))

    def take_variant(self, choice: TakenVariant) -> None:
        """Note which variant the run takes."""
        self.has_variants = True
        self.driver.apply(TakeVariant(self.run_id, choice))
