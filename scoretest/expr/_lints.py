"""What an author should know about an expression that registers all the same.

A lint never changes a verdict. Each names the part of the text it is about, what
production will do, and the text that says what was probably meant.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..errors import near_miss
from ._absence import negations, orders
from ._compare import get_step
from ._interpolate import MENTION
from ._lint import ORDER, Lint, Subject, is_path, written
from ._never import contradictions, unknown_fields
from ._tree import (
    Binary,
    Call,
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
    static_path,
    walk,
)
from ._types import BOOL, DYN, Type
from ._values import Fault, Value, type_name

__all__ = ["find_lints"]

_CLEAN_CALLS: Final = frozenset({"int", "uint", "double"})
_CLEAN_OPS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_ENOUGH: Final = 3  # characters of an id that cannot be there by chance


def find_lints(
    root: Node,
    text: str,
    trigger: Mapping[str, object] | None,
    stored: str,
    found: Type,
) -> tuple[Lint, ...]:
    """Return the lints of an expression, in the order of their places in *text*.

    Args:
        root: The tree of *text*.
        text: The expression as written.
        trigger: The event that started the run, if it is known.
        stored: The text after interpolation.
        found: The static type of *root*.
    """
    subject = Subject(root, text, trigger, stored, found, tuple(walk(root)))
    lints = [lint for rule in _RULES for lint in rule(subject)]
    return tuple(sorted(lints, key=lambda lint: (lint.span, lint.code)))


def _arithmetic(subject: Subject) -> Iterator[Lint]:
    """Numbers of JSON are doubles, and have no arithmetic with integers (C6)."""
    for node in subject.nodes:
        if not isinstance(node, Binary) or node.op not in "+-*/%":
            continue
        for path, other in ((node.left, node.right), (node.right, node.left)):
            if is_path(path) and isinstance(other, Lit) and type(other.value) is int:
                yield _integer(subject, node, path, other.value)


def _integer(subject: Subject, node: Binary, path: Node, number: int) -> Lint:
    shown = written(subject, path)
    if node.op == "+":
        message = f"a number of JSON is a double, so this joins text: 5 + {number} is '5{number}'"
    else:
        message = "a number of JSON is a double, which has no arithmetic with integers"
    fix = f"write the number as `{number}.0`"
    if node.op == "%":
        fix = f"write `int({shown})` in place of `{shown}`"
    return Lint(code="INT_ARITHMETIC", span=node.span, message=message, fix=fix)


def _literals(subject: Subject) -> Iterator[Lint]:
    """The engine never decodes a literal (rule C10)."""
    for node in subject.nodes:
        if not isinstance(node, Lit) or not isinstance(node.value, str | bytes):
            continue
        shown = written(subject, node)
        if shown[:3] in ("'''", '"""') or shown[0] not in "'\"":
            message = "never equals the text: the engine reads the prefix as a name"
            fix = "write it between plain quotes"
            yield Lint(code="SPECIAL_LITERAL", span=node.span, message=message, fix=fix)
        elif "\\" in shown:
            message = "the engine keeps escapes as they are written and decodes none"
            fix = (
                "write the character itself; put text with ' between \" and the reverse"
            )
            yield Lint(
                code="ESCAPE_IN_LITERAL", span=node.span, message=message, fix=fix
            )


def _brackets(subject: Subject) -> Iterator[Lint]:
    """Only text that says ``event.`` is interpolated."""
    if MENTION in subject.text or subject.trigger is None:
        return
    for node in subject.nodes:
        if (
            isinstance(node, Index)
            and isinstance(node.operand, Ident)
            and node.operand.name == "event"
        ):
            message = "never put in: the engine looks for the letters `event.`"
            fix = "write the path with dots, `event.data.x`"
            yield Lint(code="BRACKETED_EVENT", span=node.span, message=message, fix=fix)


def _pasted(subject: Subject) -> Iterator[Lint]:
    """An id that was pasted in can change or break the expression."""
    if subject.trigger is None:
        return
    values = dict(_texts(subject.trigger))
    for node in subject.nodes:
        if isinstance(node, Lit) and isinstance(node.value, str):
            for value, path in values.items():
                if value in node.value:
                    message = f"holds the trigger's own {path}; another id may break it"
                    fix = f"compare paths, `async.data.… == {path}`"
                    yield Lint(
                        code="PASTED_VALUE", span=node.span, message=message, fix=fix
                    )
                    break


def _texts(trigger: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, Value]] = [("event.data", trigger.get("data"))]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += ((f"{path}.{key}", item) for key, item in value.items())
        elif isinstance(value, str) and len(value) >= _ENOUGH:
            yield value, path


def _policy(subject: Subject) -> Iterator[Lint]:
    """Anything but plain logic makes the server log a warning (rule C6)."""
    for node in _outside_lists(subject.root):
        if _is_unclean(node):
            name = getattr(node, "name", None) or getattr(node, "op", "has")
            message = (
                f"the server logs a warning for {name}, and evaluates it all the same"
            )
            fix = "no need to change it; compare plain paths to keep the log clean"
            yield Lint(code="POLICY_WARNING", span=node.span, message=message, fix=fix)
            return


