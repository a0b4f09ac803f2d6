"""Tokens to a tree: precedence climbing with real depth counted.

The grammar is CEL's. Macros keep their written shape here, so that spans, lints and the
printed form stay the user's; what they mean is decided when the tree is lowered.

Source: CEL specification, "Syntax" and "Macros"; limits as the engine's (rule C8).
"""

from collections.abc import Callable
from typing import Final, cast

from ._errors import ExpressionError
from ._lexer import Token, checked, decode, next_token, quote_fix, refusal
from ._numbers import read_number
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
)
from ._words import KEYWORDS, MACROS, PYTHON_WORDS, RESERVED

__all__ = ["MAX_DEPTH", "parse"]

MAX_DEPTH: Final = 250  # cel-go's default recursion limit

_LEVELS: Final = {
    "==": 1,
    "!=": 1,
    "<": 1,
    "<=": 1,
    ">": 1,
    ">=": 1,
    "in": 1,
    "+": 2,
    "-": 2,
    "*": 3,
    "/": 3,
    "%": 3,
}
_QUOTES: Final = ("'", '"')
_SIGNS: Final = frozenset("!-")
_LINKS: Final = frozenset(".[")
_JOINTS: Final = frozenset({"&&", "||"})
_NO_FIELDS: Final = frozenset({*KEYWORDS, "in"})


def parse(text: str) -> Node:
    """Return the tree of *text*.

    Raises:
        ExpressionError: The text is no expression, or passes a limit (rule C8).
    """
    return with_room(lambda: _Parser(text).whole())


