"""What can be said against a timeline without knowing what its author wanted.

Each check looks at one transition and yields what is wrong for certain. What the
harness reports by itself, such as DEFER_SKIPPED, is passed on under its own code.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from .._engine import Engine, Live
from .._model.fact import (
    FindingReported,
    RunCompleted,
    RunFailed,
    ScoreWritten,
    VariantTaken,
    WaitMatched,
    WaitOpened,
)
from .._model.options import FunctionKind
from .._model.score import ScoreEntry
from ..expr import Expression
from .search import Transition

__all__ = ["CHECKS", "Draft", "judged"]

CHECKS: Final = {
    "CROSS_TALK": "one signal resumed runs that were started with different data",
    "DATA_KEY_ABSENT": "a handler asked for a key that its event spells otherwise",
    "EXPERIMENT_NOT_ATTRIBUTED": "a score counts for no variant of its experiment",
    "EXPRESSION_NEVER_A_BOOL": "a match expression yields no verdict",
    "INJECTABLE": "a value of an event can change what an expression means",
    "NONDETERMINISTIC": "one state, entered twice, led to different steps",
    "ONE_SIGNAL_TWO_WAITS": "one signal resumed several waits of one run",
    "PATH_NOT_IN_TRIGGER": "a match expression speaks of what the event has not",
    "RUN_FAILED": "a run failed on a timeline that can happen",
    "SCORED_TWICE": "one score was written twice, with different values",
    "SCORE_NEVER_WRITTEN": "a scorer ended without a score",
    "SCORE_WRONG_RUN": "a deferred function scored itself, or a run that is none",
    "SIGNAL_BEFORE_WAIT": "a signal that comes during a sleep is lost",
    "WAIT_TOO_LONG": "a wait or a sleep is longer than the server allows",
}
"""Every code of the explorer's own, and what it means."""


class Draft(NamedTuple):
    """Something that is wrong, before it has a timeline.

    Attributes:
        code: Of `CHECKS`, or of the harness.
        message: One sentence.
        function: The slug.
        fix: What to do.
        where: The place, if it is not the function's.
    """

    code: str
    message: str
    function: str
    fix: str
    where: str = ""


def judged(transition: Transition) -> Iterator[Draft]:
    """Yield what is wrong with what happened in *transition*."""
    for check in _EACH:
        yield from check(transition)


def _live(transition: Transition, run_id: str) -> Live:
    return transition.node.engine.lives[run_id]


def _reported(transition: Transition) -> Iterator[Draft]:
    """Pass on what the harness has seen."""
    for _, fact in transition.facts:
        if isinstance(fact, FindingReported):
            found = fact.finding
            live = transition.node.engine.lives.get(found.run_id)
            slug = live.run.function.slug if live else ""
            if not (found.code == "SCORE_INVALID" and transition.is_guessed):
                yield Draft(found.code, found.message, slug, found.fix, found.where)


def _failed(transition: Transition) -> Iterator[Draft]:
    """A run fails; not told where the payload was made up."""
    for _, fact in transition.facts:
        if not isinstance(fact, RunFailed):
            continue
        options, error = _live(transition, fact.run_id).run.function, fact.error
        if error.name == "InngestErrTimeoutTooLong":
            yield Draft(
                "WAIT_TOO_LONG", error.message, options.slug, "wait for at most 366d"
            )
        elif error.name != "InvalidExpression" and not transition.is_guessed:
            yield Draft(
                "RUN_FAILED",
                f"the run fails with {error.name}: {error.message}",
                options.slug,
                "mend the handler, or let it end with a result on this timeline",
                error.place,
            )


def _unscored(transition: Transition) -> Iterator[Draft]:
    """A scorer ends, and there is no score of its."""
    engine = transition.node.engine
    for _, fact in transition.facts:
        if isinstance(fact, RunCompleted):
            options = engine.lives[fact.run_id].run.function
            has_scored = any(s.writer == fact.run_id for s in engine.score_history)
            if options.kind is FunctionKind.SCORER and not has_scored:
                yield Draft(
                    "SCORE_NEVER_WRITTEN",
                    "the scorer ends without a score",
                    options.slug,
                    "return a Score on this path, too, for example a neutral one",
                )


def _scores(transition: Transition) -> Iterator[ScoreEntry]:
    for _, fact in transition.facts:
        if isinstance(fact, ScoreWritten):
            yield fact.entry


def _slug(engine: Engine, run_id: str) -> str:
    live = engine.lives.get(run_id)
    return live.run.function.slug if live else ""


