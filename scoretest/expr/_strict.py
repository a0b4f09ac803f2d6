"""What standard CEL means by the nodes: errors propagate, absence is an error.

Here to diagnose (``standard CEL would say``), and as a small CEL library of its own.
Overloads are resolved by the values alone; ``&&`` and ``||`` decide by one operand if
that suffices, whatever the other does.

Source: CEL specification, "Evaluation".
"""

import ast
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias, cast

from ._arithmetic import ARITHMETIC, negate
from ._compare import ORDERINGS, Ordering, contains, equal, get_step, ordered, raw
from ._evaluator import Evaluator, Table
from ._functions import FUNCTIONS, METHODS
from ._library import PATTERNS
from ._lower import Fold, HasField, Lifted, Path, Step
from ._types import TYPE_NAMES
from ._values import CelList, CelMap, CelType, Fault, Operation, UInt, Value

__all__ = ["strict_evaluator"]

FoldOf: TypeAlias = Callable[[Evaluator, Fold, Iterator[Value]], Value]

_KEYS: Final = frozenset({str, int, UInt, bool})
_TIMES: Final = frozenset({"google.protobuf.Timestamp", "google.protobuf.Duration"})


def _checked(operate: Operation) -> Operation:
    """Make an operator hand on the first error among its operands."""

    def apply(*args: Value) -> Value:
        for arg in args:
            if type(arg) is Fault:
                return arg
        return operate(*args)

    return apply


def _binary(operate: Callable[[Value, Value], Value]) -> Operation:
    return _checked(cast("Operation", operate))


def _order(test: Ordering) -> Operation:
    def order(left: Value, right: Value) -> Value:
        found = ordered(test, left, right)
        return Fault("the two have no order") if found is None else found

    return _binary(order)


def _in(item: Value, container: Value) -> Value:
    found = contains(container, item)
    return Fault("in needs a list or a map") if found is None else found


def _not(value: Value) -> Value:
    return not value if type(value) is bool else Fault("! needs a bool")


_OPERATORS: Final[dict[type, Operation]] = {
    ast.Eq: _binary(equal),
    ast.NotEq: _binary(lambda left, right: not equal(left, right)),
    ast.Lt: _order(ORDERINGS["<"]),
    ast.LtE: _order(ORDERINGS["<="]),
    ast.Gt: _order(ORDERINGS[">"]),
    ast.GtE: _order(ORDERINGS[">="]),
    ast.In: _binary(_in),
    ast.Add: _binary(ARITHMETIC["+"]),
    ast.Sub: _binary(ARITHMETIC["-"]),
    ast.Mult: _binary(ARITHMETIC["*"]),
    ast.Div: _binary(ARITHMETIC["/"]),
    ast.Mod: _binary(ARITHMETIC["%"]),
    ast.Not: _checked(cast("Operation", _not)),
    ast.USub: _checked(cast("Operation", negate)),
}


def _call(function: Operation) -> Operation:
    checked = _checked(function)

    def call(_: Evaluator, *args: Value) -> Value:
        return checked(*args)

    return cast("Operation", call)


def _path(evaluator: Evaluator, node: Path) -> Value:
    names, steps = evaluator.names, node.steps
    if node.local:
        return _follow(names[node.root], steps)
    # the longest declared name wins: "a.b" is one variable if somebody declared it
    for size in range(len(steps), -1, -1):
        name = ".".join((node.root, *steps[:size]))
        if name in names:
            return _follow(names[name], steps[size:])
        if name in _TIMES or (name in TYPE_NAMES and not size):
            return CelType(name)
    return Fault(f"{node.root!r} is not declared")


def _lifted(evaluator: Evaluator, node: Lifted) -> Value:
    # this dialect lifts nothing: `vars` is a variable like any other
    return _path(evaluator, Path("vars", (node.name,), (), local=False))


def _follow(value: Value, steps: tuple[str, ...]) -> Value:
    for step in steps:
        value = get_step(value, step)
        if type(value) is Fault:
            break
    return value


def _step(evaluator: Evaluator, node: Step) -> Value:
    value = evaluator.value(node.value)
    key = evaluator.value(node.key)
    for each in (value, key):
        if type(each) is Fault:
            return each
    return get_step(value, key)


def _has(evaluator: Evaluator, node: HasField) -> Value:
    value = evaluator.value(node.value)
    if type(value) is Fault:
        return value
    if not isinstance(value, dict):
        return Fault("has() needs a map")
    return type(get_step(value, node.field)) is not Fault