def _outside_lists(root: Node) -> list[Node]:
    """Return what the server's policy looks at: not the items of list literals."""
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, ListOf):
            waiting.extend(reversed(children(node)))
    return found


def _is_unclean(node: Node) -> bool:
    match node:
        case Macro() | Has():
            return True
        case Call():
            return node.name not in _CLEAN_CALLS or node.target is not None
        case Binary():
            return node.op not in _CLEAN_OPS
        case Unary():
            return node.op == "-"
        case _:
            return False


def _paths(subject: Subject) -> Iterator[Lint]:
    """A path that the trigger event lacks becomes null (rule C2)."""
    if subject.trigger is None:
        return
    for node in subject.nodes:
        path = static_path(node)
        if isinstance(node, Select | Index) and path and path[0] == "event":
            missing = _first_missing(subject.trigger, path)
            if missing is not None:
                name, known = missing
                yield Lint(
                    code="PATH_NOT_IN_TRIGGER",
                    span=node.span,
                    message=f"the trigger event has no {name!r} here; it becomes null",
                    fix=f"name a path of the event{near_miss(name, known)}",
                )


def _first_missing(
    trigger: Mapping[str, object], path: tuple[str | int, ...]
) -> tuple[object, list[str]] | None:
    value: Value = dict(trigger)
    for step in path[1:]:
        known = [str(key) for key in value] if isinstance(value, dict) else []
        value = get_step(value, step)
        if isinstance(value, Fault):
            return step, known
    return None


def _unquotable(subject: Subject) -> Iterator[Lint]:
    """A value that is printed with an escape never matches (rule C10)."""
    if "\\" not in subject.stored or subject.trigger is None:
        return
    for node in subject.nodes:
        path = static_path(node)
        if isinstance(node, Select | Index) and path and path[0] == "event":
            value: Value = dict(subject.trigger)
            for step in path[1:]:
                value = get_step(value, step)
            if isinstance(value, str) and not _prints_plainly(value):
                message = f"never matches: {value[:40]!r} is stored with an escape"
                fix = 'keep ids to letters, digits and "_.:-"'
                yield Lint(
                    code="VALUE_NEVER_MATCHES", span=node.span, message=message, fix=fix
                )


def _prints_plainly(value: str) -> bool:
    return value.isprintable() and not {'"', "\\"} & set(value)


def _constant(subject: Subject) -> Iterator[Lint]:
    """What the trigger alone decides, or what can never be a bool."""
    if subject.stored != subject.text and subject.stored in ("true", "false"):
        always = "every event" if subject.stored == "true" else "no event"
        message = f"the trigger alone decides: {always} matches"
        fix = "compare a path of event with a path of async"
        yield Lint(
            code="DECIDED_BY_TRIGGER", span=subject.root.span, message=message, fix=fix
        )
    kind = subject.type if subject.type != DYN else _kind_of_trigger(subject)
    if kind not in (BOOL, DYN):
        message = f"never matches: its value is {kind}, and only true matches"
        fix = "compare it with something"
        yield Lint(
            code="NEVER_A_BOOL", span=subject.root.span, message=message, fix=fix
        )


def _kind_of_trigger(subject: Subject) -> object:
    """Return of what kind the value is that the trigger alone gives an expression."""
    path = static_path(subject.root)
    if subject.trigger is None or not path or path[0] != "event":
        return DYN
    value: Value = dict(subject.trigger)
    for step in path[1:]:
        value = get_step(value, step)
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return type_name(value) if is_plain else DYN


def _aggregate(subject: Subject) -> Iterator[Lint]:
    """From 50 open waits on one name the server uses another matcher (rule C12)."""
    for node in subject.nodes:
        reason = _aggregate_reason(node)
        if reason:
            yield Lint(
                code="AGGREGATE_PATH",
                span=node.span,
                message=f"matches no more once 50 waits are open: {reason}",
                fix="compare one dotted path with one text, number or null",
            )


def _aggregate_reason(node: Node) -> str:
    match node:
        case Binary() if is_path(node.left) or is_path(node.right):
            return _pair_reason(node)
        case Logic(op="||") if any(map(_is_constant, node.parts)):
            return "a constant branch of ||"
        case Call(name="json_parse"):
            return "json_parse()"
        case Index(operand=Ident()):
            return "the event's own field in brackets"
        case _:
            return ""


def _pair_reason(node: Binary) -> str:
    if node.op in ("==", "!=") and isinstance(node.right, ListOf | MapOf):
        return "a list or map as a literal"
    if node.op == "in" and isinstance(node.left, Lit):
        return "a key looked up in a map"
    if node.op in ORDER and is_path(node.left) and is_path(node.right):
        return "the order of two paths"
    if node.op in ("<", "<=") and isinstance(node.right, Lit):
        return "an absent or null value counts as smaller only before that"
    return ""


def _is_constant(node: Node) -> bool:
    found = walk(node)
    return all(not isinstance(n, Ident | Call | Macro) for n in found) and bool(
        isinstance(node, Lit) or children(node)
    )


_RULES: Final = (
    negations,
    _arithmetic,
    orders,
    _literals,
    _brackets,
    _pasted,
    _policy,
    _paths,
    _unquotable,
    _constant,
    _aggregate,
    unknown_fields,
    contradictions,
)
