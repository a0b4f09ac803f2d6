"""User data can do nothing to a terminal or a CI log, and shows no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._model.fact import FindingReported, RunFailed, RunSkipped, StepCompleted
from scoretest._model.finding import Finding
from scoretest._model.operation import ErrorInfo, StepName
from scoretest.reports.escaping import clip, columns, escape, harmless, wrap
from scoretest.reports.redaction import brief, redacted

PAYLOADS = [
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;https://example.org\x07link\x1b]8;;\x07",
    "\x9b2J",
    "\x90q\x9c",
    "a\rb",
    "a\nb",
    "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g",
    "\x00\x07\x08\x7f",
    "\u202egnp.exe",
    "\u2066\u2067\u2068\u2069\u061c\u200e\u200f",
    "zero\u200bwidth\u2060\ufeff",
    "tag\U000e0041",
    "\ud800 alone",
    "::error file=app.py::owned",
    "\n::set-output name=x::y",
    "  ::debug::x",
    "##[group]x",
    "\n##[error]x",
    "\u3164\u2800\uffa0",
]


def told(world, text) -> str:
    """Return a timeline that holds *text* wherever a user can put one."""
    error = ErrorInfo(name=text, message=text, place=text)
    found = Finding(code=text, message=text, where=text, fix=text)
    world.event(text, {text: text}).queued("r1", text)
    world.tell(
        StepCompleted("r1", StepName(text, 0, "h"), text),
        RunFailed("r1", error),
        FindingReported(found),
        RunSkipped(text, "e1", text),
    )
    return world.timeline.render()


def is_harmless(line: str) -> bool:
    """Say whether a terminal and a CI service leave *line* alone."""
    return (
        line.isprintable()
        and not line.lstrip().startswith("::")
        and "##[" not in line
        and columns(line) <= 80
    )


@pytest.mark.parametrize("payload", PAYLOADS, ids=ascii)
def test_no_payload_reaches_the_terminal(world, payload):
    """Control characters, BiDi marks and CI commands stay text, wherever they stand."""
    lines = told(world, payload).split("\n")

    assert [line for line in lines if not is_harmless(line)] == []


@given(st.text(st.characters(exclude_categories=["Cn", "Co", "Zs"]) | st.just(" ")))
def test_no_text_reaches_the_terminal(text):
    """Whatever a text is made of, its escaped form is printable."""
    assert escape(text).isprintable()


def test_escapes_can_be_read():
    """An escape is written as Python would write it."""
    assert escape("a\n\r\t\x1b\x9b\u202e\U000e0041é✓") == (
        r"a\n\r\t\x1b\x9b\u202e\U000e0041" + "é✓"
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  ::error", r"  \x3a:error"),
        ("a ::error", "a ::error"),
        ("x ##[group] ##[end]", r"x #\x23[group] #\x23[end]"),
        ("## [x]", "## [x]"),
    ],
)
def test_commands_of_ci_services_are_broken(line, shown):
    """GitHub's runner skips leading blanks, and Azure's looks anywhere."""
    assert harmless(line) == shown


@given(st.text(), st.integers(2, 30), st.integers(1, 5))
def test_wrapped_lines_keep_their_room(text, room, most):
    """Wrapping makes at most so many lines of at most so many columns."""
    lines = list(wrap(escape(text), room, most))

    assert len(lines) <= most
    assert max(map(columns, lines)) <= room


@given(st.text(), st.integers(1, 30))
def test_a_clipped_text_keeps_its_room(text, room):
    """Clipping leaves short texts alone and marks the cut of long ones."""
    clipped = clip(text, room)

    assert columns(clipped) <= room
    assert clipped == text or clipped.endswith("…")


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "token",
        "accessToken",
        "refresh_token",
        "secret",
        "client-secret",
        "password",
        "passwd",
        "DB_PASSWORD",
        "api_key",
        "apiKey",
        "X-Api-Key",
        "privateKey",
        "credentials",
        "Set-Cookie",
        "cookie",
    ],
)
def test_secrets_are_redacted(key):
    """A key that names a secret hides its value, at any depth and of any kind."""
    data = {"a": [{key: "hunter2"}], key: {"n": 1}}

    assert redacted(data) == {"a": [{key: "[redacted]"}], key: "[redacted]"}
    assert brief(data, 200) == (
        f'{{"a": [{{"{key}": "[redacted]"}}], "{key}": "[redacted]"}}'
    )


@pytest.mark.parametrize(
    "data",
    [
        {"token_count": 3, "maxTokens": 4},
        {"password": None, "hasPassword": True, "cookiesAccepted": False},
        {"author": "x", "monkey": "y", "keyboard": "z"},
    ],
)
def test_what_is_no_secret_is_shown(data):
    """Counts, flags and absent values give nothing away."""
    assert redacted(data) == data


def test_a_secret_is_in_no_report(world):
    """Neither the text nor the JSON of a timeline has a secret."""
    world.event("login", {"user": "ada", "password": "hunter2"})

    assert '{"user": "ada", "password": "[redacted]"}' in world.text
    assert "hunter2" not in world.text + str(world.timeline.to_json())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (0.1, "0.1"),
        ([], "[]"),
        ({}, "{}"),
        ([1, [2, {"a": True}]], '[1, [2, {"a": true}]]'),
        ("é\u202e", r'"é\u202e"'),
        ("x" * 50, '"' + "x" * 38 + "…"),
        (list(range(99)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"),
        pytest.param(10**5000, "(a very long integer)", id="a long integer"),
        (["\u0301" * 200, "z"], None),
    ],
)
def test_data_is_cut_to_its_room(value, shown):
    """JSON is shown as far as there is room, with a mark where it goes on."""
    text = brief(value, 40)

    assert columns(text) <= 40
    assert text.endswith("…") if shown is None else text == shown


def test_huge_data_costs_no_more_than_it_shows():
    """Only what is shown is looked at: the rest may be anything."""
    unreadable = object()

    assert brief([0, *[unreadable] * 10], 1) == "…"
