"""Hostile expressions: refused with a position, or a bounded no-match."""

import copy
import sys

import pytest

from scoretest.expr import ExpressionError, compile  # noqa: A004 -- the API's own name

EVENT = {"name": "x", "data": {"l": list(range(300)), "t": "x" * 30, "o": {"k": "v"}}}

LIMITS = [
    ("(" * 200 + "true" + ")" * 200, True),
    ("(" * 1_000 + "true" + ")" * 1_000, "refused"),
    ("(" * 49_000 + "true" + ")" * 49_000, "refused"),
    ("[" * 300 + "]" * 300 + " == []", "refused"),
    ("[" * 200 + "]" * 200 + " == []", False),
    ("!" * 99_000 + "true", True),
    ("-" * 1_001 + "1 == -1", True),
    ("true ? " * 300 + "true" + " : true" * 300, "refused"),
    ("true" + " ? true : true" * 300, "refused"),
    ("1" + " + 1" * 300 + " == 301", "refused"),
    ("1" + " + 1" * 200 + " == 201", True),
    ("true" + " && true" * 5_000, True),
    ("async" + ".a" * 3_000 + " == null", "refused"),
    ("async" + ".a" * 200 + " == null", True),
    ("async.data.l" + ".map(x, x)" * 60 + " == []", False),
    ("true" + " " * 100_000, "refused"),
    ("9" * 5_000 + " == 1", "refused"),
    ("1e999 == 1.0", "refused"),
    ("0x" + "f" * 30 + " == 1", "refused"),
    ("99999999999999999999u == 1u", "refused"),
    ("-1u == 1u", "refused"),
    ("int('" + "9" * 5_000 + "') == 1", False),
    ("9223372036854775807 + 1 == 0", False),
    ("1 / 0 == 1", False),
    ("async.data.l[99999] == 1", False),
]
FOLDS = [
    "async.data.l.all(a, async.data.l.all(b, async.data.l.all(c, true)))",
    "async.data.l.map(a, async.data.l.map(b, async.data.l)) == []",
    (
        "async.data.l.map(a, async.data.t + async.data.t).map(b, b + b).map(b, b + b)"
        ".map(b, b + b).map(b, b + b).map(b, b + b) == []"
    ),
]


def verdict(text, event=EVENT):
    """Return the verdict of *text*, or ``"refused"``; the event must stay as it is."""
    before = copy.deepcopy(event)
    try:
        return compile(text).matches(event)
    except ExpressionError as error:
        is_placed = 0 <= error.start <= error.end <= len(text) + 1
        return "refused" if is_placed else "misplaced"
    finally:
        assert event == before


@pytest.mark.parametrize(
    "text",
    [
        "async.__class__.__mro__ == null",
        "async.data.keys == null",
        "async.data.pop == null",
        "async.data.items == null",
    ],
)
def test_attributes_of_python_are_only_absent_keys(text):
    """A path looks at keys and at nothing else."""
    assert verdict(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "async.data.pop('x') == null",
        "'{0.__class__}'.format(async) == ''",
        "__import__('os') == null",
        "open('/etc/passwd') == null",
        "'%0999999999d' % 1 == ''",
        "'x' * 900000000 == ''",
        "[0] * 900000000 == []",
        "9 ** 9 ** 9 == 1",
        "(lambda: 1)() == 1",
        "(x := 1) == 1",
        "async is null",
        "async.t and true",
        "not true",
        "f'{async}' == ''",
        "true; true",
        "true\ntrue",
        "1 if true else 2",
        "async.?data",
        "`async` == 1",
        "Message{a: 1} == 1",
    ],
)
def test_python_is_refused(text):
    """What only Python knows never registers."""
    assert verdict(text) == "refused"


@pytest.mark.parametrize(
    "pattern",
    ["(x+)+$y", "(a{1,100}){1,100}", "((((x{1,100}){1,100}){1,100}){1,100})", r"(x)\1"],
)
def test_patterns_cannot_blow_up(pattern):
    """RE2 is linear, and refuses what it cannot bound; never Python's own matcher."""
    assert verdict(f"async.data.t.matches('{pattern}')") in (False, "refused")


@pytest.mark.parametrize("text", FOLDS)
def test_folds_have_a_budget(text):
    """Three nested macros over 300 items take the real engine over 12 seconds."""
    assert verdict(text) is False


@pytest.mark.parametrize(("text", "expected"), LIMITS)
@pytest.mark.rule("C8")
def test_size_and_depth_are_limited(text, expected):
    """The limits are the engine's: 100,000 characters and 250 levels."""
    assert verdict(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "async.data.t == \uff07x\uff07",
        "async.data.t == \u2018x\u2019",
        "\u0430sync.data.t == 'x'",
        "async.data.t\u00a0== 'x'",
        "async.data.t\u200b== 'x'",
        "\ufeffasync.data.t == 'x'",
        "async.data.t == 'x'\0",
        "async.data.l[\u0661] == 1",
        "async.data.t == '\ud800'",
        r"async.data.t == '\ud800'",
        r"async.data.t == '\U00110000'",
        "async.data.t == 'a\nb'",
    ],
)
def test_lookalikes_are_refused_by_name(text):
    """Outside text only ASCII is read, and half a character is none."""
    with pytest.raises(ExpressionError) as caught:
        compile(text)

    assert caught.value.kind == "compile"


def test_the_name_of_a_lookalike_is_told():
    """The message names the character, which looks like another one."""
    with pytest.raises(ExpressionError, match="LEFT SINGLE QUOTATION MARK"):
        compile("async.data.t == \u2018x\u2019")


@pytest.mark.parametrize("character", ["\0", "\u202e", "\u0430", "\u200b"])
def test_text_is_compared_exactly(character):
    """Inside a literal every character stands for itself."""
    event = {"data": {"t": character}}

    assert verdict(f"async.data.t == '{character}'", event) is True


def test_an_event_with_foreign_values_is_no_match():
    """What JSON cannot hold is an error value, never an exception."""
    event = {"data": {"x": object(), "f": open, "deep": {"y": {1, 2}}}}

    assert compile("async.data.x == 1 || async.data.f == 1").matches(event) is False


def test_an_event_nested_without_end_is_no_match():
    """Even an event that contains itself gets a verdict."""
    loop = []
    loop.append(loop)
    other = []
    other.append(other)

    compiled = compile("async.a == async.b")

    assert compiled.matches({"a": loop, "b": other}) is False
    assert "nested too deeply" in compiled.explain({"a": loop, "b": other})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *LIMITS,
        *((text, False) for text in FOLDS),
        ("[" * 200 + "]" * 200 + " != []", True),
    ],
)
def test_a_deep_stack_changes_no_verdict(text, expected):
    """The verdict does not depend on how deep the caller stands."""

    def descend(levels):
        return verdict(text) if levels == 0 else descend(levels - 1)

    room = sys.getrecursionlimit()

    assert descend(room - _depth() - 60) == expected
    assert sys.getrecursionlimit() == room


def _depth():
    frame, depth = sys._getframe(), 0  # noqa: SLF001 -- the only way to measure it
    while frame:
        frame, depth = frame.f_back, depth + 1
    return depth
