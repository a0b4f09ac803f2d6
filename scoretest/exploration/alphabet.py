"""The signals that can matter: derived from the waits, never written by hand.

For a wait there is an event that it accepts, and for each condition of its expression
the smallest violations: another id, another type, the field missing, null.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any, Final, TypeAlias

from .._json import JsonObject
from .._model.predicate import Predicate
from ..expr import Expression
from ..expr import compile as compile_expression
from ..expr._parser import parse
from ..expr._tree import Binary, Lit, Logic, Node, static_path, walk
from ..expr._trials import tried
from ..expr._wishes import wished

__all__ = ["LATER_MS", "matchings", "near_misses", "other", "trigger_data"]

Path: TypeAlias = tuple[str, ...]
LATER_MS: Final = 1_767_225_600_000
"""When a signal is thought to come, before it does: after everything that is explored."""
_MOST_WAYS: Final = 4
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def matchings(predicate: Predicate | None, name: str = "") -> list[JsonObject]:
    """Return event data that *predicate* accepts, one for each way that was found.

    Args:
        predicate: The condition, or none.
        name: The name of the event.
    """
    if predicate is None:
        return [{}]
    if isinstance(predicate, Expression) and "now" not in predicate.stored:
        return _matchings_of(predicate, name)
    return _matchings(predicate, name)


@lru_cache(maxsize=1_024)  # one expression is asked about in many worlds
def _matchings_of(expression: Expression, name: str) -> list[JsonObject]:
    return _matchings(expression, name)


def _matchings(predicate: Predicate, name: str) -> list[JsonObject]:
    found: list[JsonObject] = []
    for candidate in _candidates(predicate):
        is_more = any(known.items() <= candidate.items() for known in found)
        if not is_more and predicate.matches(_event(candidate, name)):
            found.append(candidate)
    if not found:
        data = wished(predicate, name, LATER_MS)
        if data is None:
            data = tried(predicate, next(_candidates(predicate)), name, LATER_MS)
        found += [] if data is None else [data]
    return found[:_MOST_WAYS]


def trigger_data(expression: str | None) -> JsonObject:
    """Return data of an event that a trigger's expression accepts, if any were found."""
    predicate = compile_expression(expression, kind="trigger") if expression else None
    return next(iter(matchings(predicate)), {})


def near_misses(
    predicate: Predicate | None, match: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    """Yield what barely differs from a match, with what is different about it."""
    for path, value in _equalities(predicate):
        if path[0] != "data" or len(path) == 1:
            continue
        name = ".".join(path[1:])
        yield f"{name} other", _with(match, path[1:], other(value))
        yield f"{name} other type", _with(match, path[1:], _other_type(value))
        yield f"{name} null", _with(match, path[1:], None)
        yield f"{name} missing", _without(match, path[1:])


def _event(data: JsonObject, name: str) -> Mapping[str, object]:
    return {"name": name, "data": data, "id": "", "ts": LATER_MS}


def _candidates(predicate: Predicate) -> Iterator[JsonObject]:
    data: JsonObject = {}
    for path, value in _equalities(predicate):
        if path[0] == "data" and len(path) > 1:
            data = _with(data, path[1:], value)
    yield data
    hints = list(_hints(predicate))
    for path, value in hints:  # one alternative of an `||` each
        yield _with(data, path, value)
    for path, value in hints:
        data = _with(data, path, value)
        yield data


def _equalities(predicate: Predicate | None) -> Iterator[tuple[Path, Any]]:
    """Yield what every matching event has: a path, and a value at it."""
    for term in predicate.terms if predicate else ():
        kind, key = term.keys[0]
        is_whole = kind == "n" and float(key).is_integer()
        yield term.path, int(key) if is_whole else key


def _hints(predicate: Predicate) -> Iterator[tuple[Path, Any]]:
    """Yield values that the comparisons of an expression speak of."""
    if not isinstance(predicate, Expression) or not predicate.stored:
        return
    root = parse(predicate.stored)
    for node in walk(root):
        if isinstance(node, Binary):
            yield from _of_comparison(node, predicate.root)
    for part in root.parts if isinstance(root, Logic) else (root,):
        path = _data_path(part, predicate.root)
        if path:
            yield path, True


def _of_comparison(node: Binary, of: str) -> Iterator[tuple[Path, Any]]:
    left, right, op = node.left, node.right, node.op
    if isinstance(left, Lit):
        left, right, op = right, left, _MIRRORED.get(op, op)
    path = _data_path(left, of)
    if path and isinstance(right, Lit):
        yield path, _satisfying(op, right.value)
    elif path and op == "in":
        first = next((n for n in walk(right) if isinstance(n, Lit)), None)
        if first is not None:
            yield path, first.value


def _satisfying(op: str, value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if op == "!=":
        return other(value)
    if op in ("<", ">") and is_number:
        return value - 1 if op == "<" else value + 1
    return value


def _data_path(node: Node, root: str) -> Path:
    path = static_path(node)
    is_data = path is not None and path[:2] == (root, "data") and len(path) > 2  # noqa: PLR2004 -- async, data, and a name
    return tuple(map(str, path[2:])) if path and is_data else ()


def other(value: Any) -> Any:
    """Return another value of the same type."""
    if isinstance(value, str):
        return f"other-{value}"
    if isinstance(value, bool) or value is None:
        return not value
    return value + 1


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if value.isdecimal() else 42
    return str(value)


def _with(data: JsonObject, path: Path, value: Any) -> JsonObject:
    copied: Any = deepcopy(data)
    inner = copied
    for name in path[:-1]:
        held = inner.get(name)
        inner[name] = inner = held if isinstance(held, dict) else {}
    inner[path[-1]] = value
    return copied  # type: ignore[no-any-return]  # a copy of an object


def _without(data: JsonObject, path: Path) -> JsonObject:
    copied: Any = deepcopy(data)
    inner = copied
    for name in path[:-1]:
        inner = inner.get(name, {})
    inner.pop(path[-1], None)
    return copied  # type: ignore[no-any-return]  # a copy of an object
