"""What an event has to hold for a match expression to be true, beyond plain equality.

Each part of an expression says a value that would please it: `has(x)` any, `size(x) > 2` a
list of three, `x.startsWith('a')` the text itself, `x.exists(e, e.k == 1)` a list of one.
Whether the values please all parts at once is asked of the expression.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, pairwise, product
from typing import Final, TypeAlias

from .._json import Json, JsonObject, copy_object
from .._model.predicate import Predicate
from ._expression import Expression
from ._parser import parse
from ._tree import (
    Binary,
    Call,
    Cond,
    Has,
    Index,
    ListOf,
    Lit,
    Logic,
    Macro,
    Node,
    Select,
    static_path,
    walk,
)

__all__ = ["open_paths", "put", "wished"]

Place: TypeAlias = tuple[str | int, ...]
"""Where in an event's data; numbers are places in lists."""
Wish: TypeAlias = tuple[Place, Json]

_ANY: Final = "one"
_MOST_TRIED: Final = 200
_MOST_SIZE: Final = 1_000
_SAME: Final = frozenset({"string", "lowercase", "uppercase"})
_NUMBER: Final = frozenset({"int", "double", "uint"})
_TEXT: Final = frozenset({"startsWith", "endsWith", "contains"})
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_STEPS: Final = {"<": -1, ">": 1, "!=": 1}


def wished(predicate: Predicate, name: str, ts: int) -> JsonObject | None:
    """Return event data with which *predicate* is true, or None if none were found.

    Args:
        predicate: The condition.
        name: The event's name.
        ts: Its time, in milliseconds.
    """
    if not isinstance(predicate, Expression) or not predicate.stored:
        return None
    found = _searched(predicate, name, ts)
    return None if found is None else copy_object(found)


@lru_cache(maxsize=256)  # it is asked for in every world in which a wait is open
def _searched(predicate: Expression, name: str, ts: int) -> JsonObject | None:
    chosen: dict[Place, list[Json]] = {}
    for place, value in _wishes(parse(predicate.stored), predicate.root):
        if value not in chosen.setdefault(place, []):
            chosen[place].append(value)
    for values in islice(product(*chosen.values()), _MOST_TRIED):
        data: JsonObject = {}
        for place, value in zip(chosen, values, strict=True):
            put(data, place, value)
        if predicate.matches({"name": name, "data": data, "id": "", "ts": ts}):
            return data
    return None


def open_paths(predicate: Predicate | None) -> list[Place]:
    """Return the places of which an expression only asks whether something is there."""
    if not isinstance(predicate, Expression) or not predicate.stored:
        return []
    nodes = walk(parse(predicate.stored))
    places: list[Place] = []
    for node in nodes:
        if isinstance(node, Has):
            place = _place(Select(node.operand, node.field, node.span), predicate.root)
        elif isinstance(node, Binary) and node.op == "!=" and _is_null(node.right):
            place = _place(node.left, predicate.root)
        else:
            continue
        if place and place not in places:
            places.append(place)
    return places


def put(data: JsonObject, place: Place, value: Json) -> None:
    """Put *value* into *data*; what is in the way gives way."""
    inner: Json = data
    for step, after in pairwise(place):
        kind = list if isinstance(after, int) else dict
        held = _get(inner, step)
        if not isinstance(held, kind):
            held = [] if kind is list else {}
            _set(inner, step, held)
        inner = held
    held = _get(inner, place[-1])
    is_part = isinstance(value, dict) and isinstance(held, dict)
    _set(inner, place[-1], {**held, **value} if is_part else value)  # type: ignore[dict-item]  # is_part says that both are objects


def _get(holder: Json, step: str | int) -> Json:
    match holder, step:
        case list(), int() if step < len(holder):
            return holder[step]
        case dict(), str():
            return holder.get(step)
    return None


def _set(holder: Json, step: str | int, value: Json) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
        return
    assert isinstance(holder, list)  # noqa: S101 -- `put` has made it one
    assert isinstance(step, int)  # noqa: S101 -- because of this
    holder.extend({} for _ in range(step + 1 - len(holder)))
    holder[step] = value


def _wishes(root: Node, of: str) -> Iterator[Wish]:
    """Yield what would please the parts of an expression, the plainest first."""
    for node in walk(root):
        match node:
            case Binary():
                yield from _of_comparison(node, of)
            case Call():
                yield from _of_call(node, of)
            case Has():
                place = _place(Select(node.operand, node.field, node.span), of)
                yield from _at(place, _ANY)
            case Macro():
                yield from _of_macro(node, of)
            case Cond():
                yield from _at(_place(node.test, of), value=True)
            case _:
                continue
    for part in root.parts if isinstance(root, Logic) else (root,):
        yield from _at(_place(part, of), value=True)


