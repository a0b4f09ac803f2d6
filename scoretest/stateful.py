"""A state machine of Hypothesis whose rules are what a test can do to a world.

Subclass `HarnessMachine`, say which functions it serves and which events start them,
and run its `TestCase`. The invariants hold for every program; add those of yours.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar, Final

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ._core.defers import DEFER_TRANSITIONS, DeferState
from ._core.memos import STEP_TRANSITIONS, StepState
from ._core.runs import RUN_TRANSITIONS, RunState
from ._core.waits import WAIT_TRANSITIONS, WaitState
from ._model.event import Event
from ._model.fact import Fact, ScoreWritten
from ._model.score import ScoreEntry
from .errors import InternalError
from .runtime.harness import Harness
from .runtime.prospects import (
    EDGES,
    has_timers,
    has_waits,
    now_of,
    open_waits_of,
    run_states_of,
    trace_of,
)
from .sdk.client import Client
from .strategies import Advance, Match, Miss, Move, Send, ToEdge, schedules
from .times import Instant

__all__ = ["AUTOMATA", "HarnessMachine"]

Edges = Mapping[tuple[Any, type], Enum]

AUTOMATA: Final[Mapping[str, tuple[Edges, Enum]]] = {
    "run": (RUN_TRANSITIONS, RunState.NEW),
    "step": (STEP_TRANSITIONS, StepState.NEW),
    "wait": (WAIT_TRANSITIONS, WaitState.NEW),
    "defer": (DEFER_TRANSITIONS, DeferState.ABSENT),
}
"""The automata of a world: the table of each, and the state in which it begins."""

_FACTS: Final = {
    kind: [
        name
        for name, (edges, _) in AUTOMATA.items()
        if any(fact is kind for _, fact in edges)
    ]
    for edges, _ in AUTOMATA.values()
    for _, kind in edges
}
_ENDED: Final = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED})
_number = st.integers(min_value=0, max_value=3)


def _key(automaton: str, fact: Any) -> tuple[str, ...]:
    """Return which of its things a fact moves."""
    match automaton:
        case "run":
            return (fact.run_id,)
        case "defer":
            return (fact.run_id, fact.defer)
        case _:
            return (fact.run_id, fact.step.hashed)


# named, because Hypothesis describes a rule's precondition each time that it asks it


def _has_waits(machine: "HarnessMachine") -> bool:
    return has_waits(machine.harness)


def _has_timers(machine: "HarnessMachine") -> bool:
    return has_timers(machine.harness)


def _has_open_runs(machine: "HarnessMachine") -> bool:
    return any(state not in _ENDED for state in machine._states["run"].values())  # noqa: SLF001 -- its own


def _has_schedule(machine: "HarnessMachine") -> bool:
    return machine.schedule is not None


def _demand(holds: bool, otherwise: str, *seen: object) -> None:  # noqa: FBT001 -- reads as an assertion does
    if not holds:
        raise AssertionError(" ".join([otherwise, *map(str, seen)]))


class HarnessMachine(RuleBasedStateMachine):
    """A world to which everything happens that can happen to it.

    Attributes:
        client: Whose functions are served; give it in your class.
        functions: What is served; give them in your class.
        starts: A strategy for the events that start something; give it, too.
        schedule: A strategy for the order in which due entries begin; FIFO when None.
        harness: The world.
        reached: The edges of the automata that were taken, by all machines of a class.
    """

    client: ClassVar[Client]
    functions: ClassVar[Sequence[Any]] = ()
    starts: ClassVar[st.SearchStrategy[Event]]
    schedule: ClassVar[st.SearchStrategy[list[int]] | None] = None
    reached: ClassVar[set[tuple[str, str, str]]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.reached = set()

    def __init__(self) -> None:
        super().__init__()
        self.harness = self.make_harness()
        self._lines: list[str] = []
        self._seen = 0
        self._scored: list[ScoreEntry] = []
        self._states: dict[str, dict[tuple[str, ...], Any]] = {n: {} for n in AUTOMATA}
        self._trace = trace_of(self.harness)
        self._last_at = Instant(0)
        self._taken: set[tuple[str, Any, type]] = set()
        self._looked_at: dict[str, tuple[object, ...]] = {}

    def make_harness(self) -> Harness:
        """Make the world and serve the functions; override it for other options."""
        return Harness().serve(self.client, self.functions)

    def teardown(self) -> None:
        """Let time pass to the end, look once more, and close the world."""
        if hypothesis.currently_in_test_context():
            hypothesis.note("as a plain test:\n" + "\n".join(self._lines or ["pass"]))
        try:
            self.harness.fast_forward(within="400d")
            self.facts_rebuild_the_state()
        except BaseException:
            self.harness.abandon()
            raise
        self.harness.close()

    def play(self, move: Move) -> None:
        """Do *move*, and remember it as a line of a test."""
        line = move.play(self.harness)
        self._lines += [line] if line else []

    # --- rules ----------------------------------------------------------------------

    @rule(event=st.runner().flatmap(lambda machine: machine.starts))
    def start(self, event: Event) -> None:
        """Send an event that starts something."""
        self.play(Send(event.name, dict(event.data)))

    @rule(event=st.runner().flatmap(lambda machine: machine.starts))
    def start_twice(self, event: Event) -> None:
        """Send an event twice in one request."""
        self._do(
            lambda: self.harness.send([event, event]),
            f"harness.send([Event(name={event.name!r}, data={dict(event.data)!r})] * 2)",
        )

    @precondition(_has_waits)
    @rule(wait=_number)
    def match(self, wait: int) -> None:
        """Send what an open wait accepts."""
        self.play(Match(wait))

    @precondition(_has_waits)
    @rule(wait=_number, which=st.integers(min_value=0, max_value=7))
    def miss(self, wait: int, which: int) -> None:
        """Send what an open wait refuses because of one condition."""
        self.play(Miss(wait, which))

    @precondition(_has_waits)
    @rule(wait=_number)
    def match_at_the_edge(self, wait: int) -> None:
        """Send what a wait accepts in the last millisecond before the next timer."""
        self.play(ToEdge(0, "just before"))
        self.play(Match(wait))

    @precondition(_has_timers)
    @rule(timer=_number, side=st.sampled_from([name for name, _ in EDGES]))
    def advance_to_edge(self, timer: int, side: str) -> None:
        """Move the clock beside a pending timer."""
        self.play(ToEdge(timer, side))

    @rule(by=st.sampled_from(["1s", "1m", "1h", "1d", "30d"]))
    def advance(self, by: str) -> None:
        """Move the clock."""
        self.play(Advance(by))

    @rule()
    def fast_forward(self) -> None:
        """Let time pass until nothing is pending, for a year at most."""
        self._do(
            lambda: self.harness.fast_forward(within="365d"),
            'harness.fast_forward(within="365d")',
        )

    @precondition(_has_open_runs)
    @rule(which=_number)
    def cancel(self, which: int) -> None:
        """Cancel a run that has not ended."""
        runs = self._open_runs()
        run_id = runs[which % len(runs)]
        self._do(lambda: self.harness.cancel(run_id), f"harness.cancel({run_id!r})")

    @precondition(_has_schedule)
    @rule(picks=schedules(max_size=4))
    def reschedule(self, picks: list[int]) -> None:
        """Let other entries go first from now on."""
        self._do(
            lambda: self.harness.faults.schedule(picks),
            f"harness.faults.schedule({picks!r})",
        )

    def _do(self, act: Any, line: str) -> None:
        self._lines.append(line)
        act()

    def _open_runs(self) -> list[str]:
        states = self._states["run"]
        return [run_id for (run_id,), state in states.items() if state not in _ENDED]

    def _is_as_before(self, what: str, *more: object) -> bool:
        """Say whether nothing has happened since *what* was looked at."""
        world = (len(self._trace), *more)
        is_same = self._looked_at.get(what) == world
        self._looked_at[what] = world
        return is_same

    # --- invariants -----------------------------------------------------------------

    @invariant()
    def facts_rebuild_the_state(self) -> None:
        """Every fact takes an edge of its table, none moves what has ended.

        Time never goes back.
        """
        for entry in self._trace[self._seen :]:
            _demand(entry.at >= self._last_at, "time went back")
            self._last_at = entry.at
            self._take(entry.fact)
        self._seen = len(self._trace)

    def _take(self, fact: Fact) -> None:
        if isinstance(fact, ScoreWritten):
            self._scored.append(fact.entry)
        kind = type(fact)
        for automaton in _FACTS.get(kind, ()):
            edges, first = AUTOMATA[automaton]
            states, key = self._states[automaton], _key(automaton, fact)
            before = states.get(key, first)
            after = edges.get((before, kind))
            if after is None:
                raise InternalError(
                    f"{automaton} {key} took {kind.__name__} while {before}",
                    fix="this is a bug in scoretest; please report the program above",
                )
            states[key] = after
            if (automaton, before, kind) not in self._taken:
                self._taken.add((automaton, before, kind))
                self.reached.add((automaton, str(before.value), kind.__name__))

    @invariant()
    def runs_are_as_their_facts_say(self) -> None:
        """No run has a state that its facts do not give."""
        if self._is_as_before("runs"):
            return
        told = {run_id: state for (run_id,), state in self._states["run"].items()}
        _demand(run_states_of(self.harness) == told, "the facts tell of", told)

    @invariant()
    def every_score_is_on_a_run(self) -> None:
        """Override it where scores are written on runs of other worlds (rule G5)."""
        strays = [s for s in self._scored if (s.run_id,) not in self._states["run"]]
        _demand(not strays, "scores on no run:", strays)
        self._scored.clear()

    @invariant()
    def no_wait_is_open_on_an_ended_run(self) -> None:
        """What waits belongs to a run that goes on."""
        now = now_of(self.harness)
        if self._is_as_before("waits", now):
            return
        for wait in open_waits_of(self.harness):
            state = self._states["run"][(wait.run_id,)]
            _demand(state not in _ENDED, "open, though its run has ended:", wait)
            _demand(wait.expires >= now, "open, though it is overdue:", wait)
