"""Exploring functions: every timeline that can be told apart, and what is wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any, Final, TypeAlias, final

from .._json import Json
from .._model.fact import (
    RunCompleted,
    RunQueued,
    ScoreWritten,
    WaitOpened,
)
from ..runtime.collecting import RareCollections
from ..runtime.foreign import AnyClient, AnyEvent, Served
from ..runtime.reading import Reads
from ..times import SECOND, Instant, to_duration
from .absent import absent_keys
from .arrangements import Arrangements
from .checks import NOTES, Draft, judged
from .confirming import confirmed
from .crashes import Crashes, check_faults
from .crosstalk import Subjects, crossing
from .deadline import OVER, Deadline
from .doubles import Doubles
from .effects import Effects
from .evidence import looks_at_time
from .findings import Exploration
from .found import Found, where_of
from .guessing import Guesses
from .handlers import SCORING, codes_of, constants_of, says
from .injection import bent, injectable
from .memory import Memory
from .races import lost_races
from .returning import softened
from .scenario import Scenario, make_plan
from .search import Bounds, Node, Search, Transition
from .silence import is_silent, unscored
from .stage import Letter, Move, Stage
from .starts import hostile_starts, second_starts
from .timelines import code_of, signals_of

__all__ = ["explore"]

_Findings: TypeAlias = dict[tuple[str, str, str], Found]
_INVALID: Final = "INVALID_EXPRESSION"
_MOST_CROSSINGS: Final = 40
_MOST_ROUNDS: Final = 10


def explore(  # noqa: PLR0913 -- the bounds of a search, all of them named
    *functions: Served,
    start: AnyEvent | str | Sequence[AnyEvent] | None = None,
    data: Mapping[str, Any] | None = None,
    client: AnyClient | None = None,
    beside: Sequence[Served] = (),
    values: Mapping[str, Sequence[Json]] | None = None,
    max_signals: int = 3,
    max_faults: int = 1,
    max_nodes: int = 10_000,
    deadline: str | timedelta = "30s",
    merge_states: bool = True,
    skip_no_ops: bool = True,
    merge_routes: bool = True,
) -> Exploration:
    """Try every timeline of *functions* that can be told apart.

    The signals are derived from the waits that appear; time goes from timer to timer.
    Variables of the functions' modules are shared by all timelines: a handler that
    changes them is reported as NONDETERMINISTIC as soon as that changes its steps.
    Afterwards they hold what they held before.

    Args:
        *functions: What is explored: a parent and its scorers, or a scorer alone, which
            a made-up parent then defers with *data*.
        start: The event, or the events, that begin; the first trigger when left out.
        data: The data of the start event; found out when left out.
        client: Their client, when it cannot be found.
        beside: Functions that are served as well, and need not run.
        values: Values to try, by the key of a signal's data.
        max_signals: How many signals a timeline has at most.
        max_faults: How many faults a timeline has at most.
        max_nodes: How many worlds are looked at.
        deadline: For how long, in real time.
        merge_states: Follow worlds of the same state once.
        skip_no_ops: Leave signals out that nothing listens to.
        merge_routes: Enter twice only a few of the worlds that the same steps led to.

    Raises:
        UsageError: There is nothing to explore, or nothing that starts it.
    """
    bounds = Bounds(
        max_signals=max_signals,
        max_nodes=max_nodes,
        merges_states=merge_states,
        skips_no_ops=skip_no_ops,
        merges_routes=merge_routes,
    )
    check_faults(max_faults)
    until = Deadline(to_duration(deadline, what="deadline") / SECOND)
    plan = make_plan(functions, start, data, client, beside)
    covered: dict[tuple[str, str], None] = {}
    memory = Memory(plan.first.functions)

    def explored(scenario: Scenario) -> Exploration:
        explorer = _Explorer(scenario, bounds, values or {}, max_faults, memory, until)
        return explorer.explore(covered)

    try:
        with RareCollections():  # what is found is kept
            first = explored(plan.first)
            return first.joined([explored(other) for other in plan.others(covered)])
    finally:
        memory.restore()


@final
class _Explorer:
    def __init__(
        self,
        scenario: Scenario,
        bounds: Bounds,
        values: Mapping[str, Sequence[Json]],
        max_faults: int,
        memory: Memory,
        deadline: Deadline,
    ) -> None:
        self._scenario = scenario
        self._bounds = bounds
        has_cron = bool(scenario.cron)
        self._stage = Stage(scenario.apps, deadline, has_cron=has_cron)
        self._codes = codes = {f.id: codes_of(f) for f in scenario.functions}
        every = list(dict.fromkeys(code for of in codes.values() for code in of))
        self._guesses = Guesses(self._stage, values, constants_of(every))
        self._timely = any(looks_at_time(code.code) for code in every)
        self._has_learnt = False
        self._found: _Findings = {}
        self._expressions: dict[tuple[str, str], str] = {}
        self._effects = Effects(self._stage.driver, scenario.functions)
        self._doubles = Doubles(
            self._stage, self._effects, every, memory, merges=bounds.merges_routes
        )
        self._silent: dict[str, Node] = {}
        self._scoring = dict.fromkeys(s for s, c in codes.items() if says(c, SCORING))
        self._crashes = Crashes(self._stage, max_faults) if max_faults else None
        self._arranged = Arrangements(
            self._stage, scenario.functions, has_faults=max_faults > 0
        )

    def explore(self, covered: dict[tuple[str, str], None]) -> Exploration:
        """Search; add to *covered* what has run, and on which events."""
        self._covered = covered
        with closing(self._stage), self._effects.files(), self._doubles.clocks():
            if self._scenario.is_guessed:
                with self._doubles.luck(is_low=True):
                    self._scenario = self._guesses.start_data(self._scenario)
            searches, found = self._pass()
        return Exploration(
            scenario=self._scenario,
            start=self._stage.start,
            leaves=tuple(leaf for search in searches for leaf in search.leaves),
            findings=tuple(f for f in found.values() if f.code not in NOTES),
            notes=tuple(f for f in found.values() if f.code in NOTES),
            left_out=tuple(self._left_out(searches)),
            nodes=sum(search.nodes for search in searches),
            ignored=sum(search.ignored for search in searches),
            bounds=self._bounds,
            reads_clock=self._doubles.reads_clock,
        )

    def _left_out(self, searches: Sequence[Search]) -> dict[str, None]:
        every = {reason: None for search in searches for reason in search.left_out}
        every |= self._arranged.left_out
        return {**every, OVER: None} if self._stage.deadline.was_met else every

    def _pass(self) -> tuple[list[Search], _Findings]:
        """Search with whatever can be arranged, and with low and high luck."""
        self._arranged.restart()
        with self._doubles.luck(is_low=True) as chance:
            searches, found = [self._look_at_all()], dict(self._found)
            scenario = self._scenario
            if not searches[0].is_stopped:
                for _ in self._arranged.made():
                    self._go_on(searches, found)
        if chance is not None and chance.is_drawn and not searches[0].is_stopped:
            with self._doubles.luck(is_low=False):
                self._go_on(searches, found)
        if self._scenario != scenario:  # more is known of the start event now
            return self._pass()
        return searches, found

    def _go_on(self, searches: list[Search], found: _Findings) -> None:
        """Search once more, and add what comes of it."""
        search = self._look_at_all()
        search.leaves = list(filter(self._arranged.is_met, search.leaves))
        searches.append(search)
        found |= {key: new for key, new in self._found.items() if key not in found}

    def _look_at_all(self) -> Search:
        if self._crashes is not None:
            self._crashes.restart()
        search = self._search_all()
        self._tell_silence()
        for draft, node in self._doubles.judged_later():
            self._tell(draft, node)
        if not search.is_stopped:
            self._look_behind_crashes()
            self._look_for_absent_keys(search.leaves)
            self._look_for_cross_talk()
            self._look_for_injection()
        return search

    def _search_all(self) -> Search:
        """Search, and again when a handler has asked a signal for something new."""
        rounds = 0
        while True:
            rounds += 1
            self._found.clear()
            self._silent.clear()
            self._doubles.restart()
            self._reads = self._stage.reads = Reads()
            self._search = search = Search(
                self._stage,
                self._bounds,
                self._guesses.matches,
                self._watch,
                self._timely,
            )
            self._may_learn = rounds < _MOST_ROUNDS
            search.run(self._begin(self._scenario.starts))
            self._stage.reads = None
            if not self._has_learnt:
                return search
            self._has_learnt = False

    def _searched(self, bounds: Bounds, watch: Any) -> Search:
        """Return a search that only looks at whom signals reach."""
        return Search(
            self._stage,
            bounds,
            self._guesses.first_matches,
            watch,
            self._timely,
            has_near_misses=False,
            has_edges=self._timely,
        )

    def _begin(self, starts: Sequence[Letter]) -> list[Move]:
        start = self._stage.start
        at = Instant(start + self._scenario.begins_after(start))
        return [*self._arranged.begin(), *(Move(at, letter) for letter in starts)]

    # --- what is wrong ------------------------------------------------------------

    def _watch(self, transition: Transition) -> None:
        lives = transition.node.engine.lives
        for _, fact in transition.facts:
            if isinstance(fact, RunQueued):
                run = lives[fact.run_id].run
                self._covered[fact.function, run.events[0].name] = None
            if isinstance(fact, WaitOpened):
                slug = lives[fact.run_id].run.function.slug
                self._expressions.setdefault((slug, str(fact.step)), fact.expression)
        if self._may_learn and self._learns(transition):
            self._has_learnt = self._search.is_stopped = True
            return
        self._arranged.note(transition)
        for draft in self._judged(transition):
            self._tell(draft, transition.node)
        if self._crashes is not None:
            self._crashes.note(transition)
        self._note_silence(transition)
        self._double(transition)

    def _judged(self, transition: Transition) -> Iterator[Draft]:
        for draft in judged(transition):
            yield self._softened(draft, transition)
        if transition.is_guessed:
            told = [(found.code, found.function) for found in self._found.values()]
            yield from confirmed(self._stage, transition, told)
        yield from self._effects.judged(transition)
        yield from lost_races(self._stage, transition)

    def _softened(self, draft: Draft, transition: Transition) -> Draft:
        return softened(self._stage, self._scenario.functions, transition, draft)

    def _learns(self, transition: Transition) -> bool:
        """Take notice of what is asked of events late, and say whether that was new."""
        if self._guesses.learn(self._reads, transition):
            return True
        if not self._scenario.is_guessed:
            return False
        known, reads = self._scenario, self._reads
        self._reads = self._stage.reads = Reads()
        fuller = self._guesses.late_start(known, transition, reads)
        self._scenario = fuller or known
        return fuller is not None

    def _note_silence(self, transition: Transition) -> None:
        """Note the runs of deferred functions that end without a score."""
        engine = transition.node.engine
        for _, fact in transition.facts:
            if isinstance(fact, ScoreWritten) and fact.entry.writer in engine.lives:
                writer = engine.lives[fact.entry.writer].run
                self._scoring[writer.function.slug] = None
            if isinstance(fact, RunCompleted) and is_silent(engine, fact.run_id):
                slug = engine.lives[fact.run_id].run.function.slug
                draft = self._softened(unscored(slug), transition)
                if draft.code in NOTES:
                    self._tell(draft, transition.node)
                else:
                    self._silent.setdefault(slug, transition.node)

    def _tell_silence(self) -> None:
        """Tell of deferred functions that are there to score, and do not always."""
        for slug, node in self._silent.items():
            if slug in self._scoring:
                self._tell(unscored(slug), node)

    def _look_behind_crashes(self) -> None:
        """Let a worker go away after each step: the run must end as well as without."""
        if self._crashes is not None and not self._arranged.is_failing:
            for draft, after in self._crashes.judged(self._guesses.first_matches):
                self._tell(self._softened(draft, after), after.node)

    def _tell(self, draft: Draft, node: Node) -> None:
        key = (draft.code, draft.function, draft.message if not draft.function else "")
        if key in self._found or self._arranged.is_excused(draft.function):
            return
        signals = signals_of(node.moves, self._stage.start)
        timeline = tuple(signal for signal in signals if signal.label != "start")
        self._found[key] = Found(
            code=draft.code,
            message=draft.message,
            function=draft.function,
            where=draft.where or where_of(self._scenario.functions, draft.function),
            timeline=timeline,
            replay=code_of(timeline, str(self._scenario)),
            fix=draft.fix,
        )

    def _double(self, transition: Transition) -> None:
        """Enter the same state again: the same steps must come of it."""
        for draft, node in self._doubles.judged(transition):
            if draft.code == "NONDETERMINISTIC":
                self._search.is_stopped = True  # its other worlds would mean nothing
            self._tell(draft, node)

    def _look_for_absent_keys(self, leaves: Sequence[Node]) -> None:
        for draft, leaf in absent_keys(
            self._stage, self._scenario, leaves, self._codes
        ):
            self._tell(draft, leaf)
        engine = leaves[-1].engine if leaves else self._stage.root
        for (run_id, key), meant in self._guesses.misspelt.items():
            live = engine.lives.get(run_id)
            if live is not None:
                what = f"the handler asks for {key!r}; the signal has {meant!r}"
                draft = Draft(
                    "DATA_KEY_ABSENT", what, live.run.function.slug, f"write {meant!r}"
                )
                self._tell(draft, Node(engine, (), 0))

    def _look_for_cross_talk(self) -> None:
        """Let a second run with other data stand beside the first."""
        starts = self._scenario.crossing_starts
        others = second_starts(starts)
        if all(other.data == s.data for other, s in zip(others, starts, strict=True)):
            return
        subjects = Subjects(starts, others)

        def compare(transition: Transition) -> None:
            for slug in subjects.crossed(transition):
                self._tell(crossing(slug), transition.node)
                search.is_stopped = True  # one is enough

        search = self._searched(
            Bounds(max_signals=3, max_nodes=_MOST_CROSSINGS), compare
        )
        search.run(self._begin([*starts, *others]))

    def _look_for_injection(self) -> None:
        """Start with hostile text: no expression may change its shape."""
        texts = self._expressions.values()
        is_any = self._scenario.is_guessed
        for key, starts in hostile_starts(self._scenario.starts, texts, is_any=is_any):
            self._try_hostile(starts, key)

    def _try_hostile(self, starts: list[Letter], key: str) -> None:
        unreadable = [f.function for f in self._found.values() if f.code == _INVALID]

        def watch(transition: Transition) -> None:
            for slug, is_readable in bent(transition, self._expressions):
                if is_readable or slug not in unreadable:  # as it was before
                    self._tell(injectable(key, slug), transition.node)

        search = self._searched(Bounds(max_signals=1, max_nodes=30), watch)
        search.run(self._begin(starts))
