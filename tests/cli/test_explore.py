"""``scoretest explore`` and ``scoretest check``."""

import json

import pytest
from click.testing import CliRunner

from scoretest.cli.commands import scoretest


def run(*arguments: str):
    """Run the command line."""
    return CliRunner().invoke(scoretest, arguments)


def test_explore_prints_the_decision_table():
    """Of all functions of a module."""
    result = run("explore", "scoretest.demo")

    assert result.exit_code == 0
    assert "3 timelines" in result.stdout


def test_check_ends_with_1_on_findings_and_says_them():
    """The id of the demo is pasted into its expression."""
    result = run("check", "scoretest.demo")

    assert result.exit_code == 1
    assert "INJECTABLE" in result.stdout


def test_a_function_is_served_with_the_others_of_its_module():
    """An attribute can be chosen; its scorer is not lost."""
    result = run("check", "scoretest.demo:handle_support_ticket", "--max-signals", "1")

    assert "DEFER_LOST" not in result.stdout
    assert "INJECTABLE" in result.stdout


def test_check_prints_json(tmp_path):
    """With the start event of a file."""
    start = tmp_path / "start.json"
    event = {
        "name": "support/ticket.created",
        "data": {"ticketId": "a", "content": "b"},
    }
    start.write_text(json.dumps(event), encoding="utf-8")

    result = run("check", "scoretest.demo", "--json", "--start", str(start))

    document = json.loads(result.stdout)
    keys = ["exhaustive", "findings", "nodes", "notes", "tables", "target"]
    assert sorted(document) == keys
    assert [f["code"] for f in document["findings"]] == ["INJECTABLE"]
    assert document["exhaustive"] is True


def test_a_replay_code_prints_its_timeline():
    """The code is that of a finding."""
    found = json.loads(run("check", "scoretest.demo", "--json").stdout)["findings"][0]

    result = run("explore", "scoretest.demo", "--replay", found["replay"])

    assert "wait-for-feedback" in result.stdout


def test_what_is_no_target_is_refused(tmp_path):
    """Each with what to write."""
    wrong = tmp_path / "start.json"
    wrong.write_text("[1]", encoding="utf-8")
    text = tmp_path / "start.txt"
    text.write_text("no json", encoding="utf-8")

    assert "cannot be imported" in run("check", "no.such.module").stderr
    assert "has no 'x'" in run("check", "scoretest.demo:x").stderr
    assert "there is no function" in run("check", "scoretest.errors").stderr
    assert "no event" in run("check", "scoretest.demo", "--start", str(wrong)).stderr
    assert "is not JSON" in run("check", "scoretest.demo", "--start", str(text)).stderr


def test_what_a_module_prints_is_no_part_of_the_answer(tmp_path, monkeypatch):
    """Neither at its import nor in its handlers; it goes to standard error."""
    module = "scoretest_talkative"
    lines = [
        "import scoretest",
        "from scoretest import create_scorer",
        "client = scoretest.Client(app_id='loud')",
        "print('imported')",
        "@create_scorer(client, fn_id='loud')",
        "async def loud(ctx):",
        "    print('entered')",
        "    return scoretest.Score('loud', 1)",
    ]
    (tmp_path / f"{module}.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    result = run("check", module, "--json")

    assert json.loads(result.stdout)["findings"] == []
    assert result.stderr.startswith("imported\nentered\n")


@pytest.mark.parametrize(
    ("lines", "what", "line"),
    [
        (["", "1 / 0"], "ZeroDivisionError: division by zero", 2),
        (["x = ="], "SyntaxError: invalid syntax (scoretest_broken.py, line 1)", 1),
        (["import sys", "sys.exit(0)"], "SystemExit: 0", 2),
    ],
)
def test_a_module_that_is_broken_is_told(tmp_path, monkeypatch, lines, what, line):
    """With its line, and without a traceback of ours; a finding it is not."""
    (tmp_path / "scoretest_broken.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    result = run("check", "scoretest_broken")

    assert result.exit_code == 2
    said, where, *_ = result.stderr.splitlines()
    assert said == (
        f"scoretest: the module 'scoretest_broken' cannot be imported: {what}"
    )
    assert where.endswith(f"/scoretest_broken.py:{line}")


def test_a_handler_that_ends_python_is_told(tmp_path, monkeypatch):
    """Its status, which may be 0, would pass for that of the command."""
    lines = [
        "import sys, scoretest",
        "client = scoretest.Client(app_id='app')",
        "@scoretest.create_scorer(client, fn_id='exits')",
        "async def exits(ctx):",
        "    sys.exit(0)",
    ]
    text = "\n".join(lines)
    (tmp_path / "scoretest_exits.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    result = run("check", "scoretest_exits")

    assert result.exit_code == 2
    assert "a handler ended Python: SystemExit(0)" in result.stderr
    assert "/scoretest_exits.py:5" in result.stderr
