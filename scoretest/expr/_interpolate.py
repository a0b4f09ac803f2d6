"""Putting the trigger's values into a wait's expression when it is registered.

Two passes, as on the engine. The first evaluates, strictly, what depends on ``event``
alone and prints the rest with values in place of paths. If the text still says
``event.`` (a path that the trigger lacks, or a value that spells it), a second pass
rebuilds it from its simple comparisons, with null for such paths: `_groups`.

Source: rules C2, C9, C10; the stored forms in tests/data/expressions.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

from ._budget import Exhausted
from ._compare import get_step
from ._errors import ExpressionError
from ._groups import regroup
from ._lower import lower
from ._parser import parse
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
    select_path,
    static_path,
    walk,
)
from ._unparse import unparse, write_value
from ._values import Fault, Value

__all__ = ["MENTION", "interpolate"]

MENTION: Final = "event."
_FIX: Final = (
    "compare plain paths, `async.data.x == event.data.x`; production retries this "
    "request 21 times and then leaves the run Running for ever (rule C9)"
)
# what a number can print as that no parser takes; text may look like it as well
_UNREADABLE: Final = re.compile(r"[0-9]e[+-][0-9]+\.0|Inf|NaN")


@dataclass(frozen=True, slots=True)
class Known:
    """A part that needs nothing but the trigger; *node* is how it was written."""

    value: Value
    node: Node


Part: TypeAlias = "Known | Node"


def interpolate(root: Node, text: str, trigger: Mapping[str, object]) -> str:
    """Return the text that the engine stores for a wait.

    Raises:
        ExpressionError: The engine cannot store it; kind ``"interpolation"`` (C9).
    """
    return with_room(lambda: _Interpolation(text, trigger).stored(root))


class _Interpolation:
    """One expression meeting one trigger event."""

    def __init__(self, text: str, trigger: Mapping[str, object]) -> None:
        self.text = text
        self.trigger = trigger if type(trigger) is dict else dict(trigger)

    def stored(self, root: Node) -> str:
        part = self.of(root)
        if isinstance(part, Known):
            if isinstance(part.value, Fault):
                raise self.refuse(
                    f"production cannot evaluate this: {part.value.message}",
                    part.node.span,
                )
            return write_value(part.value)
        if "(" in self.text:
            self.check(part)
        text = unparse(part)
        if MENTION in text:
            return regroup(self.reread(text, root.span), text)
        if _UNREADABLE.search(text):
            self.reread(text, root.span)
        return text

    def refuse(self, what: str, span: Span) -> ExpressionError:
        return ExpressionError(
            what, text=self.text, span=span, fix=_FIX, kind="interpolation"
        )

    def check(self, part: Node) -> None:
        for node in walk(part):
            if isinstance(node, Macro):
                what = f"production cannot store {node.name}() beside a value of event"
                raise self.refuse(what, node.span)
            if isinstance(node, Call) and any(map(_mentions_event, node.args)):
                what = f"production cannot put event's value into {node.name}()"
                raise self.refuse(what, node.span)

    def reread(self, text: str, span: Span) -> Node:
        try:
            return parse(text)
        except ExpressionError:
            shown = text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 -- one line
            what = f"the stored form `{shown}` is no expression: a number prints badly"
            raise self.refuse(what, span) from None

    def of(self, node: Node) -> Part:
        path = static_path(node)
        if path is not None and path[0] == "event":
            return self.path(node, path[1:])
        if path is not None and isinstance(node, Select) and select_path(node):
            return node  # a path of something else stays as it is
        return _BY_KIND[type(node)](self, node)

    def path(self, node: Node, steps: tuple[str | int, ...]) -> Part:
        value: Value = self.trigger
        for step in steps:
            value = get_step(value, step)
            if isinstance(value, Fault):
                return node
        return Known(value, node)

    def known(self, node: Lit) -> Part:
        return Known(node.value, node)

    def unknown(self, node: Ident) -> Part:
        return node

    def select(self, node: Select) -> Part:
        operand = self.of(node.operand)
        if isinstance(operand, Known):
            return Known(get_step(operand.value, node.field), node)
        return replace(node, operand=operand)

    def has(self, node: Has) -> Part:
        inner = self.of(Select(node.operand, node.field, node.span))
        if isinstance(inner, Known):
            return Known(not isinstance(inner.value, Fault), node)
        return node

    def index(self, node: Index) -> Part:
        operand, key = self.of(node.operand), self.of(node.key)
        if isinstance(operand, Known) and isinstance(key, Known):
            return Known(get_step(operand.value, key.value), node)
        return replace(node, operand=_as_node(operand), key=_as_node(key))

    def unary(self, node: Unary) -> Part:
        operand = self.of(node.operand)
        if isinstance(operand, Known):
            return self.compute(node, replace(node, operand=_stand(0)), [operand])
        return replace(node, operand=operand)

    def binary(self, node: Binary) -> Part:
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(left, Known):
            if isinstance(left.value, Fault):
                return left
            if isinstance(right, Known):
                stand = replace(node, left=_stand(0), right=_stand(1))
                return self.compute(node, stand, [left, right])
        if node.op == "in" and isinstance(right, Known) and right.value in ([], {}):
            return Known(value=False, node=node)
        return Binary(node.op, _as_node(left), _as_node(right), node.span)

    def logic(self, node: Logic) -> Part:
        parts = [self.of(part) for part in node.parts]
        decisive = node.op == "||"
        known = [part for part in parts if isinstance(part, Known)]
        if any(part.value is decisive for part in known):
            return Known(decisive, node)
        rest = tuple(part for part in parts if not isinstance(part, Known))
        if rest:
            # whatever is known and does not decide is dropped, errors too
            return rest[0] if len(rest) == 1 else replace(node, parts=rest)
        for part in known:
            if not isinstance(part.value, bool):
                wrong = part.value if isinstance(part.value, Fault) else None
                return Known(
                    wrong or Fault(f"{node.op} of a value that is no bool"), part.node
                )
        return Known(not decisive, node)

    def cond(self, node: Cond) -> Part:
        test = self.of(node.test)
        if not isinstance(test, Known):
            return replace(node, test=test)
        if not isinstance(test.value, bool):
            return Known(Fault("?: of a value that is no bool"), test.node)
        return self.of(node.yes if test.value else node.no)

    def call(self, node: Call) -> Part:
        written = node.args if node.target is None else (node.target, *node.args)
        parts = [self.of(arg) for arg in written]
        known = [part for part in parts if isinstance(part, Known)]
        if len(known) == len(parts):
            stands = tuple(map(_stand, range(len(parts))))
            return self.compute(node, _recall(node, stands), known)
        # behind the first unknown argument the engine looks at no other
        first = next(i for i, p in enumerate(parts) if not isinstance(p, Known))
        nodes = [*map(_as_node, parts[: first + 1]), *written[first + 1 :]]
        return _recall(node, tuple(nodes))

    def macro(self, node: Macro) -> Part:
        names = {n.name for n in walk(node) if isinstance(n, Ident)}
        if "async" in names or "vars" in names:
            return node
        return self.compute(node, node, [])

    def list_of(self, node: ListOf) -> Part:
        parts = [self.of(item) for item in node.items]
        known = [part for part in parts if isinstance(part, Known)]
        if len(known) == len(parts):
            stands = tuple(map(_stand, range(len(parts))))
            return self.compute(node, replace(node, items=stands), known)
        return replace(node, items=tuple(map(_as_node, parts)))

    def map_of(self, node: MapOf) -> Part:
        flat = [self.of(part) for entry in node.entries for part in entry]
        known = [part for part in flat if isinstance(part, Known)]
        whole = len(known) == len(flat)
        nodes = [_stand(i) if whole else _as_node(p) for i, p in enumerate(flat)]
        entries = tuple(zip(nodes[::2], nodes[1::2], strict=True))
        made = replace(node, entries=entries)
        return self.compute(node, made, known) if whole else made

    def compute(self, written: Node, node: Node, args: list[Known]) -> Known:
        """Evaluate strictly a node whose parts are the stand-ins of *args*."""
        from ._strict import strict_evaluator  # noqa: PLC0415 -- simpleeval loads here

        for arg in args:
            if isinstance(arg.value, Fault):
                return arg
        values: dict[str, Value] = {"event": self.trigger}
        values.update((f"@{index}", arg.value) for index, arg in enumerate(args))
        try:
            value = strict_evaluator(extended=True).run(lower(node), values, None)
        except Exhausted:
            value = Fault("it takes too many steps")
        return Known(value, written)


def _stand(index: int) -> Node:
    return Ident(f"@{index}", (0, 0))


def _as_node(part: Part) -> Node:
    if isinstance(part, Known):
        if isinstance(part.value, Fault):
            return part.node
        return Lit(part.value, part.node.span)  # type: ignore[arg-type]  # printed, never evaluated
    return part


def _recall(node: Call, nodes: tuple[Node, ...]) -> Call:
    if node.target is None:
        return replace(node, args=nodes)
    return replace(node, target=nodes[0], args=nodes[1:])


def _mentions_event(node: Node) -> bool:
    return any(isinstance(n, Ident) and n.name == "event" for n in walk(node))


_BY_KIND: Final = cast(
    "dict[type, Callable[[_Interpolation, Node], Part]]",
    {
        Lit: _Interpolation.known,
        Ident: _Interpolation.unknown,
        Select: _Interpolation.select,
        Has: _Interpolation.has,
        Index: _Interpolation.index,
        Unary: _Interpolation.unary,
        Binary: _Interpolation.binary,
        Logic: _Interpolation.logic,
        Cond: _Interpolation.cond,
        Call: _Interpolation.call,
        Macro: _Interpolation.macro,
        ListOf: _Interpolation.list_of,
        MapOf: _Interpolation.map_of,
    },
)
