"""Decision tables: what they say, as text, as JSON and as golden files."""

import itertools

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
    """The message holds what is different, and the new table."""
    path = tmp_path / "resolution.table.txt"
    kept = str(explored.table()).replace("resolution=1 ", "resolution=9 ")
    path.write_text(f"{kept}\n", encoding="utf-8")

    with pytest.raises(AssertionError) as caught:
        explored.table().assert_matches(path)

    told = str(caught.value)
    assert "the decision table is not the one of" in told
    assert (
        "-  +3d 12h                                resolution=9      fb, score" in told
    )
    assert (
        "+  +3d 12h                                resolution=1      fb, score" in told
    )
    assert str(explored.table()) in told


def test_a_table_that_is_truncated_is_never_kept(resolution, tmp_path, monkeypatch):
    """What was left out hangs on the machine; not even --scoretest-update writes it."""
    monkeypatch.setitem(GOLDEN, "update", value=True)
    cut = scoretest.explore(resolution, data={"ticketId": "tk_1"}, max_nodes=2)
    path = tmp_path / "cut.table.txt"

    with pytest.raises(UsageError, match="a table that is TRUNCATED cannot be kept"):
        cut.table().assert_matches(path)

    assert not path.exists()


def test_a_search_that_ends_early_says_so(resolution):
    """EXHAUSTIVE is never said of a search that left something out."""
    cut = scoretest.explore(resolution, data={"ticketId": "tk_1"}, max_nodes=2)

    assert not cut.is_exhaustive
    assert cut.left_out == ("max_nodes=2",)
    assert "TRUNCATED (6 of ≥7 states; max_nodes=2)" in str(cut.table())
    assert "TRUNCATED (6 of ≥7 states; max_nodes=2)" in repr(cut)


def test_the_deadline_is_for_all_that_is_looked_for(resolution):
    """Also for what is played when the search itself is over."""
    cut = scoretest.explore(resolution, data={"ticketId": "tk_1"}, deadline="0s")

    assert cut.left_out == ("the deadline",)


def test_a_run_without_end_is_left_after_some_steps():
    """What follows is left out, and the table says so."""
    client = scoretest.Client("app")

    @scoretest.create_scorer(client, fn_id="endless")
    async def endless(ctx):
        for number in itertools.count():
            await ctx.step.run(f"step {number}", lambda: None)

    cut = scoretest.explore(endless, data={})

    assert cut.left_out == ("what follows 150 steps of a run",)


def test_notes_stand_below_findings(noted):
    """In the text, in the JSON, and apart from what is wrong."""
    table = noted.table()

    assert noted.findings == ()
    assert [note.code for note in noted.notes] == ["EXPRESSION_ABSENT_UNEQUAL"]
    assert "note EXPRESSION_ABSENT_UNEQUAL: `async.data.by !=" in str(table)
    assert [note["code"] for note in table.to_json()["notes"]] == [
        "EXPRESSION_ABSENT_UNEQUAL"
    ]
    assert noted.check() is None
