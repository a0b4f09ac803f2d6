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
from ..times import MILLISECOND, Instant, to_datetime
from ._world import World

__all__ = ["Crons"]


class Crons:
    """The cron triggers of one world.

    Attributes:
        is_used: Whether there is any.
    """

    def __init__(self, world: World) -> None:
        self.is_used = False
        self._world = world
        self._timers = TimerQueue()
        self._schedules: dict[str, tuple[FunctionOptions, Schedule]] = {}

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
                self._schedules[key] = (function, Schedule(trigger.cron))
                self._set(key, self._world.now)

    def next_due(self) -> Instant | None:
        """Return when the next one fires, or None when there is none."""
        return self._timers.next_due()

    def fire(self) -> tuple[FunctionOptions, ReceivedEvent] | None:
        """Take the next one that is due; return whom it starts, and the event."""
        world = self._world
        signal = self._timers.pop(world.now)
        if not isinstance(signal, Signal):
            return None
        function, schedule = self._schedules[signal.key]
        self._set(signal.key, world.now)
        at = to_datetime(world.now).strftime("%Y-%m-%dT%H:%M:%SZ")
        wire: JsonObject = {
            "name": SCHEDULED_TIMER,
            "data": {"cron": schedule.text, "fireAt": at, "scheduledAt": at},
            "id": at,
            "ts": world.now // MILLISECOND,
        }
        stamp = world.ids.ulid("event", world.now)
        event = ReceivedEvent(stamp, wire, world.now)
        world.record(EventReceived(event))
        return function, event

    def _set(self, key: str, now: Instant) -> None:
        due = self._schedules[key][1].after(now)
        self._timers.set(due, Signal(SignalKind.CRON, key))
