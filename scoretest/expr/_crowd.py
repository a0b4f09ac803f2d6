"""Whether an expression is still found where many wait (rule C12).

From 50 open waits on one event name the server asks another matcher first. It files an
expression under its comparisons, each of one path with one literal, and looks at it when
the comparisons of one branch are met. What cannot be filed so is not found, although it
would match.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ._lower import lower
from ._tree import (
    Binary,
    Call,
    Ident,
    Index,
    ListOf,
    Lit,
    Logic,
    MapOf,
    Node,
    Unary,
    select_path,
    walk,
)
from ._unparse import write_value

__all__ = ["found_in_crowd"]

Holds = Callable[[Node], bool]

_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def found_in_crowd(
    root: Node, event: Mapping[str, object], holds: Callable[[ast.expr], bool]
) -> bool:
    """Say whether the matcher for many waits finds an expression that matches.

    Args:
        root: The tree of the lifted text.
        event: What the expression was asked about, and matches.
        holds: Evaluates a part of the expression, lowered.
    """
    return _finds(root, event, lambda part: holds(lower(part)))


def _finds(node: Node, event: Mapping[str, object], holds: Holds) -> bool:
    match node:
        case Logic(op="&&"):
            return all(_finds(part, event, holds) for part in node.parts)
        case Logic():
            return not any(map(_is_constant, node.parts)) and any(
                holds(part) and _finds(part, event, holds) for part in node.parts
            )
        case Unary(op="!"):
            return _finds(node.operand, event, holds)
        case Binary() if not _is_filed(node, event):
            return False
        case _:
            return not any(map(_is_strange, walk(node)))


def _is_filed(node: Binary, event: Mapping[str, object]) -> bool:
    """Say whether a comparison is found: under its path and its literal."""
    left, right = _path(node.left), _path(node.right)
    if node.op in ("==", "!="):
        return not isinstance(node.right, ListOf | MapOf)
    if node.op == "in" and right and _is_constant(node.left):
        return isinstance(_at(event, right), list)
    if node.op in _ORDER and right and (left or _has_exponent(node.left)):
        return False
    if node.op in ("<", "<=") and left:
        return _at(event, left) is not None
    return True


def _has_exponent(node: Node) -> bool:
    """Say whether a number stands there as the server stores a time of an event."""
    value = node.value if isinstance(node, Lit) else None
    return isinstance(value, float) and "e" in write_value(value)


def _path(node: Node) -> tuple[str, ...]:
    """Return the steps of a path below the event, or ()."""
    path = select_path(node) or ()
    return () if path[:1] == ("vars",) else path[1:]


def _at(event: Mapping[str, object], path: tuple[str, ...]) -> object:
    value: object = event
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _is_constant(node: Node) -> bool:
    """Say whether a part has literals only; lifted, they are paths of ``vars``."""
    return all(name == "vars" for name in _names(node)) and not any(
        isinstance(part, Call) for part in walk(node)
    )


def _names(node: Node) -> Iterator[str]:
    return (part.name for part in walk(node) if isinstance(part, Ident))


def _is_strange(node: Node) -> bool:
    match node:
        case Call(name="json_parse") | Index(operand=Ident()):
            return True
        case _:
            return False
