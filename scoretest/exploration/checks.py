"""What can be said against a timeline without knowing what its author wanted.

Each check looks at one transition and yields what is wrong for certain. What the
harness reports by itself, such as DEFER_SKIPPED, is passed on under its own code.
"""

from collections.abc import Callable, Iterator
from typing import Final

from .._engine import Engine, Live
from .._model.fact import (
    FindingReported,
    RunCancelled,
    RunCompleted,
    RunFailed,
    ScoreWritten,
    VariantTaken,
    WaitClosed,
    WaitMatched,
)
from .._model.options import FunctionKind
from .._model.score import ScoreEntry
from .draft import Draft
from .early import outlived, sent_before, slept
from .lints import remarks
from .search import Transition

__all__ = [
    "BY_ZERO",
    "CHECKS",
    "NOTES",
    "Draft",
    "is_no_number",
    "judged",
    "open_wait",
]

CHECKS: Final = {
    "CROSS_TALK": "one signal resumed runs that were started with different data",
    "DATA_KEY_ABSENT": "a handler asked for a key that its event spells otherwise",
    "EFFECT_REPEATED": "code outside steps has an effect, and has it on every entry",
    "EXPERIMENT_NOT_ATTRIBUTED": "a score counts for no variant of its experiment",
    "EXPRESSION_ABSENT_ORDER": "a match expression takes an absent value for a small one",
    "EXPRESSION_BRACKETED_EVENT": "the server puts no value in for `event[...]`",
    "EXPRESSION_DECIDED_BY_TRIGGER": "a match expression never looks at the signal",
    "EXPRESSION_ESCAPE_IN_LITERAL": "a text with an escape never matches",
    "EXPRESSION_INT_ARITHMETIC": "a match expression reckons with a whole number",
    "EXPRESSION_NEGATED_ABSENCE": "`!` of a path that is absent is false",
    "EXPRESSION_NEVER_A_BOOL": "a match expression yields no verdict",
    "EXPRESSION_NEVER_TRUE": "a match expression contradicts itself",
    "EXPRESSION_SPECIAL_LITERAL": "a text with a prefix or three quotes never matches",
    "EXPRESSION_UNKNOWN_FIELD": "a match expression looks for data beside the data",
    "INJECTABLE": "a value of an event can change what an expression means",
    "NONDETERMINISTIC": "one state, entered twice, led to different steps",
    "ONE_SIGNAL_TWO_WAITS": "one signal resumed several waits of one run",
    "OPEN_WAIT_AT_RETURN": "a run had all it needed while a wait of it was open",
    "PATH_NOT_IN_TRIGGER": "a match expression speaks of what the event has not",
    "RUN_FAILED": "a run failed on a timeline that can happen",
    "SCORED_TWICE": "one score was written twice, with different values",
    "SCORE_NEVER_WRITTEN": "a scorer ended without a score",
    "SCORE_WRONG_RUN": "a deferred function scored itself, or a run that is none",
    "SIGNAL_BEFORE_WAIT": "a signal that comes before its wait is lost",
    "STATE_LOST": "a step's callback changes a variable, and the change is lost",
    "WAIT_FOR_OWN_RUN": "a deferred run waits for a signal that names itself",
    "WAIT_TOO_LONG": "a wait or a sleep is longer than the server allows",
    "WALL_CLOCK": "what happens depends on the machine's clock or time zone",
}
"""Every code of the explorer's own, and what it means."""

NOTES: Final = {
    "CANCELLED_WITHOUT_SCORE": "a signal cancelled a run before it scored",
    "EXPRESSION_ABSENT_UNEQUAL": "`!=` is true of a signal without the value",
    "EXPRESSION_AGGREGATE_PATH": "an expression matches no more among many waits",
    "EXPRESSION_POLICY_WARNING": "the server logs a warning for an expression",
    "EXPRESSION_VALUE_NEVER_MATCHES": "a value with quotes or escapes never matches",
    "PASTED_STEP_VALUE": "a step's result stands as text in an expression",
    "SCORE_LEFT_OUT": "a handler returns early, on purpose, and does not score",
    "SIGNAL_BEFORE_RUN": "a signal that comes before the parent has ended is lost",
}
"""Every code of what is worth knowing and no mistake, and what it means."""


# an expression has a code of its own; the steps of a run have a limit of the explorer's
_NO_FAILURES: Final = ("InvalidExpression", "InngestErrFunctionOverflowed")
_NO_RUN: Final = "is not the id of a run"


BY_ZERO: Final = "ZeroDivisionError"
"""Zero is a number like others: who divides by one that was made up has to ask first."""


_NO_NUMBERS: Final = (" nan", " inf", " -inf")


def is_no_number(message: str) -> bool:
    """Say whether a score was refused for a value that only reckoning brings about."""
    return "a finite number" in message and message.endswith(_NO_NUMBERS)


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
            is_of_guess = found.code == "SCORE_INVALID" and transition.is_guessed
            if not is_of_guess or is_no_number(found.message):
                yield Draft(found.code, found.message, slug, found.fix, found.where)
                if _NO_RUN in found.message:
                    yield Draft(
                        "SCORE_WRONG_RUN", found.message, slug, found.fix, found.where
                    )


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
        elif error.name not in _NO_FAILURES and (
            error.name == BY_ZERO or not transition.is_guessed
        ):
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


def _left_open(transition: Transition) -> Iterator[Draft]:
    """A run returns, and a wait of it is open."""
    returned = {f.run_id for _, f in transition.facts if isinstance(f, RunCompleted)}
    for _, fact in transition.facts:
        if isinstance(fact, WaitClosed) and fact.run_id in returned:
            slug = _slug(transition.node.engine, fact.run_id)
            yield open_wait(slug, str(fact.step))


def open_wait(slug: str, step: str) -> Draft:
    """Return what is said of a run that does not need a wait which is open."""
    return Draft(
        "OPEN_WAIT_AT_RETURN",
        f"the run has all it needs while its wait {step!r} is open; the server keeps "
        "the run going until that is over",
        slug,
        "wait for one thing at a time, or use what every wait yields",
    )


def _cancelled(transition: Transition) -> Iterator[Draft]:
    """A scorer's own cancel ends it before it has scored."""
    engine = transition.node.engine
    for _, fact in transition.facts:
        if isinstance(fact, RunCancelled) and fact.event_id:
            options = engine.lives[fact.run_id].run.function
            has_scored = any(s.writer == fact.run_id for s in engine.score_history)
            if options.kind is FunctionKind.SCORER and not has_scored:
                yield Draft(
                    "CANCELLED_WITHOUT_SCORE",
                    "a signal cancels the scorer, and there is no score",
                    options.slug,
                    "nothing, if a cancelled run needs no score",
                )


_EACH: Final[tuple[Callable[[Transition], Iterator[Draft]], ...]] = (
    _reported,
    _failed,
    _unscored,
    _scored_twice,
    _wrong_run,
    _unattributed,
    _shared_signal,
    slept,
    sent_before,
    outlived,
    remarks,
    _left_open,
    _cancelled,
)
