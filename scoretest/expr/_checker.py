"""What the server refuses at registration although it parses.

Undeclared names, unknown functions, operands that no overload takes. The engine runs
this check only when an expression is registered; at match time everything is dynamic.

Source: rule C8; CEL specification, "Type checking".
"""

from collections.abc import Callable, Collection
from typing import cast

from ..errors import near_miss
from ._errors import ExpressionError
from ._lexer import refusal
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
    Span,
    Unary,
)
from ._types import (
    ARITHMETIC,
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    OVERLOADS,
    STRING,
    TYPE,
    TYPE_NAMES,
    UINT,
    Overload,
    Type,
    Unifier,
    merge,
)
from ._values import UInt

__all__ = ["check"]

_ROOT = Type("map", (STRING, DYN))
_ROOTS = {"event": _ROOT, "async": _ROOT, "vars": _ROOT}
_LITERALS: dict[type, Type] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: Type("bytes"),
}
# names that other languages and CEL extensions have
_KNOWN_ELSEWHERE = {
    "lowerAscii": "lowercase(x)",
    "toLowerCase": "lowercase(x)",
    "lower": "lowercase(x)",
    "upperAscii": "uppercase(x)",
    "toUpperCase": "uppercase(x)",
    "upper": "uppercase(x)",
    "len": "size(x)",
    "length": "size(x)",
    "includes": "x.contains(y)",
    "startswith": "x.startsWith(y)",
    "endswith": "x.endsWith(y)",
}


def check(root: Node, text: str, lifted: Collection[str] = ()) -> Type:
    """Return the static type of *root*.

    Args:
        root: The tree of *text*.
        text: The expression, for the error.
        lifted: Names under ``vars`` that stand for text literals.

    Raises:
        ExpressionError: Production fails the run when this is registered (rule C8).
    """
    return with_room(lambda: _Checker(text, lifted).type_of(root))


