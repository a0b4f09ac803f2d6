"""The book of experiments: choices once, assignments overwritten without a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.experiments import ExperimentBook
from scoretest._model.experiment import ExperimentRef, TakenVariant
from scoretest._model.fact import VariantAssigned, VariantTaken

pytestmark = pytest.mark.rule("G6")

REFS = st.builds(
    ExperimentRef,
    experiment_name=st.sampled_from(["tone", "model"]),
    variant=st.sampled_from(["a", "b"]),
)
WRITES = st.lists(
    st.tuples(REFS, st.sampled_from(["r1", "r2"]), st.sampled_from([None, "s"])),
    max_size=12,
)


def choice(variant="b", experiment="tone"):
    """Return a choice among three variants."""
    weights = dict.fromkeys("abc", 1.0)
    return TakenVariant(experiment, variant, "weighted", weights)


@given(WRITES)
def test_the_last_assignment_of_a_target_stands(writes):
    """What a run or a step is assigned to is what was written last."""
    book = ExperimentBook()
    for ref, run_id, step_id in writes:
        book.assign(ref, run_id, step_id, "w")

    last = {(run_id, step_id): ref for ref, run_id, step_id in writes}
    for run_id in ("r1", "r2"):
        for step_id in (None, "s"):
            assert book.of(run_id, step_id) == last.get((run_id, step_id))


@given(WRITES)
def test_only_a_change_is_a_fact(writes):
    """Each fact says what it replaces; writing the same again is none."""
    book, standing = ExperimentBook(), {}
    for ref, run_id, step_id in writes:
        before = standing.get((run_id, step_id))
        standing[run_id, step_id] = ref

        assert book.assign(ref, run_id, step_id, "w") == (
            None
            if before == ref
            else VariantAssigned(
                run_id=run_id,
                step_id=step_id,
                experiment=ref.experiment_name,
                variant=ref.variant,
                writer="w",
                before=before.variant if before else "",
            )
        )


def test_a_choice_is_a_fact_once():
    """A run that goes over its choice again says nothing new."""
    book = ExperimentBook()

    assert book.take("r1", choice()) == VariantTaken("r1", choice())
    assert book.take("r1", choice()) is None
    assert book.take("r2", choice()) == VariantTaken("r2", choice())
    assert book.take("r1", choice("c")) == VariantTaken("r1", choice("c"))


def test_variants_are_known_by_choice_and_by_assignment():
    """First those of the call, then others, each in the order of appearance."""
    book = ExperimentBook()
    book.take("r1", choice())
    for variant in ("z", "a"):
        ref = ExperimentRef(experiment_name="tone", variant=variant)
        book.assign(ref, "r1", None, "")
    book.take("r1", choice("a", "model"))

    assert book.names == ("tone", "model")
    assert book.variants("tone") == ("a", "b", "c", "z")
    assert book.variants("colour") == ()


def test_a_choice_does_not_assign_its_run():
    """Until a score is written for a variant, the run counts for none."""
    book = ExperimentBook()
    book.take("r1", choice())

    assert book.of("r1", None) is None
