"""Runs that the clock starts (rule H2).

Cron timers have a queue of their own: they are never all done, and whoever goes on until
nothing is left has to know that only they are.
"""

from .._core.cron import Schedule
from .._core.timers import Signal, SignalKind, TimerQueue
from .._json import JsonObject
from .._model.event import SCHEDULED_TIMER, ReceivedEvent
from .._model.fact import EventReceived
from .._model.flow import TriggerCron
from .._model.options import FunctionOptions
from ..times import MILLISECOND, SECOND, Duration, Instant, to_datetime
from ._world import World

__all__ = ["Crons"]


class Crons:
    """The cron triggers of one world.

    Attributes:
        is_used: Whether there is any.
    """

    def __init__(self, world: World) -> None:
        self.is_used = False
        self._is_resting = False
        self._world = world
        self._timers = TimerQueue()
        self._schedules: dict[str, tuple[FunctionOptions, Schedule, Duration]] = {}

    def fork(self, world: World) -> "Crons":
        """Return the same triggers in another world."""
        twin = Crons(world)
        twin.is_used, twin._is_resting = self.is_used, self._is_resting
        twin._timers, twin._schedules = self._timers.fork(), self._schedules
        return twin

    def rest(self) -> None:
        """Let none fire from now on."""
        self._is_resting = True

    def told(self, now: Instant) -> list[object]:
        """Return what decides when the next ones fire."""
        if self._is_resting:
            return []
        return [(due - now, alarm) for due, alarm in self._timers.pending()]

    def check(self, function: FunctionOptions) -> None:
        """Read the cron triggers of a function.

        Raises:
            UsageError: The server could not read one of them.
        """
        for trigger in function.triggers:
            if isinstance(trigger, TriggerCron):
                Schedule(trigger.cron)

    def register(self, function: FunctionOptions) -> None:
        """Set the first timers of a function's cron triggers."""
        for number, trigger in enumerate(function.triggers):
            if isinstance(trigger, TriggerCron):
                self.is_used = True
                key = f"{function.slug} {number}"
                schedule = Schedule(trigger.cron)
                self._schedules[key] = (function, schedule, trigger.spread)
                self._set(key, self._world.now)

    def next_due(self) -> Instant | None:
        """Return when the next one fires, or None when there is none."""
        if self._is_resting:
            return None
        return self._timers.next_due()

    def fire(self) -> tuple[FunctionOptions, ReceivedEvent] | None:
        """Take the next one that is due; return whom it starts, and the event."""
        world = self._world
        if self._is_resting:
            return None
        signal = self._timers.pop(world.now)
        if not isinstance(signal, Signal):
            return None
        function, schedule, _ = self._schedules[signal.key]
        self._set(signal.key, Instant(signal.since))
        at, named = _text(world.now), _text(Instant(signal.since))
        wire: JsonObject = {
            "name": SCHEDULED_TIMER,
            "data": {"cron": schedule.text, "fireAt": at, "scheduledAt": named},
            "id": named,
            "ts": world.now // MILLISECOND,
            "user": {},
        }
        stamp = world.ids.ulid("event", world.now)
        event = ReceivedEvent(stamp, wire, world.now)
        world.record(EventReceived(event))
        return function, event

    def _set(self, key: str, after: Instant) -> None:
        """Set the timer of the first start after an instant, late by its jitter."""
        _, schedule, spread = self._schedules[key]
        named = schedule.after(after)
        late = 0
        if spread:
            seconds = spread // SECOND + 1
            late = self._world.ids.chance(seconds, "cron", key, str(named)) * SECOND
        due = Instant(max(named + late, self._world.now))
        self._timers.set(due, Signal(SignalKind.CRON, key, named))


def _text(at: Instant) -> str:
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")
