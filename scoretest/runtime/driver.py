"""Between the engine and the handlers: effects become entries, entries become commands.

The driver keeps no state of its own about runs; that is the engine's. It knows which
entries are under way and when to leave them: at exact idle, and not while the callback
of one of their steps still runs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context as ContextVars
from typing import Any

from .._engine import Engine, Live
from .._model.command import (
    Command,
    EntryReturned,
    ReportFinding,
    SendEvent,
    WriteScore,
)
from .._model.effect import Enter
from .._model.event import Event
from .._model.finding import Finding, run_where
from .._model.operation import Operation, Outcome
from .._model.place import Place, told
from .._model.score import ScoreValue
from ..errors import DeadlockError, LivelockError, UsageError
from ..sdk.client import Client
from ..sdk.function import AnyFunction
from ..times import Duration, Instant
from .answering import taken
from .collecting import RareCollections
from .context_source import ContextSource
from .coroutines import AsyncEntry, current_entry
from .entrance import Entrance
from .entry import Entry
from .faults import Faults
from .host import Hosted
from .intake import as_command
from .loop import VirtualLoop
from .reading import Reads
from .registry import Registry
from .stubs import Stubs
from .timer_heap import NEVER_US

__all__ = ["Driver"]


class Driver:
    """Runs the handlers of one world on its virtual loop."""

    def __init__(self, engine: Engine, loop: VirtualLoop, base: ContextVars) -> None:
        self.engine = engine
        self._most_bytes = engine.limits.response_bytes
        self.stubs = Stubs()
        self.on_moved: Callable[[Instant], None] | None = None
        self.reads: Reads | None = None  # notes what handlers ask for, if anybody asks
        self.registry = Registry(engine)
        self.entrance = Entrance(self, engine, self.registry, base)
        self._entries, self.kept = self.entrance.under_way, self.entrance.kept
        self._sources: dict[str, ContextSource] = {}
        self._to_leave: list[AsyncEntry] = []
        self._ended: list[AsyncEntry] = []
        self._told: set[tuple[str, str, str]] = set()
        self._crash: BaseException | None = None
        self._is_trouble_told = False
        self._is_stopped = False
        self.faults = Faults(self)
        self.move_to(loop)

    def move_to(self, loop: VirtualLoop) -> None:
        """Go on in *loop*, which has no other world; nothing may be under way."""
        self.loop = loop
        self.entrance.move_to(loop)
        self._start_us = self.engine.now - loop.now_us
        loop.on_idle = self._idle
        loop.next_due = self._next_due
        loop.on_due = self._due
        loop.on_time = self._moved
        loop.describe = self.describe
        self._outer_factory = loop.get_task_factory()
        loop.set_task_factory(self._make_task)  # type: ignore[arg-type]  # its keywords differ from Python to Python

    def go_on_in(self, engine: Engine) -> None:
        """Go on in another world than before, a fork of it; both are at rest."""
        self.engine = engine
        self.entrance.go_on_in(engine)
        self._sources.clear()
        self._told.clear()
        self._start_us = engine.now - self.loop.now_us

    def let_go(self) -> None:
        """Leave the loop as it was before the world came."""
        loop = self.loop
        loop.on_idle = loop.next_due = loop.on_due = loop.on_time = None
        loop.describe = None
        loop.set_task_factory(self._outer_factory)

    # --- time ---------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        """The present instant."""
        return self.engine.now

    def _next_due(self) -> int | None:
        due = self.engine.next_due()
        if self.faults.held:
            held = self.faults.held[0][0]
            due = held if due is None else min(due, held)
        return None if due is None else due - self._start_us

    def pending_us(self) -> int:
        """Return when the world's next timer is due in its loop, or `NEVER_US`."""
        if self._entries:  # any timer may be one for which a handler waits
            return self.loop.next_timer_us()
        due_us = self._next_due()
        return NEVER_US if due_us is None else due_us

    def _due(self, at_us: int) -> None:
        self.perform(self.engine.advance(Instant(self._start_us + at_us)))
        while self.faults.held and self.faults.held[0][0] <= self.now:
            self._deliver(self.faults.held.pop(0)[1])

    def _moved(self, at_us: int) -> None:
        # the engine's own timers of this instant follow in _due; here it only learns
        # the time, for what the user's timers are about to do
        self.engine.now_is(Instant(self._start_us + at_us))
        if self.on_moved is not None:
            self.on_moved(self.engine.now)

    # --- what the outside does ------------------------------------------------------

    def send(self, events: Sequence[Event], sender: Hosted | None = None) -> list[str]:
        """Check *events* as one request, then let them arrive one after the other.

        Raises:
            UsageError: The server would refuse one of them; then none arrives.
        """
        most = self.engine.limits.events_per_request
        if len(events) > most:
            raise UsageError(
                f"{len(events)} events in one request, over {most}",
                fix="send them in several requests",
            )
        with RareCollections():
            commands = [as_command(e, sender, self.engine, self.note) for e in events]
            for command in commands:
                self._route(command)
        return [command.internal_id for command in commands]

    def _route(self, command: SendEvent) -> None:
        routed: tuple[SendEvent, ...] = (command,)
        if self.faults.is_armed:
            routed = self.faults.routed(command, self.now)
        for arriving in routed:
            self._deliver(arriving)

    def deliver_held(self) -> None:
        """Let the events arrive that faults hold back."""
        for command in self.faults.let_go():
            self._deliver(command)

    def _deliver(self, command: SendEvent) -> None:
        try:
            effects = self.engine.apply(command)
        except LivelockError as error:
            if command.sender:  # the handler may catch it; the operation ends anyway
                self.crash(error)
            raise
        self.perform(effects)

    def write_score(
        self,
        name: str,
        value: ScoreValue,
        run_id: str,
        step_id: str | None,
        writer: str = "",
    ) -> None:
        """Write a checked score to the ledger."""
        command = WriteScore(
            name=name, value=value, run_id=run_id, step_id=step_id, writer=writer
        )
        self.perform(self.engine.apply(command))
        if self.faults.is_armed:
            self.faults.after_score(name, writer)

    def apply(self, command: Command) -> None:
        """Let one thing happen in the engine, and do what follows."""
        self.perform(self.engine.apply(command))

    def note(self, finding: Finding) -> None:
        """Record a finding."""
        self.perform(self.engine.apply(ReportFinding(finding)))

    def report(
        self,
        live: Live,
        code: str,
        message: str,
        fix: str,
        place: Place | str,
        step: str,
    ) -> None:
        """Record a finding about a run, the first time that it is made."""
        run = live.run
        known = (run.id, code, message)
        if known in self._told:
            return
        self._told.add(known)
        where = run_where(run.function.slug, told(place), run.id, step, self.now)
        self.note(
            Finding(code=code, message=message, where=where, fix=fix, run_id=run.id)
        )

    # --- entries ----------------------------------------------------------------------

    def perform(self, effects: Sequence[Enter]) -> None:
        """Let the entries begin that the engine asks for, in its order."""
        if effects:
            self.entrance.admit(effects)

    def operation(self, chain: int, *, may_wait: bool = False) -> RareCollections:
        """Return the context of an operation, in which *chain* runs may start each other.

        Args:
            chain: How many.
            may_wait: Whether a handler may wait for what the test does afterwards.

        Raises:
            DeadlockError: It is over, and a handler waits for what nobody will do.
        """
        self.entrance.allow(chain)
        return RareCollections(self._end_waiting if may_wait else self._end)

    def _end(self, error: BaseException | None) -> None:
        self._end_waiting(error)
        if error is None and self._next_due() is None:
            self.check_deadlock()

    def _end_waiting(self, error: BaseException | None) -> None:
        if error is None:
            self._raise_crash()
        elif not isinstance(error, asyncio.CancelledError):  # that is the test's doing
            self._is_trouble_told = True

    def client_of(self, function: AnyFunction) -> Client:
        """Return the client that a function is served with."""
        return self.registry.clients[function.id]

    def source_of(self, live: Live, function: AnyFunction) -> ContextSource:
        """Return what the contexts of a run's entries tell of it."""
        source = self._sources.get(live.run.id)
        if source is None:
            logger = self.client_of(function).logger
            source = ContextSource(live, function, logger, self.reads)
            self._sources[live.run.id] = source
        return source

    def leave_when_idle(self, entry: AsyncEntry) -> None:
        """Leave *entry* as soon as nothing else can happen in it."""
        if entry not in self._to_leave:
            self._to_leave.append(entry)

    def entry_ended(
        self, entry: Entry, operations: tuple[Operation, ...], outcome: Outcome
    ) -> None:
        """Give the engine the answer of an entry."""
        if self._is_stopped:  # cancelled with its world: nothing more happens there
            return
        self.loop.renew_budgets()  # a program that ends its entries is not endless
        effect = entry.effect
        self._entries.pop((effect.run_id, effect.entry), None)
        if isinstance(entry, AsyncEntry) and entry.children:
            self._ended.append(entry)
        lasted = Duration(self.engine.now - entry.began)
        if lasted or entry.size > self._most_bytes:
            outcome = taken(outcome, entry.size, lasted, self.engine.limits)
        answer = EntryReturned(effect.run_id, effect.entry, operations, outcome)
        try:
            effects = self.engine.apply(answer)
        except Exception as error:  # noqa: BLE001 -- a storm of events, or our own bug: never silent
            self.crash(error)
            return
        if entry.live.run.is_over:
            self._sources.pop(effect.run_id, None)
        self.perform(effects)

    def _idle(self) -> bool:
        """Leave the entries that have come to a step; say whether there were any."""
        self._raise_crash()
        waiting, self._to_leave = self._to_leave, []
        for entry in waiting:
            if entry.bodies:
                self._to_leave.append(entry)
            else:
                entry.leave()
        has_left = len(self._to_leave) < len(waiting)
        return has_left or self._sweep() or self.entrance.begin_chosen()

    def _sweep(self) -> bool:
        """Cancel what ended entries left behind, and tell of what they leaked."""
        ended, self._ended = self._ended, []
        tasks = [task for entry in ended for task in entry.abandoned()]
        for entry in ended:
            for task in entry.leaked():
                entry.report(
                    "TASK_LEAKED",
                    f"the task {task_name(task)} was still running when its handler "
                    "had ended",
                    "await it, or start it in a task group inside a step",
                    entry.function.options.place,
                )
        for task in tasks:
            task.cancel()
        return bool(tasks)

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, Any],
        **options: Any,
    ) -> "asyncio.Task[Any]":
        entry = current_entry()
        if entry is None and self._outer_factory is not None:
            return self._outer_factory(loop, coro, **options)  # type: ignore[return-value]  # a task, or what a test's factory takes for one
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
        if entry is not None:
            entry.children.append(task)
        return task

    # --- when it goes wrong -----------------------------------------------------------

    def crash(self, error: BaseException) -> None:
        """End the present operation with *error*, whatever else is going on."""
        self._crash = self._crash or error  # raised as soon as the loop is idle

    def give_up_on(self, entry: Hosted, step_id: str) -> None:
        """End the operation because of a handler that cannot be left."""
        options = entry.function.options
        error = LivelockError(
            f"the handler of {options.slug!r} swallows every interrupt and never ends",
            where=run_where(
                options.slug, options.place, entry.run_id, step_id, self.now
            ),
            fix="catch Exception, never BaseException, around a step",
        )
        self.crash(error)

    def _raise_crash(self) -> None:
        if self._crash is not None:
            crash, self._crash = self._crash, None
            self._is_trouble_told = True
            raise crash

    def check_deadlock(self) -> None:
        """Refuse to leave a handler that nothing can wake, unless trouble was told.

        Raises:
            DeadlockError: There is one.
        """
        if self._entries and not self.loop.has_timers and not self._is_trouble_told:
            self._is_trouble_told = True
            raise DeadlockError(
                "a handler waits for something that nobody is going to do",
                where=self.describe(),
                fix="await steps, timers and things that this handler itself sets going",
            )

    def describe(self) -> str:
        """Say which handlers are under way, and where they are."""
        lines = []
        for entry in self._entries.values():
            options = entry.function.options
            lines.append(
                run_where(
                    options.slug, options.place, entry.run_id, entry.step, self.now
                )
            )
        return "; ".join(lines) or "no handler is under way"

    def under_way(self) -> list[Entry]:
        """Return the entries that have not ended, and those that left tasks behind."""
        return [*self._entries.values(), *self._ended]

    def stop(self) -> None:
        """Let nothing more happen in this world."""
        self.let_go()
        for entry in self._entries.values():
            entry.forget_error()
        self._is_stopped = True
        self.entrance.close()
        self._to_leave.clear()


def task_name(task: "asyncio.Task[Any]") -> str:
    """Return the name of what a task runs; asyncio's own names count tasks globally."""
    coroutine = task.get_coro()
    return repr(getattr(coroutine, "__qualname__", type(coroutine).__name__))
