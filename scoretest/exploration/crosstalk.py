"""Cross-talk: runs that are about different things hear one another's signals."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, final

from .._core.runs import RunRecord
from .._engine import Engine
from .._json import Json, JsonObject
from .._model.fact import EventReceived, Fact, RunCancelled, WaitMatched, WaitOpened
from .checks import Draft
from .evidence import folded
from .search import Transition
from .stage import Letter
from .starts import leaves_of

__all__ = ["Subjects", "crossing"]

_Leaf: TypeAlias = tuple[str, Json]
_OURS: Final = "_inngest"


def crossing(slug: str) -> Draft:
    """Return what is said of runs that hear each other's signals."""
    return Draft(
        "CROSS_TALK",
        "one event resumed or cancelled runs that were started with different data",
        slug,
        "compare an id in if_exp: async.data.id == event.data.id",
    )


@final
class Subjects:
    """What the runs of one world are about, and which of them one event concerns.

    Runs of one line, such as the scorers of one parent, are about the same thing. An
    event may concern all of them, unless it says itself which of them it is meant for.

    Args:
        starts: The events that begin.
        others: The same events about other things.
    """

    def __init__(self, starts: Sequence[Letter], others: Sequence[Letter]) -> None:
        self._names = {start.name for start in starts}
        both = [
            (set(_leaves(start.data)), set(_leaves(other.data)))
            for start, other in zip(starts, others, strict=True)
        ]
        self._told_by = {leaf for ours, theirs in both for leaf in ours ^ theirs}

    def crossed(self, transition: Transition) -> Iterator[str]:
        """Yield the functions whose runs one event resumed or cancelled together."""
        engine = transition.node.engine
        touched: dict[str, list[RunRecord]] = {}
        for _, fact in transition.facts:
            if (
                isinstance(fact, WaitMatched | RunCancelled)
                and fact.event_id
                and not _is_broadcast(engine, fact)
            ):
                run = engine.lives[fact.run_id].run
                touched.setdefault(fact.event_id, []).append(run)
        for event_id, (first, *rest) in touched.items():
            said = dict(_leaves(_data_of(engine, event_id)))
            if any(self._is_apart(engine, first, run, said) for run in rest):
                yield first.function.slug

    def _is_apart(
        self, engine: Engine, one: RunRecord, another: RunRecord, said: dict[str, Json]
    ) -> bool:
        """Say whether an event with *said* in it should not have reached both runs."""
        first, second = _root(engine, one), _root(engine, another)
        own, others = _own(one.events[0].data), _own(another.events[0].data)
        if not own or not others:
            return first.events[0].data != second.events[0].data
        if own == others:
            return False
        if not self._is_one_line(first, second):
            return True
        differing = set(_leaves(own)) ^ set(_leaves(others))
        return any(key in said for key, _ in differing)

    def _is_one_line(self, first: RunRecord, second: RunRecord) -> bool:
        """Say whether two runs that nobody deferred are about the same thing."""
        if first is second:
            return True
        is_begun = first.events[0].name in self._names
        if is_begun and first.function is second.function:
            return False
        both = set(_leaves(first.events[0].data)) & set(_leaves(second.events[0].data))
        return bool(both & self._told_by)


def _leaves(data: JsonObject) -> Iterator[_Leaf]:
    """Yield what *data* says, each value with the name under which it stands."""
    for path, value in leaves_of(data):
        if path and path[0] != _OURS and not isinstance(value, dict | list):
            yield folded(str(path[-1])), value


def _own(data: JsonObject) -> JsonObject:
    return {key: data[key] for key in data if not key.startswith(_OURS)}


def _root(engine: Engine, run: RunRecord) -> RunRecord:
    """Return the first run of a line of defers."""
    while run.parent:
        run = engine.lives[run.parent].run
    return run


def _data_of(engine: Engine, event_id: str) -> JsonObject:
    """Return the data of an event, which has been received."""
    received = (fact.event for _, fact in engine.facts_of(EventReceived))
    return next(event.data for event in received if event.id == event_id)


def _is_broadcast(engine: Engine, fact: Fact) -> bool:
    """Say whether a wait says by itself that every run shall hear the event."""
    return isinstance(fact, WaitMatched) and any(
        opened.run_id == fact.run_id
        and opened.step == fact.step
        and opened.expression.strip() == "true"
        for _, opened in engine.facts_of(WaitOpened)
    )
