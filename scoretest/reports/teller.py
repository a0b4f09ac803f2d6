"""From facts to lines, with what only the facts before can tell.

Two things need a memory. An event that nothing reacted to is told together with the
waits that it did not satisfy; a wait that timed out with the events that came for it in
vain. Both are the first question of whoever reads why a test failed.
"""

from collections import Counter
from typing import Final, TypeAlias, assert_never

from .._model.event import (
    DEFERRED_SCHEDULE,
    FUNCTION_INVOKED,
    SCHEDULED_TIMER,
    ReceivedEvent,
)
from .._model.fact import (
    CronLeft,
    DeferAborted,
    DeferAdded,
    DeferRejected,
    DeferScheduled,
    EventJoined,
    EventKept,
    EventReceived,
    FaultInjected,
    FindingReported,
    InvokeClosed,
    InvokeFailed,
    InvokeReturned,
    InvokeStarted,
    InvokeTimedOut,
    NoteMade,
    RunHeld,
    RunQueued,
    RunSkipped,
    ScoreWritten,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    TraceEntry,
    VariantAssigned,
    VariantTaken,
    WaitClosed,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from ..times import MILLISECOND, Instant
from .index import Index
from .line import Line
from .sentences import (
    SERVER_NEWS,
    InvokeFact,
    RunFact,
    SleepFact,
    StepFact,
    defer_line,
    flow_line,
    invoke_line,
    news_line,
    offset,
    run_line,
    sessions_of,
    sleep_line,
    step_line,
)

__all__ = ["Teller"]

# the runs that these start say so themselves
_TOLD_BY_THEIR_RUN: Final = (DEFERRED_SCHEDULE, FUNCTION_INVOKED)
_WaitFact: TypeAlias = WaitOpened | WaitMatched | WaitTimedOut | WaitClosed


class Teller:
    """Tells the facts of one trace, oldest first.

    Args:
        index: Who is who in this trace.
        start: The instant that offsets count from.
    """

    def __init__(self, index: Index, start: Instant) -> None:
        self._index = index
        self._start = start
        self._arrived: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        # what a wait is for, and how many events of the name had come before it opened
        self._waits: dict[tuple[str, str], tuple[str, int]] = {}
        self._late: set[str] = set()

    def line(self, entry: TraceEntry) -> Line | None:
        """Return the line of a fact, or None when others imply it."""
        fact = entry.fact
        match fact:
            case EventReceived(event):
                return self._event(event)
            case WaitOpened() | WaitMatched() | WaitTimedOut() | WaitClosed():
                return self._wait(fact)
            case DeferAdded() | DeferAborted() | DeferRejected() | DeferScheduled():
                return defer_line(fact, self._index)
            case (
                RunSkipped()
                | ScoreWritten()
                | VariantTaken()
                | VariantAssigned()
                | FindingReported()
                | FaultInjected()
            ):
                return news_line(fact, self._index)
            case RunHeld() | EventKept() | EventJoined() | CronLeft() | NoteMade():
                return flow_line(fact, self._start)
            case _:
                return self._progress(fact, entry.at)

    def _progress(
        self, fact: RunFact | StepFact | SleepFact | InvokeFact, at: Instant
    ) -> Line | None:
        match fact:
            case StepPlanned() | StepCompleted() | StepRetried() | StepFailed():
                return step_line(fact, self._start)
            case SleepStarted() | SleepEnded():
                return sleep_line(fact, self._start)
            case (
                InvokeStarted()
                | InvokeReturned()
                | InvokeFailed()
                | InvokeTimedOut()
                | InvokeClosed()
            ):
                return invoke_line(fact, self._start)
            case _:
                return self._run(fact, at)

    def _run(self, fact: RunFact, at: Instant) -> Line | None:
        if isinstance(fact, RunQueued):
            event = self._index.event(fact.event_id)
            if (event is not None and event.ts > at) or self._index.is_held(
                fact.run_id
            ):
                self._late.add(fact.run_id)
        is_late = fact.run_id in self._late
        return run_line(fact, self._index, self._start, is_late=is_late)

    # --- events -------------------------------------------------------------------

    def _event(self, event: ReceivedEvent) -> Line | None:
        name, index = event.name, self._index
        self._arrived[name] += 1
        has_effect = index.has_effect(event.internal_id)
        if name == SCHEDULED_TIMER:
            return Line("cron", str(event.data.get("cron")), key=name)
        if name in SERVER_NEWS:
            # worth a line only if somebody listens
            is_heard = has_effect and name not in _TOLD_BY_THEIR_RUN
            text = f"{name} of {index.run(event.sender)}"
            return Line("event", text, key=name) if is_heard else None
        verb = "sends" if event.sender else "event"
        why = () if has_effect else (self._unheard(name),)
        return Line(verb, name + self._marks(event), event.data, why, key=name)

    def _marks(self, event: ReceivedEvent) -> str:
        marks = [f"id {event.id}"] if event.id != event.internal_id else []
        if event.ts // MILLISECOND != event.received_at // MILLISECOND:
            marks.append(f"dated {offset(event.ts, self._start)}")
        marks += sessions_of(event)
        return f" ({', '.join(marks)})" if marks else ""

    def _unheard(self, name: str) -> str:
        waits = self._open[name]
        if not waits:
            return "starts no run, and nobody waits for it"
        return f"starts no run; {_count(waits, 'open wait')} on it did not match"

    # --- waits --------------------------------------------------------------------

    def _wait(self, fact: _WaitFact) -> Line:
        step, key = str(fact.step), fact.step.id
        missed = self._follow(fact)
        match fact:
            case WaitOpened():
                condition = (f"if {fact.expression}",) if fact.expression else ()
                until = offset(fact.expires, self._start)
                return Line(
                    "wait",
                    f"{step} for {fact.event} until {until}",
                    more=condition,
                    key=f"{key} {fact.event}",
                )
            case WaitMatched():
                by = self._index.event_name(fact.event_id)
                return Line("matched", f"{step} by {by}", key=key)
            case WaitTimedOut():
                such = _count(missed, "such event")
                came = f"{such} came, none matched" if missed else "no such event came"
                return Line("timed out", f"{step}: {came}", key=key)
            case WaitClosed():
                return Line("closed", f"{step}, still open when the run ended", key=key)
            case _:
                assert_never(fact)

    def _follow(self, fact: _WaitFact) -> int:
        """Keep count of a wait; return how many events came for it since it opened."""
        wait = (fact.run_id, fact.step.hashed)
        if isinstance(fact, WaitOpened):
            self._waits[wait] = (fact.event, self._arrived[fact.event])
            self._open[fact.event] += 1
            return 0
        name, before = self._waits.pop(wait, ("", 0))
        self._open[name] -= 1
        return self._arrived[name] - before


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
