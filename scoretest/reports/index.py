"""Who is who in a trace: short names for runs and events, and who caused what."""

from collections import Counter
from collections.abc import Iterable, Sequence

from .._model.event import ReceivedEvent
from .._model.fact import (
    DeferAdded,
    DeferScheduled,
    EventJoined,
    EventKept,
    EventReceived,
    Fact,
    InvokeStarted,
    RunCancelled,
    RunEntered,
    RunHeld,
    RunQueued,
    RunSkipped,
    StepPlanned,
    StepRetried,
    TraceEntry,
    WaitMatched,
)

__all__ = ["Index"]

_TAIL = 6  # characters of a ULID that tell it from its neighbours


class Index:
    """What one pass over the facts tells about runs, events, defers and steps.

    Args:
        entries: The whole trace.
    """

    def __init__(self, entries: Iterable[TraceEntry]) -> None:
        self._labels: dict[str, str] = {}
        self._per_function: Counter[str] = Counter()
        self._events: dict[str, ReceivedEvent] = {}
        self._causes: set[str] = set()
        self._starts: set[str] = set()
        self._released: dict[str, str] = {}
        self._invoked: dict[str, str] = {}
        self._functions: dict[tuple[str, str], str] = {}
        self._steps: dict[tuple[str, str], str] = {}
        self._entered: set[str] = set()
        self._held: set[str] = set()
        self._joined: dict[str, list[str]] = {}
        for entry in entries:
            self._learn(entry.fact)

    def _learn(self, fact: Fact) -> None:
        match fact:
            case EventReceived(event):
                self._events[event.internal_id] = event
            case RunQueued():
                self._per_function[fact.function] += 1
                number = self._per_function[fact.function]
                self._labels[fact.run_id] = f"{fact.function} #{number}"
                self._causes.add(fact.event_id)
                self._starts.add(fact.event_id)
            case RunSkipped() | WaitMatched() | RunCancelled() | EventKept():
                self._causes.add(fact.event_id)
            case DeferAdded():
                self._functions[fact.run_id, fact.defer] = fact.function
            case DeferScheduled():
                self._released[fact.event_id] = fact.defer
            case InvokeStarted():
                self._invoked[fact.event_id] = fact.function
            case StepPlanned() | StepRetried():
                self._steps[fact.run_id, fact.step.hashed] = str(fact.step)
            case _:
                self._learn_turn(fact)

    def _learn_turn(self, fact: Fact) -> None:
        match fact:
            case EventJoined(run_id, event_id):
                self._causes.add(event_id)
                self._joined.setdefault(run_id, []).append(event_id)
            case RunEntered():
                self._entered.add(fact.run_id)
            case RunHeld():
                if fact.run_id not in self._entered:
                    self._held.add(fact.run_id)
            case _:
                pass

    def joined(self, run_id: str) -> Sequence[str]:
        """Return the events that a run has beside the one that it is told by."""
        return self._joined.get(run_id, ())

    def is_held(self, run_id: str) -> bool:
        """Say whether a run had to wait for its first entry."""
        return run_id in self._held

    def run(self, run_id: str) -> str:
        """Return a run's short name, or the tail of its id when the trace has none."""
        return self._labels.get(run_id) or f"run …{run_id[-_TAIL:]}"

    def event(self, event_id: str) -> ReceivedEvent | None:
        """Return an event of the trace."""
        return self._events.get(event_id)

    def event_name(self, event_id: str) -> str:
        """Return an event's name, or the tail of its id when the trace has none."""
        event = self._events.get(event_id)
        return f"event …{event_id[-_TAIL:]}" if event is None else event.name

    def has_effect(self, event_id: str) -> bool:
        """Say whether an event started, skipped, resumed or cancelled a run."""
        return event_id in self._causes

    def starts_run(self, event_id: str) -> bool:
        """Say whether an event started a run."""
        return event_id in self._starts

    def released_defer(self, event_id: str) -> str:
        """Return the defer whose event this is, or ""."""
        return self._released.get(event_id, "")

    def invoked_function(self, event_id: str) -> str:
        """Return the function that this event invokes, or ""."""
        return self._invoked.get(event_id, "")

    def deferred_function(self, run_id: str, defer: str) -> str:
        """Return the function that a defer starts, or "" when the trace tells none."""
        return self._functions.get((run_id, defer), "")

    def step(self, run_id: str, hashed: str) -> str:
        """Return a step's own id, or its hash when the trace tells none."""
        return self._steps.get((run_id, hashed), hashed)
