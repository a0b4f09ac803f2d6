"""Faults on timelines: a worker goes away after a step, before its memo is kept.

A server that hears nothing enters the function again, and the step's callback runs a
second time: at least once is all that a step promises. A run whose retries are used up
by that has failed for a reason that is not its author's, and is left alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, final

from .._core.waits import Wait, Watch
from .._engine import Engine
from .._json import show
from .._model.fact import RunFailed, StepCompleted
from ..errors import NotBuiltError, UsageError
from ..runtime.faults import CRASHED, Fault
from ..runtime.foreign import Served
from ..runtime.harness import Harness
from .checks import Draft, judged
from .handlers import handlers_of
from .search import Node, Transition
from .stage import Letter, Move, Stage, halfway
from .timelines import Signal

__all__ = ["CRASH", "Crashes", "arm", "check_faults", "crash_lines", "is_fault"]

CRASH: Final = "scoretest/crash-after-step"
"""What stands for a crash among the signals of a timeline."""

_MOST_SITES: Final = 40
_MOST_MOVES: Final = 12


def check_faults(most: object) -> None:
    """Refuse a number of faults that cannot be.

    Raises:
        NotBuiltError: It is more than one.
        UsageError: It is no such number.
    """
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise UsageError(
            f"max_faults is a whole number from 0 on, not {show(most)}",
            fix="write max_faults=1 for one crash on each timeline, or 0 for none",
        )
    if most > 1:
        raise NotBuiltError(
            f"timelines with {most} faults are not built yet",
            fix="explore with max_faults=1, or use harness.faults in a test",
        )


def is_fault(signal: Signal) -> bool:
    """Say whether something on a timeline is no signal but a fault."""
    return signal.name == CRASH


def arm(
    harness: Harness, functions: Sequence[Served], signals: Sequence[Signal]
) -> None:
    """Let the faults of a timeline strike where it has them."""
    for signal in filter(is_fault, signals):
        for function in functions:
            if function.id == signal.data["function"]:
                harness.faults.crash_after(function, str(signal.data["step"]))


def crash_lines(functions: Sequence[Served], signals: Sequence[Signal]) -> list[str]:
    """Return the lines of a test that let the faults of a timeline strike."""
    names = {
        f.id: next((h.__name__ for h in handlers_of(f)), "function") for f in functions
    }
    return [
        f"harness.faults.crash_after({names[s.data['function']]}, {s.data['step']!r})"
        for s in filter(is_fault, signals)
        if s.data["function"] in names
    ]


@final
class Crashes:
    """Plays each step of an exploration once more, with a crash after it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sites: dict[tuple[str, str], Transition] = {}

    def note(self, transition: Transition) -> None:
        """Take notice of the steps that are done for the first time."""
        for _, fact in transition.facts:
            if isinstance(fact, StepCompleted) and len(self._sites) < _MOST_SITES:
                slug = transition.node.engine.lives[fact.run_id].run.function.slug
                self._sites.setdefault((slug, str(fact.step)), transition)

    def judged(
        self, letters: Callable[[Engine, Wait | Watch], list[Letter]]
    ) -> Iterator[tuple[Draft, Transition]]:
        """Yield what is wrong on the timelines with a crash, and where."""
        for (slug, step), transition in self._sites.items():
            crashed = self._crashed(transition, slug, step)
            if crashed is None:
                continue
            # once time alone goes on, and once what is waited for comes
            for answer in (None, letters):
                for after in self._to_the_end(crashed, answer):
                    if _is_given_up(after):
                        break
                    for draft in judged(after):
                        message = f"{draft.message}, after a crash of step {step!r}"
                        yield draft._replace(message=message), after

    def _crashed(
        self, transition: Transition, slug: str, step: str
    ) -> Transition | None:
        """Play a move again with a crash after a step; None if there was none."""
        before, (*past, move) = transition.before, transition.node.moves
        faults = self._stage.driver.faults
        fault = faults.add(Fault("crash after", (slug, step), 1, ""))
        try:
            engine = self._stage.play(before, move)
        finally:
            faults.forget()
        if not fault.used:
            return None
        crash = Letter(CRASH, {"function": slug, "step": step}, "fault")
        moves = (*past, Move(before.now, crash), move)
        return _transition(before, Node(engine, moves, transition.node.signals))

    def _to_the_end(
        self,
        crashed: Transition,
        letters: Callable[[Engine, Wait | Watch], list[Letter]] | None,
    ) -> Iterator[Transition]:
        yield crashed
        node = crashed.node
        for _ in range(_MOST_MOVES):
            due = node.engine.next_due()
            if due is None:
                return
            move = Move(due)
            waits = node.engine.open_waits
            if (
                letters is not None
                and waits
                and (matches := letters(node.engine, waits[0]))
            ):
                move = Move(halfway(node.engine, due), matches[0])
            engine = self._stage.play(node.engine, move)
            signals = node.signals + (move.letter is not None)
            after = Node(engine, (*node.moves, move), signals)
            yield _transition(node.engine, after)
            node = after


def _transition(before: Engine, after: Node) -> Transition:
    entries = after.engine.trace[slice(len(before.trace), None)]
    return Transition(before, after, tuple((e.at, e.fact) for e in entries))


def _is_given_up(transition: Transition) -> bool:
    """Say whether the crash was one too many."""
    return any(
        isinstance(fact, RunFailed) and fact.error.name == CRASHED.name
        for _, fact in transition.facts
    )
