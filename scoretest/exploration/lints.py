"""What is wrong with the expressions of waits, cancels and triggers, as they registered.

A lint of the dialect becomes a finding if the expression cannot do what it says, and a
note if it can, as long as the data are what the author took for granted.
"""

from collections.abc import Iterator
from typing import Final

from .._engine import Engine
from .._model.fact import RunQueued, WaitOpened
from .._model.options import TriggerEvent
from .._model.predicate import Predicate
from ..expr import Expression, ExpressionError
from ..expr import compile as compile_expression
from ..expr._lint import Lint
from ..expr._parser import parse
from ..expr._tree import Binary, Has, Lit, Node, select_path, static_path, walk
from .draft import Draft
from .search import Transition

__all__ = ["remarks"]

_CODES: Final = {
    "ABSENT_ORDER": "EXPRESSION_ABSENT_ORDER",
    "AGGREGATE_PATH": "EXPRESSION_AGGREGATE_PATH",
    "BRACKETED_EVENT": "EXPRESSION_BRACKETED_EVENT",
    "DECIDED_BY_TRIGGER": "EXPRESSION_DECIDED_BY_TRIGGER",
    "ESCAPE_IN_LITERAL": "EXPRESSION_ESCAPE_IN_LITERAL",
    "INT_ARITHMETIC": "EXPRESSION_INT_ARITHMETIC",
    "NEGATED_ABSENCE": "EXPRESSION_NEGATED_ABSENCE",
    "NEVER_A_BOOL": "EXPRESSION_NEVER_A_BOOL",
    "NEVER_TRUE": "EXPRESSION_NEVER_TRUE",
    "PATH_NOT_IN_TRIGGER": "PATH_NOT_IN_TRIGGER",
    "POLICY_WARNING": "EXPRESSION_POLICY_WARNING",
    "SPECIAL_LITERAL": "EXPRESSION_SPECIAL_LITERAL",
    "UNKNOWN_FIELD": "EXPRESSION_UNKNOWN_FIELD",
    "VALUE_NEVER_MATCHES": "EXPRESSION_VALUE_NEVER_MATCHES",
}
"""Lints and their codes; PASTED_VALUE is left to the search with hostile values."""
_TELLING: Final = frozenset({"StepRun", "InvokeFunction"})
"""Steps by which a run can tell somebody what its id is."""
_ENOUGH: Final = 3  # characters of a value that cannot be there by chance


def remarks(transition: Transition) -> Iterator[Draft]:
    """Yield what is to be said of the expressions that were registered."""
    engine = transition.node.engine
    opened = {f.run_id: None for _, f in transition.facts if isinstance(f, WaitOpened)}
    for wait in engine.open_waits:
        if wait.run_id in opened:
            slug = engine.lives[wait.run_id].run.function.slug
            yield from _of_predicate(wait.predicate, slug)
            yield from _pasted(engine, wait.run_id, wait.predicate, slug)
            yield from _own_run(engine, wait.run_id, wait.predicate, slug)
    for _, fact in transition.facts:
        if isinstance(fact, RunQueued):
            live = engine.lives[fact.run_id]
            for watch in live.watches:
                yield from _of_predicate(watch.predicate, fact.function)
            for trigger in live.run.function.triggers:
                if isinstance(trigger, TriggerEvent) and trigger.expression:
                    compiled = _compiled(trigger.expression)
                    yield from _of_predicate(compiled, fact.function)


def _compiled(text: str) -> Predicate | None:
    try:
        return compile_expression(text, kind="trigger")
    except ExpressionError:  # refused when it was served
        return None


def _of_predicate(predicate: Predicate | None, slug: str) -> Iterator[Draft]:
    if not isinstance(predicate, Expression):
        return
    nodes = list(walk(parse(predicate.text)))
    guarded = _guarded(nodes)
    for lint in predicate.lints:
        code = _CODES.get(lint.code, "")
        if code and not _is_meant(lint, predicate.text, guarded):
            yield Draft(code, f"`{predicate.text}`: {lint.message}", slug, lint.fix)
    for path in _unequal(nodes):
        if path not in guarded:
            shown = ".".join(path)
            yield Draft(
                "EXPRESSION_ABSENT_UNEQUAL",
                f"`{predicate.text}`: true of an event without {shown}",
                slug,
                f"if that is not meant, write `has({shown}) && …`",
            )


def _is_meant(lint: Lint, text: str, guarded: set[tuple[str, ...]]) -> bool:
    """Say whether the author has shown to know what a lint is about."""
    if lint.code == "DECIDED_BY_TRIGGER":
        return "async" in text  # another event would leave the decision to the signal
    written = text[slice(*lint.span)]
    is_path = lint.code == "PATH_NOT_IN_TRIGGER"
    return is_path and tuple(written.split(".")) in guarded


def _guarded(nodes: list[Node]) -> set[tuple[str, ...]]:
    """Return the paths whose absence an expression speaks of."""
    found: set[tuple[str, ...]] = set()
    for node in nodes:
        if isinstance(node, Has):
            inner = select_path(node.operand)
            if inner:
                found.add((*map(str, inner), node.field))
        elif isinstance(node, Binary) and node.op in ("==", "!="):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                path = static_path(one)
                if path and isinstance(other, Lit) and other.value is None:
                    found.add(tuple(map(str, path)))
    return found


def _unequal(nodes: list[Node]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of signals that are compared by ``!=``."""
    for node in nodes:
        if isinstance(node, Binary) and node.op == "!=":
            for side in (node.left, node.right):
                path = static_path(side)
                if path and path[0] == "async":
                    yield tuple(map(str, path))


def _pasted(
    engine: Engine, run_id: str, predicate: Predicate | None, slug: str
) -> Iterator[Draft]:
    """A literal holds what a step has returned; the step is memoised, so it lasts."""
    if not isinstance(predicate, Expression):
        return
    memos = engine.lives[run_id].memos.steps.values()
    values = {str(m.name): m.output for m in memos if m.op == "StepRun"}
    for node in walk(parse(predicate.text)):
        if not isinstance(node, Lit) or not isinstance(node.value, str):
            continue
        for step, value in values.items():
            if isinstance(value, str) and len(value) >= _ENOUGH and value in node.value:
                yield Draft(
                    "PASTED_STEP_VALUE",
                    f"`{predicate.text}`: holds what the step {step!r} returned; "
                    "quotes in it would change the expression",
                    slug,
                    "let the step return what has no quotes, such as an id of yours",
                )


def _own_run(
    engine: Engine, run_id: str, predicate: Predicate | None, slug: str
) -> Iterator[Draft]:
    """A deferred run waits for its own id, and has had no step to tell it to anybody."""
    live = engine.lives[run_id]
    is_secret = all(m.op not in _TELLING for m in live.memos.steps.values())
    if not (live.run.parent and is_secret and isinstance(predicate, Expression)):
        return
    if run_id in predicate.literals:
        yield Draft(
            "WAIT_FOR_OWN_RUN",
            f"`{predicate.text}`: this is the id of the deferred run itself, which "
            "nobody else knows",
            slug,
            "wait for the parent's: ctx.parents[0].run_id",
        )
