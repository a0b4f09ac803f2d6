"""What the server refuses at registration although it parses.

Undeclared names, unknown functions, operands that no overload takes. The engine runs
this check only when an expression is registered; at match time everything is dynamic.

Source: rule C8; CEL specification, "Type checking".
"""

from typing import NoReturn

from ..errors import near_miss
from ._lexer import refuse
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


def check(root: Node, text: str) -> Type:
    """Return the static type of *root*.

    Raises:
        ExpressionError: Production fails the run when this is registered (rule C8).
    """
    return with_room(lambda: _Checker(text).type_of(root))


class _Checker:
    """One check of one expression; *scope* holds the variables of open macros."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scope: dict[str, Type] = {}
        self.types = Unifier()

    def type_of(self, node: Node) -> Type:
        match node:
            case Lit():
                return _LITERALS[type(node.value)]
            case Ident():
                return self.ident(node)
            case Select() | Has():
                found = self.select(node)
                return BOOL if isinstance(node, Has) else found
            case Logic():
                return self.logic(node)
            case Unary():
                return self.unary(node)
            case Binary():
                return self.binary(node)
            case _:
                return self.larger(node)

    def larger(self, node: Node) -> Type:
        match node:
            case Index():
                return self.index(node)
            case Cond():
                return self.cond(node)
            case Call():
                return self.call(node)
            case Macro():
                return self.macro(node)
            case ListOf():
                return Type("list", (self.joined(list(node.items)),))
            case MapOf():
                keys = self.joined([key for key, _ in node.entries])
                return Type("map", (keys, self.joined([v for _, v in node.entries])))
            case _:  # pragma: no cover -- type_of handled the rest
                raise AssertionError(node)

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
        refuse(f"{node.name!r} is not a declared name", self.text, node.span, fix)

    def select(self, node: Select | Has) -> Type:
        operand = self.types.resolve(self.type_of(node.operand))
        if operand == DYN or operand.name[0] == "?":
            return DYN
        if operand.name == "map":
            return operand.of[1]
        what = f"a value of type {operand} has no field {node.field!r}"
        refuse(what, self.text, node.span)

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
        self.no_overload("[]", [operand, key], node.span)

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
        if not self.types.fits(BOOL, found):
            fix = "compare it, so that it becomes true or false"
            refuse(f"{op} takes bool, not {found}", self.text, span, fix)

    def cond(self, node: Cond) -> Type:
        self.condition(self.type_of(node.test), "?:", node.test.span)
        yes, no = self.type_of(node.yes), self.type_of(node.no)
        if not self.types.fits(yes, no):
            self.no_overload("?:", [BOOL, yes, no], node.span)
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
            self.no_overload("in", [left, right], node.span)
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
            self.unknown_function(node)
        return self.overload(node.name, table, args, node.span)

    def unknown_function(self, node: Call) -> NoReturn:
        known = [n for n in OVERLOADS if n.isidentifier() and n != "neg"]
        fix = ""
        if node.name in _KNOWN_ELSEWHERE:
            fix = f"write `{_KNOWN_ELSEWHERE[node.name]}`"
        elif hint := near_miss(node.name, known):
            fix = f"use a function of the dialect{hint}"
        kind = "function" if node.target is None else "method"
        what = f"there is no {kind} {node.name!r} in the engine's dialect"
        refuse(what, self.text, node.span, fix)

    def overload(
        self, name: str, table: tuple[Overload, ...], args: list[Type], span: Span
    ) -> Type:
        results = [
            o.result
            for o in table
            if self.types.fit_all(o.params, args)
        ]
        if not results:
            self.no_overload(name, args, span)
        return merge(results)

    def macro(self, node: Macro) -> Type:
        source = self.types.resolve(self.type_of(node.range))
        element = _element(source)
        if element is None:
            what = f"{node.name}() needs a list or a map, not {source}"
            refuse(what, self.text, node.range.span)
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

    def no_overload(self, name: str, args: list[Type], span: Span) -> NoReturn:
        shown = ", ".join(map(str, args))
        refuse(f"{name} takes no ({shown})", self.text, span)


def _element(source: Type) -> Type | None:
    if source == DYN or source.name[0] == "?":
        return DYN
    return source.of[0] if source.name in ("list", "map") else None
