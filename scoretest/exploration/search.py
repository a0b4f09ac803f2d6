"""The search: every timeline that can be told apart, the shortest first.

A node is a world at rest with the way that led to it. From a node time goes on to the
next timer, or a signal comes before that. Two nodes with the same state have the same
future, and only the first is followed; a signal that nothing listens to changes
nothing, and is only counted.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, final

from .._core.waits import Wait, Watch
from .._engine import Engine, state_of, timer_count
from .._json import JsonObject
from .._model.fact import Fact, RunFailed
from ..expr import Expression
from ..times import Duration, Instant
from .alphabet import LATER_MS, matchings, near_misses
from .deadline import OVER
from .stage import MOST_STEPS, Letter, Move, Stage, halfway, just_before

__all__ = ["Bounds", "Node", "Search", "Transition", "wire_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a search goes, and which of its reductions are on.

    Attributes:
        max_signals: How many signals a timeline has at most.
        max_nodes: How many worlds are looked at.
        merges_states: Whether worlds with the same state are followed once.
        skips_no_ops: Whether signals that nothing listens to are left out.
        merges_routes: Whether worlds that the same steps led to stand for each other when
            a handler is entered again.
    """

    max_signals: int = 3
    max_nodes: int = 10_000
    merges_states: bool = True
    skips_no_ops: bool = True
    merges_routes: bool = True


_MOST_RUNS: Final = 3
_USUAL: Final = 3
"""How many made-up payloads are combined; of the others a timeline has one."""
_VARIANT: Final = "variant"
_OVERFLOWED: Final = "InngestErrFunctionOverflowed"
_CROWD: Final = 6
_SOON: Final = tuple(
    Duration(minutes * 60_000_000) for minutes in (1, 30, 6 * 60, 2 * 24 * 60)
)
"""When the first signal comes as well, where the application looks at the time."""


class Node(NamedTuple):
    """A world at rest, and the way to it."""

    engine: Engine
    moves: tuple[Move, ...]
    signals: int


class Transition(NamedTuple):
    """What one move has made of a world."""

    before: Engine
    node: Node
    facts: tuple[tuple[Instant, Fact], ...]

    @property
    def is_guessed(self) -> bool:
        """Whether a value in one of the signals was made up."""
        return any(
            m.letter is not None and m.letter.is_guessed for m in self.node.moves
        )


