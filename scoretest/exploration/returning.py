"""Whether a handler that returns no score means it.

A scorer that ends in silence when nothing was heard has forgotten a branch. One that has
looked at its data, and leaves by a `return` of that branch's own, has decided not to score.
The line by which it left is seen by playing its last entry again.
"""

import ast
import dis
import inspect
import sys
from collections.abc import Iterator, Sequence
from textwrap import dedent
from types import CodeType, FrameType
from typing import Any, Final, TypeAlias

from .._engine import Engine
from ..runtime.foreign import Served
from .checks import Draft
from .handlers import handlers_of
from .search import Transition
from .stage import Stage

__all__ = ["softened"]

Place: TypeAlias = tuple[int, int, int, int]
"""First line, last line, first column, the column behind the last."""

_BRANCHES: Final = (ast.If, ast.Match)


def softened(
    stage: Stage, functions: Sequence[Served], transition: Transition, draft: Draft
) -> Draft:
    """Return *draft*, or a note in its place if the handler means to write no score."""
    if draft.code != "SCORE_NEVER_WRITTEN":
        return draft
    engine = transition.node.engine
    handlers = [
        handler
        for function in functions
        if function.id == draft.function
        for handler in handlers_of(function)
    ]
    silent = [
        live.run.id
        for live in engine.lives.values()
        if live.run.function.slug == draft.function and live.run.is_over
    ]
    if not handlers or any(_has_timed_out(engine, run_id) for run_id in silent):
        return draft
    if not _leaves_on_purpose(stage, transition, handlers[0].__code__):
        return draft
    return Draft(
        "SCORE_LEFT_OUT",
        "the handler returns early on this timeline, and writes no score",
        draft.function,
        "nothing, if that is meant",
        draft.where,
    )


def _has_timed_out(engine: Engine, run_id: str) -> bool:
    """Say whether the last thing that a run has waited for did not come."""
    waits = [
        step
        for step in engine.lives[run_id].memos.steps.values()
        if step.op == "WaitForEvent"
    ]
    return bool(waits) and waits[-1].output is None


def _leaves_on_purpose(stage: Stage, transition: Transition, code: CodeType) -> bool:
    """Play a transition again, and look where the handler returns."""
    ends: list[Place] = []

    def look(frame: FrameType, event: str, value: object) -> None:
        if event == "return" and frame.f_code is code and value is None:
            opcode = code.co_code[frame.f_lasti]
            if dis.opname[opcode].startswith("RETURN"):
                places = list(code.co_positions())
                ends.append(tuple(n or 0 for n in places[frame.f_lasti // 2]))  # type: ignore[arg-type]  # four numbers

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        stage.play(transition.before, transition.node.moves[-1])
    finally:
        sys.setprofile(before)
    if not ends:
        return False
    return any(_is_within(ends[-1], place) for place in _guarded_returns(code))


def _is_within(inner: Place, outer: Place) -> bool:
    """Say whether one piece of a file is a part of another one."""
    first, last, left, right = inner
    begin, end, start, stop = outer
    return (begin, start) <= (first, left) and (last, right) <= (end, stop)


def _guarded_returns(code: CodeType) -> Iterator[Place]:
    """Yield the places at which a handler returns nothing from a branch."""
    try:
        lines, first = inspect.getsourcelines(code)
        tree = ast.parse(dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):  # no source, or no file of its own
        return
    indent = len(lines[0]) - len(lines[0].lstrip())
    for node in ast.walk(tree):
        if isinstance(node, _BRANCHES):
            for inner in ast.walk(node):
                is_empty = isinstance(inner, ast.Return) and _is_nothing(inner.value)
                if is_empty:
                    yield _place(inner, first - 1, indent)


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _place(node: ast.AST, lines: int, indent: int) -> Place:
    at: Any = node
    return (
        at.lineno + lines,
        at.end_lineno + lines,
        at.col_offset + indent,
        at.end_col_offset + indent,
    )
