"""Whether a handler that returns no score means it.

A scorer that ends in silence when nothing was heard has forgotten a branch. One that has
looked at its data, and leaves by a `return` of that branch's own, has decided not to score;
so has one whose function that writes the score leaves like that.
The line by which it left is seen by playing its last entry again.
"""

import ast
import dis
import inspect
import sys
from collections.abc import Iterator, Sequence
from textwrap import dedent
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple, TypeAlias

from .._engine import Engine
from ..runtime.foreign import Served
from .checks import Draft
from .handlers import SCORING, codes_of
from .search import Transition
from .stage import Stage

__all__ = ["softened"]

Place: TypeAlias = tuple[int, int, int, int]
"""First line, last line, first column, the column behind the last."""

_BRANCHES: Final = (ast.If, ast.Match)
_EMPTY, _PASSED = "empty", "passed"


class _End(NamedTuple):
    """Where a function has returned nothing."""

    code: CodeType
    place: Place


def softened(
    stage: Stage, functions: Sequence[Served], transition: Transition, draft: Draft
) -> Draft:
    """Return *draft*, or a note in its place if the handler means to write no score."""
    if draft.code != "SCORE_NEVER_WRITTEN":
        return draft
    engine = transition.node.engine
    codes = [
        code.code
        for function in functions
        if function.id == draft.function
        for code in codes_of(function)
    ]
    silent = [
        live.run.id
        for live in engine.lives.values()
        if live.run.function.slug == draft.function and live.run.is_over
    ]
    if any(_has_timed_out(engine, run_id) for run_id in silent):
        return draft
    if not codes or not _leaves_on_purpose(stage, transition, codes):
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


def _leaves_on_purpose(
    stage: Stage, transition: Transition, codes: Sequence[CodeType]
) -> bool:
    """Play a transition again, and look where the handler returns."""
    ends: list[_End] = []

    def look(frame: FrameType, event: str, value: object) -> None:
        code = frame.f_code
        if event == "return" and value is None and code in codes:
            opcode = code.co_code[frame.f_lasti]
            if dis.opname[opcode].startswith("RETURN"):
                places = list(code.co_positions())
                first, last, left, right = places[frame.f_lasti // 2]
                place = (first or 0, last or 0, left or 0, right or 0)
                ends.append(_End(code, place))

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        stage.play(transition.before, transition.node.moves[-1])
    finally:
        sys.setprofile(before)
    own = [number for number, end in enumerate(ends) if end.code is codes[0]]
    if not own:
        return False
    last = ends[own[-1]]
    if own[-1] and any(_is_within(last.place, p) for p in _returns(last.code, _PASSED)):
        last = ends[own[-1] - 1]  # what a helper has decided is handed on
    writers = [end for end in ends if not SCORING.isdisjoint(end.code.co_names)]
    return any(map(_is_meant, [last, *writers]))


def _is_meant(end: _End) -> bool:
    """Say whether a function has returned nothing from a branch of its own."""
    return any(_is_within(end.place, place) for place in _returns(end.code, _EMPTY))


def _is_within(inner: Place, outer: Place) -> bool:
    """Say whether one piece of a file is a part of another one."""
    first, last, left, right = inner
    begin, end, start, stop = outer
    return (begin, start) <= (first, left) and (last, right) <= (end, stop)


def _returns(code: CodeType, kind: str) -> Iterator[Place]:
    """Yield the places at which code returns nothing from a branch, or a call's result."""
    try:
        lines, first = inspect.getsourcelines(code)
        tree = ast.parse(dedent("".join(lines)))
    except (OSError, SyntaxError, TypeError):  # no source, or no file of its own
        return
    indent = len(lines[0]) - len(lines[0].lstrip())
    branches = [node for node in ast.walk(tree) if isinstance(node, _BRANCHES)]
    for within in branches if kind == _EMPTY else [tree]:
        for node in ast.walk(within):
            if isinstance(node, ast.Return) and _kind(node.value) == kind:
                yield _place(node, first - 1, indent)


def _kind(value: ast.expr | None) -> str:
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return _EMPTY
    inner = value.value if isinstance(value, ast.Await) else value
    return _PASSED if isinstance(inner, ast.Call) else ""


def _place(node: ast.AST, lines: int, indent: int) -> Place:
    at: Any = node
    return (
        at.lineno + lines,
        at.end_lineno + lines,
        at.col_offset + indent,
        at.end_col_offset + indent,
    )