def _scored_twice(transition: Transition) -> Iterator[Draft]:
    """A score replaces one of the same name and another value."""
    engine = transition.node.engine
    for entry in _scores(transition):
        others = [
            before.value
            for before in engine.score_history
            if (before.run_id, before.step_id, before.name)
            == (entry.run_id, entry.step_id, entry.name)
            and before.value != entry.value
        ]
        if others and entry is not engine.score_history[0]:
            yield Draft(
                "SCORED_TWICE",
                f"the score {entry.name!r} of one run is written as {others[0]!r} and "
                f"as {entry.value!r}; the last one stands",
                _slug(engine, entry.writer),
                "write each score once, or under different names",
            )


def _wrong_run(transition: Transition) -> Iterator[Draft]:
    """A deferred function scores itself; or somebody scores a run that is none."""
    engine = transition.node.engine
    for entry in _scores(transition):
        writer = engine.lives.get(entry.writer)
        is_own = (
            writer is not None and writer.run.parent and entry.run_id == entry.writer
        )
        if entry.run_id not in engine.lives or is_own:
            target = (
                "its own run" if is_own else f"the run {entry.run_id!r}, which is none"
            )
            yield Draft(
                "SCORE_WRONG_RUN",
                f"the score {entry.name!r} is written to {target}",
                _slug(engine, entry.writer),
                "score the parent: run_id=ctx.parents[0].run_id",
            )


def _unattributed(transition: Transition) -> Iterator[Draft]:
    """A run took a variant, and the score on it counts for none."""
    engine = transition.node.engine
    takers = {fact.run_id: fact for _, fact in engine.facts_of(VariantTaken)}
    for entry in _scores(transition):
        taken = takers.get(entry.run_id)
        has_none = engine.experiments.of(entry.run_id, entry.step_id) is None
        writer = engine.lives.get(entry.writer)
        if taken and has_none and writer and writer.run.parent:
            yield Draft(
                "EXPERIMENT_NOT_ATTRIBUTED",
                f"the run took the variant {taken.choice.variant!r} of "
                f"{taken.choice.experiment!r}, and its score {entry.name!r} counts "
                "for no variant",
                _slug(engine, entry.writer),
                "pass experiment=result.experiment_ref to ctx.defer(...)",
            )


def _matches(transition: Transition) -> dict[str, list[WaitMatched]]:
    found: dict[str, list[WaitMatched]] = {}
    for _, fact in transition.facts:
        if isinstance(fact, WaitMatched):
            found.setdefault(fact.event_id, []).append(fact)
    return found


def _shared_signal(transition: Transition) -> Iterator[Draft]:
    """One event resumes several waits of one run."""
    for matched in _matches(transition).values():
        by_run: dict[str, list[str]] = {}
        for fact in matched:
            by_run.setdefault(fact.run_id, []).append(str(fact.step))
        for run_id, steps in by_run.items():
            if len(steps) > 1:
                yield Draft(
                    "ONE_SIGNAL_TWO_WAITS",
                    f"one event resumes the waits {', '.join(map(repr, steps))}",
                    _slug(transition.node.engine, run_id),
                    "tell the waits apart in their if_exp",
                )


def _slept(transition: Transition) -> Iterator[Draft]:
    """A wait opens after a sleep during which its signal would have been lost."""
    engine = transition.node.engine
    for _, fact in transition.facts:
        if not isinstance(fact, WaitOpened):
            continue
        steps = list(engine.lives[fact.run_id].memos.steps.values())
        place = next(i for i, s in enumerate(steps) if s.name == fact.step)
        before = steps[place - 1] if place else None
        if before is not None and before.op == "Sleep":
            yield Draft(
                "SIGNAL_BEFORE_WAIT",
                f"an event {fact.event!r} that comes during the sleep "
                f"{str(before.name)!r} is lost: the wait {str(fact.step)!r} opens after it",
                _slug(engine, fact.run_id),
                "wait first, or sleep and wait at once in ctx.group.parallel",
            )


_LINTS: Final = {
    "PATH_NOT_IN_TRIGGER": "PATH_NOT_IN_TRIGGER",
    "NEVER_A_BOOL": "EXPRESSION_NEVER_A_BOOL",
}


def _lints(transition: Transition) -> Iterator[Draft]:
    """An expression was registered that cannot do what it says."""
    opened = {f.run_id: None for _, f in transition.facts if isinstance(f, WaitOpened)}
    for wait in transition.node.engine.open_waits:
        predicate = wait.predicate
        if wait.run_id in opened and isinstance(predicate, Expression):
            for lint in predicate.lints:
                if lint.code in _LINTS:
                    yield Draft(
                        _LINTS[lint.code],
                        f"`{predicate.text}`: {lint.message}",
                        _slug(transition.node.engine, wait.run_id),
                        lint.fix,
                    )


_EACH: Final[tuple[Callable[[Transition], Iterator[Draft]], ...]] = (
    _reported,
    _failed,
    _unscored,
    _scored_twice,
    _wrong_run,
    _unattributed,
    _shared_signal,
    _slept,
    _lints,
)
