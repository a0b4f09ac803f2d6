"""The state of one world, and the three things that every part of the engine does.

Those are: record a fact, ask for an entry, set an alarm. Whoever changes the state of a
run goes through here, so that no state ever changes without its fact.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from .._core.admission import Admission
from .._core.bus import Bus
from .._core.defers import DeferBook
from .._core.experiments import ExperimentBook
from .._core.ledger import ScoreLedger
from .._core.memos import Memos, StepFact, StepRecord
from .._core.rates import Rate
from .._core.runs import RunFact, RunRecord
from .._core.slots import Need
from .._core.timers import Alarm, AlarmKind, TimerQueue
from .._core.trace import Trace
from .._core.waits import CancelIndex, Wait, WaitFact, WaitIndex, Watch
from .._ids import IdSource
from .._json import JsonObject
from .._model.command import SendEvent
from .._model.effect import Enter
from .._model.event import ReceivedEvent
from .._model.fact import Fact, FindingReported, RunEntered
from .._model.finding import Finding, run_where
from .._model.limits import Limits
from .._model.options import FunctionOptions
from .._model.session import Sessions, wire_meta
from ..times import Duration, Instant

__all__ = [
    "Gate",
    "Invocation",
    "Live",
    "Pace",
    "ServerEvent",
    "Turns",
    "World",
    "seen_by_expressions",
    "seen_event",
    "wire_of",
]


class ServerEvent(NamedTuple):
    """An event that the server itself is about to send."""

    internal_id: str
    name: str
    data: JsonObject
    sessions: Sessions = ()


class Invocation(NamedTuple):
    """A function that a run has invoked, and until when it waits for the result."""

    function: str
    expires: Instant


class Pace(NamedTuple):
    """How often the runs of a key may start."""

    key: str
    rate: Rate
    told: str


class Gate(NamedTuple):
    """What holds the entries of a run back.

    Attributes:
        needs: The slots that an entry needs (rule F4).
        pace: How often such runs may start, or None (rule F5).
        since: The instant by which the run's age is reckoned (rule F8).
        number: Of runs of one age, which comes first.
    """

    needs: tuple[Need, ...]
    pace: Pace | None
    since: int
    number: int


@dataclass(slots=True, eq=False)
class Live:
    """A run with everything that belongs to it.

    Attributes:
        run: The run itself.
        memos: Its steps.
        defers: Its deferred work.
        waits: Its open waits, by the hashed id of their step.
        alarms: The timers that have to be cancelled when it ends.
        most_attempts: How many attempts each of its units has (rule D1).
        watches: What cancels it on an event (rule F1).
        invokes: What it has invoked, by the hashed id of the step (rule E3).
        gate: What holds its entries back; None for most.
    """

    run: RunRecord
    memos: Memos
    defers: DeferBook
    waits: dict[str, Wait]
    alarms: dict[str, int]
    most_attempts: int
    watches: tuple[Watch, ...] = ()
    invokes: dict[str, Invocation] = field(default_factory=dict)
    gate: Gate | None = None


class Turns(Protocol):
    """Who decides when an entry of a run with a gate has its turn."""

    def lets_in(self, live: Live, gate: Gate, attempt: int, target: str) -> bool:
        """Give an entry its turn, or let it wait for it."""

    def forget(self, live: Live) -> None:
        """Let the entries of a run that has ended leave their lines."""


def wire_of(sent: SendEvent | ServerEvent, id_: str, ts: int) -> JsonObject:
    """Return an event as it arrives, with its id and its time in milliseconds."""
    wire: JsonObject = {"name": sent.name, "data": sent.data, "id": id_, "ts": ts}
    wire["user"] = {}  # always there (rule B3), and never anything in it
    return {**wire, **wire_meta(sent.sessions)} if sent.sessions else wire


def seen_by_expressions(live: Live) -> JsonObject:
    """Return the run's event as its match expressions see it."""
    return seen_event(live.run.function, live.run.events[0])


def seen_event(function: FunctionOptions, event: ReceivedEvent) -> JsonObject:
    """Return an event as the expressions of *function* see it.

    A deferred payload also stands under ``input``, as the SDK shows it to the handler,
    unless it has an ``input`` of its own.
    """
    if not function.shows_input or "input" in event.data:
        return event.wire
    payload = {k: v for k, v in event.data.items() if not k.startswith("_inngest")}
    return {**event.wire, "data": {**event.data, "input": payload}}


