"""Remarks on expressions that register: each speaks, and is silent on the fixed text."""

import pytest

from scoretest.expr import compile  # noqa: A004 -- the API's own name

TRIGGER = {
    "name": "start",
    "data": {"ticketId": "tk_1", "quoted": 'say "hi"', "n": 1, "o": {"who": "ann"}},
}


def codes(text, trigger=TRIGGER):
    """Return the codes of the lints of *text*, the policy warning left out."""
    lints = compile(text, trigger=trigger).lints
    return [lint.code for lint in lints if lint.code != "POLICY_WARNING"]


@pytest.mark.parametrize(
    ("code", "text", "fixed"),
    [
        ("NEGATED_ABSENCE", "!has(async.data.x)", "async.data.x == null"),
        ("NEGATED_ABSENCE", "!async.data.done", "async.data.done != true"),
        ("INT_ARITHMETIC", "async.data.n + 1 == 6.0", "async.data.n + 1.0 == 6.0"),
        ("INT_ARITHMETIC", "2 * async.data.n == 10.0", "2.0 * async.data.n == 10.0"),
        ("INT_ARITHMETIC", "async.data.n % 2 == 1", "int(async.data.n) % 2 == 1"),
        (
            "ABSENT_ORDER",
            "async.data.n <= 3 && true",
            "has(async.data.n) && async.data.n == 3",
        ),
        ("ABSENT_ORDER", "3 > async.data.n", "has(async.data.n) && 3 > async.data.n"),
        ("ESCAPE_IN_LITERAL", r"async.data.s == 'it\'s'", 'async.data.s == "it\'s"'),
        ("SPECIAL_LITERAL", "async.data.s == r'a'", "async.data.s == 'a'"),
        ("SPECIAL_LITERAL", "async.data.s == '''a'''", "async.data.s == 'a'"),
        (
            "BRACKETED_EVENT",
            "event['data'].n == async.data.n",
            "event.data.n == async.data.n",
        ),
        (
            "PASTED_VALUE",
            "async.data.ticketId == 'tk_1'",
            "async.data.ticketId == event.data.ticketId",
        ),
        (
            "PATH_NOT_IN_TRIGGER",
            "event.data.ticket == async.data.t",
            "event.data.n == async.data.t",
        ),
        (
            "VALUE_NEVER_MATCHES",
            "event.data.quoted == async.data.q",
            "event.data.n == async.data.q",
        ),
        ("DECIDED_BY_TRIGGER", "event.data.n == 2", "event.data.n == async.data.n"),
        ("NEVER_A_BOOL", "size(async.data.l)", "size(async.data.l) == 1"),
        ("NEVER_A_BOOL", "event.data.ticketId", "event.data.ticketId == async.data.t"),
        ("UNKNOWN_FIELD", "async.n == 1", "async.data.n == 1"),
        ("UNKNOWN_FIELD", "async['n'].o == 1", "async.user.email == 'a@b.c'"),
        ("AGGREGATE_PATH", "async.data.l == ['a']", "async.data.l[0] == 'a'"),
        ("AGGREGATE_PATH", "'k' in async.data.o", "has(async.data.o.k)"),
        ("AGGREGATE_PATH", "async.data.n == 1 || true", "async.data.n == 1"),
        ("AGGREGATE_PATH", "async.data.a > async.data.b", "async.data.a > 5"),
        ("AGGREGATE_PATH", "json_parse(async.data.s).a == 1", "async.data.s == 'a'"),
        ("AGGREGATE_PATH", "async['data'].s == 'a'", "async.data.s == 'a'"),
    ],
)
def test_a_lint_speaks_and_is_silent_on_the_fixed_text(code, text, fixed):
    """Each lint has the text that it warns of and the text that it recommends."""
    assert (code in codes(text), code in codes(fixed)) == (True, False)


@pytest.mark.rule("C1")
@pytest.mark.parametrize(
    ("text", "excludes"),
    [
        ("async.data.s == 'a' && async.data.s == 'b'", True),
        ("async.data.s == 'a' && async.data.s == 'a'", False),
        ("async.data.s == 'a' && async.data.s != 'a'", True),
        ("async.data.s == 'a' && async.data.s != 'b'", False),
        ("async.data.s == '1' && async.data.s == 1", True),
        ("async.data.n == 1 && async.data.n == 1.0", False),
        ("async.data.n == 1 && async.data.n == true", True),
        ("async.data.n > 5 && async.data.n < 3", True),
        ("3 > async.data.n && 5 < async.data.n", True),
        ("async.data.n >= 3 && async.data.n <= 3", False),
        ("async.data.n >= 3 && async.data.n < 3", True),
        ("async.data.n == 2 && async.data.n >= 3", True),
        ("async.data.n == 3 && async.data.n >= 3", False),
        ("async.data.n == 2 && async.data.n <= 1", True),
        ("async.data.n < 2 && async.data.n == 2", True),
        ("async.data.n == 2 && async.data.n > 1", False),
        ("async.data.n == 2 && async.data.n + 1", False),
        ("async.data.n > 5 || async.data.n < 3", False),
        ("async.data.n > 5 && async.data.m < 3", False),
        ("async.data.t && (async.data.s == 'a' && async.data.s == 'b')", True),
        ("async.data.t || (async.data.n > 5 && async.data.n < 3)", True),
    ],
)
def test_parts_that_exclude_each_other(text, excludes):
    """No value meets both."""
    assert ("NEVER_TRUE" in codes(text)) is excludes


