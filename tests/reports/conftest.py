"""A world told by hand: facts without an engine."""

import pytest

from scoretest._model.event import ReceivedEvent
from scoretest._model.fact import (
    EventReceived,
    Fact,
    RunCompleted,
    RunQueued,
    TraceEntry,
)
from scoretest._model.operation import ErrorInfo, StepName
from scoretest.reports.timeline import Timeline
from scoretest.times import MILLISECOND, Instant, parse_duration, to_instant

START = to_instant("2025-01-01T00:00:00Z", what="start")


class World:
    """Facts in the order in which a test tells them, at the time that it says."""

    def __init__(self):
        self.entries: list[TraceEntry] = []
        self.now = START

    def at(self, offset: str) -> "World":
        """Move the clock to *offset* after the start."""
        self.now = self.instant(offset)
        return self

    def instant(self, offset: str) -> Instant:
        """Return the instant at *offset* after the start."""
        return Instant(START + parse_duration(offset))

    def tell(self, *facts: Fact) -> "World":
        """Let *facts* happen now."""
        for fact in facts:
            self.entries.append(TraceEntry(len(self.entries), self.now, fact))
        return self

    def event(self, name, data=None, *, id="e1", sender="", **wire) -> "World":  # noqa: A002 -- the wire's word
        """Let an event arrive; *id* is the server's."""
        wire = {
            "name": name,
            "data": data or {},
            "id": id,
            "ts": self.now // MILLISECOND,
            **wire,
        }
        return self.tell(EventReceived(ReceivedEvent(id, wire, self.now, sender)))

    def queued(self, run="r1", function="shop-pay", event="e1", parent="") -> "World":
        """Let a run be created."""
        return self.tell(
            RunQueued(run_id=run, function=function, event_id=event, parent=parent)
        )

    def completed(self, run="r1", output=None) -> "World":
        """Let a run end."""
        return self.tell(RunCompleted(run, output))

    @property
    def timeline(self) -> Timeline:
        """What happened so far."""
        return Timeline(self.entries, START)

    @property
    def text(self) -> str:
        """The timeline without its head, as lines that end in no blank."""
        return str(self.timeline).partition("\n\n")[2]


@pytest.fixture
def world() -> World:
    """Return an empty world."""
    return World()


@pytest.fixture
def step():
    """Return a function that names a step."""
    return lambda id, index=0: StepName(id, index, f"hash-{id}-{index}")  # noqa: A006 -- the SDK's word


@pytest.fixture
def boom() -> ErrorInfo:
    """Return an error of user code."""
    return ErrorInfo(name="KeyError", message="'helpful'", place="app.py:23")
