"""Hypothesis strategies for worlds: events, signals, instants, timelines, schedules.

What depends on the state of a world is drawn as a small number and looked up when the
world is there: the first wait, the second edge. So a timeline is drawn as a whole,
before anything runs; it shrinks well, and its text is code.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Final, TypeAlias, cast

import hypothesis
from hypothesis import strategies as st
from hypothesis.control import cleanup

from ._json import JsonObject, show
from ._model.event import Event
from .errors import UsageError
from .runtime.harness import Harness
from .runtime.prospects import EDGES, matching_signal, near_signals
from .runtime.views import OpenWait
from .sdk.client import Client
from .times import Duration, format_duration

__all__ = [
    "Advance",
    "Match",
    "Miss",
    "Move",
    "Send",
    "Timeline",
    "ToEdge",
    "data_of",
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


# --- events -----------------------------------------------------------------------------


def data_of(schema: type) -> st.SearchStrategy[JsonObject]:
    """Return a strategy for data that fits *schema*, as it goes over the wire.

    Args:
        schema: A pydantic model, a dataclass or a TypedDict.

    Raises:
        UsageError: *schema* is no such class.
    """
    from pydantic import BaseModel, TypeAdapter  # noqa: PLC0415 -- only users of schemas pay for it
    from pydantic.errors import PydanticUserError  # noqa: PLC0415 -- as above

    if not isinstance(schema, type):
        raise UsageError(
            f"a schema is a class, not {show(schema)}",
            fix="pass a pydantic model, a dataclass or a TypedDict",
        )
    is_model = issubclass(schema, BaseModel)
    is_typed_dict = issubclass(schema, dict) and hasattr(schema, "__total__")
    if not (is_model or dataclasses.is_dataclass(schema) or is_typed_dict):
        raise UsageError(
            f"{schema.__name__} is no schema that events can be drawn from",
            fix="pass a pydantic model, a dataclass or a TypedDict",
        )
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(schema)
    except PydanticUserError as error:
        raise UsageError(
            f"the schema {schema.__name__} cannot be used: {error.message}",
            fix="write the schema as pydantic asks for it",
        ) from error

    def to_wire(value: object) -> object:
        return adapter.dump_python(value, mode="json", by_alias=True)

    values: st.SearchStrategy[Any] = (
        _model(schema) if is_model else st.from_type(schema).map(to_wire)
    )
    return values.filter(lambda data: _fits(adapter, data))


def _model(schema: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the fields of a pydantic model, constraints included."""
    from pydantic import TypeAdapter  # noqa: PLC0415 -- as in data_of

    fields = {}
    for name, field in schema.model_fields.items():
        kind = field.annotation
        for constraint in field.metadata:
            kind = Annotated[kind, constraint]
        to_wire = partial(TypeAdapter(field.annotation).dump_python, mode="json")
        fields[field.alias or name] = st.from_type(kind).map(to_wire)
    return st.fixed_dictionaries(fields)


def _fits(adapter: Any, data: object) -> bool:
    from pydantic import ValidationError  # noqa: PLC0415 -- as in data_of

    try:
        adapter.validate_json(json.dumps(data, allow_nan=False))
    except (ValidationError, ValueError):  # ValueError: JSON has no NaN
        return False
    return True


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
    for distance in harness.pending:
        found.update((distance + beside, None) for _, beside in EDGES)
    return st.sampled_from([duration for duration in found if duration >= timedelta(0)])


def moments(harness: Harness) -> st.SearchStrategy[Any]:
    """Return a strategy for instants to advance to, as `durations` does."""
    now = harness.now
    return durations(harness).map(lambda duration: now + duration)


# --- worlds -----------------------------------------------------------------------------


def schedules(max_size: int = 12) -> st.SearchStrategy[list[int]]:
    """Return a strategy for orders in which due entries begin; see `Harness.schedule`.

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
            hypothesis.note(f"harness.schedule({picks})")
            harness.schedule(picks)
        return harness

    return st.builds(make, st.none() if schedule is None else schedule)


# --- timelines --------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Send:
    """Send an event."""

    name: str
    data: JsonObject = dataclasses.field(default_factory=dict)

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test."""
        return _send(harness, Event(name=self.name, data=self.data))


@dataclasses.dataclass(frozen=True)
class Match:
    """Send what an open wait accepts; *wait* counts from the one opened first."""

    wait: int = 0

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if nothing waits."""
        wait = _wait_of(harness, self.wait)
        event = None if wait is None else matching_signal(wait)
        return "" if event is None else _send(harness, event)


@dataclasses.dataclass(frozen=True)
class Miss:
    """Send what an open wait refuses because of condition number *which*."""

    wait: int = 0
    which: int = 0

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if nothing can be refused."""
        wait = _wait_of(harness, self.wait)
        near = [] if wait is None else near_signals(wait)
        if not near:
            return ""
        why, event = near[self.which % len(near)]
        return f"{_send(harness, event)}  # {why}"


@dataclasses.dataclass(frozen=True)
class Advance:
    """Move the clock by a duration."""

    by: str

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test."""
        harness.advance(self.by)
        return f"harness.advance({self.by!r})"


@dataclasses.dataclass(frozen=True)
class ToEdge:
    """Move the clock beside a pending timer; *timer* counts from the nearest.

    Attributes:
        timer: Which timer.
        side: ``"at"``, ``"just before"`` or ``"just after"``.
    """

    timer: int = 0
    side: str = "at"

    def play(self, harness: Harness) -> str:
        """Do it, and return it as a line of a test; "" if no timer is pending."""
        pending = harness.pending
        if not pending:
            return ""
        way = pending[self.timer % len(pending)] + dict(EDGES)[self.side]
        way = max(way, timedelta(0))
        harness.advance(way)
        return f"harness.advance({_told(way)})"


Move: TypeAlias = Send | Match | Miss | Advance | ToEdge
"""One thing that a timeline does to a world."""


class Timeline:
    """Moves, one after the other; its text is the call that makes it again.

    Attributes:
        moves: What it does.
    """

    def __init__(self, *moves: Move) -> None:
        self.moves = moves

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, Timeline) and self.moves == other.moves
        return same if isinstance(other, Timeline) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Timeline({', '.join(map(repr, self.moves))})"

    def play(
        self, harness: Harness, after_each: Callable[[], object] | None = None
    ) -> list[str]:
        """Do all moves, and note them for Hypothesis's report.

        Args:
            harness: The world.
            after_each: Called after every move.

        Returns:
            The lines of a test that does the same, without what found nothing to do.
        """
        lines: list[str] = []
        is_over = False
        try:
            for move in self.moves:
                line = move.play(harness)
                lines += [line] if line else []
                if after_each is not None:
                    after_each()
            is_over = True
        finally:
            _note(lines, None if is_over else move)
        return lines


def _note(lines: list[str], failed: Move | None) -> None:
    if hypothesis.currently_in_test_context():
        program = "\n".join(lines) or "pass"
        stopped = "" if failed is None else f"\n# then {failed!r} failed"
        hypothesis.note(f"the timeline, as code:\n{program}{stopped}")


def _wait_of(harness: Harness, number: int) -> OpenWait | None:
    waits = harness.waits
    return waits[number % len(waits)] if waits else None


def _send(harness: Harness, event: Event) -> str:
    harness.send(event)
    return f"harness.send({event.name!r}, {dict(event.data)!r})"


def _told(way: timedelta) -> str:
    microseconds = way // timedelta(microseconds=1)
    if microseconds % 1000:
        return f"timedelta(microseconds={microseconds})"
    return repr(format_duration(Duration(microseconds)))


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
