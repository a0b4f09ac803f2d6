"""Which variant each run took, and which variant each score counts for.

Laws: a target, which is a run or one of its steps, is assigned to one experiment at
most, and a later assignment replaces the earlier one without a word (rule G6); the
assignment is the target's, so that every score on it counts for the variant, whether it
was written before or after. A choice is kept once, however often its run goes over it.
The book does not judge: that a variant exists is the SDK's affair.
"""

from .._model.experiment import ExperimentRef, TakenVariant
from .._model.fact import VariantAssigned, VariantTaken

__all__ = ["ExperimentBook"]


class ExperimentBook:
    """The choices and the assignments of a world."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, str], None] = {}
        self._variants: dict[str, dict[str, None]] = {}
        self._assigned: dict[tuple[str, str | None], ExperimentRef] = {}

    def fork(self) -> "ExperimentBook":
        """Return the same choices in another world."""
        twin = ExperimentBook()
        twin._taken, twin._assigned = self._taken.copy(), self._assigned.copy()
        twin._variants = {name: taken.copy() for name, taken in self._variants.items()}
        return twin

    @property
    def names(self) -> tuple[str, ...]:
        """The experiments of which anything is known, in the order of appearance."""
        return tuple(self._variants)

    def variants(self, experiment: str) -> tuple[str, ...]:
        """Return the variants of an experiment, in the order of appearance."""
        return tuple(self._variants.get(experiment, ()))

    def of(self, run_id: str, step_id: str | None) -> ExperimentRef | None:
        """Return what a run, or a step of it, is assigned to."""
        return self._assigned.get((run_id, step_id))

    def take(self, run_id: str, choice: TakenVariant) -> VariantTaken | None:
        """Note that a run takes a variant; nothing happens when that is known."""
        key = (run_id, choice.experiment, choice.variant)
        if key in self._taken:
            return None
        self._taken[key] = None
        for name in (*choice.variants, choice.variant):
            self._learn(choice.experiment, name)
        return VariantTaken(run_id, choice)

    def assign(
        self, ref: ExperimentRef, run_id: str, step_id: str | None, writer: str
    ) -> VariantAssigned | None:
        """Let the scores on a target count for a variant; nothing if they do."""
        before = self._assigned.get((run_id, step_id))
        if before == ref:
            return None
        self._assigned[run_id, step_id] = ref
        self._learn(ref.experiment_name, ref.variant)
        return VariantAssigned(
            run_id=run_id,
            step_id=step_id,
            experiment=ref.experiment_name,
            variant=ref.variant,
            writer=writer,
            before="" if before is None else before.variant,
        )

    def _learn(self, experiment: str, variant: str) -> None:
        self._variants.setdefault(experiment, {})[variant] = None
