"""A compiled match expression, and the cache that lets ids share one tree.

Registration parses and checks the text as written; matching evaluates the *stored* text
with its literals lifted out. Both steps are remembered: the first by the text, the
second by the lifted text, so that a thousand waits which differ in an id cost one tree.
"""

import ast
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, cast, final

from .._model.predicate import IndexTerm
from ..errors import UsageError
from ._budget import Exhausted
from ._checker import check
from ._convert import from_cel, to_cel
from ._crowd import found_in_crowd
from ._errors import EvaluationError, ExpressionError, LimitExceededError
from ._explain import explain
from ._interpolate import MENTION, interpolate
from ._lexer import MAX_CHARACTERS, refusal
from ._library import has_patterns
from ._lift import Lifted, lift, shows_all
from ._lint import Lint
from ._lints import find_lints
from ._lower import lower
from ._parser import parse
from ._stack import with_room
from ._terms import TermPlan, fill_terms, plan_terms
from ._tree import Call, Node, walk
from ._types import Type
from ._values import ABSENT, Fault, Value

if TYPE_CHECKING:  # simpleeval is loaded by the first evaluation
    from ._evaluator import Evaluator

__all__ = ["Clock", "Dialect", "Expression", "Kind", "compile_expression"]

Kind = Literal["wait", "trigger"]
Dialect = Literal["inngest", "cel"]
Clock: TypeAlias = Callable[[], int]
_TREES: Final = 4_096


class _Checked(NamedTuple):
    """A text that registers, and what the checker made of it."""

    tree: Node
    type: Type


class _Program(NamedTuple):
    """A lifted text ready to run; both are None if it is no expression."""

    tree: Node | None
    code: ast.expr | None


@lru_cache(maxsize=_TREES)
def _checked(text: str) -> _Checked:
    return _check_tree(parse(text), text)


def _check_tree(tree: Node, text: str, lifted: Collection[str] = ()) -> _Checked:
    found = check(tree, text, lifted)
    if not has_patterns():
        _refuse_patterns(tree, text)
    return _Checked(tree, found)


def _refuse_patterns(tree: Node, text: str) -> None:
    for node in walk(tree):
        if isinstance(node, Call) and node.name == "matches":
            fix = (
                "install `scoretest[re2]`, or use startsWith(), endsWith(), contains()"
            )
            raise refusal("matches() needs google-re2", text, node.span, fix)


def _register(text: str) -> Lifted:
    """Lift *text*; fail as the server does if it cannot be registered (rule C8).

    Of a text with plain literals it is enough to look at the lifted text, and that only
    once; an error is told of the text as it was written.
    """
    lifted = lift(text) if len(text) <= MAX_CHARACTERS else None
    if (
        lifted is None
        or lifted.is_odd()
        or not _registers(lifted.text, tuple(lifted.values))
    ):
        _checked(text)
    return lifted or lift(text)


@lru_cache(maxsize=_TREES)
def _registers(lifted: str, names: tuple[str, ...]) -> bool:
    tree = _program(lifted).tree if shows_all(lifted) else None
    try:
        return tree is not None and bool(_check_tree(tree, lifted, names))
    except ExpressionError:
        return False


@lru_cache(maxsize=_TREES)
def _program(lifted: str) -> _Program:
    try:
        tree = parse(lifted)
    except ExpressionError:
        return _Program(None, None)
    return _Program(tree, lower(tree))


@lru_cache(maxsize=_TREES)
def _plan(lifted: str, names: tuple[str, ...], root: str) -> tuple[TermPlan, ...]:
    tree = _program(lifted).tree
    return with_room(lambda: plan_terms(tree, names, root)) if tree else ()


# evaluators keep their state while they run, so each evaluation takes one of its own;
# append and pop of a list are atomic, so threads may share the shelf
_SHELF: Final[list["Evaluator"]] = []


def _new_evaluator() -> "Evaluator":
    from ._dialect import engine_evaluator  # noqa: PLC0415 -- simpleeval loads here

    return engine_evaluator()


