"""What the wire does to a value, as laws."""

import json
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._json import (
    EXACT_INT,
    MAX_DEPTH,
    Loss,
    NotJsonError,
    copy_json,
    show,
    to_wire,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-EXACT_INT, EXACT_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
PLAIN = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=8
)
KEYS = TEXT | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
ODD = st.recursive(
    LEAVES | st.integers() | st.tuples(LEAVES),
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_data_arrives_as_it_is(value):
    """Data that JSON can say comes back equal, in new containers, without losses."""
    wire = to_wire(value)

    assert (wire.value, wire.losses) == (value, ())
    assert json.loads(json.dumps(value)) == wire.value
    if isinstance(value, list | dict):
        assert wire.value is not value


@given(ODD)
def test_a_second_journey_changes_nothing(value):
    """The wire is idempotent: what has arrived once arrives again unchanged."""
    once = to_wire(value)
    twice = to_wire(once.value)

    assert twice.value == once.value
    # an integer that others cannot read exactly is told each time; all else is plain
    assert all("2**53" in loss.what for loss in twice.losses)


@given(ODD)
def test_the_wire_is_json(value):
    """What arrives is what Python's own JSON makes of the value, keys and all."""
    assert json.dumps(to_wire(value).value) == json.dumps(json.loads(json.dumps(value)))


@given(PLAIN)
def test_a_copy_is_equal_and_apart(value):
    """A copy shares no container with the original."""
    copied = copy_json(value)

    assert copied == value
    assert not {id(part) for part in containers(copied)} & {
        id(part) for part in containers(value)
    }


def containers(value):
    """Yield every list and map in a value, itself included."""
    if isinstance(value, dict | list):
        yield value
        inner = value.values() if isinstance(value, dict) else value
        for item in inner:
            yield from containers(item)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 100_000])
@pytest.mark.parametrize("letter", ["a", "é", "\U0001f600"])
def test_a_large_size_is_exact(size, letter):
    """From 64 KiB on, a size is exactly that of the UTF-8 text."""
    text = letter * size

    assert to_wire(text).size == len(json.dumps(text, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "wrap",
    [lambda v: [v], lambda v: {"k": v}, lambda v: (v,)],
    ids=["list", "map", "tuple"],
)
def test_depth_is_bounded(wrap):
    """Nesting up to the limit passes, one level more is refused."""
    value = None
    for _ in range(MAX_DEPTH):
        value = wrap(value)

    assert to_wire(value).size > 0
    with pytest.raises(NotJsonError, match="x is nested deeper than 400 levels"):
        to_wire(wrap(value), what="x")


def test_a_map_inside_itself_is_refused():
    """A cycle is as deep as can be."""
    loop = {}
    loop["self"] = loop

    with pytest.raises(NotJsonError, match="nested deeper"):
        to_wire(loop)


def test_a_hundred_thousand_levels_are_refused():
    """Depth is refused without regard to Python's own stack."""
    value = None
    for _ in range(100_000):
        value = [value]

    with pytest.raises(NotJsonError, match="nested deeper"):
        to_wire(value)


class Colour(StrEnum):
    """A text with a name."""

    RED = "red"


class Size(IntEnum):
    """A number with a name."""

    BIG = 3


class Odd(float):
    """A float with a type of its own."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "arrives", "losses"),
    [
        (Colour.RED, "red", (Loss("v", "Colour became a plain str"),)),
        (Size.BIG, 3, (Loss("v", "Size became a plain int"),)),
        (Odd(1.5), 1.5, (Loss("v", "Odd became a plain float"),)),
        ((), [], (Loss("v", "tuple became a list"),)),
        (
            [{1.5: (2,)}],
            [{"1.5": [2]}],
            (
                Loss("v[0]", "the key 1.5 became '1.5'"),
                Loss("v[0].1.5", "tuple became a list"),
            ),
        ),
        (2**53, 2**53, ()),
        (
            -(2**53) - 1,
            -(2**53) - 1,
            (Loss("v", "an integer above 2**53 is inexact for other readers"),),
        ),
        ({Colour.RED: 1}, {"red": 1}, ()),
    ],
)
def test_losses_are_told_with_their_path(value, arrives, losses):
    """Each change is told where it happened, in the order of the value."""
    wire = to_wire(value, what="v")

    assert (wire.value, type(wire.value)) == (arrives, type(arrives))
    assert wire.losses == losses


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "v holds nan, which JSON cannot carry"),
        ([1, {"a": {2}}], "v[1].a holds an object of type set, which JSON"),
        ({"a": "\udc00"}, "v.a holds a lone surrogate, which"),
        ({"\udc00": 1}, "v holds a key with a lone surrogate, which"),
        ({b"k": 1}, "v holds a key of type bytes, which"),
    ],
)
def test_what_json_cannot_carry_is_named(value, message):
    """The error names the place and the kind, and shows the value."""
    with pytest.raises(NotJsonError) as refusal:
        to_wire(value, what="v")

    assert str(refusal.value).startswith(message)
    assert refusal.value.name == "OutputUnserializableError"
    assert refusal.value.seen != ""


class Evil:
    """An object that cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("short", "'short'"),
        ("x" * 100, "'" + "x" * 78 + "…"),
        (Evil(), "an object of type Evil"),
    ],
)
def test_a_value_is_shown_safely(value, text):
    """What is shown is short, and survives a broken repr."""
    assert show(value) == text


def test_addresses_are_masked():
    """The repr of a plain object is the same in every process."""
    assert show(object()) == "<object object at 0x…>"
