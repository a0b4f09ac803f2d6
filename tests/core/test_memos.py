"""Steps of a run: pending until they settle, remembered for good afterwards."""

import pytest

from scoretest._core.memos import STEP_TRANSITIONS, Memo, Memos, StepState
from scoretest._model.fact import (
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    WaitClosed,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from scoretest._model.operation import ErrorInfo, StepName

NAME = StepName("charge", 0, "h")
ERROR = ErrorInfo(name="ValueError", message="bad")
SETTLED = {StepState.COMPLETED, StepState.FAILED, StepState.TIMED_OUT}


@pytest.mark.rule("E1", "D3")
@pytest.mark.parametrize(
    ("facts", "state", "memo"),
    [
        ([StepCompleted], StepState.COMPLETED, Memo("StepRun", "out")),
        ([StepPlanned, StepCompleted], StepState.COMPLETED, Memo("StepRun", "out")),
        (
            [StepRetried, StepRetried, StepCompleted],
            StepState.COMPLETED,
            Memo("StepRun", "out"),
        ),
        ([StepRetried, StepFailed], StepState.FAILED, Memo("StepRun", "out", ERROR)),
        ([StepPlanned, StepRetried], StepState.RETRYING, None),
        ([SleepStarted], StepState.SLEEPING, None),
        ([SleepStarted, SleepEnded], StepState.COMPLETED, Memo("StepRun", "out")),
        ([WaitOpened], StepState.WAITING, None),
        ([WaitOpened, WaitMatched], StepState.COMPLETED, Memo("StepRun", "out")),
        ([WaitOpened, WaitTimedOut], StepState.TIMED_OUT, Memo("StepRun", "out")),
        ([WaitOpened, WaitClosed], StepState.CLOSED, None),
    ],
)
def test_a_step_is_remembered_when_it_settles(facts, state, memo):
    """A settled step has a memo, with its error only if it failed for good."""
    memos = Memos()
    step = memos.record(NAME, "StepRun")
    step.output, step.error = "out", ERROR

    for fact in facts:
        memos.move(step, fact)

    assert (step.state, step.is_settled) == (state, memo is not None)
    assert memos.settled.get("h") == memo
    assert memos.pending == (memo is None)
    assert list(memos.unsettled()) == ([] if memo else ["h"])


def test_a_settled_step_has_no_way_on():
    """No edge of the table leaves a settled state."""
    assert {source for source, _ in STEP_TRANSITIONS} & SETTLED == set()


def test_a_step_is_recorded_once():
    """The second report of a name finds the first one's record."""
    memos = Memos()

    first, second = memos.record(NAME, "Sleep"), memos.record(NAME, "StepRun")

    assert (first is second, first.op, memos.pending) == (True, "Sleep", 1)


@pytest.mark.rule("E5")
@pytest.mark.parametrize(
    ("index", "text"), [(0, "charge"), (1, "charge:1"), (7, "charge:7")]
)
def test_a_name_shows_its_index_from_the_second_use_on(index, text):
    """The first use of an id is shown as it was written."""
    assert str(StepName("charge", index, "h")) == text