@pytest.mark.rule("C2")
def test_what_the_trigger_puts_in_is_there():
    """A value of the trigger is no path of the signal; nor is the time ever absent."""
    text = "async.data.n > event.data.n && async.ts > event.ts"

    assert "ABSENT_ORDER" not in codes(text)


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    "guard",
    [
        "has(async.data.n)",
        "async.data.n != null",
        "async.data.n > 0",
        "0 <= async.data.n",
        "async.data.n == 2",
        "(async.data.n == 2 || async.data.n >= 3)",
    ],
)
@pytest.mark.parametrize("rest", ["async.data.n < 3", "!async.data.n"])
def test_a_path_that_has_to_be_there_needs_no_guard(guard, rest):
    """What is false without the path anyway takes no absence for a small value."""
    assert compile(f"{guard} && {rest}").matches({"data": {}}) is False
    assert codes(f"{guard} && {rest}") in ([], ["AGGREGATE_PATH"])


@pytest.mark.rule("C2")
@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("async.data.n != null ? async.data.n < 3 : false", []),
        ("async.data.n != null ? async.data.n < 3 : true", ["ABSENT_ORDER"]),
        ("has(async.data.n) || async.data.n < 3", ["ABSENT_ORDER"]),
        ("async.data.m > 0 && async.data.n < 3", ["ABSENT_ORDER"]),
        ("async.data.n == null || async.data.n < 3", []),
    ],
)
def test_a_guard_has_to_guard(text, verdict):
    """Where it does not, absence is still taken for a small value, or is meant to be."""
    assert [code for code in codes(text) if code != "AGGREGATE_PATH"] == verdict


@pytest.mark.rule("C12")
def test_the_order_of_an_absent_path_changes_with_fifty_waits():
    """`missing < 1` matches one by one, and not in the aggregated matcher."""
    assert "AGGREGATE_PATH" in codes("async.data.n < 1")


@pytest.mark.rule("C4")
def test_a_lint_names_its_part_and_the_fix():
    """The whole record."""
    (lint,) = compile("true && !async.data.done").lints

    assert (lint.code, lint.span) == ("NEGATED_ABSENCE", (8, 24))
    assert lint.message == (
        "false when the path is missing: the engine's `!` of absence is false"
    )
    assert lint.fix == "write `async.data.done != true`"


def test_the_nearest_path_of_the_trigger_is_told():
    """A slip in a path of the trigger is answered with the path that exists."""
    (lint,) = compile("event.data.ticketID == async.data.t", trigger=TRIGGER).lints

    assert lint.fix == "name a path of the event; did you mean 'ticketId'?"


def test_a_plain_comparison_has_no_lints():
    """The recommended form is silent."""
    assert codes("async.data.ticketId == event.data.ticketId") == []


def test_negation_inside_a_macro_is_silent():
    """`!has(v.x)` works on the variable of a macro."""
    assert codes("async.data.l.exists(v, !has(v.x) || !v.y)") == []


def test_without_a_trigger_there_is_nothing_to_say_about_its_values():
    """PASTED_VALUE, PATH_NOT_IN_TRIGGER and BRACKETED_EVENT need the trigger."""
    found = codes("event['data'].n == 1 && event.data.x == 'tk_1'", trigger=None)

    assert found == ["AGGREGATE_PATH"]


def test_the_policy_warning_is_told_once():
    """The server logs one warning for an expression, whatever it holds."""
    lints = compile(
        "size(async.data.l) == 1 && has(async.data.x) && -async.data.n == 1.0"
    ).lints

    assert [lint.code for lint in lints] == ["POLICY_WARNING"]


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("async.data.s.startsWith('a')", "async.data.s == 'a'"),
        ("async.data.l.exists(v, v == 1)", "async.data.l[0] == 1"),
    ],
)
def test_the_policy_warning_is_silent_on_plain_logic(text, fixed):
    """Functions and macros are outside the server's policy; comparisons are inside."""
    found = [[lint.code for lint in compile(each).lints] for each in (text, fixed)]

    assert ("POLICY_WARNING" in found[0], "POLICY_WARNING" in found[1]) == (True, False)
