"""How a run begins: what an event, a timer or a cron starts."""

from .._core.runs import RunRecord
from .._core.timers import Signal, SignalKind
from .._model.event import DEFERRED_SCHEDULE, ReceivedEvent
from .._model.fact import EventJoined, RunQueued, RunSkipped
from .._model.flow import NO_FLOW_OPTIONS
from .._model.life import NO_LIFE_OPTIONS
from .._model.options import FunctionKind, FunctionOptions
from ..times import MILLISECOND, Duration
from . import _lives
from ._crons import Crons
from ._intake import Events, Intake
from ._keys import Keys
from ._notes import note_scopes, note_sessions
from ._queue import EntryQueue
from ._world import Live, World

__all__ = ["Starts"]


class Starts:
    """Everything that stands between an event and the first entry of a run.

    Attributes:
        queue: The entries that wait for their turn.
        crons: The triggers of the clock.
    """

    def __init__(self, world: World) -> None:
        keys = Keys(world)
        self.queue = EntryQueue(world, keys)
        self.crons = Crons(world)
        self._world = world
        self._keys = keys
        self._intake = Intake(world, keys)

    def check(self, function: FunctionOptions) -> None:
        """Read the expressions and crons of a declaration, as registering the app does.

        Raises:
            ExpressionError: One of them is no expression (rule C8).
            UsageError: One of the crons cannot be read.
        """
        for text in function.flow.expressions:
            self._keys.compiled(text)
        self.crons.check(function)

    def register(self, function: FunctionOptions) -> None:
        """Set a function's crons, and tell of what cannot show here."""
        note_scopes(self._world, function)
        self.crons.register(function)

    def event(
        self, function: FunctionOptions, event: ReceivedEvent, cause: RunRecord | None
    ) -> None:
        """Start what *event* starts of *function*."""
        if function.flow is NO_FLOW_OPTIONS:
            self._start(function, (event,), cause)
        else:
            self._all(function, self._intake.take(function, event))

    def due(self, signal: Signal) -> None:
        """Do what a timer of no single run was set for."""
        if signal.kind is SignalKind.TURN:
            self.queue.due(signal.key)
            return
        function, events = self._intake.due(signal.key)
        self._all(function, [events])

    def fire_crons(self) -> None:
        """Start what the clock starts now (rule H2)."""
        while (fired := self.crons.fire()) is not None:
            self.event(*fired, None)

    def _all(self, function: FunctionOptions, starts: list[Events]) -> None:
        """Start a run for each of *starts*, in the name of whoever sent its event."""
        for events in starts:
            sender = self._world.lives.get(events[0].sender)
            self._start(function, events, sender.run if sender else None)

    def _start(
        self, function: FunctionOptions, events: Events, cause: RunRecord | None
    ) -> None:
        """Queue a run that gets these events, unless it is refused."""
        world, event = self._world, events[0]
        reason = _lives.refusal(world, function, event)
        if reason:
            world.record(RunSkipped(function.slug, event.internal_id, reason))
            return
        # a function of a user's own may listen to the deferred event, too (rule A9)
        is_deferred = (
            event.name == DEFERRED_SCHEDULE
            and function.kind is not FunctionKind.ORDINARY
        )
        run = RunRecord(
            id=world.ids.ulid("run", world.now),
            function=function,
            events=events,
            parent=cause.id if cause and is_deferred else "",
            started_at=world.now,
            depth=event.depth + 1,
            depth_at=world.now,
            generation=cause.generation + 1 if cause else 0,
        )
        live = world.add(run)
        queued = RunQueued(
            run_id=run.id,
            function=function.slug,
            event_id=event.internal_id,
            parent=run.parent,
        )
        world.move_run(live, queued)
        if len(events) > 1:
            _join(world, live)
        delay = Duration(event.ts_ms * MILLISECOND - world.now)
        if function.flow is not NO_FLOW_OPTIONS and function.flow.queues:
            delay = self.queue.set_gate(live, delay)
        if function.life is not NO_LIFE_OPTIONS:
            _lives.begin(world, live, delay)
        elif delay > 0:  # rule H3
            world.wake_to_enter(live, delay, attempt=0)
        else:
            world.enter(live)


def _join(world: World, live: Live) -> None:
    """Tell which events a run has beside the first of its batch (rule F7)."""
    for other in live.run.events[1:]:
        world.record(EventJoined(live.run.id, other.internal_id))
    note_sessions(world, live)
