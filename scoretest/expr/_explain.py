"""Verdicts in words: which condition failed, what was seen, what was wanted."""

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ._tree import (
    Binary,
    Call,
    Cond,
    Has,
    Ident,
    Index,
    ListOf,
    Lit,
    Logic,
    Macro,
    MapOf,
    Node,
    Select,
    Unary,
    children,
)
from ._unparse import unparse
from ._values import Fault, Unknown, Value, from_json, type_name

__all__ = ["explain"]

Literals = Mapping[str, object]
Ask = Callable[[ast.expr], Value]

_KINDS: Final = {
    "double": "number",
    "int": "number",
    "uint": "number",
    "null_type": "null",
}
_SHOWN: Final = 60


def explain(root: Node, code: ast.expr, literals: Literals, ask: Ask) -> str:
    """Return why the expression does or does not match.

    Args:
        root: The tree of the lifted text.
        code: What *root* was lowered to.
        literals: The lifted literals by name.
        ask: Evaluates a part of *code* against the event.
    """
    value = ask(code)
    shown = restore(root, literals)
    if value is True:
        return f"matches: {_write(shown)}"
    failed = _failures(shown, code, ask)
    return "; and ".join(failed) or f"{_write(shown)} is {_seen(value)}, not true"


def _failures(node: Node, code: ast.expr, ask: Ask) -> list[str]:
    if isinstance(node, Logic) and isinstance(code, ast.BoolOp):
        parts = list(zip(node.parts, code.values, strict=True))
        if node.op == "&&":
            return [
                text
                for part, value in parts
                if ask(value) is not True
                for text in _failures(part, value, ask)
            ]
        branches = ["; and ".join(_failures(part, v, ask)) for part, v in parts]
        return [" | ".join(branches)]
    return [_failure(node, code, ask)]


def _failure(node: Node, code: ast.expr, ask: Ask) -> str:
    value = ask(code)
    if isinstance(node, Binary) and isinstance(code, ast.Compare):
        return _comparison(node, code, ask, value)
    if isinstance(node, Unary) and isinstance(code, ast.UnaryOp):
        inner = ask(code.operand)
        absent = " (the engine's `!` of an absent path is false)"
        trap = absent if isinstance(inner, Unknown | Fault) else ""
        return f"{_write(node)} is {_seen(value)}{trap}"
    return f"{_write(node)} is {_seen(value)}; wanted true"


def _comparison(node: Binary, code: ast.Compare, ask: Ask, value: Value) -> str:
    sides = [(node.left, ask(code.left)), (node.right, ask(code.comparators[0]))]
    if _is_constant(node.left):
        sides.reverse()
    (part, seen), (other, wanted) = sides
    note = f" ({value.message})" if isinstance(value, Fault) else ""
    if _is_constant(part):
        return f"{_write(node)} is {_seen(value)}, whatever the event"
    if not _is_constant(other):
        both = f"{_write(part)} is {_seen(seen)}, {_write(other)} is {_seen(wanted)}"
        return f"{both}; wanted {_write(node)}{note}"
    aim = _seen(wanted) if node.op == "==" else _write(node)
    return f"{_write(part)} is {_seen(seen)}; wanted {aim}{note}"


def _is_constant(node: Node) -> bool:
    if isinstance(node, ListOf | MapOf):
        return all(map(_is_constant, children(node)))
    return isinstance(node, Lit)


def _seen(value: Value) -> str:
    """Show a value and its kind: ``42 (number)``."""
    if isinstance(value, Unknown):
        return "missing"
    if isinstance(value, Fault):
        return f"an error ({value.message})"
    if value is None:
        return "null"
    kind = type_name(value)
    return f"{_short(value)} ({_KINDS.get(kind, kind)})"


def _short(value: Value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    try:
        text = json.dumps(_plain(value), ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = type_name(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _plain(value: Value) -> Value:
    value = from_json(value) if not isinstance(value, list | dict) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def restore(node: Node, literals: Literals) -> Node:
    """Put the lifted literals back into a tree of the lifted text."""
    match node:
        case Select(operand=Ident(name="vars"), field=name) if name in literals:
            return Lit(str(literals[name]), node.span)
        case Select() | Has() | Unary():
            return replace(node, operand=restore(node.operand, literals))
        case Index():
            operand, key = restore(node.operand, literals), restore(node.key, literals)
            return replace(node, operand=operand, key=key)
        case Binary():
            left, right = restore(node.left, literals), restore(node.right, literals)
            return replace(node, left=left, right=right)
        case Logic():
            return replace(node, parts=_all(node.parts, literals))
        case _:
            return _restore_more(node, literals)


def _restore_more(node: Node, literals: Literals) -> Node:
    match node:
        case ListOf():
            return replace(node, items=_all(node.items, literals))
        case Macro():
            over = restore(node.range, literals)
            return replace(node, range=over, args=_all(node.args, literals))
        case MapOf():
            entries = tuple(
                (restore(k, literals), restore(v, literals)) for k, v in node.entries
            )
            return replace(node, entries=entries)
        case Cond():
            test, yes, no = _all((node.test, node.yes, node.no), literals)
            return replace(node, test=test, yes=yes, no=no)
        case Call():
            target = None if node.target is None else restore(node.target, literals)
            return replace(node, target=target, args=_all(node.args, literals))
        case _:
            return node


def _all(nodes: tuple[Node, ...], literals: Literals) -> tuple[Node, ...]:
    return tuple(restore(node, literals) for node in nodes)


def _write(node: Node) -> str:
    text = unparse(node)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
