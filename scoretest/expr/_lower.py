"""A syntax tree to Python `ast` nodes, plus four private ones for what Python lacks.

No Python text is ever made or parsed: the nodes are built one by one from a tree that
has passed the limits, and the evaluator knows these classes and no others.
"""

import ast
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from ._stack import with_room
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
    walk,
)

__all__ = ["Fold", "HasField", "Lifted", "Path", "Step", "Steps", "lower"]

Steps: TypeAlias = tuple[str, ...]


class Path(ast.expr):
    """A root and the constant steps from it; *longer* are the paths that go on from it."""

    def __init__(
        self, root: str, steps: Steps, longer: tuple[Steps, ...], *, local: bool
    ) -> None:
        super().__init__()
        self.root = root
        self.steps = steps
        self.longer = longer
        self.local = local


class Lifted(ast.expr):
    """A text literal that was taken out of the expression (rule C10)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Step(ast.expr):
    """``value[key]`` on a value that is no path; *field* when it was written ``.key``."""

    def __init__(self, value: ast.expr, key: ast.expr, *, field: bool) -> None:
        super().__init__()
        self.value = value
        self.key = key
        self.field = field


class HasField(ast.expr):
    """``has(value.field)``."""

    def __init__(self, value: ast.expr, field: str, *, local: bool) -> None:
        super().__init__()
        self.value = value
        self.field = field
        self.local = local


class Fold(ast.expr):
    """A macro; *weight* is what one round costs of the budget."""

    def __init__(
        self, name: str, over: ast.expr, variable: str, parts: tuple[ast.expr, ...]
    ) -> None:
        super().__init__()
        self.name = name
        self.over = over
        self.variable = variable
        self.parts = parts
        self.weight = 1


# one node for each operator, as Python's own parser has it
_COMPARE: Final[dict[str, ast.cmpop]] = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
    "in": ast.In(),
}
_BINARY: Final[dict[str, ast.operator]] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "%": ast.Mod(),
}
_PATHS: Final = frozenset({Ident, Select})


def lower(root: Node) -> ast.expr:
    """Return the Python nodes that compute *root*."""
    return with_room(lambda: _Lowering().whole(root))


class _Lowering:
    """One lowering; *scope* holds the names of open macros."""

    def __init__(self) -> None:
        self.scope: frozenset[str] = frozenset()
        self.paths: list[Steps] = []
        self.wholes: list[tuple[Steps, Path]] = []

    def whole(self, root: Node) -> ast.expr:
        code = self.of(root)
        if len(self.paths) > 1:
            for path, node in self.wholes:
                size = len(path)
                longer = {p[size:] for p in self.paths if p[:size] == path != p}
                node.longer = tuple(sorted(longer))
        return code

    def of(self, node: Node) -> ast.expr:
        path = select_path(node) if type(node) in _PATHS else None
        if path is not None:
            return self.path(path)
        return _BY_KIND[type(node)](self, node)

    def path(self, path: tuple[str, ...]) -> ast.expr:
        root, *steps = path
        if root == "vars" and len(steps) == 1:
            return Lifted(steps[0])
        made = Path(root, tuple(steps), (), local=root in self.scope)
        if not made.local:
            self.paths.append(path)
            self.wholes.append((path, made))
        return made

    def literal(self, node: Lit) -> ast.expr:
        # bytes, text, numbers and the three words; never anything else
        return ast.Constant(cast("str", node.value))

    def select(self, node: Select) -> ast.expr:
        return Step(self.part(node.operand), ast.Constant(node.field), field=True)

    def index(self, node: Index) -> ast.expr:
        return Step(self.part(node.operand), self.of(node.key), field=False)

    def has(self, node: Has) -> ast.expr:
        operand = self.part(node.operand)
        if isinstance(operand, Path) and not operand.local:
            self.paths.append((operand.root, *operand.steps, node.field))
        local = not isinstance(operand, Path) or operand.local
        return HasField(operand, node.field, local=local)

    def part(self, node: Node) -> ast.expr:
        # what goes on from a path does not need the whole of it
        operand = self.of(node)
        if isinstance(operand, Path) and not operand.local:
            self.wholes.pop()
        return operand

    def unary(self, node: Unary) -> ast.expr:
        op = ast.Not() if node.op == "!" else ast.USub()
        return ast.UnaryOp(op, self.of(node.operand))

    def binary(self, node: Binary) -> ast.expr:
        left, right = self.of(node.left), self.of(node.right)
        if node.op in _COMPARE:
            return ast.Compare(left, [_COMPARE[node.op]], [right])
        return ast.BinOp(left, _BINARY[node.op], right)

    def logic(self, node: Logic) -> ast.expr:
        op = ast.And() if node.op == "&&" else ast.Or()
        return ast.BoolOp(op, [self.of(part) for part in node.parts])

    def cond(self, node: Cond) -> ast.expr:
        return ast.IfExp(self.of(node.test), self.of(node.yes), self.of(node.no))

    def call(self, node: Call) -> ast.expr:
        args = [self.of(arg) for arg in node.args]
        if node.target is None:
            return ast.Call(ast.Name(node.name), args, [])
        return ast.Call(ast.Name(f".{node.name}"), [self.of(node.target), *args], [])

    def macro(self, node: Macro) -> ast.expr:
        over = self.of(node.range)
        outer = self.scope
        self.scope = outer | {node.variable}
        parts = tuple(self.of(arg) for arg in node.args)
        self.scope = outer
        fold = Fold(node.name, over, node.variable, parts)
        fold.weight = 1 + sum(len(walk(arg)) for arg in node.args) // 4
        return fold

    def list_of(self, node: ListOf) -> ast.expr:
        return ast.List([self.of(item) for item in node.items])

    def map_of(self, node: MapOf) -> ast.expr:
        keys = [self.of(key) for key, _ in node.entries]
        return ast.Dict(list(keys), [self.of(value) for _, value in node.entries])


_BY_KIND: Final = cast(
    "dict[type, Callable[[_Lowering, Node], ast.expr]]",
    {
        Lit: _Lowering.literal,
        Select: _Lowering.select,
        Index: _Lowering.index,
        Has: _Lowering.has,
        Unary: _Lowering.unary,
        Binary: _Lowering.binary,
        Logic: _Lowering.logic,
        Cond: _Lowering.cond,
        Call: _Lowering.call,
        Macro: _Lowering.macro,
        ListOf: _Lowering.list_of,
        MapOf: _Lowering.map_of,
    },
)
