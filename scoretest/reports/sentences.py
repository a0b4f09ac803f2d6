"""What each fact of a run says, as a line; a fact that others imply says nothing.

Every function here looks at one fact and at the index, never at the lines around it.
"""

from typing import TypeAlias, assert_never

from .._model.event import (
    DEFERRED_SCHEDULE,
    FUNCTION_CANCELLED,
    FUNCTION_FAILED,
    FUNCTION_FINISHED,
    FUNCTION_INVOKED,
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
    FaultInjected,
    FindingReported,
    InvokeClosed,
    InvokeFailed,
    InvokeReturned,
    InvokeStarted,
    InvokeTimedOut,
    NoteMade,
    RunCancelled,
    RunCompleted,
    RunEntered,
    RunFailed,
    RunHeld,
    RunQueued,
    RunRetried,
    RunSkipped,
    ScoreWritten,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    VariantAssigned,
    VariantTaken,
)
from .._model.finding import Finding
from .._model.operation import ErrorInfo
from .._model.score import ScoreEntry
from .._model.session import told_sessions
from ..times import Duration, Instant, format_duration
from .index import Index
from .line import NOTHING, Line
from .redaction import brief

__all__ = [
    "SERVER_NEWS",
    "DeferFact",
    "FlowFact",
    "InvokeFact",
    "NewsFact",
    "RunFact",
    "SleepFact",
    "StepFact",
    "defer_line",
    "flow_line",
    "invoke_line",
    "news_line",
    "offset",
    "run_line",
    "sessions_of",
    "sleep_line",
    "step_line",
]

_VALUE = 30  # columns; a float takes 24 at most
SERVER_NEWS = frozenset(
    {
        DEFERRED_SCHEDULE,
        FUNCTION_CANCELLED,
        FUNCTION_FAILED,
        FUNCTION_FINISHED,
        FUNCTION_INVOKED,
    }
)

RunFact: TypeAlias = (
    RunQueued | RunEntered | RunRetried | RunCompleted | RunFailed | RunCancelled
)
StepFact: TypeAlias = StepPlanned | StepCompleted | StepRetried | StepFailed
FlowFact: TypeAlias = RunHeld | EventKept | EventJoined | CronLeft | NoteMade
SleepFact: TypeAlias = SleepStarted | SleepEnded
InvokeFact: TypeAlias = (
    InvokeStarted | InvokeReturned | InvokeFailed | InvokeTimedOut | InvokeClosed
)
DeferFact: TypeAlias = DeferAdded | DeferAborted | DeferRejected | DeferScheduled
NewsFact: TypeAlias = (
    RunSkipped
    | ScoreWritten
    | VariantTaken
    | VariantAssigned
    | FindingReported
    | FaultInjected
)


def offset(moment: Instant, start: Instant) -> str:
    """Return *moment* as it is told: ``+6d 23h`` after the start, or ``-1h`` before."""
    text = format_duration(Duration(moment - start))
    return text if text.startswith("-") else f"+{text}"


def run_line(
    fact: RunFact, index: Index, start: Instant, *, is_late: bool
) -> Line | None:
    """Return what a run does as a whole; *is_late* if it was queued for later."""
    match fact:
        case RunQueued():
            return _begun(fact, index, start, is_late=is_late)
        case RunEntered():
            return _entered(fact, index, is_late=is_late)
        case RunRetried(_, error, attempt, due):
            again = f"attempt {attempt + 1} at {offset(due, start)}"
            return _told_error("raised", "", error, again)
        case RunCompleted(_, output):
            return Line("completed", data=NOTHING if output is None else output)
        case RunFailed(_, error):
            return _told_error("failed", "", error)
        case RunCancelled(_, event_id, reason):
            name = index.event_name(event_id) if event_id else ""
            by = f"by {name}" if name else ""
            return Line("cancelled", ": ".join(filter(None, (by, reason))), key=name)
        case _:
            assert_never(fact)


def _begun(fact: RunQueued, index: Index, start: Instant, *, is_late: bool) -> Line:
    name = index.event_name(fact.event_id)
    event = index.event(fact.event_id)
    sender = index.run(event.sender) if event and event.sender else ""
    text = f"by {name} from {sender}" if sender else f"by {name}"
    if fact.parent:
        text = f"deferred by {index.run(fact.parent)}"
    elif sender and index.invoked_function(fact.event_id) == fact.function:
        text = f"invoked by {sender}"
    joined = index.joined(fact.run_id)
    text += f" and {len(joined)} more" if joined else ""
    if event is not None and event.name in SERVER_NEWS:  # has no line of its own
        text += "".join(f", {mark}" for mark in sessions_of(event))
    key = index.released_defer(fact.event_id) or name
    if index.is_held(fact.run_id):
        return Line("queued", text, key=key)
    if event is not None and is_late:
        return Line("queued", f"{text}, starts at {offset(event.ts, start)}", key=key)
    return Line("started", text, key=key)


def sessions_of(event: ReceivedEvent) -> list[str]:
    """Return what to say of an event's sessions, if it has any."""
    sessions = told_sessions(event.wire)
    return [f"sessions {brief({**sessions}, _VALUE)}"] if sessions else []


def _entered(fact: RunEntered, index: Index, *, is_late: bool) -> Line | None:
    if fact.attempt:
        of_step = (
            f" of step {index.step(fact.run_id, fact.target)}" if fact.target else ""
        )
        return Line("attempt", f"{fact.attempt + 1}{of_step}", key=of_step)
    # every other entry shows in what it leads to
    return Line("started") if is_late and fact.entry == 1 else None


