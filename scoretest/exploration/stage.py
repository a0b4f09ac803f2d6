"""The stage: one harness on which many worlds are played, one after the other.

At rest nothing of a handler is alive, so a world is its engine. To play a move is to
fork the engine, let the harness go on in the fork, and hand the fork out.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, final

from .._engine import Engine, Live, enter_ahead, limit_steps, new_operations, rest_crons
from .._json import JsonObject
from .._model.command import SendEvent
from .._model.event import SCHEDULED_TIMER
from .._model.limits import Limits
from .._model.operation import Outcome
from ..errors import UnderTestError
from ..runtime.driver import Driver
from ..runtime.entry import Entry
from ..runtime.foreign import AnyClient, Served
from ..runtime.harness import Harness
from ..runtime.reading import Path, Reads
from ..times import Duration, Instant, to_instant
from .deadline import Deadline

__all__ = ["MOST_STEPS", "Letter", "Move", "Stage"]

_CHAIN: Final = 1_000
MOST_STEPS: Final = 150
"""How many steps of a run are explored."""
_FEW_STEPS: Final = 10
"""How many a handler may go on for that is not the same on every entry: it may never end."""
_LIMITS: Final = Limits(steps_per_run=MOST_STEPS)


class Letter(NamedTuple):
    """A signal that can be sent.

    Attributes:
        name: The event's name.
        data: Its data; never changed.
        label: What it is to the wait that it was made for, such as ``"match"``; a
            ``"choice"`` is never sent, and only says what was arranged.
        is_guessed: Whether values in it were made up.
        made_up: Where those stand.
    """

    name: str
    data: JsonObject
    label: str
    is_guessed: bool = False
    made_up: tuple[Path, ...] = ()


class Move(NamedTuple):
    """One thing that happens from outside: at *at* a signal comes, or a timer fires."""

    at: Instant
    letter: Letter | None = None


@final
class Stage:
    """Where the worlds of one exploration are played.

    Args:
        apps: What is served.
        deadline: Until when; for ever when left out.
        has_cron: Whether crons fire.
    """

    def __init__(
        self,
        apps: Sequence[tuple[AnyClient, Sequence[Served]]],
        deadline: Deadline | None = None,
        *,
        has_cron: bool = False,
    ) -> None:
        self.deadline = deadline or Deadline()
        self._harness = Harness(strict=False, limits=_LIMITS)
        for client, functions in apps:
            self._harness.serve(client, functions)
        self._driver = self._harness._driver  # noqa: SLF001 -- the explorer plays the harness's own parts
        self.root = self._harness._engine  # noqa: SLF001 -- likewise
        self._report = self._driver.report
        self._driver.report = self._told  # type: ignore[method-assign, assignment]  # for as long as the stage stands
        self.start: Instant = to_instant(self._harness.now, what="now")
        if not has_cron:
            rest_crons(self.root)
        self.plays = 0

    def _told(self, live: Live, code: str, *more: Any) -> None:
        """Pass a finding on, and let a run whose steps are never the same end soon."""
        self._report(live, code, *more)
        if code == "NONDETERMINISTIC":
            most = min(len(live.memos.steps) + _FEW_STEPS, MOST_STEPS)
            limit_steps(self._driver.engine, most)

    @property
    def reads(self) -> Reads | None:
        """What notes the keys that handlers ask for in vain, while somebody does."""
        return self._driver.reads

    @reads.setter
    def reads(self, reads: Reads | None) -> None:
        self._driver.reads = reads

    @property
    def driver(self) -> Driver:
        """What enters the handlers."""
        return self._driver

    def follow(self, show: Callable[[Instant], None]) -> None:
        """Call *show* with the time of the world, whenever that is another one."""
        self._driver.on_moved = show

    def enter(self, engine: Engine, run_id: str) -> Engine:
        """Return the world in which a run is entered at once, settled or not."""
        twin = self._fork(engine)
        driver = self._driver
        ended = driver.entry_ended

        def ended_ahead(entry: Entry, operations: Any, outcome: Outcome) -> None:
            new = new_operations(twin, entry.run_id, operations)
            ended(entry, new, outcome)

        driver.entry_ended = ended_ahead  # type: ignore[method-assign]  # until the world is at rest
        try:
            with driver.operation(_CHAIN):
                driver.perform(enter_ahead(twin, run_id))
                self._come_to_rest()
        finally:
            driver.entry_ended = ended  # type: ignore[method-assign]  # as it was
        return twin

    def play(self, engine: Engine, move: Move) -> Engine:
        """Return the world that *engine* becomes by *move*; *engine* stays as it is."""
        twin = self._fork(engine)
        driver, loop = self._driver, self._driver.loop
        self.plays += 1
        with driver.operation(_CHAIN):
            loop.run_to(max(move.at, twin.now) - self.start)  # a step may have slept
            letter = move.letter
            if letter is not None and letter.name == SCHEDULED_TIMER:
                rest_crons(twin)  # it has just fired
            elif letter is not None and letter.label != "choice":
                sent = SendEvent(twin.new_event_id(), letter.name, letter.data)
                driver.apply(sent)
            self._come_to_rest()
        return twin

    def _fork(self, engine: Engine) -> Engine:
        """Fork a world, and let the harness go on in the fork."""
        twin = engine.fork()
        driver = self._driver
        driver.loop._now_us = twin.now - self.start  # noqa: SLF001 -- nothing of the loop is alive between two moves
        driver.go_on_in(twin)
        if driver.on_moved is not None:
            driver.on_moved(twin.now)
        return twin

    def _come_to_rest(self) -> None:
        """Let the handlers end that sleep or compute inside a step."""
        driver, loop = self._driver, self._driver.loop
        loop.run_to(None)
        while driver.under_way():
            loop.run_to(loop.next_timer_us() if loop.has_timers else None)
            if driver.under_way() and not loop.has_timers:
                raise UnderTestError(
                    "a handler does not come to rest",
                    where=driver.describe(),
                    fix="await steps, timers and what the handler itself sets going",
                )

    def close(self) -> None:
        """End the stage, with whatever is on it."""
        self._harness.abandon()


def halfway(engine: Engine, due: Instant) -> Instant:
    """Return a moment between now and the next timer: whole minutes, if they fit."""
    half = (due - engine.now) // 2
    minute = 60_000_000
    return Instant(engine.now + (half // minute * minute or half))


def just_before(due: Instant) -> Instant:
    """Return the last millisecond before a timer."""
    return Instant(due - Duration(1_000))
