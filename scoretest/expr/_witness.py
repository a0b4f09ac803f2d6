"""Data that meets a match expression, or misses it by one condition.

The tree says which value each condition asks for; whether the event as a whole matches
is asked of the predicate itself, so that what is returned has always been tried.
"""

import copy
from collections.abc import Iterator
from typing import Final, NamedTuple

from .._json import Json, JsonObject
from .._model.predicate import Predicate
from ._parser import parse
from ._tree import (
    Binary,
    Call,
    Has,
    ListOf,
    Lit,
    Logic,
    Node,
    Select,
    Unary,
    static_path,
)
from ._trials import tried
from ._wishes import put, wished

__all__ = ["Miss", "near_misses", "witness"]

_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ANY: Final = "x"


class Miss(NamedTuple):
    """An event's data that one condition refuses.

    Attributes:
        kind: ``"other value"``, ``"other type"``, ``"null"`` or ``"absent"``.
        path: Where in the data.
        data: The data of the event.
    """

    kind: str
    path: tuple[str, ...]
    data: JsonObject


class _Wish(NamedTuple):
    path: tuple[str, ...]
    value: Json


def witness(
    predicate: Predicate | None, event: JsonObject, root: str = "async"
) -> JsonObject | None:
    """Return the data with which *event* meets *predicate*, or None if none was found.

    Args:
        predicate: The condition; None is met by every event.
        event: The rest of the event, in wire shape; its data is kept where it can be.
        root: The variable that holds the event.
    """
    if predicate is None:
        return _data_of(event)
    data = _data_of(event)
    for wish in _wishes(parse(predicate.stored), root):
        put(data, wish.path, wish.value)
    if predicate.matches({**event, "data": data}):
        return data
    return _found_otherwise(predicate, event)


def _found_otherwise(predicate: Predicate, event: JsonObject) -> JsonObject | None:
    """Return data that other means of finding some come to."""
    name, ts = str(event.get("name", "")), event.get("ts")
    at_ms = ts if isinstance(ts, int) else 0
    known = _data_of(event)
    data = {**known, **(wished(predicate, name, at_ms) or {})}
    if predicate.matches({**event, "data": data}):
        return data
    return tried(predicate, known, name, at_ms)


def near_misses(
    predicate: Predicate | None, event: JsonObject, root: str = "async"
) -> list[Miss]:
    """Return data that meets *predicate* but for one condition, the plainest first."""
    data = witness(predicate, event, root)
    if predicate is None or data is None:
        return []
    found: list[Miss] = []
    for path in dict.fromkeys(w.path for w in _wishes(parse(predicate.stored), root)):
        for miss in _spoiled(data, path) if _has(data, path) else ():
            is_new = all(miss.data != known.data for known in found)
            if is_new and not predicate.matches({**event, "data": miss.data}):
                found.append(miss)
    return found


def _data_of(event: JsonObject) -> JsonObject:
    data = event.get("data")
    return copy.deepcopy(data) if isinstance(data, dict) else {}


def _has(data: JsonObject, path: tuple[str, ...]) -> bool:
    holder: Json = data
    for step in path:
        if not isinstance(holder, dict) or step not in holder:
            return False
        holder = holder[step]
    return True


def _spoiled(data: JsonObject, path: tuple[str, ...]) -> Iterator[Miss]:
    value: Json = data
    for step in path:
        value = value[step] if isinstance(value, dict) else None
    for kind, other in (
        ("other value", _other(value)),
        ("other type", _retyped(value)),
        ("null", None),
    ):
        spoiled = copy.deepcopy(data)
        put(spoiled, path, other)
        yield Miss(kind, path, spoiled)
    spoiled = holder = copy.deepcopy(data)
    for step in path[:-1]:
        inner = holder[step]
        assert isinstance(inner, dict)  # noqa: S101 -- a witness has every path that it was given
        holder = inner
    del holder[path[-1]]
    yield Miss("absent", path, spoiled)


def _other(value: Json) -> Json:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}-other"
        case _:
            return _ANY


def _retyped(value: Json) -> Json:
    """Return what looks the same and is of another kind."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if value.isascii() and value.isdigit():
            return int(value)
        case _:
            return [value]


def _wishes(node: Node, root: str, *, wanted: bool = True) -> Iterator[_Wish]:
    """Yield what the event should hold for *node* to come out as *wanted*."""
    match node:
        case Logic(op=op, parts=parts):
            # all parts of what needs every one of them, else the first alone
            for part in parts if (op == "&&") is wanted else parts[:1]:
                yield from _wishes(part, root, wanted=wanted)
        case Unary(op="!", operand=inner):
            yield from _wishes(inner, root, wanted=not wanted)
        case Binary():
            yield from _compared(node, root, wanted=wanted)
        case _:
            yield from _held(node, root, wanted=wanted)


def _held(node: Node, root: str, *, wanted: bool) -> Iterator[_Wish]:
    """Yield what a place named by *node* alone, or by its only call, should hold."""
    match node:
        case Call(target=Select() as target, args=(Lit(value=str() as text),)):
            yield from _at(target, text, root) if wanted else ()
        case Has(operand=operand, field=field):
            place = Select(operand, field, node.span)
            yield from _at(place, _ANY, root) if wanted else ()
        case Select():
            yield from _at(node, wanted, root)
        case _:
            return


def _compared(node: Binary, root: str, *, wanted: bool) -> Iterator[_Wish]:
    left, op, right = node.left, node.op, node.right
    if isinstance(left, Lit):
        left, op, right = right, _MIRRORED.get(op, op), left
    if op == "in" and isinstance(right, ListOf) and right.items:
        op, right = "==", right.items[0]
    if isinstance(right, Lit):
        value = _value(right)
        yield from _at(left, _meeting(op, value, wanted=wanted), root)
    elif op == "==" and wanted:  # two places of one event
        yield from _at(left, _ANY, root)
        yield from _at(right, _ANY, root)


def _value(literal: Lit) -> Json:
    value = literal.value
    if value is None or isinstance(value, bool | str | float):
        return value
    return int(value) if isinstance(value, int) else _ANY


def _meeting(op: str, value: Json, *, wanted: bool) -> Json:
    """Return what stands left of *op* and *value* in a comparison that is *wanted*."""
    is_like = (op in {"==", "<=", ">="}) is wanted
    if is_like or not isinstance(value, int | float) or isinstance(value, bool):
        return value if is_like else _other(value)
    is_below = (op in {"<", "<="}) is wanted
    return value - 1 if is_below and op in _MIRRORED else value + 1


def _at(node: Node, value: Json, root: str) -> Iterator[_Wish]:
    path = static_path(node)
    if path is None or path[:2] != (root, "data") or len(path) == len((root, "data")):
        return
    steps = tuple(step for step in path[2:] if isinstance(step, str))
    if len(steps) == len(path[2:]):
        yield _Wish(steps, value)
