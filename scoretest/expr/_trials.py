"""Values that are tried one after the other, where nothing says what would please.

Most expressions say it themselves. For the others, such as ``!async.data.spam`` or the
order of two paths, there are few paths and few values that can matter.
"""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Final, TypeAlias

from .._json import Json, JsonObject, copy_object
from .._model.predicate import Predicate
from ._expression import Expression
from ._parser import parse
from ._tree import ListOf, Lit, MapOf, Node, static_path, walk
from ._wishes import put

__all__ = ["tried"]

_Place: TypeAlias = tuple[str | int, ...]

_MOST: Final = 3_000
_MOST_PATHS: Final = 3
_MOST_LITERALS: Final = 12
_EARLY, _LATE = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
_PLAIN: Final[tuple[Json, ...]] = (False, True, "one", "", 1, 0, 5)
_OTHERS: Final[tuple[Json, ...]] = (None, [], ["one"], {}, _EARLY, _LATE)
_USUAL: Final = (*((v,) for v in _PLAIN), (), *((v,) for v in _OTHERS))
"""What may stand at a place: one value, or none."""


def tried(
    predicate: Predicate, known: JsonObject, name: str, ts: int
) -> JsonObject | None:
    """Return event data with which *predicate* is true, or None if none were found.

    Args:
        predicate: The condition.
        known: What the data have in any case; never changed.
        name: The event's name.
        ts: Its time, in milliseconds.
    """
    if not isinstance(predicate, Expression) or not predicate.stored:
        return None
    found = _found(predicate, json.dumps(known), name, ts)
    return None if found is None else copy_object(found)


@lru_cache(maxsize=256)  # it is asked for in every world in which a wait is open
def _found(
    expression: Expression, known_text: str, name: str, ts: int
) -> JsonObject | None:
    root, known = parse(expression.stored), json.loads(known_text)
    places = list(_places(root, expression.root, known))[:_MOST_PATHS]
    values = [*((value,) for value in _literals(root)), *_USUAL]
    for chosen in islice(product(values, repeat=len(places)), _MOST):
        data = copy_object(known)
        for place, given in zip(places, chosen, strict=True):
            for value in given:
                put(data, place, value)
        if expression.matches({"name": name, "data": data, "id": "", "ts": ts}):
            return data
    return None


def _places(root: Node, variable: str, known: JsonObject) -> Iterator[_Place]:
    """Yield the places in the data that an expression speaks of, each once."""
    paths = dict.fromkeys(path for node in walk(root) if (path := static_path(node)))
    for path in paths:
        is_inner = any(len(p) > len(path) and p[: len(path)] == path for p in paths)
        if path[:2] == (variable, "data") and not is_inner:
            yield from (
                inner for inner in [path[2:]] if inner and inner[0] not in known
            )


def _literals(root: Node) -> Sequence[Json]:
    """Return the values that stand in an expression, and the neighbours of numbers."""
    found: dict[str, Json] = {}
    for node in walk(root):
        for value in _values(node):
            found.setdefault(repr(value), value)
    return list(found.values())[:_MOST_LITERALS]


def _values(node: Node) -> Iterator[Json]:
    match node:
        case Lit(value=bool() | str() | None as value):
            yield value
        case Lit(value=int() | float() as value):
            yield from (value, value + 1, value - 1, value / 2)
        case ListOf(items=items):
            yield [value for item in items for value in islice(_values(item), 1)]
        case MapOf(entries=entries):
            pairs = ((list(_values(k)), list(_values(v))) for k, v in entries)
            yield {str(key[0]): value[0] for key, value in pairs if key and value}