@final
class Expression:
    """A match expression as the server would keep it; a value, shared freely.

    Attributes:
        text: The expression as the user wrote it.
        stored: The text after the trigger's values were put in.
        kind: ``"wait"`` (asks about ``async``) or ``"trigger"`` (about ``event``).
        dialect: ``"inngest"`` or ``"cel"``.

    Source: rules C1 to C13.
    """

    __slots__ = (
        "_clock",
        "_lifted",
        "_lints",
        "_literals",
        "_program",
        "_terms",
        "_trigger",
        "dialect",
        "kind",
        "stored",
        "text",
    )

    def __init__(
        self,
        text: str,
        stored: str,
        lifted: Lifted,
        trigger: Mapping[str, object] | None,
        kind: Kind,
    ) -> None:
        self.text = text
        self.stored = stored
        self.kind = kind
        self.dialect: Dialect = "inngest"
        self._clock: Clock | None = None
        self._trigger = trigger
        self._lifted = lifted.text
        self._literals = lifted.values
        self._program = _program(lifted.text)
        self._terms: tuple[IndexTerm, ...] | None = None
        self._lints: tuple[Lint, ...] | None = None

    def __repr__(self) -> str:
        return f"<Expression {self.stored!r}>"

    @property
    def root(self) -> str:
        """The name under which the expression sees the event that it is asked about."""
        return "async" if self.kind == "wait" else "event"

    @property
    def literals(self) -> frozenset[object]:
        """The text literals as the engine reads them: cut out, not decoded (C10)."""
        return frozenset(self._literals.values())

    @property
    def terms(self) -> tuple[IndexTerm, ...]:
        """Conditions that every matching event meets, for the wait index."""
        if self._terms is None:
            plan = _plan(self._lifted, tuple(self._literals), self.root)
            self._terms = fill_terms(plan, self._literals)
        return self._terms

    @property
    def lints(self) -> tuple[Lint, ...]:
        """What an author should know although the expression registers."""
        if self._lints is None:
            checked = _checked(self.text)
            about = checked.tree, self.text, self._trigger, self.stored, checked.type
            self._lints = find_lints(*about)
        return self._lints

    @property
    def notes(self) -> tuple[str, ...]:
        """The lints as sentences."""
        return tuple(map(str, self.lints))

    def matches(self, event: Mapping[str, object]) -> bool:
        """Say whether *event* matches; never raises because of data.

        Source: rules C5 (only a real ``true`` matches) and C7 (an error does not).
        """
        try:
            return self._run(self._program.code, event) is True
        except RecursionError:
            return self._with_room(event)

    def matches_in_crowd(self, event: Mapping[str, object]) -> bool:
        """Say whether *event* matches where 50 waits or more are open (rule C12)."""
        tree = self._program.tree
        if tree is None or not self.matches(event):
            return False
        return with_room(
            lambda: found_in_crowd(
                tree, event, lambda code: self._run(code, event) is True
            )
        )

    def _with_room(self, event: Mapping[str, object]) -> bool:
        try:
            return with_room(lambda: self._run(self._program.code, event)) is True
        except RecursionError:  # an event nested deeper than any expression can be
            return False

    def _run(self, code: ast.expr | None, event: Mapping[str, object]) -> Value:
        if code is None:
            return Fault("the stored form is no expression")
        evaluator = _SHELF.pop() if _SHELF else _new_evaluator()
        data = event if type(event) is dict else dict(event)
        names: dict[str, Value] = {self.root: data, "vars": self._literals}
        try:
            return evaluator.run(code, names, self._clock)
        except Exhausted:
            return Fault("it takes more steps than the limit allows")
        finally:
            _SHELF.append(evaluator)

    def value(self, event: Mapping[str, object]) -> object:
        """Return what a key expression computes for *event*, such as ``event.data.k``.

        Returns:
            A Python value, numbers of JSON as floats; None for a missing path, an error
            and null.

        Source: rules F3 and F4.
        """
        try:
            found = with_room(lambda: self._run(self._program.code, event))
        except RecursionError:
            return None
        return None if type(found) in ABSENT else from_cel(found)

    def explain(self, event: Mapping[str, object]) -> str:
        """Say in words why *event* does or does not match."""
        tree, code = self._program
        if tree is None or code is None:
            return f"never matches: the stored form `{self.stored}` is no expression"
        try:
            return with_room(
                lambda: explain(
                    tree, code, self._literals, lambda part: self._run(part, event)
                )
            )
        except RecursionError:
            return "never matches: the event is nested too deeply to be compared"

    def evaluate(self, bindings: Mapping[str, object]) -> object:
        """Evaluate in the strict dialect and return a Python value.

        Args:
            bindings: Variables by name; None, bool, int, `UInt`, float, str, bytes,
                list, dict, datetime and timedelta are understood.

        Raises:
            EvaluationError: The evaluation ends in an error.
            LimitExceededError: It takes too many steps.
            UsageError: The expression was not compiled with ``dialect="cel"``.
        """
        if self.dialect != "cel":
            fix = 'compile it with `dialect="cel"`, or ask `matches(event)`'
            raise UsageError(f"{self!r} has no value, only a verdict", fix=fix)
        names = {name: to_cel(value) for name, value in bindings.items()}
        value = with_room(lambda: self._strictly(names))
        if isinstance(value, Fault):
            what = f"{self.text!r} has no value: {value.message}"
            raise EvaluationError(what, fix="standard CEL gives an error here as well")
        return from_cel(value)

    def _strictly(self, names: dict[str, Value]) -> Value:
        from ._strict import strict_evaluator  # noqa: PLC0415 -- simpleeval loads here

        code = cast("ast.expr", self._program.code)
        try:
            return strict_evaluator().run(code, names, self._clock)
        except Exhausted:
            what = f"{self.text[:60]!r} takes more steps than the limit allows"
            fix = "shorten the lists that its macros run over"
            raise LimitExceededError(what, fix=fix) from None


