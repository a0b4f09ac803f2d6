"""The engine's surface: apply a command, advance the clock, read the facts."""

from collections.abc import Mapping, Sequence
from typing import TypeVar, assert_never

from .._core.experiments import ExperimentBook
from .._core.timers import Signal
from .._core.waits import Wait, Watch
from .._model.command import (
    AssignVariant,
    CancelRun,
    Command,
    EntryReturned,
    ReportFinding,
    SendEvent,
    TakeVariant,
    WriteScore,
)
from .._model.effect import Enter
from .._model.event import FUNCTION_FINISHED, ReceivedEvent
from .._model.fact import (
    CronLeft,
    DeferRejected,
    EventReceived,
    Fact,
    FaultInjected,
    FindingReported,
    RunEntered,
    RunRetried,
    ScoreWritten,
    TraceEntry,
)
from .._model.flow import TriggerCron
from .._model.limits import Limits
from .._model.operation import DeferAbort, DeferAdd, Raised, Returned
from .._model.options import FunctionOptions
from .._model.predicate import Predicate
from .._model.score import ScoreEntry
from ..expr import compile as compile_expression
from ..times import MILLISECOND, Instant
from . import _ends, _fork, _invokes, _lives, _steps
from ._starts import Starts
from ._world import Live, ServerEvent, World, wire_of

__all__ = ["Engine"]

F = TypeVar("F", bound=Fact)


