"""One state, entered again in another world: the same steps must come of it.

Chance, the wall clock and the time zone of the machine are made to differ between two
plays of one move, and only outside steps: what a step's callback reads is remembered, and
may be anything. The time zone differs everywhere, because a remembered result is no better
for having been taken in the wrong one. What a callback changes beside its result is lost,
and must make no difference if it is not.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import takewhile
from typing import Final, NamedTuple, final

from .._engine import Engine
from .._model.fact import RunEntered
from ..runtime.wall_clock import stranger_at_the_clock
from .chance import DICE, HIGH, LOW, MIDDLE, OWN_DICE, Chance, chance
from .checks import Draft
from .clocks import Clocks, clocks_of, zone_restored
from .comparing import (
    Difference,
    Told,
    parting,
    shown,
    told,
    told_at_the_end,
)
from .effects import Effects
from .evidence import CLOCKS
from .handlers import Code
from .losses import Losses
from .memory import Memory
from .routes import Routes
from .search import Node, Transition
from .stage import Move, Stage

__all__ = ["ZONES", "Doubles"]

ZONES: Final = CLOCKS | {"astimezone", "ctime", "fromtimestamp", "mktime", "timestamp"}
"""Names by which code depends on the time zone of its machine."""
_HOUR_S, _DAY_S = 3_600, 86_400
_SHIFTS_S: Final = (  # an afternoon, a weekend, another month, another decade, the past
    15 * _HOUR_S,
    3 * _DAY_S + 8 * _HOUR_S,
    45 * _DAY_S + 21 * _HOUR_S + 1_830,
    3_800 * _DAY_S,
    -400 * _DAY_S,
)
_LOOK_S: Final = 45 * _DAY_S
"""How far the clock goes on between two looks of a handler that is held up."""
_TIMES: Final = (
    *(("at another time", shift_s, 0) for shift_s in _SHIFTS_S),
    ("when time goes on between two looks at the clock", 0, _LOOK_S),
)
_HERE: Final = "UTC0"
_ELSEWHERE: Final = ("AAA-13", "BBB+11")  # as POSIX writes zones: no files are needed
_MOST_DOUBLED: Final = 200
_MOST_KEPT: Final = 60
_MOST_RESTORED: Final = 40
_MOST_AT_ONCE: Final = 3
"""How many moves are played at other times at once: a step that hangs on the time may
never be met again, and the search would not end."""


class _Kept(NamedTuple):
    """A move to be played again later."""

    before: Engine
    move: Move
    node: Node


@final
class Doubles:
    """Plays moves again, and compares what came of them.

    Args:
        stage: Where.
        effects: Tells when a step's callback begins and ends.
        codes: What is entered.
        memory: What the variables of that held at first.
        merges: Whether of the moves on one route only the first are played again.

    Attributes:
        reads_clock: Whether the code reads a clock of its machine.
    """

    def __init__(
        self,
        stage: Stage,
        effects: Effects,
        codes: Sequence[Code],
        memory: Memory,
        *,
        merges: bool,
    ) -> None:
        names = frozenset(name for code in codes for name in code.code.co_names)
        self._spaces = list(
            {
                id(s): s
                for c in codes
                if (s := getattr(c.handler, "__globals__", None))
            }.values()
        )
        self._stage = stage
        self._effects = effects
        self._memory = memory
        self._losses = Losses(stage, [handler for _, handler in codes])
        self._rolls = bool(DICE & names)
        self._codes = {code.code for code in codes}
        self._has_own_dice = bool(OWN_DICE & names)
        self.reads_clock = bool(CLOCKS & names)
        self._has_zone = bool(ZONES & names) and hasattr(time, "tzset")
        self._merges = merges and not self._rolls
        self._inside = MIDDLE
        self._clocks: Clocks | None = None
        self.restart()

    def restart(self) -> None:
        """Forget what was kept: the search begins anew."""
        self._count = self._restored = 0
        self._kept: list[_Kept] = []
        self._routes = Routes(merges=self._merges)

    @contextmanager
    def clocks(self) -> Iterator[None]:
        """Let the clocks follow the worlds, if the application reads any.

        A clock that the caller has frozen stays as it is.
        """
        if not self.reads_clock or stranger_at_the_clock():
            yield
            return
        start = self._stage.start
        with clocks_of(self._spaces, start, self._effects) as self._clocks:
            self._stage.follow(self._clocks.show)
            yield

    @contextmanager
    def luck(self, *, is_low: bool) -> Iterator[Chance | None]:
        """Let chance fall out the same way everywhere: low, or high, within steps."""
        if self._rolls:
            self._inside = LOW if is_low else HIGH
            with chance(self._effects, self._codes, MIDDLE, self._inside) as falls:
                yield falls
        else:
            yield None

    def judged(self, transition: Transition) -> Iterator[tuple[Draft, Node]]:
        """Play a transition again at once; yield what differs."""
        yield from self._bereft(transition)
        is_known = self._routes.is_known(transition) and not self._memory.is_stale()
        if self._count >= _MOST_DOUBLED or not _has_entry(transition):
            return
        before, move = transition.before, transition.node.moves[-1]
        differing = None
        if not is_known:
            self._count += 1
            first = told(fact for _, fact in transition.facts)
            differing = self._moody(first, before, move)
        if differing is not None:
            yield _moody(differing, transition.node.engine), transition.node
        elif self._is_timely and len(self._kept) < _MOST_KEPT:
            kept = _Kept(before, move, transition.node)
            self._kept.append(kept)
            if self._clocks is not None and len(self._kept) <= _MOST_AT_ONCE:
                yield from self._at_other_times(self._clocks, [kept])

    def _bereft(self, transition: Transition) -> Iterator[tuple[Draft, Node]]:
        """Play a move with what callbacks have changed in vain."""
        node = transition.node
        is_due = self._losses.known_in(node.engine) and _has_entry(transition)
        if not is_due or self._restored >= _MOST_RESTORED:
            return
        self._restored += 1
        before, move = transition.before, node.moves[-1]
        base, again = (self._play(before, move, MIDDLE, at_end=True) for _ in "12")
        with self._losses.made_good():
            other = self._play(before, move, MIDDLE, at_end=True)
        differing = parting(base, other, until=parting(base, again))
        if differing is not None:
            why = self._losses.in_words(node.engine, differing.run_id)
            yield _forgotten(differing, node.engine, why), node

    def _moody(
        self, first: list[Told], before: Engine, move: Move
    ) -> "Difference | None":
        """Play a move again; return where that led elsewhere, if it may not."""
        second = self._play(before, move, LOW)
        falls = self._falls
        if falls is not None and falls.is_drawn:  # what it drew at first is gone
            first, second = second, self._play(before, move, LOW)
        differing = parting(first, second) or self._forgetful(before, move, second)
        if differing is not None and differing.is_of_path:
            return differing
        if falls is None or not (falls.is_rolled or self._has_own_dice):
            return None
        again, high = (self._play(before, move, seed) for seed in (LOW, HIGH))
        return parting(second, high, until=parting(second, again))

    def _forgetful(
        self, before: Engine, move: Move, usual: Sequence[Told]
    ) -> "Difference | None":
        """Play a move as a process does that has just started."""
        if not self._memory.is_stale():
            return None
        with self._memory.forgotten(self._effects):
            fresh = self._play(before, move, LOW)
        return parting(fresh, usual)

    @property
    def _is_timely(self) -> bool:
        return self.reads_clock or self._has_zone

    def judged_later(self) -> Iterator[tuple[Draft, Node]]:
        """Play what was kept at other times, and in other zones."""
        if self._clocks is not None:
            later = self._kept[_MOST_AT_ONCE:]
            yield from self._at_other_times(self._clocks, later)
        if self._has_zone:
            yield from self._in_other_zones()

    def _at_other_times(
        self, clocks: Clocks, moves: Sequence[_Kept]
    ) -> Iterator[tuple[Draft, Node]]:
        for kept in self._in_time(moves):
            base, again = (self._timed(clocks, kept, 0, 0) for _ in range(2))
            limit = parting(base, again)
            for when, shift_s, look_s in _TIMES:
                other = self._timed(clocks, kept, shift_s, look_s)
                differing = parting(base, other, until=limit)
                if differing is not None:
                    engine = kept.node.engine
                    yield _clocked(differing, engine, when), kept.node
                    if differing.is_of_step:
                        yield _moody(differing, engine), kept.node
                    break

    def _in_time(self, moves: Sequence[_Kept]) -> Iterator[_Kept]:
        return takewhile(lambda _: not self._stage.deadline.is_over(), moves)

    def _timed(
        self, clocks: Clocks, kept: _Kept, shift_s: int, look_s: int
    ) -> list[Told]:
        with clocks.wrong(shift_s, look_s):
            return self._play(kept.before, kept.move, MIDDLE)

    def _in_other_zones(self) -> Iterator[tuple[Draft, Node]]:
        with zone_restored():
            for kept in self._in_time(self._kept):
                base, again = (self._in_zone(kept, _HERE) for _ in range(2))
                limit = parting(base, again)
                for zone in _ELSEWHERE:
                    differing = parting(base, self._in_zone(kept, zone), until=limit)
                    if differing is not None:
                        where = "in another time zone"
                        yield _clocked(differing, kept.node.engine, where), kept.node
                        break

    def _in_zone(self, kept: _Kept, zone: str) -> list[Told]:
        os.environ["TZ"] = zone
        time.tzset()
        return self._play(kept.before, kept.move, MIDDLE)

    def _play(
        self, before: Engine, move: Move, seed: int, *, at_end: bool = False
    ) -> list[Told]:
        """Play a move; where chance is asked, it is *seed*'s between steps."""
        with self._fallen(seed) as self._falls:
            after = self._stage.play(before, move)
        past = slice(len(before.trace), None)
        facts = (entry.fact for entry in after.trace[past])
        return told_at_the_end(facts) if at_end else told(facts)

    def _fallen(self, seed: int) -> AbstractContextManager[Chance | None]:
        if self._rolls:
            return chance(self._effects, self._codes, seed, self._inside)
        return nullcontext()


def _has_entry(transition: Transition) -> bool:
    return any(isinstance(fact, RunEntered) for _, fact in transition.facts)


# --- what is said of it ---------------------------------------------------------------


def _moody(differing: Difference, engine: Engine) -> Draft:
    return Draft(
        "NONDETERMINISTIC",
        f"entered twice with the same memo, the handler reached "
        f"{shown(differing.ours)} and then {shown(differing.theirs)}",
        engine.lives[differing.run_id].run.function.slug,
        "take time, chance and outside data from steps",
    )


def _forgotten(differing: Difference, engine: Engine, why: str) -> Draft:
    return Draft(
        "STATE_LOST",
        f"{why or 'a callback changes a variable'}, and the next entry begins without "
        f"that: the handler comes to {shown(differing.ours)}, and would not with it",
        engine.lives[differing.run_id].run.function.slug,
        "return from the callback what is needed later, and use the step's result",
    )


def _clocked(differing: Difference, engine: Engine, when: str) -> Draft:
    return Draft(
        "WALL_CLOCK",
        f"{when}, the handler reaches {shown(differing.theirs)} in place of "
        f"{shown(differing.ours)}",
        engine.lives[differing.run_id].run.function.slug,
        "take the time from a step or from an event, and name the time zone",
    )
