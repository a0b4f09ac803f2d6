"""The automaton of a run: every edge of its table, and no other."""

import pytest

from scoretest._core.runs import RUN_TRANSITIONS, RunRecord, RunState
from scoretest._model.fact import (
    RunCancelled,
    RunCompleted,
    RunEntered,
    RunFailed,
    RunQueued,
    RunRetried,
)
from scoretest._model.options import FunctionKind, FunctionOptions
from scoretest.errors import InternalError

FACTS = (RunQueued, RunEntered, RunRetried, RunCompleted, RunFailed, RunCancelled)


@pytest.fixture
def run():
    """A new run."""
    options = FunctionOptions(
        slug="shop-order",
        app_id="shop",
        triggers=(),
        retries=None,
        kind=FunctionKind.ORDINARY,
        place="shop.py:1",
    )
    return RunRecord(id="01", function=options, events=(), parent="", started_at=0)


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("fact", FACTS)
def test_every_pair_is_an_edge_or_an_error(run, state, fact):
    """What the table has is taken; the rest is an error that names run and fact."""
    run.state = state
    target = RUN_TRANSITIONS.get((state, fact))

    if target is None:
        with pytest.raises(InternalError) as info:
            run.move(fact)
        assert info.value.what == (
            f"run 01 cannot take {fact.__name__} while {state.value}"
        )
        assert run.state is state
    else:
        run.move(fact)
        assert run.state is target


def test_a_run_that_is_over_stays_over():
    """No edge leaves Completed, Failed or Cancelled."""
    sources = {source for source, _ in RUN_TRANSITIONS}

    assert sources == {RunState.NEW, RunState.QUEUED, RunState.RUNNING}


@pytest.mark.parametrize(
    ("state", "is_over"),
    [
        (RunState.NEW, False),
        (RunState.QUEUED, False),
        (RunState.RUNNING, False),
        (RunState.COMPLETED, True),
        (RunState.FAILED, True),
        (RunState.CANCELLED, True),
    ],
)
def test_a_run_is_over_when_it_has_ended(run, state, is_over):
    """Completed, Failed and Cancelled are the ends."""
    run.state = state

    assert run.is_over is is_over
