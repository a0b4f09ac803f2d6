"""The strict dialect: the public conformance suite of CEL, and its Python face."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scoretest.errors import UsageError
from scoretest.expr import (
    CelType,
    EvaluationError,
    ExpressionError,
    LimitExceededError,
    UInt,
    compile,  # noqa: A004 -- the API's own name
)

DATA = Path(__file__).parents[1] / "data" / "expressions"
CASES = json.loads((DATA / "cel-spec.json").read_text())
READERS = {
    "null": lambda _: None,
    "bool": bool,
    "int": int,
    "uint": UInt,
    "double": float,
    "string": str,
    "bytes": bytes.fromhex,
    "list": lambda items: [read(item) for item in items],
    "map": lambda pairs: {read(key): read(value) for key, value in pairs},
    "type": CelType,
    "timestamp": lambda parts: moment(*parts),
    "duration": lambda parts: timedelta(
        seconds=int(parts[0]), microseconds=parts[1] // 1000
    ),
}


def moment(seconds, nanos):
    """Return the aware datetime of a recorded timestamp, cut to microseconds."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + timedelta(seconds=int(seconds), microseconds=nanos // 1000)


def read(typed):
    """Return the Python value of a recorded typed value."""
    return READERS[typed["t"]](typed.get("v"))


def exactly(value):
    """Return *value* with the types of all its parts, so that 1, 1.0, True differ."""
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, dict):
        return sorted((repr(exactly(k)), exactly(v)) for k, v in value.items())
    return type(value).__name__, repr(value)


def evaluate(text, bindings=None):
    """Return the value of *text* in the strict dialect, or ``"an error"``."""
    try:
        return exactly(compile(text, dialect="cel").evaluate(bindings or {}))
    except (ExpressionError, EvaluationError):
        return "an error"


def disagreements(cases):
    """Return the cases whose value is not the expected one."""
    wrong = []
    for case in cases:
        bindings = {name: read(value) for name, value in case["bindings"].items()}
        value = case["expect"].get("value")
        wanted = "an error" if value is None else exactly(read(value))
        got = evaluate(case["expr"], bindings)
        if got != wanted:
            wrong.append((case["expr"], wanted, got))
    return wrong


@pytest.mark.parametrize("json_core", [True, False], ids=["json", "beyond json"])
def test_the_conformance_suite_passes(json_core):
    """Every case that needs no protobuf message and no extension."""
    cases = [c for c in CASES if c["json_core"] is json_core and not c.get("extension")]

    assert disagreements(cases) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "timestamp('2024-01-02T03:04:05.678Z')",
            datetime(2024, 1, 2, 3, 4, 5, 678000, UTC),
        ),
        ("duration('1h30m')", timedelta(minutes=90)),
        ("type(1u)", CelType("uint")),
        ("[1, [2u]]", [1, [UInt(2)]]),
        ("{'a': duration('-1.5s')}", {"a": timedelta(seconds=-1.5)}),
        ("bytes('é')", b"\xc3\xa9"),
        ("string(duration('90s')) + string(timestamp(0))", "90s1970-01-01T00:00:00Z"),
        ("timestamp('2024-07-01T00:00:00Z').getHours('Europe/Paris')", 2),
        ("timestamp('2024-07-01T00:00:00Z').getHours('-02:30')", 21),
        ("duration('1h').getMilliseconds()", 0),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("uint('7') + 1u", UInt(8)),
        ("int('-9') % 4", -1),
        ("double('1e3')", 1000.0),
        (
            "timestamp('2024-01-01T00:00:00+01:00')",
            datetime(2023, 12, 31, 23, tzinfo=UTC),
        ),
        ("int(duration('3s'))", 3_000_000_000),
        ("'é' in {'é': 1}", True),
        ("string(true) + string(1u) + string(1e6)", "true11e+06"),
        ("-1.0 / 0.0", float("-inf")),
    ],
)
def test_values_come_back_as_python_values(text, value):
    """Each kind of value has its Python face."""
    assert evaluate(text) == exactly(value)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp('2024-13-01T00:00:00Z')",
        "timestamp('now')",
        "timestamp('2024-01-01T00:00:00Z').getHours('Nowhere')",
        "timestamp('9999-12-31T23:59:59Z').getHours('+14:00')",
        "duration('1')",
        "duration('')",
        "duration(true)",
        "duration('1h').getFullYear()",
        "duration('1h').getHours('UTC')",
        "timestamp(true)",
        "int('9' + '9999999999999999999')",
        "int('99999999999999999999999')",
        "int('x')",
        "int(true)",
        "uint('-1')",
        "uint(1.0 / 0.0)",
        "double('1_0')",
        "double('x')",
        "double([])",
        "bool('x')",
        "bytes(1)",
        "size(1)",
        "string([])",
        "b64decode('YQ==')",
        "now()",
        "1 in 2",
        "1 ? 2 : 3",
        "x ? 2 : 3",
        "!'a'",
        "-'a'",
        "1 + 'a'",
        "1 % 0",
        "1.0 % 2.0",
        "[1][1]",
        "[1]['a']",
        "1[0]",
        "{'a': 1}.b",
        "{1.5: 1}",
        "{x: 1}",
        "[x]",
        "[1][x]",
        "has(x.y)",
        "has([1].y)",
        "5.map(x, x)",
        "x.map(y, y)",
        "[1].map(y, x)",
        "[1].map(y, x, y)",
        "[1].filter(y, y)",
        "[1].filter(y, x)",
        "[1].exists(y, y)",
        "[1].exists_one(y, y)",
        "[1].exists_one(y, x)",
        "'a'.startsWith(1)",
        "'a'.matches(1)",
        "'a'.matches('(')",
        "'a'.nothing()",
        "'a'.size(1)",
        "type(x)",
    ],
)
def test_what_standard_cel_refuses_is_an_error(text):
    """An error is an `EvaluationError`, never a Python exception."""
    assert evaluate(text) == "an error"


