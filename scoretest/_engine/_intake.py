"""Events on their way to a run: rate limit, debounce and batch.

What an event starts is decided here, for functions with such options: a run now, a run
later together with others, or none (rules F5 to F7).
"""

import json

from .._core.gathering import Batches, Debounces
from .._core.rates import Rate, RateBook, burst_of_rate_limit
from .._core.timers import Signal, SignalKind
from .._model.event import ReceivedEvent
from .._model.fact import EventKept, RunSkipped
from .._model.flow import Batch, Debounce, RateLimit
from .._model.options import FunctionOptions
from ..times import Instant, format_duration
from . import _invokes
from ._keys import Keys
from ._world import World, seen_event

__all__ = ["Events", "Intake"]

Events = tuple[ReceivedEvent, ...]
"""The events that one run gets."""


class Intake:
    """The events of one world that have not started a run yet."""

    def __init__(self, world: World, keys: Keys) -> None:
        self._world = world
        self._keys = keys
        self._rates = RateBook()
        self._debounces = Debounces()
        self._batches = Batches()
        self._functions: dict[str, FunctionOptions] = {}

    def take(self, function: FunctionOptions, event: ReceivedEvent) -> list[Events]:
        """Return the events of each run that *event* starts now."""
        flow = function.flow
        limit = flow.rate_limit
        if limit is not None and not self._admits(limit, function, event):
            return []
        if flow.debounce is not None:
            self._debounce(flow.debounce, function, event)
            return []
        if flow.batch is not None:
            return self._batch(flow.batch, function, event)
        return [(event,)]

    def due(self, key: str) -> tuple[FunctionOptions, Events]:
        """Return the events of the run that a debounce or a batch starts in time."""
        function = self._functions[key]
        if function.flow.debounce is not None:
            return function, (self._debounces.end(key),)
        return function, tuple(self._batches.end(key).events)

    def _admits(
        self, limit: RateLimit, function: FunctionOptions, event: ReceivedEvent
    ) -> bool:
        value = self._keys.key(limit.key, function, event)
        rate = Rate(limit.limit, limit.within, burst_of_rate_limit(limit.limit))
        key = f"{function.slug} {value.text}"
        if self._rates.admit(key, rate, self._world.now):
            return True
        reason = (
            f"its rate limit of {limit.limit} in {format_duration(limit.within)}"
            f"{value.told} lets no more in"
        )
        self._world.record(RunSkipped(function.slug, event.internal_id, reason))
        _invokes.refuse(self._world, function.slug, event)
        return False

    def _debounce(
        self, debounce: Debounce, function: FunctionOptions, event: ReceivedEvent
    ) -> None:
        value = self._keys.key(debounce.key, function, event)
        key = f"{function.slug} {value.text}"
        at_most = debounce.at_most
        if self._world.is_exact and self._debounces.is_fast(key, event):  # rule X1
            at_most = None
        burst = self._debounces.keep(key, event, debounce.pause, at_most)
        self._world.timers.cancel(burst.timer)
        burst.timer = self._set(key, function, burst.due)
        self._tell_kept(function, event, "debounced", burst.due)

    def _batch(
        self, batch: Batch, function: FunctionOptions, event: ReceivedEvent
    ) -> list[Events]:
        if batch.if_exp is not None:
            condition = self._keys.compiled(batch.if_exp)
            if not condition.matches(seen_event(function, event)):
                return [(event,)]
        key = f"{function.slug} {self._keys.key(batch.key, function, event).text}"
        size = len(json.dumps(event.wire, ensure_ascii=False).encode())
        starts: list[Events] = []
        if not self._batches.has_room(key, size, self._world.limits.batch_bytes):
            starts.append(self._ended(key))
        if self._batches.count(key) == batch.max_size:  # a slow one, see below
            starts.append(self._ended(key))
        kept = self._batches.keep(key, event, size, batch.within)
        is_slow = kept.events[0].received_at < event.received_at
        if len(kept.events) == batch.max_size and not (
            self._world.is_exact and is_slow  # rule X2
        ):
            starts.append(self._ended(key))
            return starts
        if not kept.timer:
            kept.timer = self._set(key, function, kept.due)
        what = f"event {len(kept.events)} of a batch of {batch.max_size}"
        self._tell_kept(function, event, what, kept.due)
        return starts

    def _ended(self, key: str) -> Events:
        """Return the events of a batch that is full; its time is not waited for."""
        batch = self._batches.end(key)
        self._world.timers.cancel(batch.timer)
        return tuple(batch.events)

    def _set(self, key: str, function: FunctionOptions, due: Instant) -> int:
        self._functions[key] = function
        return self._world.timers.set(due, Signal(SignalKind.GATHERED, key))

    def _tell_kept(
        self, function: FunctionOptions, event: ReceivedEvent, why: str, due: Instant
    ) -> None:
        self._world.record(EventKept(function.slug, event.internal_id, why, due))
