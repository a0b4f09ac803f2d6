"""Facts: everything that happened in a world, in order, for ever."""

from typing import NamedTuple, TypeAlias

from .._json import Json
from ..times import Instant
from .event import ReceivedEvent
from .experiment import TakenVariant
from .fault_fact import FaultInjected
from .finding import Finding
from .flow_fact import CronLeft, EventJoined, EventKept, NoteMade, RunHeld
from .operation import ErrorInfo, StepName
from .record import record
from .score import ScoreEntry

__all__ = [
    "CronLeft",
    "DeferAborted",
    "DeferAdded",
    "DeferRejected",
    "DeferScheduled",
    "EventJoined",
    "EventKept",
    "EventReceived",
    "Fact",
    "FaultInjected",
    "FindingReported",
    "InvokeClosed",
    "InvokeFailed",
    "InvokeReturned",
    "InvokeStarted",
    "InvokeTimedOut",
    "NoteMade",
    "RunCancelled",
    "RunCompleted",
    "RunEntered",
    "RunFailed",
    "RunHeld",
    "RunQueued",
    "RunRetried",
    "RunSkipped",
    "ScoreWritten",
    "SleepEnded",
    "SleepStarted",
    "StepCompleted",
    "StepFailed",
    "StepPlanned",
    "StepRetried",
    "TraceEntry",
    "VariantAssigned",
    "VariantTaken",
    "WaitClosed",
    "WaitMatched",
    "WaitOpened",
    "WaitTimedOut",
]


@record
class EventReceived:
    """The server took an event in."""

    event: ReceivedEvent


@record
class RunQueued:
    """A run was created and waits for its first entry."""

    run_id: str
    function: str
    event_id: str
    parent: str


@record
class RunSkipped:
    """An event would have started a run, and did not."""

    function: str
    event_id: str
    reason: str


@record
class RunEntered:
    """The handler is called from its top.

    Attributes:
        run_id: Whose handler.
        entry: The entry's number within the run, counted from 1.
        attempt: The attempt of the unit that is entered, counted from 0 (rule D2).
        target: The hashed id of the only step to run, or "" for all (rule E1).
    """

    run_id: str
    entry: int
    attempt: int
    target: str


@record
class RunRetried:
    """The handler raised and will be entered again."""

    run_id: str
    error: ErrorInfo
    attempt: int
    due: Instant


@record
class RunCompleted:
    """The handler returned; the run is over."""

    run_id: str
    output: Json


@record
class RunFailed:
    """The run is over without a result."""

    run_id: str
    error: ErrorInfo


@record
class RunCancelled:
    """The run was cancelled; its handler is not entered again."""

    run_id: str
    event_id: str
    reason: str


@record
class StepPlanned:
    """A step of a parallel group waits for its own entry."""

    run_id: str
    step: StepName


@record
class StepCompleted:
    """A step's result is remembered."""

    run_id: str
    step: StepName
    output: Json


@record
class StepRetried:
    """A step's callback raised and will be called again."""

    run_id: str
    step: StepName
    error: ErrorInfo
    attempt: int
    due: Instant


@record
class StepFailed:
    """A step has no attempts left; its error is remembered."""

    run_id: str
    step: StepName
    error: ErrorInfo


@record
class SleepStarted:
    """A run sleeps."""

    run_id: str
    step: StepName
    until: Instant


@record
class SleepEnded:
    """A sleep is over."""

    run_id: str
    step: StepName


@record
class WaitOpened:
    """A run waits for an event."""

    run_id: str
    step: StepName
    event: str
    expression: str
    expires: Instant


@record
class WaitMatched:
    """An event resumed a wait."""

    run_id: str
    step: StepName
    event_id: str


@record
class WaitTimedOut:
    """Nothing matched in time; the wait yields nothing."""

    run_id: str
    step: StepName


@record
class WaitClosed:
    """The run ended while the wait was open."""

    run_id: str
    step: StepName


@record
class InvokeStarted:
    """A run invokes another function and waits for its result."""

    run_id: str
    step: StepName
    function: str
    event_id: str
    expires: Instant


@record
class InvokeReturned:
    """The invoked run ended, and its caller has the result."""

    run_id: str
    step: StepName
    invoked: str
    output: Json


@record
class InvokeFailed:
    """The invoked run failed, or there is no such function."""

    run_id: str
    step: StepName
    invoked: str
    error: ErrorInfo


@record
class InvokeTimedOut:
    """The invoked run took too long; it goes on without its caller."""

    run_id: str
    step: StepName
    error: ErrorInfo


@record
class InvokeClosed:
    """The run ended while it waited for the run that it had invoked."""

    run_id: str
    step: StepName


@record
class DeferAdded:
    """The server keeps a defer with its run."""

    run_id: str
    defer: str
    function: str


@record
class DeferAborted:
    """A defer was taken back before its run ended."""

    run_id: str
    defer: str


@record
class DeferRejected:
    """The server refused a defer; its run goes on."""

    run_id: str
    defer: str
    reason: str


@record
class DeferScheduled:
    """The run ended, and the event that starts the deferred function was sent."""

    run_id: str
    defer: str
    event_id: str


@record
class ScoreWritten:
    """The ledger took a score."""

    entry: ScoreEntry


@record
class VariantTaken:
    """A run goes the way of one variant of an experiment."""

    run_id: str
    choice: TakenVariant


@record
class VariantAssigned:
    """The scores on a run, or on a step of it, count for a variant from now on."""

    run_id: str
    step_id: str | None
    experiment: str
    variant: str
    writer: str
    before: str


@record
class FindingReported:
    """Somebody saw something that a test should not pass over."""

    finding: Finding


Fact: TypeAlias = (
    EventReceived
    | EventKept
    | EventJoined
    | CronLeft
    | NoteMade
    | RunQueued
    | RunHeld
    | RunSkipped
    | RunEntered
    | RunRetried
    | RunCompleted
    | RunFailed
    | RunCancelled
    | StepPlanned
    | StepCompleted
    | StepRetried
    | StepFailed
    | SleepStarted
    | SleepEnded
    | WaitOpened
    | WaitMatched
    | WaitTimedOut
    | WaitClosed
    | InvokeStarted
    | InvokeReturned
    | InvokeFailed
    | InvokeTimedOut
    | InvokeClosed
    | DeferAdded
    | DeferAborted
    | DeferRejected
    | DeferScheduled
    | ScoreWritten
    | VariantTaken
    | VariantAssigned
    | FindingReported
    | FaultInjected
)


class TraceEntry(NamedTuple):
    """A fact with its place in the one order of things."""

    sequence: int
    at: Instant
    fact: Fact
