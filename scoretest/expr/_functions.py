"""The functions of the dialect: CEL's standard library and the engine's additions.

Each takes values and returns a value, a `Fault` where CEL has an error. The clock and
the pattern matcher come from outside: this package reads neither.

Source: CEL specification, "Standard definitions"; rule C6.
"""

import base64
import binascii
import json
import math
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from ._time import (
    GETTERS,
    checked_moment,
    read_elapsed,
    read_moment,
    write_elapsed,
    write_moment,
)
from ._values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    CelType,
    Elapsed,
    Fault,
    Moment,
    Operation,
    UInt,
    Value,
    from_json,
    go_double,
    type_name,
)

__all__ = ["FUNCTIONS", "METHODS"]

Unary: TypeAlias = Callable[[Value], Value]

_SECOND: Final = 1_000_000_000
_TRUE: Final = frozenset({"1", "t", "true", "TRUE", "True", "T"})
_FALSE: Final = frozenset({"0", "f", "false", "FALSE", "False", "F"})
_INTEGER_DIGITS: Final = 20


def _refuse(name: str, *args: Value) -> Fault:
    return Fault(f"{name}() takes no ({', '.join(map(type_name, args))})")


def _size(value: Value) -> Value:
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    return _refuse("size", value)


def _converter(name: str, table: dict[type, Unary]) -> Unary:
    """Make a conversion that looks at the exact type of its argument."""

    def convert(value: Value) -> Value:
        known = table.get(type(value))
        return _refuse(name, value) if known is None else known(value)

    return convert


def _same(value: Value) -> Value:
    return value


def _in_range(value: int, low: int, high: int) -> Value:
    return value if low <= value <= high else Fault("integer out of range")


def _from_double(
    value: float, above: float, below: float, kind: Callable[[int], Value]
) -> Value:
    # cel-go excludes both ends, which a double cannot tell from the numbers next to them
    if not above < value < below:
        return Fault("integer out of range")
    return kind(math.trunc(value))


def _parse_int(text: str, low: int, high: int, kind: Callable[[int], Value]) -> Value:
    digits = text[1:] if text[:1] in ("-", "+") and low < 0 else text
    if not (digits.isascii() and digits.isdigit()):
        return Fault(f"{text[:40]!r} is not an integer")
    significant = digits.lstrip("0")
    if len(significant) > _INTEGER_DIGITS:
        return Fault("integer out of range")
    value = int(significant or "0") * (-1 if text[0] == "-" else 1)
    found = _in_range(value, low, high)
    return kind(value) if type(found) is int else found


def _to_double(value: Value) -> Value:
    if isinstance(value, str):
        return _parse_double(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return _refuse("double", value)


def _parse_double(text: str) -> Value:
    plain = text.strip() == text and "_" not in text and text.isascii()
    try:
        return float(text) if plain else Fault(f"{text[:40]!r} is not a number")
    except ValueError:
        return Fault(f"{text[:40]!r} is not a number")


def _decode(value: bytes) -> Value:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Fault("the bytes are not UTF-8")


def _to_bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    return _refuse("bool", value)


def _to_bytes(value: Value) -> Value:
    if isinstance(value, str):
        return value.encode(errors="replace")
    return value if isinstance(value, bytes) else _refuse("bytes", value)


def _to_moment(value: Value) -> Value:
    if isinstance(value, str):
        return read_moment(value)
    if type(value) is int:
        return checked_moment(value * _SECOND)
    return value if isinstance(value, Moment) else _refuse("timestamp", value)


def _to_elapsed(value: Value) -> Value:
    if isinstance(value, str):
        return read_elapsed(value)
    if type(value) is int:
        return Elapsed(value)
    return value if isinstance(value, Elapsed) else _refuse("duration", value)


def _type(value: Value) -> Value:
    return value if isinstance(value, Fault) else CelType(type_name(value))


def _text_test(
    name: str, test: Callable[[str, str], bool]
) -> Callable[[Value, Value], Value]:
    def apply(text: Value, part: Value) -> Value:
        if isinstance(text, str) and isinstance(part, str):
            return test(text, part)
        return _refuse(name, text, part)

    return apply


def _text_change(change: Callable[[str], str]) -> Unary:
    def apply(text: Value) -> Value:
        # the engine takes what is no text for empty text
        return change(text) if isinstance(text, str) else ""

    return apply


def _b64decode(text: Value) -> Value:
    if not isinstance(text, str):
        return _refuse("b64decode", text)
    try:
        return _decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return Fault("the text is not base64")


def _json_parse(text: Value) -> Value:
    if not isinstance(text, str):
        return _refuse("json_parse", text)
    try:
        return from_json(json.loads(text))
    except (ValueError, RecursionError):
        return Fault("the text is not JSON")


def _date(value: Value) -> Value:
    """Read a day or a time; the engine's ``date()`` gives null for anything else."""
    if isinstance(value, str):
        for text in (value, f"{value}T00:00:00Z", f"{value}Z"):
            found = read_moment(text.replace(" ", "T"))
            if isinstance(found, Moment):
                return found
    return value if isinstance(value, Moment) else None


def _uint_of_int(value: int) -> Value:
    return UInt(value) if 0 <= value <= UINT_MAX else Fault("integer out of range")


def _uint_of_double(value: float) -> Value:
    if value < 0:  # also what would be cut to zero
        return Fault("double out of range")
    return _from_double(value, -1.0, 2.0**64, UInt)


_TO_INT: Final = cast(
    "dict[type, Unary]",
    {
        int: _same,
        UInt: lambda v: _in_range(int(v), INT_MIN, INT_MAX),
        float: lambda v: _from_double(v, -(2.0**63), 2.0**63, int),
        str: lambda v: _parse_int(v, INT_MIN, INT_MAX, int),
        Moment: lambda v: v.ns // _SECOND,
        Elapsed: lambda v: v.ns,
    },
)
_TO_UINT: Final = cast(
    "dict[type, Unary]",
    {
        UInt: _same,
        int: _uint_of_int,
        float: _uint_of_double,
        str: lambda v: _parse_int(v, 0, UINT_MAX, UInt),
    },
)
_TO_STRING: Final = cast(
    "dict[type, Unary]",
    {
        str: _same,
        bool: lambda v: "true" if v else "false",
        int: str,
        UInt: lambda v: str(int(v)),
        float: go_double,
        bytes: _decode,
        Moment: write_moment,
        Elapsed: write_elapsed,
    },
)

METHODS: Final = cast(
    "dict[str, Operation]",
    {
        "size": _size,
        "startsWith": _text_test("startsWith", str.startswith),
        "endsWith": _text_test("endsWith", str.endswith),
        "contains": _text_test("contains", str.__contains__),
        **GETTERS,
    },
)
FUNCTIONS: Final = cast(
    "dict[str, Operation]",
    {
        "size": _size,
        "int": _converter("int", _TO_INT),
        "uint": _converter("uint", _TO_UINT),
        "double": _to_double,
        "string": _converter("string", _TO_STRING),
        "bool": _to_bool,
        "bytes": _to_bytes,
        "timestamp": _to_moment,
        "duration": _to_elapsed,
        "type": _type,
        "dyn": lambda value: value,
        "lowercase": _text_change(str.lower),
        "uppercase": _text_change(str.upper),
        "b64decode": _b64decode,
        "json_parse": _json_parse,
        "date": _date,
    },
)
