"""Arithmetic of 64-bit integers, doubles, times, and the joining of texts and lists.

Every operator returns a `Fault` where CEL has an error; none of them ever raises, and
none is Python's own operator on a value whose type was not looked at.

Source: CEL specification, "Arithmetic" and "Overflow".
"""

import math
from collections.abc import Callable, Mapping
from typing import Final, cast

from ._time import checked_elapsed, checked_moment
from ._values import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    CelList,
    Elapsed,
    Fault,
    Moment,
    Operation,
    UInt,
    Value,
    from_json,
    type_name,
)

__all__ = ["ARITHMETIC", "negate"]


def _int(value: int) -> Value:
    return value if INT_MIN <= value <= INT_MAX else Fault("integer overflow")


def _uint(value: int) -> Value:
    return UInt(value) if 0 <= value <= UINT_MAX else Fault("unsigned integer overflow")


def _quotient(a: int, b: int) -> int:
    # CEL truncates towards zero, Python floors
    size = abs(a) // abs(b)
    return size if (a < 0) == (b < 0) else -size


def _divide(wrap: Callable[[int], Value]) -> Callable[[int, int], Value]:
    def divide(a: int, b: int) -> Value:
        return wrap(_quotient(a, b)) if b else Fault("division by zero")

    return divide


def _modulo(wrap: Callable[[int], Value]) -> Callable[[int, int], Value]:
    def modulo(a: int, b: int) -> Value:
        if not b:
            return Fault("modulus by zero")
        quotient = wrap(_quotient(a, b))  # too large for INT_MIN and -1: cel-go refuses
        if isinstance(quotient, Fault):
            return quotient
        return wrap(a - b * _quotient(a, b))

    return modulo


def _divide_doubles(a: float, b: float) -> float:
    if b:
        return a / b
    if not a or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _items(value: list[Value]) -> list[Value]:
    return [from_json(v) for v in value] if type(value) is list else value


def _join_lists(a: list[Value], b: list[Value]) -> Value:
    return CelList([*_items(a), *_items(b)])


_PLUS: Final = {
    (int, int): lambda a, b: _int(a + b),
    (UInt, UInt): lambda a, b: _uint(int(a) + int(b)),
    (float, float): lambda a, b: a + b,
    (str, str): lambda a, b: a + b,
    (bytes, bytes): lambda a, b: a + b,
    (list, list): _join_lists,
    (Moment, Elapsed): lambda a, b: checked_moment(a.ns + b.ns),
    (Elapsed, Moment): lambda a, b: checked_moment(a.ns + b.ns),
    (Elapsed, Elapsed): lambda a, b: checked_elapsed(a.ns + b.ns),
}
_MINUS: Final = {
    (int, int): lambda a, b: _int(a - b),
    (UInt, UInt): lambda a, b: _uint(int(a) - int(b)),
    (float, float): lambda a, b: a - b,
    (Moment, Moment): lambda a, b: checked_elapsed(a.ns - b.ns),
    (Moment, Elapsed): lambda a, b: checked_moment(a.ns - b.ns),
    (Elapsed, Elapsed): lambda a, b: checked_elapsed(a.ns - b.ns),
}
_TIMES: Final = {
    (int, int): lambda a, b: _int(a * b),
    (UInt, UInt): lambda a, b: _uint(int(a) * int(b)),
    (float, float): lambda a, b: a * b,
}
_OVER: Final = {
    (int, int): _divide(_int),
    (UInt, UInt): _divide(_uint),
    (float, float): _divide_doubles,
}
_REST: Final = {(int, int): _modulo(_int), (UInt, UInt): _modulo(_uint)}


def _operator(
    symbol: str, table: Mapping[tuple[type, type], object]
) -> Callable[[Value, Value], Value]:
    known = cast("Mapping[tuple[type, type], Operation]", table)

    def apply(left: Value, right: Value) -> Value:
        found = known.get((_kind(left), _kind(right)))
        if found is None:
            names = f"{type_name(left)} {symbol} {type_name(right)}"
            return Fault(f"there is no {names}")
        return found(left, right)

    return apply


def _kind(value: Value) -> type:
    return list if type(value) is CelList else type(value)


ARITHMETIC: Final = {
    "+": _operator("+", _PLUS),
    "-": _operator("-", _MINUS),
    "*": _operator("*", _TIMES),
    "/": _operator("/", _OVER),
    "%": _operator("%", _REST),
}


def negate(value: Value) -> Value:
    """Return ``-value``, or a `Fault` for what has no negative."""
    if type(value) is int:
        return _int(-value)
    if type(value) is float:
        return -value
    return Fault(f"there is no -{type_name(value)}")
