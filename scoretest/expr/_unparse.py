"""A tree back to text, in the form in which the engine stores expressions.

The engine prints text between double quotes with Go's escapes, and later cuts the
literal out without decoding it; that is why some values never match (rule C10).
"""

import math
from collections.abc import Callable
from typing import Final, cast

from ._time import write_elapsed, write_moment
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
    select_path,
)
from ._values import CelType, Elapsed, Moment, UInt, Value, from_json, go_double

__all__ = ["go_quote", "unparse", "write_value"]

_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_ASCII: Final = 0x80
_WIDE: Final = 0x10000
_ATOM: Final = 9
_LEVELS_BY_KIND: Final[dict[type, int]] = {Cond: 1, Unary: 7}
_LEVELS: Final = {
    "||": 2,
    "&&": 3,
    **dict.fromkeys(["==", "!=", "<", "<=", ">", ">=", "in"], 4),
    **dict.fromkeys("+-", 5),
    **dict.fromkeys("*/%", 6),
}


def go_quote(text: str) -> str:
    """Quote *text* as Go's ``%q`` does."""
    if text.isprintable() and '"' not in text and "\\" not in text:  # as most is
        return f'"{text}"'
    return f'"{"".join(map(_quoted, text))}"'


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < _ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _WIDE else f"\\U{code:08x}"


def write_value(value: Value) -> str:
    """Write a value as the literal that the engine stores for it."""
    return _LITERALS.get(type(value), _container)(value)


def _double(value: float) -> str:
    # a round number in exponent form gets a ".0" that no parser takes: rule C9
    text = go_double(value)
    return text if "." in text or not math.isfinite(value) else f"{text}.0"


def _container(value: Value) -> str:
    if isinstance(value, list):
        return f"[{', '.join(write_value(from_json(v)) for v in value)}]"
    if isinstance(value, dict):
        pairs = (
            f"{write_value(k)}: {write_value(from_json(v))}" for k, v in value.items()
        )
        return f"{{{', '.join(pairs)}}}"
    return _rare(value)


def _rare(value: Value) -> str:
    match value:
        case bytes():
            return f"b{go_quote(value.decode('latin-1'))}"
        case Moment():
            return f'timestamp("{write_moment(value)}")'
        case Elapsed():
            return f'duration("{write_elapsed(value)}")'
        case CelType():
            return value.name
        case _:
            return "null"


_LITERALS: Final = cast(
    "dict[type, Callable[[Value], str]]",
    {
        type(None): lambda _: "null",
        bool: lambda value: "true" if value else "false",
        str: go_quote,
        UInt: lambda value: f"{int(value)}u",
        int: str,
        float: _double,
    },
)


def unparse(node: Node) -> str:
    """Write *node* with the parentheses that it needs and no others."""
    return _WRITERS[type(node)](node)


def _level(node: Node) -> int:
    if isinstance(node, Binary | Logic):
        return _LEVELS[node.op]
    return _LEVELS_BY_KIND.get(type(node), _ATOM)


def _inside(node: Node, least: int) -> str:
    text = unparse(node)
    return text if _level(node) >= least else f"({text})"


def _lit(node: Lit) -> str:
    return write_value(node.value)


def _ident(node: Ident) -> str:
    return node.name


def _select(node: Select) -> str:
    if path := select_path(node):
        return ".".join(path)
    return f"{_inside(node.operand, _ATOM)}.{node.field}"


def _has(node: Has) -> str:
    return f"has({_inside(node.operand, _ATOM)}.{node.field})"


def _index(node: Index) -> str:
    return f"{_inside(node.operand, _ATOM)}[{unparse(node.key)}]"


def _unary(node: Unary) -> str:
    return f"{node.op}{_inside(node.operand, 8)}"


def _binary(node: Binary) -> str:
    level = _level(node)
    return f"{_inside(node.left, level)} {node.op} {_inside(node.right, level + 1)}"


def _logic(node: Logic) -> str:
    level = _level(node)
    return f" {node.op} ".join(_inside(part, level + 1) for part in node.parts)


def _cond(node: Cond) -> str:
    return f"{_inside(node.test, 2)} ? {_inside(node.yes, 2)} : {unparse(node.no)}"


def _call(node: Call) -> str:
    args = ", ".join(map(unparse, node.args))
    if node.target is None:
        return f"{node.name}({args})"
    return f"{_inside(node.target, _ATOM)}.{node.name}({args})"


def _macro(node: Macro) -> str:
    # for explanations: the engine itself cannot store a macro (rule C9)
    args = ", ".join([node.variable, *map(unparse, node.args)])
    return f"{_inside(node.range, _ATOM)}.{node.name}({args})"


def _list(node: ListOf) -> str:
    return f"[{', '.join(map(unparse, node.items))}]"


def _map(node: MapOf) -> str:
    pairs = (f"{unparse(key)}: {unparse(value)}" for key, value in node.entries)
    return f"{{{', '.join(pairs)}}}"


_WRITERS: Final = cast(
    "dict[type, Callable[[Node], str]]",
    {
        Lit: _lit,
        Ident: _ident,
        Select: _select,
        Has: _has,
        Index: _index,
        Unary: _unary,
        Binary: _binary,
        Logic: _logic,
        Cond: _cond,
        Call: _call,
        Macro: _macro,
        ListOf: _list,
        MapOf: _map,
    },
)