def _logic(evaluator: Evaluator, node: ast.BoolOp) -> Value:
    decisive = type(node.op) is ast.Or
    wrong: Fault | None = None
    for part in node.values:
        value = evaluator.value(part)
        if value is decisive:
            return decisive
        if type(value) is not bool and wrong is None:
            wrong = value if isinstance(value, Fault) else Fault("not a bool")
    return not decisive if wrong is None else wrong


def _cond(evaluator: Evaluator, node: ast.IfExp) -> Value:
    test = evaluator.value(node.test)
    if type(test) is not bool:
        return test if type(test) is Fault else Fault("?: needs a bool")
    return evaluator.value(node.body if test else node.orelse)


def _list(evaluator: Evaluator, node: ast.List) -> Value:
    made = CelList()
    for item in node.elts:
        value = evaluator.value(item)
        if type(value) is Fault:
            return value
        made.append(value)
    return made


def _dict(evaluator: Evaluator, node: ast.Dict) -> Value:
    made = CelMap()
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        key = evaluator.value(key_node or value_node)
        value = evaluator.value(value_node)
        for each in (key, value):
            if type(each) is Fault:
                return each
        if type(key) not in _KEYS or type(get_step(made, key)) is not Fault:
            return Fault("a map takes each key once: text, integer or bool")
        # a bool is not the integer that Python takes it for
        made[key] = value
    return made


def _fold(evaluator: Evaluator, node: Fold) -> Value:
    over = evaluator.value(node.over)
    if type(over) is Fault:
        return over
    if not isinstance(over, list | dict):
        return Fault(f"{node.name}() needs a list or a map")
    outer = evaluator.names
    scope = evaluator.names = dict(outer)
    try:
        return _FOLDS[node.name](evaluator, node, _items(evaluator, node, over, scope))
    finally:
        evaluator.names = outer


def _items(
    evaluator: Evaluator,
    node: Fold,
    over: list[Value] | dict[Value, Value],
    scope: dict[str, Value],
) -> Iterator[Value]:
    for item in over:
        evaluator.budget.round(node.weight)
        scope[node.variable] = value = raw(over, item)
        yield value


def _quantifier(decisive: bool) -> FoldOf:  # noqa: FBT001 -- which quantifier it is, named at both calls
    def quantify(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
        wrong: Fault | None = None
        for _ in items:
            value = evaluator.value(node.parts[0])
            if value is decisive:
                return decisive
            if type(value) is not bool:
                wrong = value if isinstance(value, Fault) else Fault("not a bool")
        return not decisive if wrong is None else wrong

    return quantify


def _exists_one(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    count = 0
    for _ in items:
        value = evaluator.value(node.parts[0])
        if type(value) is not bool:
            return value if type(value) is Fault else Fault("not a bool")
        count += value
    return count == 1


def _map(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    made = CelList()
    *tests, body = node.parts
    for _ in items:
        keep = evaluator.value(tests[0]) if tests else True
        value = evaluator.value(body) if keep is True else keep
        if type(value) is Fault:
            return value
        if keep is True:
            made.append(evaluator.budget.keep(value))
    return made


def _filter(evaluator: Evaluator, node: Fold, items: Iterator[Value]) -> Value:
    made = CelList()
    for item in items:
        value = evaluator.value(node.parts[0])
        if type(value) is not bool:
            return value if type(value) is Fault else Fault("not a bool")
        if value:
            made.append(item)
    return made


_FOLDS: Final[dict[str, FoldOf]] = {
    "all": _quantifier(decisive=False),
    "exists": _quantifier(decisive=True),
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
_EXTRA: Final = frozenset({"lowercase", "uppercase", "b64decode", "json_parse", "date"})
_CALLS: Final[dict[str, Operation]] = {
    **{n: _call(f) for n, f in FUNCTIONS.items() if n not in _EXTRA},
    **{f".{name}": _call(function) for name, function in METHODS.items()},
    **PATTERNS,
}


_EXTENDED: Final = {**_CALLS, **{n: _call(FUNCTIONS[n]) for n in _EXTRA}}


def strict_evaluator(*, extended: bool = False) -> Evaluator:
    """Return a new evaluator of standard CEL, or of it with the engine's functions."""
    return Evaluator(_OPERATORS, _EXTENDED if extended else _CALLS, _NODES)