def _of_comparison(node: Binary, of: str) -> Iterator[Wish]:
    left, op, right = node.left, node.op, node.right
    if op == "in":
        yield from _of_membership(left, right, of)
        return
    if isinstance(left, Lit):
        left, op, right = right, _MIRRORED.get(op, op), left
    is_there, value = _constant(right)
    if not is_there:
        if op == "==":  # two places of one event
            yield from _at(_place(left, of), _ANY)
            yield from _at(_place(right, of), _ANY)
        return
    for wish in _meeting(op, value):
        yield from _at(_place(left, of), wish)
        yield from _through(left, wish, of)


def _of_membership(left: Node, right: Node, of: str) -> Iterator[Wish]:
    is_there, value = _constant(left)
    if is_there:
        yield from _at(_place(right, of), [value])
    for item in right.items if isinstance(right, ListOf) else ():
        is_there, value = _constant(item)
        if is_there:
            yield from _at(_place(left, of), value)


def _through(node: Node, value: Json, of: str) -> Iterator[Wish]:
    """Yield what makes a function of a place come to *value*."""
    if not isinstance(node, Call):
        return
    inner = node.args[0] if node.target is None and node.args else node.target
    place = _place(inner, of)
    if node.name == "size" and isinstance(value, int) and 0 <= value <= _MOST_SIZE:
        yield from _at(place, [_ANY] * value)
        yield from _at(place, "x" * value)
    elif node.name in _SAME | _NUMBER:
        yield from _at(place, value)


def _of_call(node: Call, of: str) -> Iterator[Wish]:
    first = node.args[0] if node.args else None
    if node.target is None or not isinstance(first, Lit):
        return
    if isinstance(first.value, str) and node.name in _TEXT:
        yield from _at(_place(node.target, of), first.value)
    elif isinstance(first.value, str) and node.name == "matches":
        yield from _at(_place(node.target, of), _example(first.value))


def _of_macro(node: Macro, of: str) -> Iterator[Wish]:
    """Yield a list of one, which pleases the body of a macro."""
    element: JsonObject = {}
    bare: list[Json] = []
    for body in node.args:
        for inner, value in _wishes(body, node.variable):
            if inner:
                put(element, inner, value)
            else:
                bare.append(value)
    place = _place(node.range, of)
    for value in bare[:1] or [element] if element or bare else [_ANY]:
        yield from _at(place, [value])


def _meeting(op: str, value: Json) -> list[Json]:
    """Return what stands left of *op* and *value*."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value + _STEPS.get(op, 0)]
    if op != "!=":
        return [value]
    if isinstance(value, bool):
        return [not value]
    return [f"other-{value}" if isinstance(value, str) else _ANY]


def _constant(node: Node) -> tuple[bool, Json]:
    """Return whether *node* is a constant of JSON, and which."""
    if isinstance(node, ListOf):
        items = [_constant(item) for item in node.items]
        return all(is_there for is_there, _ in items), [value for _, value in items]
    if not isinstance(node, Lit) or isinstance(node.value, bytes):
        return False, None
    value = node.value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return True, int(value) if is_number and value is not None else value


def _is_null(node: Node) -> bool:
    return isinstance(node, Lit) and node.value is None


def _place(node: Node | None, of: str) -> Place | None:
    """Return where *node* is in the data, or in the element of a macro; None if not."""
    if not isinstance(node, Select | Index) and getattr(node, "name", None) != of:
        return None
    path = static_path(node) if node is not None else None
    if path is None or path[0] != of:
        return None
    if of not in ("async", "event"):
        return path[1:]
    return path[2:] if path[1:2] == ("data",) and len(path) > 2 else None  # noqa: PLR2004 -- async, data, and a name


def _at(place: Place | None, value: Json) -> Iterator[Wish]:
    if place is not None:
        yield place, copy_object({"": value})[""]


def _example(pattern: str) -> str:
    """Return a text that a pattern of plain parts matches, as near as can be.

    There are no escapes in it: the server knows none (rule C10).
    """
    text = re.sub(r"\[(.).*?\]", r"\1", pattern.partition("|")[0])
    text = re.sub(r"\(\?[:i]|[()^$*+?]", "", text).replace(".", "x")
    return re.sub(r"(.)\{(\d+)[^}]*\}", _repeated, text)


def _repeated(found: re.Match[str]) -> str:
    return found[1] * min(int(found[2]), _MOST_SIZE)
