"""What the engine's dialect does where it departs from CEL: truth, absence, folds.

Three laws. An absent path, and an error inside a call, are absorbed by the next call
(C2, C7). ``&&``, ``||`` and ``?:`` ask for truth as JavaScript does and return their
operands (C5). ``+`` never fails: it joins as text what it cannot add (C6).

Source: rules C1 to C7, observed on the real engine.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias, cast

from ._arithmetic import ARITHMETIC, negate
from ._compare import ORDERINGS, Ordering, contains, equal, get_step, ordered, raw
from ._evaluator import Evaluator, Table
from ._functions import FUNCTIONS, METHODS
from ._library import CLOCKED, PATTERNS
from ._lower import Fold, HasField, Lifted, Path, Step
from ._types import TYPE_NAMES
from ._values import (
    ABSENT,
    UNKNOWN,
    CelList,
    CelMap,
    CelType,
    Fault,
    Operation,
    UInt,
    Unknown,
    Value,
    from_json,
    go_double,
)

__all__ = ["engine_evaluator", "is_truthy"]

FoldOf: TypeAlias = Callable[[Evaluator, Fold, Iterator[Value]], Value]

NOTHING: Final = Fault("the variable has no value")

_FALSY: Final = frozenset({type(None), Unknown, Fault})
_ZEROABLE: Final = frozenset({int, UInt, float, str, bytes})


def is_truthy(value: Value) -> bool:
    """Say whether ``&&``, ``||`` and ``?:`` take *value* for true (rule C5)."""
    kind = type(value)
    if kind in _FALSY:
        return False
    return bool(value) if kind is bool or kind in _ZEROABLE else True


def _equal(left: Value, right: Value) -> Value:
    """Compare; an absent path equals null, but not another absent path (rule C2)."""
    if type(left) in ABSENT:
        return right is None
    if type(right) in ABSENT:
        return left is None
    return equal(left, right)


def _unequal(left: Value, right: Value) -> Value:
    return not _equal(left, right)


def _order(test: Ordering, *, below: bool) -> Callable[[Value, Value], Value]:
    """Make an ordering; an absent path is below everything (rule C2)."""

    def order(left: Value, right: Value) -> Value:
        if type(left) in ABSENT:
            return below
        if type(right) in ABSENT:
            return not below
        if left is None or right is None:
            left, right = _zero(left, right), _zero(right, left)
        found = ordered(test, left, right)
        return Fault("the two have no order") if found is None else found

    return order


def _zero(value: Value, beside: Value) -> Value:
    """Null is the zero of whatever it is compared with (rule C3)."""
    if value is None and type(beside) in _ZEROABLE:
        return type(beside)()
    return value


def _in(item: Value, container: Value) -> Value:
    if type(item) in ABSENT or type(container) in ABSENT:
        return False
    found = contains(container, item)
    return Fault("in needs a list or a map") if found is None else found


def _plus(left: Value, right: Value) -> Value:
    """Add, or join as text; an absent side leaves the other as it is (rule C6)."""
    if type(left) in ABSENT:
        return UNKNOWN if type(right) in ABSENT else right
    if type(right) in ABSENT:
        return left
    found = ARITHMETIC["+"](left, right)
    return _text(left) + _text(right) if type(found) is Fault else found


def _text(value: Value) -> str:
    """Write a value as Go's ``%v`` does."""
    match value:
        case None:
            return "NULL_VALUE"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case float():
            return go_double(value)
        case int():
            return str(int(value))
        case _:
            # a Go pointer: nothing in an event ever equals it
            return f"&{{{type(value).__name__}}}"


def _strict(operate: object) -> Operation:
    """Make an operator false as soon as an operand is absent."""
    known = cast("Operation", operate)

    def apply(*args: Value) -> Value:
        if any(type(arg) in ABSENT for arg in args):
            return False
        return known(*args)

    return apply


def _not(value: Value) -> Value:
    if type(value) in ABSENT:
        return False  # the trap of rule C4: !missing is false
    return not value if type(value) is bool else Fault("! needs a bool")


_OPERATORS: Final = cast(
    "Table",
    {
        ast.Eq: _equal,
        ast.NotEq: _unequal,
        ast.Lt: _order(ORDERINGS["<"], below=True),
        ast.LtE: _order(ORDERINGS["<="], below=True),
        ast.Gt: _order(ORDERINGS[">"], below=False),
        ast.GtE: _order(ORDERINGS[">="], below=False),
        ast.In: _in,
        ast.Add: _plus,
        ast.Sub: _strict(ARITHMETIC["-"]),
        ast.Mult: _strict(ARITHMETIC["*"]),
        ast.Div: _strict(ARITHMETIC["/"]),
        ast.Mod: _strict(ARITHMETIC["%"]),
        ast.Not: _not,
        ast.USub: _strict(negate),
    },
)


def _absorbing(name: str, function: Operation) -> Operation:
    """Make a function absorb absent arguments: false, and 0 for ``size``."""
    instead: Value = 0 if name == "size" else False

    def call(_: Evaluator, *args: Value) -> Value:
        for arg in args:
            if type(arg) in ABSENT:
                return instead
        return function(*args)

    return cast("Operation", call)


