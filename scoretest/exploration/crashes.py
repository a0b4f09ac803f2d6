"""Faults on timelines: a worker goes away after a step, before its memo is kept.

A server that hears nothing enters the function again, and the step's callback runs a
second time: at least once is all that a step promises. A run whose retries are used up
by that has failed for a reason that is not its author's, and is left alone.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias, final

from .._core.waits import Wait, Watch
from .._engine import Engine
from .._json import show
from .._model.fact import RunFailed, StepCompleted
from ..errors import UsageError
from ..runtime.faults import CRASHED, Fault
from .checks import Draft, judged
from .search import Node, Transition, is_cut
from .stage import Letter, Move, Stage, halfway
from .timelines import CRASH

__all__ = ["Crashes", "check_faults"]

_MOST_SITES: Final = 40
_MOST_MOVES: Final = 12
_MOST_AGAIN: Final = 200

Site: TypeAlias = tuple[str, str]
"""A function and one of its steps."""
Letters: TypeAlias = Callable[[Engine, Wait | Watch], list[Letter]]


def check_faults(most: object) -> None:
    """Refuse a number of faults that cannot be.

    Raises:
        UsageError: It is no such number.
    """
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise UsageError(
            f"max_faults is a whole number from 0 on, not {show(most)}",
            fix="write max_faults=1 for one crash on each timeline, or 0 for none",
        )


@final
class Crashes:
    """Plays each step of an exploration once more, with a crash after it.

    Args:
        stage: Where.
        most: How many crashes a timeline has at most.
    """

    def __init__(self, stage: Stage, most: int) -> None:
        self._stage = stage
        self._most = most
        self._sites: dict[Site, Transition] = {}
        self._tried: set[tuple[bool, tuple[Site, ...]]] = set()

    def restart(self) -> None:
        """Forget the steps: the search begins anew."""
        self._sites.clear()
        self._tried.clear()

    def note(self, transition: Transition) -> None:
        """Take notice of the steps that are done for the first time."""
        if any(is_cut(fact) for _, fact in transition.facts):
            return
        for site in _done(transition):
            if len(self._sites) < _MOST_SITES:
                self._sites.setdefault(site, transition)

    def judged(self, letters: Letters) -> Iterator[tuple[Draft, Transition]]:
        """Yield what is wrong on the timelines with crashes, and where."""
        for site, transition in self._sites.items():
            if self._stage.deadline.is_over():
                return
            crashed = self._crashed(transition, site)
            if crashed is not None:
                yield from self._behind(crashed, (site,), letters)

    def _behind(
        self, crashed: Transition, sites: tuple[Site, ...], letters: Letters
    ) -> Iterator[tuple[Draft, Transition]]:
        # once time alone goes on, and once what is waited for comes
        for answer in (None, letters):
            for after in self._to_the_end(crashed, answer):
                if _is_given_up(after):
                    break
                for draft in judged(after):
                    message = f"{draft.message}, after {_told(sites)}"
                    yield draft._replace(message=message), after
                if len(sites) < self._most and after is not crashed:
                    for site, again in self._again(after, sites, is_heard=bool(answer)):
                        yield from self._behind(again, (*sites, site), letters)

    def _again(
        self, transition: Transition, sites: tuple[Site, ...], *, is_heard: bool
    ) -> Iterator[tuple[Site, Transition]]:
        """Let a timeline that has had a crash have another one."""
        for site in _done(transition):
            key = (is_heard, (*sites, site))
            is_enough = (
                len(self._tried) >= _MOST_AGAIN or self._stage.deadline.is_over()
            )
            if key in self._tried or is_enough:
                continue
            self._tried.add(key)
            crashed = self._crashed(transition, site)
            if crashed is not None:
                yield site, crashed

    def _crashed(self, transition: Transition, site: Site) -> Transition | None:
        """Play a move again with a crash after a step; None if there was none."""
        slug, step = site
        before, (*past, move) = transition.before, transition.node.moves
        faults = self._stage.driver.faults
        fault = faults.add(Fault("crash after", site, 1, ""))
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
        self, crashed: Transition, letters: Letters | None
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


def _done(transition: Transition) -> Iterator[Site]:
    """Yield the steps that a move has come to the end of."""
    lives = transition.node.engine.lives
    for _, fact in transition.facts:
        if isinstance(fact, StepCompleted):
            yield lives[fact.run_id].run.function.slug, str(fact.step)


def _told(sites: tuple[Site, ...]) -> str:
    """Return what is said of the crashes of a timeline."""
    steps = [repr(step) for _, step in sites]
    if len(steps) == 1:
        return f"a crash of step {steps[0]}"
    return f"crashes of the steps {', '.join(steps[:-1])} and {steps[-1]}"


def _is_given_up(transition: Transition) -> bool:
    """Say whether the crash was one too many."""
    return any(
        isinstance(fact, RunFailed) and fact.error.name == CRASHED.name
        for _, fact in transition.facts
    )
