"""Equality and order of values, as the CEL specification has them.

Numbers compare across kinds by their exact value (rule C1); nothing else is ever
converted. The engine's additions, absent paths and null, are in `_dialect`.
"""

import operator
from typing import Final, Protocol, cast

from ._values import CelList, CelMap, Elapsed, Fault, Moment, UInt, Value, from_json

__all__ = [
    "ORDERINGS",
    "Ordering",
    "contains",
    "equal",
    "get_step",
    "lookup",
    "ordered",
    "raw",
]


class Ordering(Protocol):
    """One of Python's four orderings."""

    def __call__(self, a: object, b: object, /) -> bool:
        """Say whether the two are in that order."""


ORDERINGS: Final = cast(
    "dict[str, Ordering]",
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
)
_NUMBERS: Final = frozenset({int, UInt, float})
_LISTS: Final = frozenset({list, CelList})
_MAPS: Final = frozenset({dict, CelMap})
_ORDERED: Final = frozenset({str, bytes, bool})
_KEYS: Final = frozenset({str, int, UInt, bool})


def raw(container: Value, item: Value) -> Value:
    """Return *item* of *container*; what comes out of JSON has double numbers."""
    return from_json(item) if type(container) in (list, dict) else item


def equal(one: Value, other: Value) -> bool:
    """Say whether two values are equal; different kinds never are (rule C1)."""
    kind, other_kind = type(one), type(other)
    if kind in _NUMBERS:
        return other_kind in _NUMBERS and operator.eq(*_common(one, other))
    if kind in _LISTS:
        return other_kind in _LISTS and _equal_lists(one, other)
    if kind in _MAPS:
        return other_kind in _MAPS and _equal_maps(one, other)
    return kind is other_kind and one == other


def _common(one: Value, other: Value) -> tuple[float, float]:
    """Return two numbers; an integer beside a double becomes one, as in cel-go."""
    assert isinstance(one, int | float)  # noqa: S101 -- the callers looked
    assert isinstance(other, int | float)  # noqa: S101 -- the callers looked
    if type(one) is not type(other) and float in (type(one), type(other)):
        return float(one), float(other)
    return one, other


def _equal_lists(one: Value, other: Value) -> bool:
    assert isinstance(one, list)  # noqa: S101 -- equal() looked
    assert isinstance(other, list)  # noqa: S101 -- equal() looked
    if len(one) != len(other):
        return False
    pairs = zip(one, other, strict=True)
    return all(equal(raw(one, a), raw(other, b)) for a, b in pairs)


def _equal_maps(one: Value, other: Value) -> bool:
    assert isinstance(one, dict)  # noqa: S101 -- equal() looked
    assert isinstance(other, dict)  # noqa: S101 -- equal() looked
    if len(one) != len(other):
        return False
    for key, value in one.items():
        found = lookup(other, key)
        if type(found) is Fault or not equal(raw(one, value), found):
            return False
    return True


def ordered(test: Ordering, one: Value, other: Value) -> bool | None:
    """Apply ``<``, ``<=``, ``>`` or ``>=``; None when the two have no order.

    Args:
        test: The operator, such as `operator.lt`.
        one: The left side.
        other: The right side.
    """
    kind, other_kind = type(one), type(other)
    if kind in _NUMBERS and other_kind in _NUMBERS:
        return test(*_common(one, other))
    if kind is not other_kind:
        return None
    if kind in _ORDERED:
        return test(one, other)
    if isinstance(one, Moment | Elapsed) and isinstance(other, Moment | Elapsed):
        return test(one.ns, other.ns)
    return None


def contains(container: Value, item: Value) -> bool | None:
    """Say whether *item* is in a list or is a key of a map; None for other containers."""
    if isinstance(container, list):
        return any(equal(raw(container, each), item) for each in container)
    if isinstance(container, dict):
        return type(lookup(container, item)) is not Fault
    return None


def lookup(container: dict[Value, Value], key: Value) -> Value:
    """Return the value at *key* of a map, or a `Fault`; ``1``, ``1u``, ``1.0`` agree."""
    if isinstance(key, float):
        key = int(key) if key.is_integer() else None
    kind = type(key)
    if kind not in _KEYS:
        return Fault("no such key")
    if type(container) is dict and kind is not str:
        return Fault("no such key")  # the keys of JSON are text
    if isinstance(container, CelMap):
        return _made(container, key)
    return from_json(container[key]) if key in container else Fault("no such key")


def _made(container: CelMap, key: Value) -> Value:
    # Python finds 1 under True; CEL does not
    if key not in container:
        return Fault("no such key")
    if isinstance(key, int):
        is_bool = type(key) is bool
        if is_bool != any(type(k) is bool and k == key for k in container):
            return Fault("no such key")
    return container[key]


def get_step(value: Value, key: Value) -> Value:
    """Return what *key* selects from *value*, or a `Fault`."""
    if isinstance(value, dict):
        return lookup(value, key)
    if isinstance(value, list):
        return _item(value, key)
    return Fault("no such key")


def _item(items: list[Value], key: Value) -> Value:
    if isinstance(key, float) and key.is_integer():
        key = int(key)
    if type(key) not in (int, UInt):
        return Fault("a list is indexed by integers")
    inside = 0 <= key < len(items)  # type: ignore[operator]  # an integer
    return raw(items, items[key]) if inside else Fault("index out of range")  # type: ignore[call-overload]  # an integer
