"""The door for events: what is let in, and which functions it starts.

Laws: a name that begins with ``inngest/`` is the server's own and never a user's (rule
A10); null data is an empty object (rule H3); an event starts every function that has a
trigger of its name, or one whose wildcard stands for the end of it (rule H1), in the
order of registration; and a deferred or invoked function only when the event's routing
names it (rules A10, E3). A given id starts a function once in 24
hours, whatever the data; it never keeps an event from a wait (rules B5, F3).

A storm is a chain of events that cause each other without time moving. The door counts
the events that have several causes behind them at one instant, and closes on too many.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from .._model.event import (
    DEFERRED_SCHEDULE,
    FUNCTION_FAILED,
    FUNCTION_FINISHED,
    FUNCTION_INVOKED,
    ReceivedEvent,
)
from .._model.flow import TriggerCron
from .._model.limits import Limits
from .._model.options import FunctionKind, FunctionOptions
from .._model.predicate import Predicate, Rebind
from ..errors import LivelockError, UsageError, near_miss
from ..times import DAY, Instant, format_instant, to_instant

__all__ = ["Bus"]

_RESERVED: Final = "inngest/"
_NEWS: Final = (FUNCTION_FINISHED, FUNCTION_FAILED)  # two for each link of a chain
# the server's events that name the function they are for, and where (rules A10, E3)
_ROUTED: Final = {DEFERRED_SCHEDULE: "fn_slug", FUNCTION_INVOKED: "fn_id"}
_DEDUPED_FOR: Final = DAY  # rule F3
# ours: far beyond what an application does on purpose, and reached within a second
_STORM_DEPTH: Final = 10
_STORM_EVENTS: Final = 2_000


class _Start(NamedTuple):
    """A trigger of a function, and its condition."""

    order: int
    function: FunctionOptions
    condition: Predicate | None

    def is_met_by(self, event: ReceivedEvent) -> bool:
        return self.condition is None or self.condition.matches(event.wire)


def _rebound(
    starts: Mapping[str, list[_Start]], rebind: Rebind
) -> dict[str, list[_Start]]:
    return {
        name: [
            start
            if (condition := rebind(start.condition)) is start.condition
            else start._replace(condition=condition)
            for start in some
        ]
        for name, some in starts.items()
    }


class Bus:
    """Functions by the events that start them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._functions: dict[str, FunctionOptions] = {}
        self._by_event: dict[str, list[_Start]] = {}
        self._by_prefix: dict[str, list[_Start]] = {}
        self._seen: dict[tuple[str, str], Instant] = {}
        self._storm = (Instant(-1), 0)
        self._ts_from = to_instant(limits.event_ts_from, what="event_ts_from")
        self._ts_until = to_instant(limits.event_ts_until, what="event_ts_until")

    def fork(self, rebind: Rebind) -> "Bus":
        """Return the same functions in another world, whose clock *rebind* gives."""
        twin: Bus = Bus.__new__(Bus)
        twin.__dict__.update(self.__dict__)  # its limits, and what was made of them
        twin._functions, twin._seen = self._functions.copy(), self._seen.copy()
        twin._by_event = _rebound(self._by_event, rebind)
        twin._by_prefix = _rebound(self._by_prefix, rebind)
        return twin

    def register(
        self, function: FunctionOptions, conditions: Sequence[Predicate | None] = ()
    ) -> None:
        """Add *function*, with the condition of each of its triggers, if any has one.

        Raises:
            UsageError: Another function has the same slug.
        """
        known = self._functions.get(function.slug)
        if known is not None:
            raise UsageError(
                f"two functions have the id {function.slug!r}",
                where=f"{known.place} and {function.place}",
                fix="give each function its own fn_id",
            )
        self._functions[function.slug] = function
        pairs = zip_longest(function.triggers, conditions)
        order = len(self._functions)
        for trigger, condition in pairs:
            if isinstance(trigger, TriggerCron):
                continue
            prefix = trigger.prefix
            starts = (
                self._by_event.setdefault(trigger.event, [])
                if prefix is None
                else self._by_prefix.setdefault(prefix, [])
            )
            starts.append(_Start(order, function, condition))

    @property
    def trigger_names(self) -> tuple[str, ...]:
        """The names of the events that start something, in order of registration."""
        return (*self._by_event, *(f"{prefix}*" for prefix in self._by_prefix))

    def knows(self, slug: str) -> bool:
        """Say whether a function of this slug is registered."""
        return slug in self._functions

    def check(self, name: str, ts: Instant | None, size: int) -> None:
        """Refuse an event of a user that the server would refuse, in its words.

        Raises:
            UsageError: The name is empty, too long or reserved, *ts* is out of range,
                or the data is too large.
        """
        limits = self._limits
        if not name:
            raise UsageError("event name is empty", fix="name the event")
        if name.startswith(_RESERVED):
            raise UsageError(
                f"event name is reserved for internal use: {name}",
                fix="choose a name of your own, such as 'support/ticket.created'",
            )
        if len(name) > limits.event_name_chars:
            raise UsageError(
                f"event name has {len(name)} characters, "
                f"over {limits.event_name_chars}: {name[:40]!r}…",
                fix="shorten the name",
            )
        if ts is not None and not self._ts_from <= ts <= self._ts_until:
            raise UsageError(
                f"event {name!r} has the timestamp {format_instant(ts)}, outside "
                f"{limits.event_ts_from} to {limits.event_ts_until}",
                fix="leave ts out, or give milliseconds since 1970",
            )
        if size > limits.event_bytes:
            raise UsageError(
                f"event {name!r} has {size} bytes, over {limits.event_bytes}",
                fix="send a reference to the data instead of the data",
            )

    def started_by(self, event: ReceivedEvent) -> tuple[FunctionOptions, ...]:
        """Return the functions that *event* triggers, each once (rules H1, C13)."""
        name = event.name
        starts: Sequence[_Start] = self._by_event.get(name, ())
        if self._by_prefix:
            starts = self._with_wildcards(name, starts)
        by_name = tuple([start.function for start in starts if start.is_met_by(event)])
        if len(by_name) > 1:
            by_name = tuple(dict.fromkeys(by_name))
        if name not in _ROUTED:
            return by_name
        routing = event.data.get("_inngest")
        slug = routing.get(_ROUTED[name]) if isinstance(routing, dict) else None
        target = self._functions.get(str(slug))
        if target is None or (
            name == DEFERRED_SCHEDULE and target.kind is FunctionKind.ORDINARY
        ):
            return by_name
        return tuple(dict.fromkeys((target, *by_name)))

    def _with_wildcards(self, name: str, starts: Sequence[_Start]) -> list[_Start]:
        """Add what a wildcard after one of the name's separators starts (rule H1)."""
        found = list(starts)
        for place, letter in enumerate(name):
            if letter in "/.":
                found += self._by_prefix.get(name[: place + 1], ())
        return sorted(found, key=lambda start: start.order)

    def is_repeated(self, function: str, event: ReceivedEvent) -> bool:
        """Say whether the event's id started *function* in the last 24 hours (F3)."""
        if event.id == event.internal_id:
            return False
        key, now = (function, event.id), event.received_at
        before = self._seen.get(key)
        if before is not None and now < before + _DEDUPED_FOR:
            return True
        self._seen[key] = now
        return False

    def guard(self, event: ReceivedEvent) -> None:
        """Close the door on a storm.

        Raises:
            LivelockError: Too many events of one instant were caused by each other.
        """
        if event.depth < _STORM_DEPTH or event.name in _NEWS:
            return
        at, count = self._storm
        count = count + 1 if at == event.received_at else 1
        self._storm = (event.received_at, count)
        if count > _STORM_EVENTS:
            names = ", ".join(sorted(f.slug for f in self.started_by(event)))
            raise LivelockError(
                f"events cause each other without end: {event.name!r} is "
                f"number {count} in a chain at one instant",
                where=f"functions started by it: {names or 'none'}, virtual time "
                f"{format_instant(event.received_at)}",
                fix="let one function of the cycle stop sending",
            )

    def nearest(self, slug: str) -> str:
        """Return a hint at the registered function that *slug* may have meant."""
        return near_miss(slug, self._functions)
