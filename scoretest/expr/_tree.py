"""The syntax tree: what was written and where, nothing about what it means.

Every node knows its span, so that an error, a lint and an explanation can point at the
user's own characters. Trees are values: nothing ever changes one.
"""

from typing import TypeAlias

from .._model.record import record
from ._values import UInt

__all__ = [
    "Binary",
    "Call",
    "Cond",
    "Has",
    "Ident",
    "Index",
    "ListOf",
    "Lit",
    "LitValue",
    "Logic",
    "Macro",
    "MapOf",
    "Node",
    "Select",
    "Span",
    "Unary",
    "children",
    "select_path",
    "static_path",
    "walk",
]

Span: TypeAlias = tuple[int, int]
LitValue: TypeAlias = "bool | int | UInt | float | str | bytes | None"


@record
class Lit:
    """A literal; *value* is decoded as standard CEL decodes it."""

    value: LitValue
    span: Span


@record
class Ident:
    """A bare name."""

    name: str
    span: Span


@record
class Select:
    """``operand.field``."""

    operand: "Node"
    field: str
    span: Span


@record
class Has:
    """``has(operand.field)``."""

    operand: "Node"
    field: str
    span: Span


@record
class Index:
    """``operand[key]``."""

    operand: "Node"
    key: "Node"
    span: Span


@record
class Unary:
    """``!x`` or ``-x``."""

    op: str
    operand: "Node"
    span: Span


@record
class Binary:
    """A comparison, ``in``, or arithmetic."""

    op: str
    left: "Node"
    right: "Node"
    span: Span


@record
class Logic:
    """A whole chain of ``&&`` or of ``||``, flat however long it is."""

    op: str
    parts: tuple["Node", ...]
    span: Span


@record
class Cond:
    """``test ? yes : no``."""

    test: "Node"
    yes: "Node"
    no: "Node"
    span: Span


@record
class Call:
    """``name(args)``, or ``target.name(args)``."""

    name: str
    target: "Node | None"
    args: tuple["Node", ...]
    span: Span


@record
class Macro:
    """``range.name(variable, body)``; ``map`` has an optional filter before its body."""

    name: str
    range: "Node"
    variable: str
    args: tuple["Node", ...]
    span: Span


@record
class ListOf:
    """``[a, b]``."""

    items: tuple["Node", ...]
    span: Span


@record
class MapOf:
    """``{k: v}``."""

    entries: tuple[tuple["Node", "Node"], ...]
    span: Span


Node: TypeAlias = (
    Lit
    | Ident
    | Select
    | Has
    | Index
    | Unary
    | Binary
    | Logic
    | Cond
    | Call
    | Macro
    | ListOf
    | MapOf
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the direct parts of *node*, from left to right."""
    match node:
        case Select() | Has() | Unary():
            return (node.operand,)
        case Index():
            return (node.operand, node.key)
        case Binary():
            return (node.left, node.right)
        case Logic():
            return node.parts
        case _:
            return _many(node)


def _many(node: Node) -> tuple[Node, ...]:
    match node:
        case Cond():
            return (node.test, node.yes, node.no)
        case Call():
            return node.args if node.target is None else (node.target, *node.args)
        case Macro():
            return (node.range, *node.args)
        case ListOf():
            return node.items
        case MapOf():
            return tuple(part for entry in node.entries for part in entry)
        case _:
            return ()


def walk(root: Node) -> list[Node]:
    """Return *root* and everything below it, parents before their parts."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(reversed(children(node)))
    return found


def select_path(node: Node) -> tuple[str, ...] | None:
    """Return the path that *node* spells with dots alone, or None."""
    steps: list[str] = []
    while isinstance(node, Select):
        steps.append(node.field)
        node = node.operand
    return (node.name, *reversed(steps)) if isinstance(node, Ident) else None


def static_path(node: Node) -> tuple[str | int, ...] | None:
    """Return the path that *node* spells with dots and constant keys, or None.

    ``async.data['a'].b[0]`` is ``("async", "data", "a", "b", 0)``.
    """
    steps: list[str | int] = []
    while isinstance(node, Select | Index):
        key = node.field if isinstance(node, Select) else _constant(node.key)
        if key is None:
            return None
        steps.append(key)
        node = node.operand
    return (node.name, *reversed(steps)) if isinstance(node, Ident) else None


def _constant(node: Node) -> str | int | None:
    if isinstance(node, Lit) and type(node.value) in (str, int):
        return node.value  # type: ignore[return-value]  # the two types, exactly
    return None