class _Checker:
    """One check of one expression; *scope* holds the variables of open macros."""

    def __init__(self, text: str, lifted: Collection[str]) -> None:
        self.text = text
        self.lifted = lifted
        self.scope: dict[str, Type] = {}
        self.types = Unifier()

    def type_of(self, node: Node) -> Type:
        return _BY_KIND[type(node)](self, node)

    def lit(self, node: Lit) -> Type:
        return _LITERALS[type(node.value)]

    def has(self, node: Has) -> Type:
        if self.is_lifted(node):
            raise refusal("has() takes a path", self.text, node.span)
        self.select(node)
        return BOOL

    def list_of(self, node: ListOf) -> Type:
        return Type("list", (self.joined(list(node.items)),))

    def map_of(self, node: MapOf) -> Type:
        keys = self.joined([key for key, _ in node.entries])
        return Type("map", (keys, self.joined([value for _, value in node.entries])))

    def joined(self, nodes: list[Node]) -> Type:
        return self.types.join([self.type_of(node) for node in nodes])

    def ident(self, node: Ident) -> Type:
        declared = self.scope.get(node.name) or _ROOTS.get(node.name)
        if declared is not None:
            return declared
        if node.name in TYPE_NAMES:
            return TYPE
        names = [*self.scope, *_ROOTS]
        fix = (
            f"put text between quotes, '{node.name}', or start the path with "
            f"`async.data.`{near_miss(node.name, names)}"
        )
        raise refusal(
            f"{node.name!r} is not a declared name", self.text, node.span, fix
        )

    def select(self, node: Select | Has) -> Type:
        if self.is_lifted(node):
            return STRING
        if self.is_path(node.operand):
            return DYN
        operand = self.types.resolve(self.type_of(node.operand))
        if operand == DYN or operand.name[0] == "?":
            return DYN
        if operand.name == "map":
            return operand.of[1]
        what = f"a value of type {operand} has no field {node.field!r}"
        raise refusal(what, self.text, node.span)

    def is_lifted(self, node: Select | Has) -> bool:
        inner = node.operand
        is_vars = isinstance(inner, Ident) and inner.name == "vars"
        return is_vars and node.field in self.lifted

    def is_path(self, node: Node) -> bool:
        """Say whether *node* is a root or a path of one: whatever follows is dyn."""
        while isinstance(node, Select):
            if self.is_lifted(node):
                return False
            node = node.operand
        known = isinstance(node, Ident) and node.name in _ROOTS
        return known and node.name not in self.scope  # type: ignore[union-attr]  # an Ident

    def index(self, node: Index) -> Type:
        operand, key = self.type_of(node.operand), self.type_of(node.key)
        operand = self.types.resolve(operand)
        if operand == DYN:
            # an integer, or dyn, could index a list as well: then nothing is known
            as_list = self.types.resolve(key) in (INT, DYN)
            return DYN if as_list else self.types.fresh()
        if operand.name == "list" and self.types.fits(INT, key):
            return operand.of[0]
        if operand.name == "map" and self.types.fits(operand.of[0], key):
            return operand.of[1]
        if operand.name[0] == "?":
            return DYN
        raise self.no_overload("[]", [operand, key], node.span)

    def unary(self, node: Unary) -> Type:
        operand = self.type_of(node.operand)
        if node.op == "!":
            self.condition(operand, "!", node.operand.span)
            return BOOL
        return self.overload("-", OVERLOADS["neg"], [operand], node.span)

    def logic(self, node: Logic) -> Type:
        for part in node.parts:
            self.condition(self.type_of(part), node.op, part.span)
        return BOOL

    def condition(self, found: Type, op: str, span: Span) -> None:
        if found is BOOL or found is DYN:
            return
        if not self.types.fits(BOOL, found):
            fix = "compare it, so that it becomes true or false"
            raise refusal(f"{op} takes bool, not {found}", self.text, span, fix)

    def cond(self, node: Cond) -> Type:
        self.condition(self.type_of(node.test), "?:", node.test.span)
        yes, no = self.type_of(node.yes), self.type_of(node.no)
        if not self.types.fits(yes, no):
            raise self.no_overload("?:", [BOOL, yes, no], node.span)
        yes, no = self.types.resolve(yes), self.types.resolve(no)
        return DYN if DYN in (yes, no) else yes

    def binary(self, node: Binary) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if node.op in ARITHMETIC:
            table = tuple(o for o in OVERLOADS[node.op] if len(o.params) > 1)
            return self.overload(node.op, table, [left, right], node.span)
        if node.op == "+":
            return DYN
        if node.op == "in" and not self.holds(right, left):
            raise self.no_overload("in", [left, right], node.span)
        return BOOL

    def holds(self, container: Type, element: Type) -> bool:
        container = self.types.resolve(container)
        if container == DYN or container.name[0] == "?":
            return True
        named = container.name in ("list", "map")
        return named and self.types.fits(container.of[0], element)

    def call(self, node: Call) -> Type:
        args = [self.type_of(arg) for arg in node.args]
        if node.target is not None:
            args.insert(0, self.type_of(node.target))
        table = tuple(
            overload
            for overload in OVERLOADS.get(node.name, ())
            if overload.member == (node.target is not None)
        )
        if not table or node.name in ARITHMETIC or node.name == "neg":
            raise self.unknown_function(node)
        return self.overload(node.name, table, args, node.span)

    def unknown_function(self, node: Call) -> ExpressionError:
        known = [n for n in OVERLOADS if n.isidentifier() and n != "neg"]
        fix = ""
        if node.name in _KNOWN_ELSEWHERE:
            fix = f"write `{_KNOWN_ELSEWHERE[node.name]}`"
        elif hint := near_miss(node.name, known):
            fix = f"use a function of the dialect{hint}"
        kind = "function" if node.target is None else "method"
        what = f"there is no {kind} {node.name!r} in the engine's dialect"
        return refusal(what, self.text, node.span, fix)

    def overload(
        self, name: str, table: tuple[Overload, ...], args: list[Type], span: Span
    ) -> Type:
        results = [o.result for o in table if self.types.fit_all(o.params, args)]
        if not results:
            raise self.no_overload(name, args, span)
        return merge(results)

    def macro(self, node: Macro) -> Type:
        source = self.types.resolve(self.type_of(node.range))
        element = _element(source)
        if element is None:
            what = f"{node.name}() needs a list or a map, not {source}"
            raise refusal(what, self.text, node.range.span)
        outer = self.scope
        self.scope = {**outer, node.variable: element}
        types = [self.type_of(arg) for arg in node.args]
        self.scope = outer
        conditions = types[:-1] if node.name == "map" else types
        for found, arg in zip(conditions, node.args, strict=False):
            self.condition(found, f"{node.name}()", arg.span)
        # the engine's `+` is declared for dyn alone, so the elements stay open
        makes_list = node.name in ("map", "filter")
        return Type("list", (self.types.fresh(),)) if makes_list else BOOL

    def no_overload(self, name: str, args: list[Type], span: Span) -> ExpressionError:
        shown = ", ".join(map(str, args))
        return refusal(f"{name} takes no ({shown})", self.text, span)


def _element(source: Type) -> Type | None:
    if source == DYN or source.name[0] == "?":
        return DYN
    return source.of[0] if source.name in ("list", "map") else None


_BY_KIND = cast(
    "dict[type, Callable[[_Checker, Node], Type]]",
    {
        Lit: _Checker.lit,
        Ident: _Checker.ident,
        Select: _Checker.select,
        Has: _Checker.has,
        Index: _Checker.index,
        Unary: _Checker.unary,
        Binary: _Checker.binary,
        Logic: _Checker.logic,
        Cond: _Checker.cond,
        Call: _Checker.call,
        Macro: _Checker.macro,
        ListOf: _Checker.list_of,
        MapOf: _Checker.map_of,
    },
)