def compile_expression(
    text: str,
    *,
    trigger: Mapping[str, object] | None = None,
    kind: Kind = "wait",
    dialect: Dialect = "inngest",
    clock: Clock | None = None,
) -> Expression:
    """Compile a match expression as the server registers it.

    Args:
        text: The expression.
        trigger: The event that started the run; a snapshot of its values is put in for
            paths of ``event``. None leaves the text as it is.
        kind: ``"wait"`` for ``if_exp`` of waits and cancels; ``"trigger"`` for the
            expression of a trigger, which sees only ``event``.
        dialect: ``"inngest"`` gives production's verdict; ``"cel"`` is standard CEL.
        clock: Where ``now()`` comes from, in microseconds since the epoch; without it
            ``now()`` is an error, which never matches.

    Raises:
        ExpressionError: Registration fails; ``.kind`` is ``"compile"`` (rule C8) or
            ``"interpolation"`` (rule C9).

    Source: rules C8 to C13.
    """
    if not isinstance(text, str):
        raise UsageError(f"a match expression is text, not {text!r}", fix=_TEXT_FIX)
    if dialect == "cel":
        return _strict(text, clock)
    if kind == "wait" and trigger is not None and MENTION in text:
        stored = interpolate(_checked(text).tree, text, trigger)
        lifted = lift(stored)
    else:
        stored, lifted = text, _register(text)
    made = Expression(text, stored, lifted, trigger, kind)
    made._clock = clock  # noqa: SLF001 -- the one place where expressions are made
    return made


_TEXT_FIX: Final = "pass the expression as a string"


def _strict(text: str, clock: Clock | None) -> Expression:
    tree = parse(text)
    made = Expression(text, text, lift("null"), None, "wait")
    made.dialect = "cel"
    made._clock = clock  # noqa: SLF001 -- the one place where expressions are made
    made._program = _Program(tree, lower(tree))  # noqa: SLF001 -- likewise
    made._lints = ()  # noqa: SLF001 -- likewise
    return made