def _walk(value: Value, steps: tuple[str | int, ...]) -> Value:
    for step in steps:
        kind = type(value)
        if kind is dict and step in value:  # type: ignore[operator]  # a dict
            value = value[step]  # type: ignore[index]  # a dict
        else:  # a map that the expression made, or nothing
            value = get_step(value, step)
            if type(value) is Fault:
                return UNKNOWN
    return from_json(value)


def _path(evaluator: Evaluator, node: Path) -> Value:
    root = evaluator.names.get(node.root, UNKNOWN)
    if root is UNKNOWN:
        return _without_root(node)
    value = _walk(root, node.steps)
    if node.local and value is UNKNOWN:
        return Fault("no such key")
    if node.longer and not node.local:
        # one absent path below makes the whole of this one unknown (rule C2)
        for steps in node.longer:
            if _walk(value, steps) is UNKNOWN:
                return UNKNOWN
    return value


def _lifted(evaluator: Evaluator, node: Lifted) -> Value:
    values = cast("dict[str, Value]", evaluator.names["vars"])
    return values.get(node.name, UNKNOWN)


def _without_root(node: Path) -> Value:
    if node.steps:
        return NOTHING
    known = node.root in TYPE_NAMES
    return CelType(node.root) if known else Fault(f"{node.root} has no value")


def _step(evaluator: Evaluator, node: Step) -> Value:
    value, key = evaluator.value(node.value), evaluator.value(node.key)
    for each in (value, key):
        if type(each) in ABSENT:
            return each
    return get_step(value, key)


def _has(evaluator: Evaluator, node: HasField) -> Value:
    value = evaluator.value(node.value)
    if type(value) in ABSENT:
        return value
    found = type(get_step(value, node.field)) is not Fault
    return found if found or node.local else UNKNOWN


def _logic(evaluator: Evaluator, node: ast.BoolOp) -> Value:
    decisive = type(node.op) is ast.Or
    value: Value = UNKNOWN
    for part in node.values:
        value = evaluator.value(part)
        if is_truthy(value) is decisive:
            break
    return value


def _cond(evaluator: Evaluator, node: ast.IfExp) -> Value:
    test = is_truthy(evaluator.value(node.test))
    return evaluator.value(node.body if test else node.orelse)


def _list(evaluator: Evaluator, node: ast.List) -> Value:
    made = CelList()
    for item in node.elts:
        value = evaluator.value(item)
        if type(value) in ABSENT and value is not NOTHING:
            return Fault("a list cannot hold an absent value")
        made.append(value)
    return made


def _dict(evaluator: Evaluator, node: ast.Dict) -> Value:
    made = CelMap()
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        assert key_node is not None  # noqa: S101 -- lowering makes no ** entries
        key, value = evaluator.value(key_node), evaluator.value(value_node)
        for each in (key, value):
            if type(each) in ABSENT:
                return each
        if type(key) not in (str, int, UInt, bool) or key in made:
            return Fault("a map takes each key once: text, integer or bool")
        made[key] = value
    return made


def _fold(evaluator: Evaluator, node: Fold) -> Value:
    over = evaluator.value(node.over)
    if type(over) in ABSENT:
        return over
    if not isinstance(over, list | dict):
        return Fault(f"{node.name}() needs a list or a map")
    outer = evaluator.names
    scope = evaluator.names = dict(outer)
    fold = _FOLDS[node.name]
    try:
        return fold(evaluator, node, _items(evaluator, node, over, scope))
    finally:
        evaluator.names = outer


def _items(
    evaluator: Evaluator,
    node: Fold,
    over: list[Value] | dict[Value, Value],
    scope: dict[str, Value],
) -> Iterator[Value]:
    budget, weight = evaluator.budget, node.weight
    for item in over:
        budget.round(weight)
        scope[node.variable] = value = raw(over, item)
        yield value


def _all(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    result: Value = True
    for _ in items:
        result = evaluator.value(node.parts[0]) if is_truthy(result) else result
        if result is False:
            break
    return result


def _exists(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    result: Value = False
    for _ in items:
        if not is_truthy(result):
            result = evaluator.value(node.parts[0])
        if _not(result) is False:
            break
    return result


def _exists_one(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    count = sum(is_truthy(evaluator.value(node.parts[0])) for _ in items)
    return count == 1


def _map(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    made = CelList()
    *tests, body = node.parts
    for _ in items:
        if tests and not is_truthy(evaluator.value(tests[0])):
            continue
        value = evaluator.value(body)
        if type(value) not in ABSENT:
            made.append(evaluator.budget.keep(value))
    return made


def _filter(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    test = node.parts[0]
    return CelList([item for item in items if is_truthy(evaluator.value(test))])


_FOLDS: Final[dict[str, FoldOf]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "map": _map,
    "filter": _filter,
}
_NODES: Final = cast(
    "Table",
    {
        Path: _path,
        Lifted: _lifted,
        Step: _step,
        HasField: _has,
        Fold: _fold,
        ast.BoolOp: _logic,
        ast.IfExp: _cond,
        ast.List: _list,
        ast.Dict: _dict,
    },
)
_CALLS: Final[dict[str, Operation]] = {
    **{name: _absorbing(name, function) for name, function in FUNCTIONS.items()},
    **{f".{name}": _absorbing(name, function) for name, function in METHODS.items()},
    **PATTERNS,
    **CLOCKED,
}


def engine_evaluator() -> Evaluator:
    """Return a new evaluator of the engine's dialect."""
    return Evaluator(_OPERATORS, _CALLS, _NODES)