def _told_error(verb: str, subject: str, error: ErrorInfo, again: str = "") -> Line:
    said = f"{error.name}: {error.message}" if error.message else error.name
    first, *others = f"{subject}{said}".split("\n")
    place = f"at {error.place}" if error.place else ""
    last = "; ".join(filter(None, (place, again)))
    return Line(
        verb,
        first,
        more=(*others, *([last] if last else ())),
        key=f"{subject}{error.name}",
    )


def step_line(fact: StepFact, start: Instant) -> Line:
    """Return what becomes of a step."""
    step = str(fact.step)
    match fact:
        case StepPlanned():
            return Line("parallel", step, key=fact.step.id)
        case StepCompleted():
            return Line("step", f"{step} →", fact.output, key=fact.step.id)
        case StepRetried():
            again = f"attempt {fact.attempt + 1} at {offset(fact.due, start)}"
            return _told_error("raised", f"step {step}: ", fact.error, again)
        case StepFailed():
            return _told_error("failed", f"step {step}: ", fact.error)
        case _:
            assert_never(fact)


def sleep_line(fact: SleepFact, start: Instant) -> Line:
    """Return the begin or the end of a sleep."""
    match fact:
        case SleepStarted():
            text = f"{fact.step} until {offset(fact.until, start)}"
            return Line("sleep", text, key=fact.step.id)
        case SleepEnded():
            return Line("woke", str(fact.step), key=fact.step.id)
        case _:
            assert_never(fact)


def invoke_line(fact: InvokeFact, start: Instant) -> Line:
    """Return what becomes of a call of another function."""
    step, key = str(fact.step), fact.step.id
    match fact:
        case InvokeStarted():
            text = f"{step} → {fact.function} until {offset(fact.expires, start)}"
            return Line("invoke", text, key=f"{key} {fact.function}")
        case InvokeReturned():
            return Line("returned", f"{step} →", fact.output, key=key)
        case InvokeFailed():
            return _told_error("failed", f"step {step}: ", fact.error)
        case InvokeTimedOut():
            return Line("timed out", f"{step}: the invoked run goes on", key=key)
        case InvokeClosed():
            return Line("closed", f"{step}, still invoking when the run ended", key=key)
        case _:
            assert_never(fact)


def flow_line(fact: FlowFact, start: Instant) -> Line | None:
    """Return what flow control does with an event, a run, or the clock."""
    match fact:
        case RunHeld(_, limit):
            return Line("held", limit, key=limit)
        case EventKept(function, _, why, due):
            text = f"{function}: {why}, starts at {offset(due, start)}"
            return Line("kept", text, key=function)
        case EventJoined():
            return None  # the run that it joins says how many did
        case CronLeft(due):
            return Line("rest", f"only cron is left, next at {offset(due, start)}")
        case NoteMade(function, text):
            return Line("note", f"{function}: {text}", key=function)
        case _:
            assert_never(fact)


def defer_line(fact: DeferFact, index: Index) -> Line | None:
    """Return what becomes of a defer."""
    defer, key = fact.defer, fact.defer
    match fact:
        case DeferAdded():
            return Line("defer", f"{defer} → {fact.function}", key=key)
        case DeferAborted():
            return Line("aborted", f"defer {defer}", key=key)
        case DeferRejected():
            return Line("rejected", f"defer {defer}: {fact.reason}", key=key)
        case DeferScheduled():
            if index.starts_run(fact.event_id):
                return None  # the run that starts says who deferred it
            function = index.deferred_function(fact.run_id, defer) or "its function"
            text = f"defer {defer}: no run of {function} started"
            return Line("scheduled", text, key=key)
        case _:
            assert_never(fact)


def news_line(fact: NewsFact, index: Index) -> Line:
    """Return what happens beside the runs, or to them from outside."""
    match fact:
        case RunSkipped():
            return Line("skipped", f"{fact.function}: {fact.reason}", key=fact.function)
        case ScoreWritten(entry):
            return _scored(entry, index)
        case VariantTaken(_, choice):
            text = f"{choice.variant} of {choice.experiment} ({choice.strategy})"
            return Line("variant", text, key=choice.experiment)
        case VariantAssigned():
            return _credited(fact, index)
        case FindingReported(finding):
            return _found(finding)
        case FaultInjected(_, kind, what):
            return Line("fault", f"{kind}: {what}", key=what)
        case _:
            assert_never(fact)


def _scored(entry: ScoreEntry, index: Index) -> Line:
    target = _target(entry, index)
    text = f"{entry.name} = {brief(entry.value, _VALUE)} on {target}"
    return Line("score", text, key=entry.name)


def _credited(fact: VariantAssigned, index: Index) -> Line:
    before = f", not {fact.before} any more" if fact.before else ""
    text = f"{fact.variant} of {fact.experiment}{before}, for {_target(fact, index)}"
    return Line("credited", text, key=fact.experiment)


def _target(written: ScoreEntry | VariantAssigned, index: Index) -> str:
    is_own = written.run_id == written.writer
    target = "this run" if is_own else index.run(written.run_id)
    if written.step_id is not None:
        target = f"step {written.step_id} of {target}"
    return target if written.writer else f"{target}, by the application"


def _found(finding: Finding) -> Line:
    first, *others = f"{finding.code}: {finding.message}".split("\n")
    parts = (("where", finding.where), ("fix", finding.fix))
    more = [f"{label}: {text}" for label, text in parts if text]
    return Line("finding", first, more=(*others, *more), key=finding.code)
