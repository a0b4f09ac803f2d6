"""Findings can be played again: by their code, and by a test to paste."""

from dataclasses import replace

import pytest

import scoretest
from scoretest import FindingsError, Harness, UsageError
from scoretest.exploration.timelines import code_of, signals_of, signals_of_code

from . import replays
from .conftest import DATA


def test_a_code_plays_its_timeline(explored):
    """The story is that of the finding."""
    (found,) = explored.findings

    timeline = str(explored.replay(found.replay))

    assert "timed out" in timeline
    assert timeline == str(explored.replay(found.replay))


def test_a_code_with_signals_plays_them(explored):
    """The signals come when they came in the exploration."""
    row = explored.leaves[1]
    signals = signals_of(row.moves, explored.start)[1:]
    code = code_of(signals, str(explored.scenario))

    assert code.startswith("st1.")
    assert signals_of_code(code, str(explored.scenario)) == tuple(
        replace_label(s) for s in signals
    )
    assert "ticket/feedback" in str(explored.replay(code))


def replace_label(signal):
    """Return a signal as its code keeps it."""
    return signal._replace(label="")


def test_a_code_of_another_scenario_is_refused(resolution, explored):
    """It says what has changed, and never plays something else."""
    (found,) = explored.findings
    other = scoretest.explore(resolution, data={"ticketId": "tk_2"})

    with pytest.raises(UsageError, match="belongs to another scenario"):
        other.replay(found.replay)


@pytest.mark.parametrize(
    "code", ["", "st1.", "st1.!!", "st2.abcd", "st1.aaaaaaaaaaaaaaaaaa"]
)
def test_what_is_no_code_is_refused(explored, code):
    """Codes come from logs, and logs are no friends."""
    with pytest.raises(UsageError, match="replay code"):
        explored.replay(code)


def test_a_changed_code_is_refused(explored):
    """A digit that was lost on the way is noticed."""
    (found,) = explored.findings
    broken = found.replay[:-1] + ("a" if found.replay[-1] != "a" else "b")

    with pytest.raises(UsageError, match="damaged"):
        explored.replay(broken[:-2] + "qqq")


def test_the_pasted_test_fails_on_the_bug(resolution, explored):
    """And it is a plain test, with nothing of the explorer in it."""
    (found,) = explored.findings
    text = explored.regression_test(found, "import scoretest")
    names: dict = {"scorer": resolution}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes

    with Harness(strict=False) as harness, pytest.raises(AssertionError):
        names["test_support_resolution_score_never_written"](harness)


def test_what_shows_in_no_one_run_is_explored_again(resolution, explored):
    """The pasted test explores, and looks for the code."""
    (found,) = explored.findings
    injectable = replace(found, code="INJECTABLE")

    text = explored.regression_test(injectable, "import scoretest")

    assert (
        "scoretest.explore(\n        scorer,\n        data={'ticketId': 'tk_1'},"
        in text
    )
    names: dict = {"scorer": resolution}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes
    names["test_support_resolution_injectable"]()


def test_check_raises_what_was_found(explored):
    """For a test that wants no findings and no table."""
    with pytest.raises(FindingsError, match="SCORE_NEVER_WRITTEN"):
        explored.check()
    assert replace(explored, findings=()).check() is None


def test_a_finding_says_what_where_and_how_to_mend_it(explored):
    """Code, sentence, place, timeline, fix."""
    (found,) = explored.findings

    text = str(found)

    assert "SCORE_NEVER_WRITTEN: the scorer ends without a score" in text
    assert "support-resolution (exploration/conftest.py:" in text
    assert "timeline: no signal" in text
    assert found.to_json()["timeline"] == []


def test_two_explorations_find_the_same(resolution):
    """Nothing in a search is left to chance."""
    first = scoretest.explore(resolution, data=DATA)
    second = scoretest.explore(resolution, data=DATA)

    assert str(first.table()) == str(second.table())


def test_a_code_has_one_digest(capsys):
    """``python -m tests.exploration.replays`` does this for 1,000 codes, 100 times each."""
    replays.main(8, 3)

    told = capsys.readouterr().out
    assert told.startswith("8 codes, 3 times each: one digest each, ")
