"""Decision tables: what they say, as text, as JSON and as golden files."""

import pytest

import scoretest
from scoretest import UsageError
from scoretest.exploration.table import GOLDEN

TABLE = """\
support-resolution · 4 timelines · EXHAUSTIVE (<=3 signals)
SCORE_NEVER_WRITTEN: the scorer ends without a score
    replay: {replay}
  signals                                scores            via
  none                                   —                 fb timed out, re
                                                           timed out
  +3d 12h                                resolution=1      fb, score
  ticket/feedback(ticketId="tk_1",
  rating=5)
  +3d 12h                                resolution=0.2    fb, score
  ticket/feedback(ticketId="tk_1",
  rating=1)
  +7d 12h                                resolution=0      fb timed out, re,
  ticket/reopened(ticketId="tk_1")                         score"""


def test_the_table_says_which_signals_lead_to_which_scores(explored):
    """One row for each timeline that can be told apart, findings first."""
    (found,) = explored.findings

    assert str(explored.table()) == TABLE.format(replay=found.replay)


def test_no_line_is_wider_than_80_columns(explored):
    """A table fits a terminal, a log and a pull request."""
    assert max(map(len, str(explored.table()).splitlines())) <= 80


def test_the_json_names_its_schema_and_every_row(explored):
    """What a program reads."""
    document = explored.table().to_json()

    assert document["schema"] == "scoretest.table/1"
    assert document["rows"][0] == {
        "signals": [],
        "scores": [],
        "via": ["fb timed out", "re timed out"],
        "outcomes": [
            "support-explored-parent Completed",
            "support-resolution Completed",
        ],
    }


def test_a_golden_file_is_written_when_asked_for(explored, tmp_path, monkeypatch):
    """--scoretest-update writes what the next run compares with."""
    path = tmp_path / "resolution.table.txt"
    monkeypatch.setitem(GOLDEN, "update", value=True)
    explored.table().assert_matches(path)
    monkeypatch.setitem(GOLDEN, "update", value=False)

    explored.table().assert_matches(path)

    assert path.read_text(encoding="utf-8") == f"{explored.table()}\n"


def test_a_missing_golden_file_says_how_to_make_it(explored, tmp_path):
    """It is never written by accident."""
    with pytest.raises(UsageError, match="there is no golden table"):
        explored.table().assert_matches(tmp_path / "none.txt")


def test_another_table_than_the_golden_one_fails(explored, tmp_path):
    """The message holds the new table."""
    path = tmp_path / "resolution.table.txt"
    path.write_text("something else\n", encoding="utf-8")

    with pytest.raises(AssertionError, match="the decision table is not the one of"):
        explored.table().assert_matches(path)


def test_a_search_that_ends_early_says_so(resolution):
    """EXHAUSTIVE is never said of a search that left something out."""
    cut = scoretest.explore(resolution, data={"ticketId": "tk_1"}, max_nodes=2)

    assert not cut.is_exhaustive
    assert "TRUNCATED" in str(cut.table())
    assert "TRUNCATED" in repr(cut)
