"""Lints about what is absent: the engine takes it for false, and for a small value.

A path that the rest of a condition demands cannot be absent where it counts.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

from ._lint import ORDER, Lint, Subject, is_path, written
from ._tree import (
    Binary,
    Cond,
    Has,
    Lit,
    Logic,
    Node,
    Select,
    Unary,
    select_path,
    static_path,
)

__all__ = ["Path", "comparisons", "negations", "orders"]

Path: TypeAlias = tuple[str | int, ...]
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What a comparison says from its other side."""


def negations(subject: Subject) -> Iterator[Lint]:
    """``!`` of an absent path is false (rule C4)."""
    for node in subject.nodes:
        if not isinstance(node, Unary) or node.op != "!":
            continue
        inner = node.operand
        if isinstance(inner, Has):
            shown = written(subject, inner)[4:-1].strip()
            fix = f"write `{shown} == null`, which also takes an explicit null"
            inner = Select(inner.operand, inner.field, inner.span)
        else:
            fix = f"write `{written(subject, inner)} != true`"
        if not is_path(inner) or _demands(subject.root, static_path(inner)):
            continue
        message = "false when the path is missing: the engine's `!` of absence is false"
        yield Lint(code="NEGATED_ABSENCE", span=node.span, message=message, fix=fix)


def orders(subject: Subject) -> Iterator[Lint]:
    """An absent path is below everything (rule C2)."""
    for node in subject.nodes:
        if not isinstance(node, Binary) or node.op not in ORDER:
            continue
        small = node.left if node.op[0] == "<" else node.right
        path = static_path(small)
        if path is None or not is_path(small) or _is_there(path, subject):
            continue
        if not (_foresees(subject, path) or _demands(subject.root, path)):
            shown = written(subject, small)
            yield Lint(
                code="ABSENT_ORDER",
                span=node.span,
                message=f"true when {shown} is missing: absence is below everything",
                fix=f"write `has({shown}) && {written(subject, node)}`",
            )


def _is_there(path: Path, subject: Subject) -> bool:
    """Say whether a value is always there, or is put in where the wait opens."""
    return path[1:] == ("ts",) or (path[0] == "event" and subject.trigger is not None)


def _foresees(subject: Subject, path: Path) -> bool:
    """Say whether a condition asks for the absence of *path*: ``path == null``."""
    return any(
        operator == "==" and literal.value is None
        for node in subject.nodes
        for operator, literal in _compared(node, path)
    )


def _demands(node: Node, path: Path | None) -> bool:
    """Say whether a condition is false for certain where *path* is missing (rule C2)."""
    match node:
        case Logic(op="&&"):
            return any(_demands(part, path) for part in node.parts)
        case Logic():
            return all(_demands(part, path) for part in node.parts)
        case Cond(no=no):
            return _demands(no, path) and any(
                _demands(part, path) for part in (node.test, node.yes)
            )
        case Has():
            return (*(select_path(node.operand) or ()), node.field) == path
        case Lit():
            return node.value is False
    return any(
        operator == "!=" if literal.value is None else operator in {"==", ">", ">="}
        for operator, literal in _compared(node, path)
    )


def _compared(node: Node, path: Path | None) -> Iterator[tuple[str, Lit]]:
    """Yield with what *path* is compared, and how, as if it stood on the left."""
    for other, operator, literal in comparisons(node):
        if other == path:
            yield operator, literal


def comparisons(node: Node) -> Iterator[tuple[Path, str, Lit]]:
    """Yield which path is compared, and how and with what, as if it stood on the left."""
    match node:
        case Binary(left=left, right=Lit() as literal) if path := static_path(left):
            yield path, node.op, literal
        case Binary(left=Lit() as literal, right=right) if path := static_path(right):
            yield path, _TURNED.get(node.op, node.op), literal