class Engine:
    """An Inngest-compatible server in memory, driven from outside."""

    def __init__(
        self,
        *,
        start: Instant,
        seed: int = 0,
        limits: Limits | None = None,
        is_exact: bool = False,
    ) -> None:
        self._world = World(start, seed, limits or Limits())
        self._world.is_exact = is_exact
        self._starts = Starts(self._world)

    def fork(self) -> "Engine":
        """Return the same world, which must be at rest, to go on by itself."""
        twin: Engine = Engine.__new__(Engine)
        world = twin._world = _fork.twin_of(self._world)
        if self._starts.is_used:
            twin._starts = self._starts.fork(world, _fork.rebinder(world))
        else:
            twin._starts = Starts(world)
        return twin

    # --- what can be read -----------------------------------------------------

    @property
    def now(self) -> Instant:
        """The instant that the engine was told it is."""
        return self._world.now

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._world.limits

    @property
    def trace(self) -> Sequence[TraceEntry]:
        """Every fact so far, oldest first."""
        return self._world.trace

    @property
    def trigger_names(self) -> tuple[str, ...]:
        """The names of the events that start something."""
        return self._world.bus.trigger_names

    def facts_of(self, kind: type[F]) -> list[tuple[Instant, F]]:
        """Return the facts of one kind, each with its time."""
        return self._world.trace.facts_of(kind)

    @property
    def lives(self) -> Mapping[str, Live]:
        """Every run by its id, in the order of starting."""
        return self._world.lives

    @property
    def open_waits(self) -> tuple[Wait, ...]:
        """The open waits, in the order of opening."""
        return self._world.waits.all_open()

    @property
    def scores(self) -> tuple[ScoreEntry, ...]:
        """The scores that stand (rule G2)."""
        return self._world.ledger.current

    @property
    def score_history(self) -> Sequence[ScoreEntry]:
        """Every score that was ever written."""
        return self._world.ledger.history

    @property
    def experiments(self) -> ExperimentBook:
        """Which variants were taken, and which count for what (rule G6)."""
        return self._world.experiments

    def waits_open_at(self, event_name: str, sequence: int) -> tuple[Wait, ...]:
        """Return the waits on a name that were open when a fact happened."""
        return self._world.waits.open_at(event_name, sequence)

    def cancels_open_at(self, event_name: str, sequence: int) -> tuple[Watch, ...]:
        """Return what could cancel a run on a name when a fact happened (rule F1)."""
        return self._world.cancels.open_at(event_name, sequence)

    def next_due(self) -> Instant | None:
        """Return when the next timer fires, or None when none is set."""
        due = self._world.timers.next_due()
        if not self._starts.crons.is_used:
            return due
        cron = self._starts.crons.next_due()
        return cron if due is None or (cron is not None and cron < due) else due

    @property
    def has_crons(self) -> bool:
        """Whether any function has a cron trigger."""
        return self._starts.crons.is_used

    def cron_alone(self) -> Instant | None:
        """Return when the next cron fires, if nothing else is going to happen."""
        is_alone = self._world.timers.next_due() is None
        return self._starts.crons.next_due() if is_alone else None

    def note(self, fact: CronLeft | FaultInjected) -> None:
        """Record what happens outside the engine and moves nothing in it."""
        self._world.record(fact)

    def turn_of(self, live: Live) -> str | None:
        """Say what holds a run's entries back, or return None (rules F4, F5)."""
        return self._starts.queue.told(live) if live.gate is not None else None

    # --- what can happen --------------------------------------------------------

    def conditions(self, function: FunctionOptions) -> list[Predicate | None]:
        """Compile the conditions of a function's triggers (rule C13).

        Its other expressions are looked at as well, so that a wrong one is refused.

        Raises:
            ExpressionError: One of them is no expression.
            UsageError: One of its crons cannot be read.
        """
        clock = self._world.clock
        _lives.check(function.life)
        self._starts.check(function)
        return [
            None
            if isinstance(trigger, TriggerCron) or trigger.expression is None
            else compile_expression(trigger.expression, kind="trigger", clock=clock)
            for trigger in function.triggers
        ]

    def register(
        self, function: FunctionOptions, conditions: Sequence[Predicate | None] = ()
    ) -> None:
        """Add a function, with the conditions of its triggers.

        Raises:
            UsageError: Its id is taken.
        """
        self._world.bus.register(function, conditions)
        self._starts.register(function)

    def new_event_id(self) -> str:
        """Return the ULID of the next event (rule E4)."""
        return self._world.ids.ulid("event", self._world.now)

    def check_event(self, name: str, ts: Instant | None, size: int) -> None:
        """Refuse what the server would refuse of a user's event.

        Raises:
            UsageError: In the server's words.
        """
        self._world.bus.check(name, ts, size)

    def apply(self, command: Command) -> tuple[Enter, ...]:
        """Let one thing happen and return what has to be done about it."""
        match command:  # the most frequent first
            case EntryReturned():
                self._returned(command)
            case SendEvent():
                self._send(command)
            case WriteScore():
                self._write(command)
            case CancelRun(run_id):
                live = self._world.lives[run_id]
                reason = "by the test"
                self._publish(live, _ends.cancel_by_api(self._world, live, reason))
            case TakeVariant() | AssignVariant():
                self._note_variant(command)
            case ReportFinding(finding):
                self._world.record(FindingReported(finding))
            case _:
                assert_never(command)
        if self._world.coming:
            self._deliver()
        return self._take_effects() if self._world.effects else ()

    def advance(self, to: Instant) -> tuple[Enter, ...]:
        """Move the clock to *to* and fire every timer that is due by then.

        The caller stops at each `next_due` on the way: what a timer sets going belongs
        to its own instant.
        """
        world = self._world
        world.now = max(world.now, to)
        while (alarm := world.timers.pop(world.now)) is not None:
            if isinstance(alarm, Signal):
                self._starts.due(alarm)
            else:
                live = world.lives[alarm.run_id]
                self._publish(live, _steps.wake(world, live, alarm))
            if world.coming:
                self._deliver()
        if self._starts.crons.is_used:
            self._starts.fire_crons()
            self._deliver()
        return self._take_effects()

    def now_is(self, now: Instant) -> None:
        """Tell the engine the time, without firing what is due."""
        self._world.now = max(self._world.now, now)

    def _take_effects(self) -> tuple[Enter, ...]:
        effects = tuple(self._world.effects)
        self._world.effects.clear()
        return effects

    # --- events -------------------------------------------------------------------

    def _publish(self, live: Live, events: Sequence[ServerEvent]) -> None:
        """Let the events of a run's end arrive after all that happens already."""
        self._world.coming.extend((live, event) for event in events)

    def _deliver(self) -> None:
        while self._world.coming:
            live, event = self._world.coming.popleft()
            ts = self._world.now // MILLISECOND
            self._receive(event, live, event.internal_id, ts)

    def _send(self, command: SendEvent) -> None:
        world = self._world
        sender = world.lives.get(command.sender)
        ts = world.now if command.ts is None else command.ts
        self._receive(command, sender, command.id, ts // MILLISECOND)

    def _receive(
        self, sent: SendEvent | ServerEvent, cause: Live | None, id_: str, ts: int
    ) -> None:
        world = self._world
        run = cause.run if cause else None
        wire = wire_of(sent, id_ or sent.internal_id, ts)
        depth = run.depth if run and run.depth_at == world.now else 0
        event = ReceivedEvent(
            sent.internal_id, wire, world.now, run.id if run else "", depth
        )
        world.bus.guard(event)
        world.trace.record(world.now, EventReceived(event))
        if sent.name == FUNCTION_FINISHED and "correlation_id" in sent.data:
            _invokes.answer(world, event)
        if world.cancels.is_used:
            for live, events in _lives.cancelled_by(world, event):
                self._publish(live, events)
        # the waits are those that were open on arrival: a run that this event starts
        # cannot have one yet (rule B1)
        waits = world.waits.candidates(event)
        for function in world.bus.started_by(event):
            self._starts.event(function, event, run)
        if waits:
            _steps.resume(world, waits, event)

    # --- entries ------------------------------------------------------------------

    def _returned(self, command: EntryReturned) -> None:
        world = self._world
        live = world.lives[command.run_id]
        entry = live.run.open_entries.pop(command.entry, None)
        if live.gate is not None:
            self._starts.queue.give_back(live.gate)
        if entry is None:  # the run ended while this entry was under way
            _ends.drop(world, live, command.operations)
            if live.gate is not None:
                self._starts.queue.call(live.gate)
            return
        live.run.attempts = entry.attempt + 1
        follows: list[ServerEvent] = []
        try:
            follows = self._take_answer(live, entry, command)
        except _steps.ServerFailure as failure:
            follows = _steps.give_up(world, live, entry, failure)
        if follows:
            self._publish(live, follows)
        if live.gate is not None:
            self._starts.queue.call(live.gate)

    def _take_answer(
        self, live: Live, entry: RunEntered, command: EntryReturned
    ) -> list[ServerEvent]:
        world, outcome = self._world, command.outcome
        if isinstance(outcome, Raised):
            return self._take_error(live, entry, command, outcome)
        steps: list[_steps.StepOperation] = []
        for operation in command.operations:
            if isinstance(operation, (DeferAdd, DeferAbort)):
                self._take_defer(live, operation)
            else:
                steps.append(operation)
        if isinstance(outcome, Returned):
            return _ends.complete(world, live, outcome.data)
        if live.memos.has_race:
            steps = _steps.news(live, steps)
        _steps.perform(world, live, steps, entry)
        world.enter_if_idle(live)
        return []

    def _take_error(
        self, live: Live, entry: RunEntered, command: EntryReturned, outcome: Raised
    ) -> list[ServerEvent]:
        """Retry or fail the run; what the entry wanted deferred is lost (rule A3)."""
        world, run, error = self._world, live.run, outcome.error
        run.error = error
        run.lost_defers += [
            op.id for op in command.operations if isinstance(op, DeferAdd)
        ]
        following = entry.attempt + 1
        if not error.retriable or following >= live.most_attempts:
            return _ends.fail(world, live, error)
        delay = _steps.delay_after(error, entry.attempt, world)
        due = world.wake_to_enter(live, delay, following, entry.target)
        world.move_run(live, RunRetried(run.id, error, following, due))
        return []

    def _take_defer(self, live: Live, call: DeferAdd | DeferAbort) -> None:
        defers = live.defers
        fact = defers.add(call) if isinstance(call, DeferAdd) else defers.abort(call)
        if fact is not None:
            self._world.record(fact)
        if isinstance(fact, DeferRejected):
            self._world.report(
                live,
                "DEFER_LIMIT",
                f"the defer {fact.defer!r} was rejected: {fact.reason}",
                "defer less, or let one deferred function do the work of several",
            )

    # --- scores -------------------------------------------------------------------

    def _write(self, command: WriteScore) -> None:
        entry = ScoreEntry(
            name=command.name,
            value=command.value,
            run_id=command.run_id,
            step_id=command.step_id,
            writer=command.writer,
            at=self._world.now,
        )
        self._world.ledger.write(entry, self.limits)
        self._world.record(ScoreWritten(entry))

    def _note_variant(self, command: TakeVariant | AssignVariant) -> None:
        book, run_id = self._world.experiments, command.run_id
        fact = (
            book.take(run_id, command.choice)
            if isinstance(command, TakeVariant)
            else book.assign(
                command.experiment, run_id, command.step_id, command.writer
            )
        )
        if fact is not None:
            self._world.record(fact)
