"""The values of an evaluation, beside the plain ones of Python.

An error and an absent path are values here, not exceptions: the server's dialect
absorbs both in the middle of an expression, and a value is cheap to absorb.
A plain ``list`` or ``dict`` came out of JSON, so its integers are doubles (rule C1); a
`CelList` or `CelMap` was made by the expression and holds what it holds.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol, TypeAlias, final

__all__ = [
    "ABSENT",
    "INT_MAX",
    "INT_MIN",
    "UINT_MAX",
    "UNKNOWN",
    "CelList",
    "CelMap",
    "CelType",
    "Elapsed",
    "Fault",
    "Moment",
    "Operation",
    "UInt",
    "Unknown",
    "Value",
    "from_json",
    "go_double",
    "type_name",
]

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
UINT_MAX: Final = 2**64 - 1


@final
class UInt(int):
    """An unsigned 64-bit integer of CEL: ``5u``.

    Source: CEL specification, "Numeric values".
    """

    def __repr__(self) -> str:
        return f"UInt({int(self)})"


@final
@dataclass(frozen=True, slots=True)
class CelType:
    """What ``type(x)`` returns; *name* is CEL's word for it.

    Source: CEL specification, "Types as values".
    """

    name: str


@final
@dataclass(frozen=True, slots=True)
class Moment:
    """A timestamp, in nanoseconds since the epoch."""

    ns: int


@final
@dataclass(frozen=True, slots=True)
class Elapsed:
    """A duration, in nanoseconds."""

    ns: int


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a value."""

    message: str


@final
class Unknown:
    """The value of a path that the event lacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


@final
class CelList(list["Value"]):
    """A list that the expression made."""


@final
class CelMap(dict["Value", "Value"]):
    """A map that the expression made."""


Value: TypeAlias = object


class Operation(Protocol):
    """What an operator, a function or a node does with values."""

    def __call__(self, *args: Value) -> Value:
        """Return the result; never raise because of data."""


UNKNOWN: Final = Unknown()
ABSENT: Final = frozenset({Unknown, Fault})

_NAMES: Final[dict[type, str]] = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    CelList: "list",
    dict: "map",
    CelMap: "map",
    Moment: "google.protobuf.Timestamp",
    Elapsed: "google.protobuf.Duration",
    CelType: "type",
}


def type_name(value: Value) -> str:
    """Return CEL's name for the type of *value*."""
    return _NAMES.get(type(value), "error")


def from_json(value: Value) -> Value:
    """Return *value*, just taken out of JSON, as the engine sees it (rule C1)."""
    kind = type(value)
    if kind is int:
        return _double(value)
    if kind in _NAMES:
        return value
    return Fault(f"{kind.__name__} is not a JSON type")


def _double(value: Value) -> Value:
    assert isinstance(value, int)  # noqa: S101 -- for the type checker
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def go_double(value: float) -> str:
    """Write a double as Go's shortest ``%g`` does: an exponent from 1e6 and below 1e-4."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 -- finite, as was just checked
    shown = "".join(map(str, digits))
    power = len(shown) - 1 + exponent
    minus = "-" if sign else ""
    if value == 0 or -4 <= power < 6:  # noqa: PLR2004 -- strconv.FormatFloat 'g', -1
        return f"{minus}{abs(value):.{max(0, -exponent)}f}"
    mantissa = shown[0] + ("." + shown[1:] if len(shown) > 1 else "")
    return f"{minus}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
