"""Exploring functions: every timeline that can be told apart, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, final

from .._core.waits import Wait, Watch
from .._engine import Engine
from .._json import Json, JsonObject
from .._model.event import Event
from .._model.fact import RunCancelled, RunFailed, WaitMatched, WaitOpened
from ..errors import UsageError
from ..runtime.foreign import AnyClient, Served
from ..times import SECOND, to_duration
from .alphabet import matchings
from .checks import Draft, judged
from .crashes import Crashes, check_faults
from .evidence import (
    UNREADABLE,
    changed,
    crossing,
    event_paths,
    folded,
    handler_code,
    injectable,
    is_apart,
    is_stumble,
    looks_at_time,
    parting,
    shape_of_expression,
    steps_taken,
    told_step,
)
from .findings import Exploration
from .found import Found, where_of
from .payloads import KINDS, NotingDict, constants_of, payloads
from .scenario import Scenario, make_scenario
from .search import Bounds, Node, Search, Transition
from .stage import Letter, Move, Stage
from .timelines import code_of, signals_of

__all__ = ["explore"]

_HOSTILE: Final = ("x' || true || 'x", 'x" || true || "x')
_WORDS: Final[tuple[Json, ...]] = ("one", 1, True, {}, [])
_MOST_DOUBLED: Final = 200
_MOST_TIMERS: Final = 12


def explore(  # noqa: PLR0913 -- the bounds of a search, all of them named
    *functions: Served,
    start: Event | str | Sequence[Event] | None = None,
    data: Mapping[str, Any] | None = None,
    client: AnyClient | None = None,
    values: Mapping[str, Sequence[Json]] | None = None,
    max_signals: int = 3,
    max_faults: int = 1,
    max_nodes: int = 10_000,
    deadline: str | timedelta = "30s",
    merge_states: bool = True,
    skip_no_ops: bool = True,
) -> Exploration:
    """Try every timeline of *functions* that can be told apart.

    The signals are derived from the waits that appear; time goes from timer to timer.
    Variables of the functions' modules are shared by all timelines: a handler that
    changes them is reported as NONDETERMINISTIC as soon as that changes its steps.

    Args:
        *functions: What is explored: a parent and its scorers, or a scorer alone, which
            a made-up parent then defers with *data*.
        start: The event, or the events, that begin; the first trigger when left out.
        data: The data of the start event; found out when left out.
        client: Their client, when it cannot be found.
        values: Values to try, by the key of a signal's data.
        max_signals: How many signals a timeline has at most.
        max_faults: How many faults it has at most: none, or one crash after a step.
        max_nodes: How many worlds are looked at.
        deadline: For how long, in real time.
        merge_states: Follow worlds of the same state once.
        skip_no_ops: Leave signals out that nothing listens to.

    Raises:
        UsageError: There is nothing to explore, or nothing that starts it.
    """
    bounds = Bounds(
        max_signals=max_signals,
        max_nodes=max_nodes,
        deadline_s=to_duration(deadline, what="deadline") / SECOND,
        merges_states=merge_states,
        skips_no_ops=skip_no_ops,
    )
    check_faults(max_faults)
    scenario = make_scenario(functions, start, data, client)
    return _Explorer(scenario, bounds, values or {}, max_faults).explore()


class _Start(NamedTuple):
    """The moves that begin, and what the handlers asked the event for in vain."""

    moves: list[Move]
    missed: dict[str, None]


@final
class _Explorer:
    def __init__(
        self,
        scenario: Scenario,
        bounds: Bounds,
        values: Mapping[str, Sequence[Json]],
        max_faults: int,
    ) -> None:
        self._scenario = scenario
        self._bounds = bounds
        self._values = values
        self._stage = Stage(scenario.apps)
        codes = [handler_code(function) for function in scenario.functions]
        self._constants = [c for code in codes for c in constants_of(code)]
        self._timely = any(looks_at_time(code) for code in codes)
        self._cache: dict[tuple[str, str, str], list[Letter]] = {}
        self._found: dict[tuple[str, str, str], Found] = {}
        self._expressions: dict[tuple[str, str], str] = {}
        self._doubled = 0
        self._crashes = Crashes(self._stage) if max_faults else None

    def explore(self) -> Exploration:
        try:
            if self._scenario.is_guessed:
                self._find_start_data()
            self._search = search = self._searched(self._bounds, self._watch)
            search.run(self._start().moves)
            if not search.is_stopped:
                self._look_behind_crashes()
                self._look_for_misspelt_keys()
                self._look_for_cross_talk()
                self._look_for_injection()
        finally:
            self._stage.close()
        return Exploration(
            scenario=self._scenario,
            start=self._stage.start,
            leaves=tuple(search.leaves),
            findings=tuple(self._found.values()),
            is_exhaustive=search.is_exhaustive,
            nodes=search.nodes,
            ignored=search.ignored,
            bounds=self._bounds,
        )

    def _searched(self, bounds: Bounds, watch: Any) -> Search:
        return Search(self._stage, bounds, self._letters, watch, self._timely)

    def _start(self, *, noted: bool = False) -> _Start:
        missed: dict[str, None] = {}
        at = self._stage.root.now
        moves = [
            Move(at, s._replace(data=NotingDict(s.data, missed)) if noted else s)
            for s in self._scenario.starts
        ]
        return _Start(moves, missed)

    def _find_start_data(self) -> None:
        """Give the start event the keys that its handlers ask for."""
        (start,) = self._scenario.starts
        words: list[Json] = [*_WORDS, *self._constants]
        guessed = payloads(
            start.data, start.name, words, self._values, self._lives_with
        )
        data = dict(guessed[0].data)
        if not self._lives_with(guessed[0]):
            raise UsageError(
                f"no data were found for {start.name!r} that its handlers can live with",
                seen=f"tried {data}",
                fix="give the start event: explore(..., data={...}), or --start FILE",
            )
        engine = self._stage.play(self._stage.root, Move(self._stage.start, guessed[0]))
        for wait in engine.open_waits:
            for path in event_paths(wait.predicate.text if wait.predicate else ""):
                data.setdefault(path, "one")
        self._scenario = self._scenario._replace(starts=(start._replace(data=data),))

    # --- signals ------------------------------------------------------------------

    def _letters(self, engine: Engine, listener: Wait | Watch) -> list[Letter]:
        """Return the matches of a listener that are worth trying."""
        stored = listener.predicate.stored if listener.predicate else ""
        step = str(listener.step) if isinstance(listener, Wait) else ""
        key = (listener.event, stored, step)
        if key not in self._cache:
            self._cache[key] = [
                letter
                for match in matchings(listener.predicate)
                for letter in self._tried(engine, listener, match)
            ]
        return self._cache[key]

    def _tried(
        self, engine: Engine, listener: Wait | Watch, match: JsonObject
    ) -> list[Letter]:
        if isinstance(listener, Watch):
            return [Letter(listener.event, match, "cancel")]

        def lives_with(letter: Letter) -> bool:
            return self._lives_with(letter, engine)

        kinds = [*KINDS, *self._constants]
        return payloads(match, listener.event, kinds, self._values, lives_with)

    def _lives_with(self, letter: Letter, engine: Engine | None = None) -> bool:
        """Send a letter, and say whether no handler stumbles over it."""
        before = engine or self._stage.root
        after = self._stage.play(before, Move(before.now, letter))
        for _ in range(_MOST_TIMERS):
            facts = [
                entry.fact for entry in after.trace[slice(len(before.trace), None)]
            ]
            if any(is_stumble(fact) for fact in facts):
                return False
            due = after.next_due()
            if due is None:
                break
            after = self._stage.play(after, Move(due))
        return True

    # --- what is wrong ------------------------------------------------------------

    def _watch(self, transition: Transition) -> None:
        for _, fact in transition.facts:
            if isinstance(fact, WaitOpened):
                slug = transition.node.engine.lives[fact.run_id].run.function.slug
                self._expressions.setdefault((slug, str(fact.step)), fact.expression)
        for draft in judged(transition):
            self._tell(draft, transition.node)
        if self._crashes is not None:
            self._crashes.note(transition)
        self._double(transition)

    def _look_behind_crashes(self) -> None:
        """Let a worker go away after each step: the run must end as well as without."""
        if self._crashes is not None:
            for draft, node in self._crashes.judged(self._letters):
                self._tell(draft, node)

    def _tell(self, draft: Draft, node: Node) -> None:
        key = (draft.code, draft.function, draft.message if not draft.function else "")
        if key in self._found:
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
        self._doubled += 1
        if self._doubled > _MOST_DOUBLED:
            return
        move = transition.node.moves[-1]
        again = self._stage.play(transition.before, move)
        past = slice(len(transition.before.trace), None)
        first = list(steps_taken(fact for _, fact in transition.facts))
        second = list(steps_taken(entry.fact for entry in again.trace[past]))
        if first != second:
            ours, theirs = parting(first, second)
            self._search.is_stopped = True  # its other worlds would mean nothing
            run = again.lives[(ours or theirs)[0]].run
            slug = run.function.slug
            self._tell(
                Draft(
                    "NONDETERMINISTIC",
                    f"entered twice with the same memo, the handler reached "
                    f"{told_step(ours)} and then {told_step(theirs)}",
                    slug,
                    "take time, chance and outside data from steps",
                ),
                transition.node,
            )

    def _look_for_misspelt_keys(self) -> None:
        if self._scenario.is_guessed:
            return
        start = self._start(noted=True)
        engine = self._stage.root
        for move in start.moves:
            engine = self._stage.play(engine, move)
        present = {folded(k): k for s in self._scenario.starts for k in s.data}
        node = Node(engine, (), 0)
        for key in start.missed:
            meant = present.get(folded(key))
            if meant is not None and meant != key:
                slug = next(iter(engine.lives.values())).run.function.slug
                what = f"the handler asks for {key!r}; the event has {meant!r}"
                self._tell(
                    Draft("DATA_KEY_ABSENT", what, slug, f"write {meant!r}"), node
                )

    def _look_for_cross_talk(self) -> None:
        """Let a second run with other data stand beside the first."""
        starts = self._scenario.starts
        others = [
            s._replace(data=changed(s.data), label="another start") for s in starts
        ]
        if all(other.data == s.data for other, s in zip(others, starts, strict=True)):
            return
        at = self._stage.start
        search = self._searched(
            Bounds(max_signals=2, max_nodes=120), self._compare_runs
        )
        search.run([Move(at, letter) for letter in (*starts, *others)])

    def _compare_runs(self, transition: Transition) -> None:
        engine = transition.node.engine
        touched: dict[str, list[str]] = {}
        for _, fact in transition.facts:
            if isinstance(fact, WaitMatched | RunCancelled) and fact.event_id:
                touched.setdefault(fact.event_id, []).append(fact.run_id)
        for run_ids in touched.values():
            first, *rest = run_ids
            if any(is_apart(engine, first, run_id) for run_id in rest):
                slug = engine.lives[first].run.function.slug
                self._tell(crossing(slug), transition.node)

    def _look_for_injection(self) -> None:
        """Start with hostile text: no expression may change its shape."""
        for index, start in enumerate(self._scenario.starts):
            for key, value in start.data.items():
                if isinstance(value, str):
                    for hostile in _HOSTILE:
                        data = {**start.data, key: hostile}
                        starts = list(self._scenario.starts)
                        starts[index] = start._replace(data=data)
                        self._try_hostile(starts, key)

    def _try_hostile(self, starts: list[Letter], key: str) -> None:
        def watch(transition: Transition) -> None:
            engine = transition.node.engine
            for _, fact in transition.facts:
                if not isinstance(fact, WaitOpened):
                    if isinstance(fact, RunFailed) and fact.error.name == UNREADABLE:
                        slug = engine.lives[fact.run_id].run.function.slug
                        self._tell(injectable(key, slug), transition.node)
                    continue
                slug = engine.lives[fact.run_id].run.function.slug
                usual = self._expressions.get((slug, str(fact.step)))
                if usual is not None and shape_of_expression(
                    usual
                ) != shape_of_expression(fact.expression):
                    self._tell(injectable(key, slug), transition.node)

        search = self._searched(Bounds(max_signals=1, max_nodes=30), watch)
        search.run([Move(self._stage.start, letter) for letter in starts])
