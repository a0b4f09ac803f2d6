"""The verdicts of the real engine, row by row."""

import json
from pathlib import Path

import pytest

from scoretest.expr import ExpressionError, compile  # noqa: A004 -- the API's own name

DATA = Path(__file__).parents[1] / "data" / "expressions"
VERDICTS = json.loads((DATA / "engine-verdicts.json").read_text())
WAITS = json.loads((DATA / "engine-waits.json").read_text())


def outcome(text, event, **options):
    """Return what happens to a wait: its outcome, and its stored form if it has one."""
    try:
        compiled = compile(text, **options)
    except ExpressionError as error:
        return {"compile": "run_fails", "interpolation": "internal_retry"}[
            error.kind
        ], None
    return "match" if compiled.matches(event) else "no_match", compiled.stored


def expected(case):
    """Return the outcome that a row of engine-verdicts.json records."""
    match case["registration"]:
        case "ok":
            return "match" if case["match"] else "no_match"
        case "compile_error":
            return "run_fails"
        case _:
            return "internal_retry"


def same(wanted, got, stored):
    """Say whether an outcome agrees, and the stored form where one was recorded."""
    has_form = stored is not None and got[1] is not None
    return wanted == got[0] and (not has_form or stored == got[1])


@pytest.mark.rule("C1")
@pytest.mark.rule("C7")
@pytest.mark.rule("C8")
@pytest.mark.parametrize("kind", ["hand", "interpolation", "random"])
def test_every_recorded_verdict_is_given(kind):
    """The engine's 1,361 verdicts over one payload, registration included."""
    wrong = []
    for case in VERDICTS["cases"]:
        if case["kind"] != kind:
            continue
        event = VERDICTS["payload"] if case["async"] == "@payload" else case["async"]
        got = outcome(case["expr"], event, trigger=case.get("event"))
        if not same(expected(case), got, case.get("interpolated")):
            wrong.append((case["expr"], expected(case), got))

    assert wrong == []


@pytest.mark.rule("C2")
@pytest.mark.rule("C3")
@pytest.mark.rule("C9")
@pytest.mark.rule("C10")
def test_every_recorded_wait_ends_as_it_did():
    """The engine's 3,122 waits: a match, none, a failed run or a stuck one."""
    blobs, wrong = WAITS["blobs"], []
    for row in WAITS["rows"]:
        if row["mode"] == "wait":
            trigger = None if row["event"] is None else blobs[row["event"]]
            got = outcome(row["expr"], blobs[row["async"]], trigger=trigger)
            if not same(row["wait_outcome"], got, row["interpolated"]):
                wrong.append((row["expr"], row["wait_outcome"], got))

    assert wrong == []


@pytest.mark.rule("C13")
def test_every_recorded_trigger_starts_or_not():
    """The engine's 50 trigger expressions, which see `event` alone."""
    wrong = []
    for row in WAITS["rows"]:
        if row["mode"] == "trigger":
            event = WAITS["blobs"][row["event"]]
            got, _ = outcome(row["expr"], event, kind="trigger")
            refused = row["validate"] == "compile"
            if got != ("run_fails" if refused else row["wait_outcome"]):
                wrong.append((row["expr"], row["wait_outcome"], got))

    assert wrong == []


@pytest.mark.rule("C6")
def test_the_policy_lint_speaks_exactly_where_the_server_logs_a_warning():
    """POLICY_WARNING agrees with the recorded policy warnings."""
    wrong = []
    for case in VERDICTS["cases"]:
        if case["registration"] == "ok":
            lints = compile(case["expr"]).lints
            speaks = any(lint.code == "POLICY_WARNING" for lint in lints)
            if speaks != case["policy_warning"]:
                wrong.append(case["expr"])

    assert wrong == []