class _Parser:
    """One pass over one text, in which it stands at one word.

    Names that dots join, ``async.data.id``, are one word: most of a text is such paths.

    Attributes:
        kind: The word's kind, which is the group of the lexer's pattern.
        word: The word itself.
        start: Where it begins.
        end: Where it ends.
        behind: Where the word before it ended.
        depth: How many levels of the tree are open.
    """

    __slots__ = ("behind", "depth", "end", "kind", "start", "text", "word")

    def __init__(self, text: str) -> None:
        self.text = checked(text)
        self.end = 0
        self.depth = 0
        self.advance()

    def whole(self) -> Node:
        node = self.expression()
        if self.kind != "end":
            raise self.unexpected()
        return node

    def expression(self) -> Node:
        self.deeper()
        start = self.start
        node = self.disjunction()
        if self.word == "?":
            self.advance()
            yes = self.disjunction()
            self.expect(":")
            no = self.expression()
            node = Cond(node, yes, no, (start, self.behind))
        self.depth -= 1
        return node

    def disjunction(self) -> Node:
        start, first = self.start, self.binary(1)
        if self.word not in _JOINTS:  # as most are
            return first
        parts = [self.conjunction(first, start)]
        while self.word == "||":
            self.advance()
            begin = self.start
            parts.append(self.conjunction(self.binary(1), begin))
        if len(parts) == 1:
            return parts[0]
        return Logic("||", tuple(parts), (start, self.behind))

    def conjunction(self, first: Node, start: int) -> Node:
        """Go on behind *first*, which begins at *start*."""
        parts = [first]
        while self.word == "&&":
            self.advance()
            parts.append(self.binary(1))
        if len(parts) == 1:
            return first
        return Logic("&&", tuple(parts), (start, self.behind))

    def binary(self, level: int) -> Node:
        start, links = self.start, 0
        left = self.unary()
        while (found := _LEVELS.get(self.word, 0)) >= level:
            op = self.word
            self.advance()
            # each link of a left-leaning chain is one level of the tree
            links += 1
            self.deeper()
            right = self.binary(found + 1)
            left = Binary(op, left, right, (start, self.behind))
        self.depth -= links
        return left

    def unary(self) -> Node:
        start, depth = self.start, self.depth
        if self.kind == "name":  # as most are
            node = self.name(start)
        elif self.word[:1] in _SIGNS:
            return self.signed(self.word[:1])
        else:
            node = self.primary()
        if self.word in _LINKS:
            node = self.member(node, start)
        self.depth = depth
        return node

    def signed(self, op: str) -> Node:
        start, depth, count = self.start, self.depth, 0
        while self.word[:1] == op and self.word != "!=":
            count += len(self.word)
            self.advance()
        inner = self.start
        if op == "-" and self.kind in ("int", "float"):
            number = read_number(self.taken(), self.text, sign="-")
            count -= 1
            node = self.member(number, number.span[0])
        else:
            node = self.member(self.primary(), inner)
        self.depth = depth
        # as the engine's grammar has it, an even run of signs vanishes
        return Unary(op, node, (start, self.behind)) if count % 2 else node

    def member(self, node: Node, start: int) -> Node:
        # each link of the chain is one level of the tree; `unary` leaves them again
        while True:
            if self.word == ".":
                self.advance()
                if self.kind != "name":
                    raise self.unexpected("a field name")
                node = self.fields(node, self.word, start, self.start)
            elif self.word == "[":
                self.deeper()
                self.advance()
                key = self.expression()
                self.expect("]")
                node = Index(node, key, (start, self.behind))
            else:
                return node

    def fields(self, node: Node, names: str, start: int, at: int) -> Node:
        """Go on from *node* along the rest of this word: *names*, which stand at *at*."""
        *between, last = names.split(".")
        for name in between:
            node = Select(node, name, (start, self.field(name, at)))
            at = node.span[1] + 1
        end = self.field(last, at)
        self.advance()
        if self.word != "(":
            return Select(node, last, (start, end))
        args = self.arguments()
        span = (start, self.behind)
        low, high = MACROS.get(last, (1, 0))
        if low <= len(args) <= high:
            return self.macro(last, node, args, span)
        return Call(last, node, args, span)

    def field(self, name: str, at: int) -> int:
        """Return where the field *name* ends that stands at *at*."""
        end = at + len(name)
        if name in _NO_FIELDS:
            raise self.unexpected("a field name", Token("name", name, at, end))
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep((at - 1, at))
        return end

    def macro(
        self, name: str, range_: Node, args: tuple[Node, ...], span: tuple[int, int]
    ) -> Node:
        variable, *rest = args
        if not isinstance(variable, Ident):
            what = f"the first argument of {name}() must be a plain variable name"
            raise refusal(what, self.text, variable.span)
        return Macro(name, range_, variable.name, tuple(rest), span)

    def arguments(self) -> tuple[Node, ...]:
        self.expect("(")
        found: list[Node] = []
        while self.word != ")":
            found.append(self.expression())
            if self.word != ",":
                break
            self.advance()
            if self.word == ")":
                raise self.unexpected()
        self.expect(")")
        return tuple(found)

    def primary(self) -> Node:
        if self.kind == "name":
            return self.name(self.start)
        known = _BEGUN.get(self.kind) or _OPENED.get(self.word)
        if known is None:
            raise self.unexpected()
        return known(self)

    def string(self) -> Node:
        token = self.taken()
        return Lit(decode(token, self.text), (token.start, token.end))

    def number(self) -> Node:
        return read_number(self.taken(), self.text)

    def paren(self) -> Node:
        self.advance()
        node = self.expression()
        self.expect(")")
        return node

    def root(self) -> Node:
        # a leading dot only says that the name is a global one
        start = self.start
        self.advance()
        if self.kind != "name":
            raise self.unexpected("a name")
        return self.name(start)

    def name(self, start: int) -> Node:
        first, dot, names = self.word.partition(".")
        end = self.start + len(first)
        node = self.plain(first, (start, end))
        if dot:
            return self.fields(node, names, start, end + 1)
        self.advance()
        if self.word != "(" or isinstance(node, Lit):
            return node
        args = self.arguments()
        span = (start, self.behind)
        if first == "has" and len(args) == 1:
            return self.has(args[0], span)
        return Call(first, None, args, span)

    def plain(self, name: str, span: tuple[int, int]) -> Ident | Lit:
        if name in KEYWORDS:
            return Lit(KEYWORDS[name], span)
        if name in RESERVED:
            raise refusal(f"{name!r} is a reserved word", self.text, span)
        return Ident(name, span)

    def has(self, inner: Node, span: tuple[int, int]) -> Node:
        if isinstance(inner, Select):
            return Has(inner.operand, inner.field, span)
        fix = "write a path that ends in a field, `has(async.data.x)`"
        raise refusal(
            "has() takes a path that ends in a field", self.text, inner.span, fix
        )

    def list_of(self) -> Node:
        start = self.start
        self.advance()
        items: list[Node] = []
        while self.word != "]" and (items or not self.is_lone_comma("]")):
            items.append(self.expression())
            if not self.comma():
                break
        self.expect("]")
        return ListOf(tuple(items), (start, self.behind))

    def map_of(self) -> Node:
        start = self.start
        self.advance()
        entries: list[tuple[Node, Node]] = []
        while self.word != "}" and (entries or not self.is_lone_comma("}")):
            key = self.expression()
            self.expect(":")
            entries.append((key, self.expression()))
            if not self.comma():
                break
        self.expect("}")
        return MapOf(tuple(entries), (start, self.behind))

    def is_lone_comma(self, end: str) -> bool:
        """Pass over the comma of ``[,]`` and ``{,}``, which the grammar allows."""
        if not self.comma():
            return False
        if self.word != end:
            raise self.unexpected()
        return True

    def comma(self) -> bool:
        if self.word != ",":
            return False
        self.advance()
        return True

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.too_deep((self.start, self.end))

    def too_deep(self, span: tuple[int, int]) -> ExpressionError:
        return refusal("the expression nests deeper than 250 levels", self.text, span)

    def advance(self) -> None:
        self.behind = behind = self.end
        self.kind, self.word, self.start, self.end = next_token(self.text, behind)

    def taken(self) -> Token:
        token = Token(self.kind, self.word, self.start, self.end)
        self.advance()
        return token

    def expect(self, text: str) -> None:
        if self.word != text:
            raise self.unexpected(f"'{text}'")
        self.advance()

    def unexpected(self, wanted: str = "", at: Token | None = None) -> ExpressionError:
        token = at or self.first_word()
        seen = "the expression ends" if token.kind == "end" else repr(token.text[:40])
        tail = f" where {wanted} should be" if wanted else " in an unexpected place"
        fix = ""
        if token.text in PYTHON_WORDS:
            fix = f"the operator is written `{PYTHON_WORDS[token.text]}` here"
        elif (
            token.kind == "name" and self.text[token.start - 1 : token.start] in _QUOTES
        ):
            fix = quote_fix(self.text, token.start - 1)
        return refusal(f"{seen}{tail}", self.text, (token.start, token.end), fix)

    def first_word(self) -> Token:
        if self.kind != "name":
            return Token(self.kind, self.word, self.start, self.end)
        first = self.word.partition(".")[0]
        return Token("name", first, self.start, self.start + len(first))


_OPENED: Final = cast(
    "dict[str, Callable[[_Parser], Node]]",
    {
        "(": _Parser.paren,
        "[": _Parser.list_of,
        "{": _Parser.map_of,
        ".": _Parser.root,
    },
)
_BEGUN: Final = cast(
    "dict[str, Callable[[_Parser], Node]]",
    {
        "string": _Parser.string,
        "int": _Parser.number,
        "float": _Parser.number,
    },
)
