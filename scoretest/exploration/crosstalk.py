"""Cross-talk: runs that were started with different data hear one another's signals."""

from collections.abc import Iterator

from .._engine import Engine
from .._model.fact import Fact, RunCancelled, WaitMatched, WaitOpened
from .checks import Draft
from .search import Transition

__all__ = ["crossed", "crossing"]


def crossing(slug: str) -> Draft:
    """Return what is said of runs that hear each other's signals."""
    return Draft(
        "CROSS_TALK",
        "one event resumed or cancelled runs that were started with different data",
        slug,
        "compare an id in if_exp: async.data.id == event.data.id",
    )


def crossed(transition: Transition) -> Iterator[str]:
    """Yield the functions whose runs one event resumed or cancelled together."""
    engine = transition.node.engine
    touched: dict[str, list[str]] = {}
    for _, fact in transition.facts:
        if (
            isinstance(fact, WaitMatched | RunCancelled)
            and fact.event_id
            and not _is_broadcast(engine, fact)
        ):
            touched.setdefault(fact.event_id, []).append(fact.run_id)
    for first, *rest in touched.values():
        if any(_is_apart(engine, first, run_id) for run_id in rest):
            yield engine.lives[first].run.function.slug


def _is_broadcast(engine: Engine, fact: Fact) -> bool:
    """Say whether a wait says by itself that every run shall hear the event."""
    return isinstance(fact, WaitMatched) and any(
        opened.run_id == fact.run_id
        and opened.step == fact.step
        and opened.expression.strip() == "true"
        for _, opened in engine.facts_of(WaitOpened)
    )


def _is_apart(engine: Engine, one: str, another: str) -> bool:
    """Say whether two runs have different data, and should hear different signals."""
    return _own_data(engine, one) != _own_data(engine, another)


def _own_data(engine: Engine, run_id: str) -> object:
    """Return what a run was started with, or the first run of its line."""
    data = engine.lives[run_id].run.events[0].data
    own = {key: data[key] for key in data if not key.startswith("_inngest")}
    return own or _origin(engine, run_id)


def _origin(engine: Engine, run_id: str) -> str:
    """Return the data that the first run of a line was started with."""
    run = engine.lives[run_id].run
    while run.parent:
        run = engine.lives[run.parent].run
    return repr(run.events[0].data)