def test_an_error_says_what_is_missing():
    """The message names the expression and the reason."""
    with pytest.raises(EvaluationError, match="'x' is not declared"):
        compile("x == 1", dialect="cel").evaluate({})


def test_too_many_steps_is_an_error_of_its_own():
    """The budget ends an evaluation with `LimitExceededError`."""
    text = "n.all(a, n.all(b, n.all(c, true)))"

    with pytest.raises(LimitExceededError):
        compile(text, dialect="cel").evaluate({"n": list(range(300))})


def test_a_value_that_cel_lacks_is_refused():
    """Bindings are plain values; anything else is the author's error."""
    with pytest.raises(UsageError, match="CEL has no value like"):
        compile("x", dialect="cel").evaluate({"x": object()})


def test_bindings_of_time_are_understood():
    """A datetime and a timedelta may be bound; a naive datetime counts as UTC."""
    bindings = {
        "t": datetime(2024, 1, 1, tzinfo=UTC),
        "naive": datetime(2024, 1, 1),  # noqa: DTZ001 -- the point of the test
        "d": timedelta(hours=1),
        "l": (1, "a"),
    }

    assert evaluate("t == naive && t + d > t && l == [1, 'a']", bindings) == (
        "bool",
        "True",
    )


def test_a_verdict_has_no_value():
    """`evaluate` belongs to the strict dialect."""
    with pytest.raises(UsageError, match="only a verdict"):
        compile("true").evaluate({})


def test_a_strict_expression_has_neither_lints_nor_terms():
    """Lints and index terms are about production."""
    compiled = compile("async.data.x == 'a'", dialect="cel")

    assert (compiled.lints, compiled.terms, compiled.stored) == ((), (), compiled.text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1f", 31),
        ("br'a'", b"a"),
        ("[,]", []),
        ("{,}", {}),
        ("[1,]", [1]),
        ("uint(0.9)", UInt(0)),
        ("-7 % 2", -1),
    ],
)
def test_what_the_grammar_allows(text, value):
    """Corners of cel-go's grammar and arithmetic."""
    assert exactly(compile(text, dialect="cel").evaluate({})) == exactly(value)


@pytest.mark.parametrize("text", ["0X1F", "rb'a'", "[,1]", "[1,,]", "{,,}", "{,1: 2}"])
def test_what_the_grammar_lacks(text):
    """Only a small x, only b before r, and one comma at the end."""
    with pytest.raises(ExpressionError):
        compile(text, dialect="cel")


@pytest.mark.parametrize("text", ["-9223372036854775808 % -1", "uint(-0.5)"])
def test_what_cel_go_cannot_reckon(text):
    """Out of range by the way there, though the result would be zero."""
    with pytest.raises(EvaluationError):
        compile(text, dialect="cel").evaluate({})
