"""The strategies: events, signals, instants, worlds, timelines, orders of entries."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, cast

import hypothesis
from hypothesis import strategies as st
from hypothesis.control import cleanup

from .._json import JsonObject
from .._model.event import Event
from ..errors import UsageError
from ..runtime.harness import Harness
from ..runtime.prospects import EDGES, matching_signal, near_signals, times_to_timers
from ..runtime.views import OpenWait
from ..sdk.client import Client
from ._moves import Advance, Match, Miss, Send, Timeline, ToEdge
from ._schemas import data_of

__all__ = [
    "durations",
    "events",
    "harnesses",
    "moments",
    "near_signals_of",
    "schedules",
    "signals_of",
    "timelines",
]

_MOST_WAITS: Final = 4
_EDGE_NAMES: Final = tuple(name for name, _ in EDGES)


def events(
    name: str, data: "type | st.SearchStrategy[Any] | Mapping[str, Any] | None" = None
) -> st.SearchStrategy[Event]:
    """Return a strategy for events of a name.

    Args:
        name: The name.
        data: A schema that the data fits, a strategy for it, or the data itself.
    """
    if isinstance(data, type):
        drawn: st.SearchStrategy[Any] = data_of(data)
    elif isinstance(data, st.SearchStrategy):
        drawn = data
    else:
        drawn = st.just(dict(data or {}))
    return drawn.map(lambda payload: Event(name=name, data=payload))


def signals_of(
    wait: OpenWait, extra: st.SearchStrategy[JsonObject] | None = None
) -> st.SearchStrategy[Event]:
    """Return a strategy for events that *wait* accepts.

    Args:
        wait: An open wait of a harness.
        extra: A strategy for the rest of the data, which the condition may overrule.

    Raises:
        UsageError: No event was found that meets its condition.
    """
    if matching_signal(wait) is None:
        raise UsageError(
            f"no event was found that meets {wait.expression!r}",
            where=f"{wait!r} of {wait.run!r}",
            fix="draw the events yourself, with scoretest.strategies.events(...)",
        )
    rest = st.just({}) if extra is None else extra
    found = rest.map(lambda data: matching_signal(wait, data))
    return found.filter(lambda event: event is not None)  # type: ignore[return-value]  # None is left out


def near_signals_of(
    wait: OpenWait, extra: st.SearchStrategy[JsonObject] | None = None
) -> st.SearchStrategy[Event]:
    """Return a strategy for events that *wait* refuses because of one condition.

    Another value, another type, null, or no such field. A wait without a condition
    refuses nothing, and the strategy is empty.
    """
    if extra is None:
        return st.sampled_from([near.event for near in near_signals(wait)])
    return extra.flatmap(
        lambda data: st.sampled_from([near.event for near in near_signals(wait, data)])
    )


# --- time -------------------------------------------------------------------------------


def durations(harness: Harness) -> st.SearchStrategy[timedelta]:
    """Return a strategy for times to advance: none, and the edges of pending timers.

    Each timer has three: at it, a millisecond before, a millisecond after.
    """
    found = {timedelta(0): None}
    for distance in times_to_timers(harness):
        found.update((distance + beside, None) for _, beside in EDGES)
    return st.sampled_from([duration for duration in found if duration >= timedelta(0)])


def moments(harness: Harness) -> st.SearchStrategy[Any]:
    """Return a strategy for instants to advance to, as `durations` does."""
    now = harness.now
    return durations(harness).map(lambda duration: now + duration)


# --- worlds -----------------------------------------------------------------------------


def schedules(max_size: int = 12) -> st.SearchStrategy[list[int]]:
    """Return a strategy for orders in which due entries begin; see `harness.faults.schedule`.

    It shrinks towards few switches between runs.
    """
    return st.lists(st.integers(min_value=0, max_value=7), max_size=max_size)


def harnesses(
    client: Client | None = None,
    functions: Sequence[Any] = (),
    *,
    schedule: st.SearchStrategy[list[int]] | None = None,
    **options: Any,
) -> st.SearchStrategy[Harness]:
    """Return a strategy for fresh harnesses, closed when their example is over.

    Args:
        client: Whose functions they serve, if any.
        functions: What they serve.
        schedule: A strategy for the order of due entries; the engine's when left out.
        options: What `Harness` takes.
    """

    def make(picks: list[int] | None) -> Harness:
        harness = Harness(**options)
        cleanup(harness.close)
        if client is not None:
            harness.serve(client, functions)
        if picks is not None:
            hypothesis.note(f"harness.faults.schedule({picks})")
            harness.faults.schedule(picks)
        return harness

    return st.builds(make, st.none() if schedule is None else schedule)


# --- timelines --------------------------------------------------------------------------


def timelines(
    starts: st.SearchStrategy[Event],
    *,
    others: st.SearchStrategy[Event] | None = None,
    max_size: int = 8,
) -> st.SearchStrategy[Timeline]:
    """Return a strategy for timelines that begin with an event.

    Args:
        starts: The events that start something.
        others: Further events to send in between; *starts* when left out.
        max_size: How many moves follow the first event at most.
    """
    number = st.integers(min_value=0, max_value=_MOST_WAITS - 1)
    move = st.one_of(
        st.builds(ToEdge, number, st.sampled_from(_EDGE_NAMES)),
        st.builds(Match, number),
        st.builds(Miss, number, st.integers(min_value=0, max_value=7)),
        st.sampled_from(["1s", "1h", "1d", "8d"]).map(Advance),
        (starts if others is None else others).map(_sending),
    )
    moves = st.lists(move, max_size=max_size)
    return st.builds(
        lambda first, rest: Timeline(first, *rest), starts.map(_sending), moves
    )


def _sending(event: Event) -> Send:
    return Send(event.name, cast("JsonObject", event.data))
