"""Data that were not given: what the handlers ask for, with values they can live with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, final

from .._core.waits import Wait, Watch
from .._engine import Engine
from .._json import Json, JsonObject
from .._model.fact import Fact, FindingReported, WaitOpened
from ..errors import UsageError
from ..expr import ExpressionError
from ..expr._parser import parse
from ..expr._tree import static_path, walk
from ..expr._wishes import open_paths
from ..runtime.reading import Path, Reads
from .absent import misspelling
from .alphabet import matchings
from .evidence import folded, is_stumble
from .payloads import (
    KINDS,
    MANY,
    RARER,
    WORDS,
    Extra,
    Probe,
    asked_by,
    filled,
    gist,
    has_path,
    patched,
    payloads,
    with_value,
)
from .scenario import Scenario
from .search import Transition, wire_of
from .stage import Letter, Move, Stage

__all__ = ["Guesses"]

_MOST_LATE: Final = 6
_MOST_TIMERS: Final = 12
_MOST_OPEN: Final = 2


@final
class Guesses:
    """Finds out what the handlers of one stage want.

    Args:
        stage: Where it is tried.
        values: Values to try, by key, as the user gave them.
        constants: Values that stand in the handlers.

    Attributes:
        misspelt: Keys of signals, by the run that asked and what it asked for.
    """

    def __init__(
        self,
        stage: Stage,
        values: Mapping[str, Sequence[Json]],
        constants: Sequence[Json],
    ) -> None:
        self._stage = stage
        self._values = values
        self._constants = constants
        self.misspelt: dict[tuple[str, str], str] = {}
        self._extras: dict[tuple[str, str, str, int], list[Extra]] = {}
        self._late: dict[tuple[str, str], dict[Path, Sequence[Json]]] = {}

    # --- the start ----------------------------------------------------------------

    def start_data(self, scenario: Scenario) -> Scenario:
        """Give the start event the keys that its handlers and expressions ask for.

        Raises:
            UsageError: None were found that the handlers can live with.
        """
        (start,) = scenario.starts
        words: list[Json] = [*WORDS, *self._constants]
        asked = scenario.asked

        def probe(letter: Letter) -> Probe:
            return self._probe(letter, self._stage.root, asked)

        extra = filled(start.data, start.name, words, self._values, probe)
        guessed = start._replace(data=patched(start.data, extra))
        complaint = probe(guessed).complaint
        if complaint and not self._is_moot(guessed, extra, complaint, probe):
            raise UsageError(
                f"no data were found for {start.name!r} that its handlers can live with",
                seen=f"tried {guessed.data}: {' '.join(complaint.split())}",
                fix="give the start event: explore(..., data={...}), or --start FILE",
            )
        return scenario._replace(starts=(guessed,))

    def _is_moot(
        self,
        guessed: Letter,
        extra: Extra,
        complaint: str,
        probe: Callable[[Letter], Probe],
    ) -> bool:
        """Say whether a handler stumbles in the same way whatever the data are.

        A score that is refused for every value is the handler's own mistake, too.
        """
        if complaint.startswith("SCORE_INVALID"):
            return True
        paths = [path for path, _ in extra]
        for path in paths:
            if any(len(p) > len(path) and p[: len(path)] == path for p in paths):
                continue  # what is in it is tried by itself
            others = (
                probe(guessed._replace(data=with_value(guessed.data, path, value)))
                for value in WORDS
            )
            alike = (None for o in others if gist(o.complaint) == gist(complaint))
            if len(list(islice(alike, MANY))) < MANY:
                return False
        return True

    def late_start(
        self, scenario: Scenario, transition: Transition, reads: Reads
    ) -> Scenario | None:
        """Return the scenario with what is asked of its start event late, or None.

        Args:
            scenario: One whose data were found out.
            transition: What has just happened.
            reads: What was read.
        """
        (start,) = scenario.starts
        asked = [*map(_without_input, reads.paths(*scenario.asked))]
        asked = [path for path in asked if not has_path(start.data, path)]
        known = {folded("".join(map(str, path))) for path in _leaves(start.data, ())}
        asked += [
            path
            for path in _spoken_of(transition, scenario.asked)
            if not has_path(start.data, path) and folded("".join(path)) not in known
        ]
        if not asked or len(known) > _MOST_LATE + _MOST_LATE:
            return None
        moves = transition.node.moves
        values = [
            value for value in WORDS if self._is_fine(moves, start, asked[0], value)
        ]
        data = with_value(start.data, asked[0], values[0] if values else WORDS[0])
        return scenario._replace(starts=(start._replace(data=data),))

    def _is_fine(
        self, moves: Sequence[Move], start: Letter, path: Path, value: Json
    ) -> bool:
        """Say whether nobody stumbles on a timeline with another value in its start."""
        engine = self._stage.root
        for at, letter in moves:
            is_start = letter is not None and letter.label == "start"
            data = with_value(start.data, path, value)
            sent = start._replace(data=data) if is_start else letter
            engine = self._stage.play(engine, Move(at, sent))
        return not any(_complaints([entry.fact for entry in engine.trace]))

    # --- signals --------------------------------------------------------------------

    def first_matches(self, engine: Engine, listener: Wait | Watch) -> list[Letter]:
        """Return one match for each way in which a listener can be reached."""
        return self._matches(engine, listener, 1)

    def matches(self, engine: Engine, listener: Wait | Watch) -> list[Letter]:
        """Return the matches of a listener that are worth trying.

        What a handler asks of a signal does not hang on which run it is of; so it is
        found out once for each wait.
        """
        return self._matches(engine, listener, None)

    def _matches(
        self, engine: Engine, listener: Wait | Watch, most: int | None
    ) -> list[Letter]:
        found: list[Letter] = []
        for way, match in enumerate(matchings(listener.predicate, listener.event)):
            if isinstance(listener, Watch):
                found.append(Letter(listener.event, match, "cancel"))
                continue
            slug = engine.lives[listener.run_id].run.function.slug
            key = (slug, listener.event, str(listener.step), way)
            if key not in self._extras:
                self._extras[key] = self._tried(engine, listener, match, slug)
            found += [
                self._letter(listener, match, e) for e in self._extras[key][:most]
            ]
        return found

    def _letter(self, wait: Wait, match: JsonObject, extra: Extra) -> Letter:
        made_up = tuple(path for path, _ in extra if path[-1] not in self._values)
        return Letter(
            wait.event, patched(match, extra), "match", bool(made_up), made_up
        )

    def _tried(
        self, engine: Engine, wait: Wait, match: JsonObject, slug: str
    ) -> list[Extra]:
        """Return what the matches of a wait have beside what its expression says."""

        def probe(letter: Letter) -> Probe:
            return self._probe(letter, engine, (letter.name,))

        kinds = [*KINDS, *self._constants]
        lead = list(self._opened(wait, match, [*kinds, *RARER], probe))
        known = tuple((path, fine[0]) for path, fine in lead)
        match = patched(match, known)
        extras = [
            (*known, *extra)
            for extra in payloads(match, wait.event, kinds, self._values, probe)
        ]
        for path, fine in lead:
            extras += [(*extras[0], (path, value)) for value in fine[1:]]
        for path, _ in extras[0]:
            meant = misspelling(path, match)
            if meant is not None:
                self.misspelt[wait.run_id, str(path[-1])] = meant
        for path, given in self._late.get((slug, wait.event), {}).items():
            if all(known != path for known, _ in extras[0]):
                extras = [(*e, (path, given[0])) for e in extras] + [
                    (*extras[0], (path, value)) for value in given[1:]
                ]
        return extras

    def _opened(
        self,
        wait: Wait,
        match: JsonObject,
        kinds: Sequence[Json],
        probe: Callable[[Letter], Probe],
    ) -> Iterator[tuple[Path, list[Json]]]:
        """Yield the places that a wait only wants to be there, and values for them."""
        for path in open_paths(wait.predicate)[:_MOST_OPEN]:
            fine: list[Json] = []
            for value in self._values.get(str(path[-1]), kinds):
                letter = Letter(wait.event, with_value(match, path, value), "match")
                if wait.accepts(wire_of(letter)) and probe(letter).is_fine:
                    fine.append(value)
            if fine:
                match = with_value(match, path, fine[0])
                yield path, fine

    def learn(self, reads: Reads, transition: Transition) -> bool:
        """Take notice of what is asked of a signal late; say whether that was new."""
        asked = [(m.function, m.event, m.path) for m in reads.missed]
        signals = dict.fromkeys((slug, event) for slug, event, *_ in self._extras)
        for complaint in _complaints([fact for _, fact in transition.facts]):
            asked += [(*key, p) for p in asked_by(complaint)[0] for key in signals]
        is_new = False
        for slug, event, path in asked:
            late = self._late.setdefault((slug, event), {})
            if (slug, event) in signals and path not in late and len(late) < _MOST_LATE:
                late[path] = self._fine_values(transition.node.moves, event, path)
                is_new = True
        if is_new:
            self._extras.clear()
        return is_new

    def _fine_values(
        self, moves: Sequence[Move], event: str, path: Path
    ) -> Sequence[Json]:
        """Return the values over which nobody stumbles on a timeline, or any."""
        given = self._values.get(str(path[-1]), [*KINDS, *self._constants, {}, [{}]])
        fine = [v for v in given if self._gets_on(moves, event, path, v)]
        return fine or given

    def _gets_on(
        self, moves: Sequence[Move], event: str, path: Path, value: Json
    ) -> bool:
        """Say whether nobody stumbles, but for want of something further within."""
        engine, usual = self._stage.root, self._stage.reads
        reads = self._stage.reads = Reads()
        for at, letter in moves:
            is_meant = letter is not None and letter.name == event
            sent = letter
            if letter is not None and is_meant:
                sent = letter._replace(data=with_value(letter.data, path, value))
            engine = self._stage.play(engine, Move(at, sent))
        self._stage.reads = usual
        complaint = next(_complaints([entry.fact for entry in engine.trace]), "")
        further = [p for p in reads.paths(event) if p[: len(path)] == path != p]
        missed, _ = asked_by(complaint)
        is_next = complaint.startswith("KeyError") or bool(missed)
        return not complaint or bool(further) or (is_next and path not in missed)

    def _probe(self, letter: Letter, before: Engine, asked: tuple[str, ...]) -> Probe:
        """Send a letter, and see whether a handler stumbles over it."""
        stage = self._stage
        reads = stage.reads = Reads()
        complaint = ""
        try:
            after = stage.play(before, Move(before.now, letter))
            for _ in range(_MOST_TIMERS):
                facts = [e.fact for e in after.trace[slice(len(before.trace), None)]]
                complaint = next(_complaints(facts), "")
                due = after.next_due()
                if complaint or due is None:
                    break
                after = stage.play(after, Move(due))
        finally:
            stage.reads = None
        missed, refused = asked_by(complaint)
        read = list(map(_without_input, reads.paths(*asked)))
        return Probe(complaint, (*read, *missed), refused)


def _complaints(facts: Sequence[Fact]) -> Iterator[str]:
    """Yield what handlers said who did not get along with what they were given."""
    for fact in facts:
        if is_stumble(fact):
            error = getattr(fact, "error", None)
            if isinstance(fact, FindingReported):
                yield f"{fact.finding.code}: {fact.finding.message}"
            elif error is not None:
                yield f"{error.name}: {error.message}"


def _without_input(path: Path) -> Path:
    """Return a path without the name under which our SDK shows the data twice."""
    return path[1:] if path[0] == "input" and len(path) > 1 else path


def _event_paths(text: str) -> Iterator[tuple[str, ...]]:
    """Yield what an expression speaks of in the data of the start event."""
    try:
        root = parse(text) if text else None
    except ExpressionError:
        return
    found: list[tuple[str, ...]] = []
    for node in walk(root) if root else ():
        path = static_path(node)
        if path and path[:2] == ("event", "data") and all(map(_is_name, path)):
            found.append(tuple(map(str, path[2:])))
    for path in found:
        is_inner = any(other != path and other[: len(path)] == path for other in found)
        if path and path[0] != "input" and not is_inner:
            yield path


def _is_name(part: object) -> bool:
    return isinstance(part, str) and not part.startswith("_inngest")


def _leaves(data: Json, path: Path) -> Iterator[Path]:
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path


def _spoken_of(
    transition: Transition, asked: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield what the expressions of new waits speak of, in events of some names."""
    for _, fact in transition.facts:
        if not isinstance(fact, WaitOpened):
            continue
        run = transition.node.engine.lives[fact.run_id].run
        if run.events[0].name in asked:
            yield from _event_paths(fact.expression or "")
