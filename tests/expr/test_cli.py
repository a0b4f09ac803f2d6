"""`scoretest expr` on the command line."""

import json

import pytest
from click.testing import CliRunner

from scoretest.cli.expr import expr

EVENT = json.dumps({"data": {"ticketId": 42, "n": 5}})


def run(*arguments):
    """Return the exit code and the output of `scoretest expr`."""
    ran = CliRunner().invoke(expr, arguments)
    return ran.exit_code, ran.output


def test_a_near_miss_is_explained():
    """Verdict, reason, and stored form."""
    assert run("async.data.ticketId == '42'", "--event", EVENT) == (
        0,
        (
            "verdict:      no match\n"
            'because:      async.data.ticketId is 42 (number); wanted "42" (string)\n'
            "stored as:    async.data.ticketId == '42'\n"
        ),
    )


def test_where_standard_cel_differs_it_is_said():
    """`n + 1` is text in production and a number in CEL."""
    code, output = run("async.data.n + 1 == 6", "--event", EVENT)

    assert code == 0
    assert "verdict:      no match\n" in output
    assert "standard CEL: would say match\n" in output
    assert "INT_ARITHMETIC: `async.data.n + 1`" in output


def test_an_absent_path_is_an_error_in_standard_cel():
    """Production takes absence for null."""
    _, output = run("async.data.zz == null", "--event", EVENT)

    assert "verdict:      match\n" in output
    assert "standard CEL: would say an error: no such key\n" in output


def test_the_trigger_is_put_in():
    """The stored form holds the trigger's value."""
    trigger = '{"data": {"id": "tk_1"}}'

    assert run("event.data.id == async.data.id", "--trigger", trigger) == (
        0,
        'stored as:    "tk_1" == async.data.id\n',
    )


def test_nothing_stored_is_told():
    """The second pass can leave nothing of an expression."""
    _, output = run("event.data.zz ? true : false", "--trigger", "{}")

    assert "stored as:    nothing: it never matches\n" in output


def test_an_expression_that_does_not_register_ends_with_one():
    """The error is printed with its caret."""
    code, output = run("async.data.x === 1")

    assert (code, output.splitlines()[0]) == (
        1,
        "compile error: '=' is not an operator",
    )


def test_an_event_may_be_a_file(tmp_path):
    """A file of JSON stands for its content."""
    path = tmp_path / "event.json"
    path.write_text(EVENT)

    code, output = run("async.data.n == 5", "--event", str(path), "--dialect", "cel")

    assert (code, output) == (0, "standard CEL: match\n")


@pytest.mark.parametrize("text", ["{no json", "nowhere.json"])
def test_what_is_no_json_is_refused(text):
    """The option is named."""
    code, output = run("true", "--event", text)

    assert (code, "--event" in output) == (2, True)


def test_an_event_is_an_object(tmp_path):
    """A list is no event."""
    path = tmp_path / "event.json"
    path.write_text("[1]")

    code, output = run("true", "--trigger", str(path))

    assert (code, "an event is a JSON object" in output) == (2, True)


def test_standard_cel_can_refuse_the_syntax():
    """A text that only fails in CEL's parser is told with its caret as well."""
    code, output = run("1 +", "--dialect", "cel")

    assert (code, output.startswith("compile error: the expression ends")) == (1, True)