class World:
    """The organs of one world and what they have in common."""

    def __init__(self, start: Instant, seed: int, limits: Limits) -> None:
        self.now = start
        self.limits = limits
        self.is_exact = False  # whether the server's accidents happen here, too
        self.ids = IdSource(seed)
        self.trace = Trace()
        self.timers = TimerQueue()
        self.bus = Bus(limits)
        self.waits = WaitIndex()
        self.cancels = CancelIndex()
        self.admission = Admission()
        self.ledger = ScoreLedger()
        self.experiments = ExperimentBook()
        self.lives: dict[str, Live] = {}
        self.effects: list[Enter] = []
        # what the server has yet to say, and of which run
        self.coming: deque[tuple[Live, ServerEvent]] = deque()
        self.turns: Turns  # the engine's queue; it needs the world to be there

    def clock(self) -> int:
        """Return the present instant, for expressions that ask for it."""
        return self.now

    def add(self, run: RunRecord) -> Live:
        """Take a new run in."""
        retries, limits = run.function.retries, self.limits
        live = self.lives[run.id] = Live(
            run=run,
            memos=Memos(),
            defers=DeferBook(run.id, limits),
            waits={},
            alarms={},
            most_attempts=1 + (limits.default_retries if retries is None else retries),
        )
        return live

    def record(self, fact: Fact) -> None:
        """Record *fact* at the present instant."""
        self.trace.record(self.now, fact)

    def move_run(self, live: Live, fact: RunFact) -> None:
        """Record *fact* and let the run take its edge."""
        live.run.move(type(fact))
        self.trace.record(self.now, fact)

    def move_step(self, live: Live, step: StepRecord, fact: StepFact) -> None:
        """Record *fact* and let the step take its edge."""
        live.memos.move(step, type(fact))
        self.trace.record(self.now, fact)

    def move_wait(
        self, live: Live, wait: Wait, step: StepRecord, fact: WaitFact
    ) -> None:
        """Record *fact* and let the wait and its step take their edges."""
        wait.move(type(fact), len(self.trace))
        live.memos.move(step, type(fact))
        self.trace.record(self.now, fact)

    def enter(
        self, live: Live, attempt: int = 0, target: str = "", *, has_turn: bool = False
    ) -> None:
        """Ask for an entry of the run's handler; it may have to wait for its turn."""
        if live.gate is not None and not (
            has_turn or self.turns.lets_in(live, live.gate, attempt, target)
        ):
            return
        run = live.run
        run.entries += 1
        entered = RunEntered(run.id, run.entries, attempt, target)
        run.open_entries[run.entries] = entered
        self.move_run(live, entered)
        self.effects.append(entered)

    def enter_if_idle(self, live: Live) -> None:
        """Enter for discovery when nothing of the run is pending (rules B7, E1).

        Where steps race, the run is entered for each that settles.
        """
        memos, entries = live.memos, live.run.open_entries
        if not memos.pending:
            is_due = not entries
        else:  # one entry for discovery at a time
            is_due = memos.is_ahead and all(e.target for e in entries.values())
        if is_due:
            memos.is_ahead = False
            self.enter(live)

    def wake(self, due: Instant, live: Live, alarm: Alarm) -> int:
        """Set an alarm of the run, to be cancelled when it ends."""
        number = self.timers.set(due, alarm)
        live.alarms[alarm.step] = number
        return number

    def wake_to_enter(
        self, live: Live, after: Duration, attempt: int, target: str = ""
    ) -> Instant:
        """Enter the run, or one step of it, after a delay; return when."""
        due = Instant(self.now + after)
        alarm = Alarm(AlarmKind.ENTER, live.run.id, target, attempt)
        self.wake(due, live, alarm)
        return due

    def report(
        self, live: Live, code: str, message: str, fix: str, step: str = ""
    ) -> None:
        """Record a finding about a run."""
        self.tell(live, Finding(code=code, message=message, fix=fix), step)

    def tell(self, live: Live, finding: Finding, step: str = "") -> None:
        """Record a finding about a run, with where it was made."""
        run = live.run
        options = run.function
        where = run_where(options.slug, options.place, run.id, step, self.now)
        self.record(FindingReported(replace(finding, where=where, run_id=run.id)))
