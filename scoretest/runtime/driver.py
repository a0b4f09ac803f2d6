"""Between the engine and the handlers: effects become entries, entries become commands.

The driver keeps no state of its own about runs; that is the engine's. It knows which
entries are under way and when to leave them: at exact idle, and not while the callback
of one of their steps still runs.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context as ContextVars
from typing import Any

from .._core.runs import RunRecord
from .._engine import Engine, Live
from .._json import to_wire
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
from ..errors import DeadlockError, LivelockError, ScoretestError, UsageError
from ..sdk.function import AnyFunction
from ..times import Instant, to_instant
from .coroutines import AsyncEntry, current_entry
from .entry import Entry
from .host import Hosted
from .loop import VirtualLoop
from .plain import PlainEntry
from .registry import Registry
from .stubs import Stubs

__all__ = ["Driver"]

AnyEntry = AsyncEntry | PlainEntry

# Python complains of a coroutine that swallows its own end when it is collected, which
# could be in the middle of another test; so these are kept
_UNENDING: "list[asyncio.Task[Any]]" = []


class Driver:
    """Runs the handlers of one world on its virtual loop."""

    def __init__(self, engine: Engine, loop: VirtualLoop, base: ContextVars) -> None:
        self.engine = engine
        self.loop = loop
        self.stubs = Stubs()
        self.registry = Registry(engine)
        self._base = base
        self._start_us = engine.now
        self._entries: dict[tuple[str, int], AnyEntry] = {}
        self._to_leave: list[AsyncEntry] = []
        self._ended: list[AsyncEntry] = []
        self._told: set[tuple[str, str, str]] = set()
        self._crash: BaseException | None = None
        self._is_trouble_told = False
        self._is_stopped = False
        self._newest = self._most_generations = 0
        loop.on_idle = self._idle
        loop.next_due = self._next_due
        loop.on_due = self._due
        loop.on_time = self._moved
        loop.describe = self.describe
        loop.set_task_factory(self._make_task)  # type: ignore[arg-type]  # its keywords differ from Python to Python

    # --- time ---------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        """The present instant."""
        return Instant(self._start_us + self.loop.now_us)

    def _next_due(self) -> int | None:
        due = self.engine.next_due()
        return None if due is None else due - self._start_us

    def _due(self, at_us: int) -> None:
        self.perform(self.engine.advance(Instant(self._start_us + at_us)))

    def _moved(self, at_us: int) -> None:
        # the engine's own timers of this instant follow in _due; here it only learns
        # the time, for what the user's timers are about to do
        self.engine.now_is(Instant(self._start_us + at_us))

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
        commands = [self._as_command(event, sender) for event in events]
        for command in commands:
            self._deliver(command)
        return [command.internal_id for command in commands]

    def _deliver(self, command: SendEvent) -> None:
        try:
            effects = self.engine.apply(command)
        except LivelockError as error:
            if command.sender:  # the handler may catch it; the operation ends anyway
                self.crash(error)
            raise
        self.perform(effects)

    def _as_command(self, event: Event, sender: Hosted | None) -> SendEvent:
        what = f"the data of event {event.name!r}"
        wire = to_wire(event.data, what=what)
        ts = None if event.ts is None else to_instant(event.ts, what="ts")
        self.engine.check_event(event.name, ts, wire.size)
        for loss in wire.losses:
            self.note(
                Finding(
                    code="LOSSY_OUTPUT",
                    message=f"{loss.path}: {loss.what}",
                    where=run_where_of(sender, self.now),
                    fix="send what JSON can carry",
                    run_id=sender.run_id if sender else "",
                )
            )
        return SendEvent(
            internal_id=self.engine.new_event_id(),
            name=event.name,
            data=wire.value if isinstance(wire.value, dict) else {},
            id=event.id,
            ts=ts,
            sender=sender.run_id if sender else "",
        )

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
        """Start the entries that the engine asks for, in its order."""
        for effect in effects:
            live = self.engine.lives[effect.run_id]
            run = live.run
            self._newest = max(self._newest, run.generation)
            if self._newest > self._most_generations:
                self._refuse_chain(run)
            slug = run.function.slug
            function = self.registry.functions[slug]
            kind = AsyncEntry if function.is_async else PlainEntry
            entry = kind(self, live, effect, function)
            self._entries[effect.run_id, effect.entry] = entry
            # an entry inherits nothing from whoever happened to cause it: neither a
            # context nor, through the loop's factory, a place among another's tasks
            entry.task = asyncio.Task(
                entry.main(),
                loop=self.loop,
                name=f"{slug}#{effect.entry}",  # asyncio's own would count all tasks
                context=self._base.copy(),
            )

    @contextmanager
    def operation(self, chain: int) -> Iterator[None]:
        """Hold an operation of the test, in which *chain* runs may start each other.

        Raises:
            DeadlockError: It is over, and a handler waits for what nobody will do.
        """
        self._most_generations = self._newest + chain
        try:
            yield
            self._raise_crash()
            if self._next_due() is None:
                self.check_deadlock()
        except BaseException:
            self._is_trouble_told = True
            raise

    def _refuse_chain(self, run: RunRecord) -> None:
        options = run.function
        error = LivelockError(
            f"runs start each other without end: this one of {options.slug!r} is "
            f"number {run.generation} in its chain",
            where=run_where(options.slug, options.place, run.id, "", self.now),
            fix="let one function of the cycle stop sending, or go on for a limited "
            'time: harness.fast_forward(within="1d")',
        )
        self.crash(error)

    def logger_of(self, function: AnyFunction) -> logging.Logger:
        """Return the logger of the function's client."""
        return self.registry.loggers[function.id]

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
        answer = EntryReturned(effect.run_id, effect.entry, operations, outcome)
        try:
            effects = self.engine.apply(answer)
        except Exception as error:  # noqa: BLE001 -- a storm of events, or our own bug: never silent
            self.crash(error)
            return
        if effects:
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
        return has_left or self._sweep()

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
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
        entry = current_entry()
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
            raise crash

    def check_deadlock(self) -> None:
        """Refuse to leave a handler that nothing can wake, unless trouble was told.

        Raises:
            DeadlockError: There is one.
        """
        if self._entries and not self.loop.has_timers and not self._is_trouble_told:
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

    def stop(self) -> None:
        """Cancel everything that is under way and close the loop."""
        loop = self.loop
        loop.on_idle = loop.next_due = loop.on_due = loop.on_time = None
        for entry in self._entries.values():
            entry.forget_error()
        handlers = [entry.task for entry in self._entries.values() if entry.task]
        self._is_stopped = True
        self._entries.clear()
        self._to_leave.clear()
        # the handlers first, in their order: a set of tasks has none
        for task in dict.fromkeys([*handlers, *asyncio.all_tasks(loop)]):
            task.cancel()
        with suppress(ScoretestError, KeyboardInterrupt):
            loop.run_to(None)
        for task in asyncio.all_tasks(loop):
            # it swallows its cancellation; asyncio would complain at a later collection
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 -- the only way to say so
            _UNENDING.append(task)
        loop.close()


def task_name(task: "asyncio.Task[Any]") -> str:
    """Return the name of what a task runs; asyncio's own names count tasks globally."""
    coroutine = task.get_coro()
    return repr(getattr(coroutine, "__qualname__", type(coroutine).__name__))


def run_where_of(entry: Hosted | None, now: Instant) -> str:
    """Return where *entry* is, or "" for application code."""
    if entry is None:
        return ""
    options = entry.function.options
    return run_where(options.slug, options.place, entry.run_id, entry.step, now)