@final
@dataclass(slots=True, eq=False)
class Search:
    """One search, and what it has met.

    Attributes:
        stage: Where the worlds are played.
        bounds: How far it goes.
        letters: Makes the matches of a wait, or of what cancels a run.
        watch: Is shown every transition.
        timely: Whether the application looks at the time.
        leaves: The worlds in which nothing is left to happen.
        nodes: How many worlds were met.
        ignored: How many signals were left out because nothing listens to them.
        left_out: Why something within the bounds was left out, each reason once.
        is_stopped: Whether there is no use in going on.
        has_near_misses: Whether signals are sent that barely miss a wait, too.
        has_edges: Whether signals come at the last moment before a timer, too.
    """

    stage: Stage
    bounds: Bounds
    letters: Callable[[Engine, Wait | Watch], list[Letter]]
    watch: Callable[[Transition], None]
    timely: bool = False
    leaves: list[Node] = field(default_factory=list)
    nodes: int = 0
    ignored: int = 0
    left_out: dict[str, None] = field(default_factory=dict)
    is_stopped: bool = False
    has_near_misses: bool = True
    has_edges: bool = True
    _known: set[str] = field(default_factory=set)

    def run(self, roots: list[Move]) -> None:
        """Search from the world that *roots* lead to."""
        node = Node(self.stage.root, (), 0)
        for move in roots:
            node = self._go(node, move)
        node = node._replace(signals=0)
        heap = [(0, 0, self.nodes, node)]
        while heap:
            *_, node = heapq.heappop(heap)
            if reason := self._why_no_more():
                self.left_out[reason] = None
                return
            for child in self._children(node):
                self.nodes += 1
                if self._is_new(child):
                    order = (child.signals, len(child.moves), self.nodes, child)
                    heapq.heappush(heap, order)

    def _why_no_more(self) -> str:
        if self.is_stopped:
            return "a finding ends it"
        if self.nodes >= self.bounds.max_nodes:
            return f"max_nodes={self.bounds.max_nodes}"
        return OVER if self.stage.deadline.is_over() else ""

    def _is_new(self, node: Node) -> bool:
        if not self.bounds.merges_states:
            return True
        state = state_of(node.engine, timely=self.timely)
        if state in self._known:
            return False
        self._known.add(state)
        return True

    def _children(self, node: Node) -> Iterator[Node]:
        due = node.engine.next_due()
        if due is None:
            self.leaves.append(node)
            return
        yield self._go(node, Move(due))
        if node.signals >= self._most_signals(node.engine):
            return
        is_varied = any(m.letter and m.letter.label == _VARIANT for m in node.moves)
        for letter in self._heard(node.engine):
            if is_varied and letter.label == _VARIANT:
                continue
            if self.bounds.skips_no_ops and not hears(node.engine, letter):
                self.ignored += 1
                continue
            for at in self._moments(node, due, letter):
                yield self._go(node, Move(at, letter))

    def _moments(self, node: Node, due: Instant, letter: Letter) -> Iterator[Instant]:
        """Yield when a signal comes: in the middle, at the end, and fast or slowly."""
        now, middle = node.engine.now, halfway(node.engine, due)
        is_whole = self.timely and self.has_near_misses
        if is_whole and not node.signals and letter.label == "match":
            soon = (Instant(now + after) for after in _SOON)
            yield from (at for at in soon if at < middle)
        yield middle
        if self.has_edges and not self._is_timeless(node.engine, letter):
            yield from (at for at in [just_before(due)] if at > now)

    def _is_timeless(self, engine: Engine, letter: Letter) -> bool:
        """Say whether it is all the same when the only wait there is gets its signal.

        Its timer is the only one, and goes with it; nothing else tells the time.
        """
        if self.timely or not self.bounds.merges_states or timer_count(engine) != 1:
            return False
        waits = engine.open_waits
        return len(waits) == 1 and waits[0].accepts(wire_of(letter))

    def _most_signals(self, engine: Engine) -> int:
        """Return how many signals may come; in a crowd of runs one, for time's sake."""
        if sum(not live.run.is_over for live in engine.lives.values()) <= _CROWD:
            return self.bounds.max_signals
        self.left_out[f"signals to a crowd of over {_CROWD} runs"] = None
        return min(1, self.bounds.max_signals)

    def _heard(self, engine: Engine) -> Iterator[Letter]:
        """Yield what can be said to a world, each thing once."""
        said: list[tuple[str, object]] = []
        for listener in self._chosen(engine):
            for number, letter in enumerate(self._matches(engine, listener)):
                if letter.is_guessed and number >= _USUAL:
                    letter = letter._replace(label=_VARIANT)  # noqa: PLW2901 -- the same one, by another name
                if (letter.name, letter.data) not in said:
                    said.append((letter.name, letter.data))
                    yield letter
            if not self.has_near_misses:
                continue
            ways = matchings(listener.predicate, listener.event)
            for what, data in near_misses(listener.predicate, ways[0] if ways else {}):
                if (listener.event, data) not in said:
                    said.append((listener.event, data))
                    yield Letter(listener.event, data, what)

    def _matches(self, engine: Engine, listener: Wait | Watch) -> list[Letter]:
        """Return the signals that a listener hears, and say if none was found."""
        letters = self.letters(engine, listener)
        if not letters and can_hear(listener):
            reason = f"what follows {listener.event!r}: no event was found that matches"
            self.left_out[reason] = None
        return letters

    def _chosen(self, engine: Engine) -> list[Wait | Watch]:
        """Return whom signals are sent to: of a crowd of runs, the first ones."""
        found = listeners(engine)
        runs = list(dict.fromkeys(listener.run_id for listener in found))
        if len(runs) > _MOST_RUNS:
            self.left_out[f"signals to more than {_MOST_RUNS} runs"] = None
        return [one for one in found if one.run_id in runs[:_MOST_RUNS]]

    def _go(self, node: Node, move: Move) -> Node:
        engine = self.stage.play(node.engine, move)
        signals = node.signals + (move.letter is not None)
        after = Node(engine, (*node.moves, move), signals)
        facts = [
            (entry.at, entry.fact)
            for entry in engine.trace[slice(len(node.engine.trace), None)]
        ]
        if any(is_cut(fact) for _, fact in facts):
            self.left_out[f"what follows {MOST_STEPS} steps of a run"] = None
        self.watch(Transition(node.engine, after, tuple(facts)))
        return after


def is_cut(fact: Fact) -> bool:
    """Say whether a run was ended because it takes more steps than are explored."""
    return isinstance(fact, RunFailed) and fact.error.name == _OVERFLOWED


def listeners(engine: Engine) -> list[Wait | Watch]:
    """Return what an event can resume or cancel, the oldest first."""
    found: list[Wait | Watch] = list(engine.open_waits)
    for live in engine.lives.values():
        if not live.run.is_over:
            found += live.watches
    return found


def can_hear(listener: Wait | Watch) -> bool:
    """Say whether there may be an event that a listener hears: not all is decided."""
    predicate = listener.predicate
    return not isinstance(predicate, Expression) or predicate.stored != "false"


def hears(engine: Engine, letter: Letter) -> bool:
    """Say whether anything listens to *letter*."""
    if letter.name in engine.trigger_names:
        return True
    wire = wire_of(letter)
    return any(
        listener.event == letter.name and listener.accepts(wire)
        for listener in listeners(engine)
    )


def wire_of(letter: Letter) -> JsonObject:
    """Return a letter as waits see it."""
    return {"name": letter.name, "data": letter.data, "id": "", "ts": LATER_MS}
