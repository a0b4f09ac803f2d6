"""``scoretest run``: a script, played against the functions of a module."""

import json

import pytest
from click.testing import CliRunner

from scoretest.cli.commands import scoretest

HOUR = 3_600
TICKET = {"name": "support/ticket.created", "data": {"ticketId": "a", "content": "b"}}
HELPFUL = {
    "name": "support/feedback.received",
    "data": {"ticketId": "a", "helpful": True},
}


@pytest.fixture
def play(tmp_path):
    """Return a function that plays a script against a target."""

    def played(script, *options, target="scoretest.demo"):
        path = tmp_path / "script.json"
        path.write_text(json.dumps(script), encoding="utf-8")
        return CliRunner().invoke(scoretest, ["run", target, str(path), *options])

    return played


@pytest.fixture
def scores(play):
    """Return a function that plays a script; it says which scores it wrote, and when."""

    def written(script):
        facts = json.loads(play(script, "--json").stdout)["facts"]
        return [
            (fact["at_us"] // 1_000_000, fact["entry"]["value"])
            for fact in facts
            if fact["fact"] == "ScoreWritten"
        ]

    return written


class TestItems:
    """What a script can say."""

    def test_a_signal_after_an_hour(self, scores):
        """Events are sent, and time passes, by text or by seconds."""
        by_text = [{"send": TICKET}, {"advance": "1h"}, {"send": HELPFUL}]
        by_seconds = [{"send": TICKET}, {"advance": 3600}, {"send": HELPFUL}]

        assert scores(by_text) == [(HOUR, 1)]
        assert scores(by_seconds) == scores(by_text)

    def test_the_end(self, scores):
        """``finish`` goes on until nothing is pending, for so long at most."""
        assert scores([{"send": TICKET}, {"finish": "6d"}]) == []
        assert scores([{"send": TICKET}, {"finish": 700_000}]) == [(7 * 24 * HOUR, 0.5)]

    def test_several_events_in_one_request(self, play):
        """``send_many`` sends them together."""
        result = play([{"send_many": [TICKET, TICKET]}])

        assert "4 runs" in result.stdout

    def test_an_event_of_another_time(self, play):
        """``ts_offset_s`` sets its ``ts`` that far from now: it may start runs later."""
        later = {"send": {**TICKET, "ts_offset_s": 60}}

        result = play([later, {"advance": "1m"}])

        assert "queued    by support/ticket.created, starts at +1m" in result.stdout

    @pytest.mark.parametrize(
        "name", ["feedback-scorer", "support-feedback-scorer"], ids=["short", "slug"]
    )
    def test_a_cancelled_run(self, play, name):
        """The newest of a function, which is named with its app or without."""
        result = play([{"send": TICKET}, {"cancel_run": {"function": name}}])

        assert "2 runs (1 completed, 1 cancelled)" in result.stdout

    def test_a_start(self, play):
        """A script can be an object, and say when it begins."""
        result = play(
            {"start_at": "2026-05-01T00:00:00Z", "script": [{"send": TICKET}]}
        )

        assert result.stdout.startswith("Timeline from 2026-05-01 00:00:00 UTC")

    def test_what_is_to_be_rejected(self, play):
        """An event that the server refuses is no trouble if the script says so."""
        refused = {"send": {"name": "inngest/x"}}

        assert play([{**refused, "rejected": True}]).exit_code == 0
        assert play([{**refused, "rejected": "internal"}]).exit_code == 0
        assert play([{**refused, "rejected": "too large"}]).exit_code == 2
        assert play([refused]).exit_code == 2
        assert "should have been rejected" in (
            play([{"send": TICKET, "rejected": True}]).stderr
        )


class TestAnswer:
    """What is printed, and the exit code."""

    def test_findings(self, play):
        """They follow the timeline, and the code is 1."""
        unhelpful = {"send": {**HELPFUL, "data": {"ticketId": "a"}}}

        result = play([{"send": TICKET}, unhelpful, {"finish": "1d"}])

        assert result.exit_code == 1
        assert (
            "RUN_FAILED: a run of 'support-feedback-scorer' failed with KeyError"
            in result.stdout
        )

    def test_json_is_what_report_reads(self, play, tmp_path):
        """It is the timeline, and findings go to standard error."""
        unhelpful = {"send": {**HELPFUL, "data": {"ticketId": "a"}}}
        script = [{"send": TICKET}, unhelpful, {"finish": "1d"}]
        trace = tmp_path / "trace.json"

        result = play(script, "--json")
        trace.write_text(result.stdout, encoding="utf-8")
        drawn = CliRunner().invoke(scoretest, ["report", str(trace)]).stdout

        assert result.exit_code == 1
        assert "RUN_FAILED" in result.stderr
        assert (
            drawn.splitlines() == play(script).stdout.splitlines()[: drawn.count("\n")]
        )

    def test_an_item_that_cannot_happen(self, play):
        """It is named by its number, after the timeline of what happened before it."""
        result = play([{"send": TICKET}, {"cancel_run": {"function": "feedback"}}])

        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Timeline from 2025-01-01 00:00:00 UTC")
        assert result.stderr.splitlines()[-2:] == [
            "scoretest: item 1 of the script: no run of 'feedback' is there to cancel",
            "  fix:   name a function that was started before",
        ]

    @pytest.mark.parametrize(
        ("script", "misfit"),
        [
            (3, "the file: Input should be an object"),
            ([{"send": {"nam": "x"}}], "0.send.name: Field required"),
            ([{"expect": 1}], "0.expect: Extra inputs are not permitted"),
            ([{"advance": []}], "0.advance.str: Input should be a valid string"),
            (
                [{"advance": 1, "finish": 1}],
                (
                    "0: Value error, one of send, send_many, advance, finish, "
                    "cancel_run, not advance and finish"
                ),
            ),
            (
                [{"advance": 1, "rejected": True}],
                "0: Value error, only what is sent can be rejected",
            ),
        ],
    )
    def test_what_is_no_script(self, play, script, misfit):
        """Each misfit is told with its place."""
        result = play(script)

        assert result.exit_code == 2
        assert f"\n    {misfit}\n" in result.stderr
        assert result.stderr.endswith('{"advance": "7d"}]\n')
