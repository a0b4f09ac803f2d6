"""The engine's second pass: an expression rebuilt from its simple comparisons.

It knows ``path op literal`` and little else. A path goes to the left and the operator is
not turned round with it; a path of ``event`` becomes null; a path on its own becomes
``name select null``, which nothing can parse again, so such a wait never matches; a
lone literal is dropped, and so is what is no comparison.

Source: the stored forms in tests/data/expressions; rule C2.
"""

from typing import Final

from ._tree import Binary, Has, ListOf, Lit, Logic, MapOf, Node, Unary, select_path
from ._unparse import go_quote
from ._values import go_double

__all__ = ["regroup"]

_NEGATED: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_EITHER: Final = frozenset({"==", "!="})
_RELATIONS: Final = frozenset({*_NEGATED, "in"})


def regroup(root: Node, text: str) -> str:
    """Return the text that the second pass stores for *root*, which was read from *text*."""
    return _Groups(text).of(root, negated=False)


class _Groups:
    """One rebuilding; literals are cut out of *text* without decoding them (C10)."""

    def __init__(self, text: str) -> None:
        self.text = text

    def of(self, node: Node, *, negated: bool) -> str:
        match node:
            case Logic():
                return self.logic(node, negated=negated)
            case Unary(op="!"):
                return self.of(node.operand, negated=not negated)
            case Binary():
                return self.comparison(node, negated=negated)
            case Has():
                return f"{node.field} select null"
            case _:
                path = select_path(node)
                return f"{path[-1]} select null" if path and len(path) > 1 else ""

    def logic(self, node: Logic, *, negated: bool) -> str:
        shown = [(part, self.of(part, negated=negated)) for part in node.parts]
        kept = [
            f"({text})" if isinstance(part, Logic) else text
            for part, text in shown
            if text
        ]
        flipped = "&&" if node.op == "||" else "||"
        return f" {flipped if negated else node.op} ".join(kept)

    def comparison(self, node: Binary, *, negated: bool) -> str:
        op = _NEGATED.get(node.op, node.op) if negated else node.op
        left, right = _path(node.left), _path(node.right)
        shown_op = "@in" if op == "in" else op
        if left:
            return f"{left} {shown_op} {right or self.literal(node.right)}"
        if right:
            return f"{right} {shown_op} {self.literal(node.left)}"
        if op not in _EITHER and not self.is_ordered(node, op):
            return ""
        return f"{self.literal(node.left)} {shown_op} {self.literal(node.right)}"

    def is_ordered(self, node: Binary, op: str) -> bool:
        return op in _RELATIONS and any(map(_is_plain, (node.left, node.right)))

    def literal(self, node: Node) -> str:
        match node:
            case Lit(value=bool() as value):
                return "true" if value else "false"
            case Lit(value=str()):
                return go_quote(self.text[node.span[0] + 1 : node.span[1] - 1])
            case Lit(value=float() as value):
                return go_double(value)
            case Lit(value=int() as value):
                return str(int(value))
            case MapOf():
                return "&{[]}"
            case _:
                return "null"


def _path(node: Node) -> str:
    """Return the dotted path of *node*, or nothing if it starts at ``event``."""
    path = select_path(node)
    return ".".join(path) if path and path[0] != "event" else ""


def _is_plain(node: Node) -> bool:
    kinds = (str, int, float)
    return (
        isinstance(node, Lit)
        and type(node.value) in kinds
        and not isinstance(node, ListOf)
    )
