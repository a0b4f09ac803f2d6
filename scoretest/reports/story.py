"""From lines to chapters: what belongs together stands together.

A chapter is a cause (an event of the application, a timer) and everything that followed
from it at the same instant: the runs that it started or resumed, and what these
deferred or sent. Within a run the order of the facts is kept. Between runs of one
instant it is given up for the sake of the reader; the sequence numbers of the trace
have it.
"""

from collections.abc import Iterable
from dataclasses import replace

from .._model.event import ReceivedEvent
from .._model.fact import (
    CronLeft,
    EventJoined,
    EventKept,
    EventReceived,
    Fact,
    FindingReported,
    NoteMade,
    RunCancelled,
    RunEntered,
    RunHeld,
    RunQueued,
    RunSkipped,
    ScoreWritten,
    TraceEntry,
    VariantAssigned,
    WaitMatched,
)
from ..times import Instant
from .index import Index
from .line import Block, Chapter, Line
from .teller import Teller

__all__ = ["owner_of", "tell"]

# what the server does with an event on the spot; anything else needs a handler
_CAUSED = RunQueued | RunSkipped | RunCancelled | WaitMatched | EventKept
_IMMEDIATE = _CAUSED | EventReceived | EventJoined | RunHeld | RunEntered
# the step in which a scorer's score is written; the score itself says enough
_SCORE_STEP = ("step", "score")


def tell(entries: Iterable[TraceEntry], index: Index, start: Instant) -> list[Chapter]:
    """Return the chapters of a trace, in the order of their causes."""
    story = _Story(index, start)
    for entry in entries:
        story.add(entry)
    return story.chapters


class _Story:
    def __init__(self, index: Index, start: Instant) -> None:
        self.chapters: list[Chapter] = []
        self._index = index
        self._start = start
        self._teller = Teller(index, start)
        self._at = start
        self._is_settled = False
        self._blocks: dict[str, Block] = {}
        self._by_run: dict[str, Chapter] = {}
        self._by_event: dict[str, Chapter | None] = {}

    def add(self, entry: TraceEntry) -> None:
        fact = entry.fact
        self._turn_page(entry)
        line = self._teller.line(entry)
        if isinstance(fact, EventReceived):
            self._add_event(fact.event, line)
        elif line is not None:
            self._add_line(fact, line)

    def _turn_page(self, entry: TraceEntry) -> None:
        """Begin anew when time moved, or when somebody acts on a world at rest."""
        fact = entry.fact
        is_act = isinstance(fact, EventReceived) and not fact.event.sender
        if entry.at != self._at or (is_act and self._is_settled):
            self._blocks, self._by_run, self._by_event = {}, {}, {}
            self._is_settled = False
        self._at = entry.at
        self._is_settled |= not isinstance(fact, _IMMEDIATE)

    def _add_event(self, event: ReceivedEvent, line: Line | None) -> None:
        if line is not None and line.verb == "sends":
            self._block(event.sender, None).lines.append(line)
        elif line is not None:
            cause = self._by_run.get(event.sender)
            self._by_event[event.internal_id] = self._alone(line, cause)
            return
        self._by_event[event.internal_id] = self._by_run.get(event.sender)

    def _add_line(self, fact: Fact, line: Line) -> None:
        run_id = owner_of(fact)
        caused_by = (
            self._by_event.get(self._cause(fact)) if isinstance(fact, _CAUSED) else None
        )
        if run_id:
            _append(self._block(run_id, caused_by), line)
        else:
            self._alone(line, caused_by)

    def _cause(self, fact: _CAUSED) -> str:
        """Return the event that a fact follows from; of a batch, the one that filled it."""
        joined = self._index.joined(fact.run_id) if isinstance(fact, RunQueued) else ()
        return joined[-1] if joined else fact.event_id

    def _block(self, run_id: str, chapter: Chapter | None) -> Block:
        """Return a run's block of this instant, in the chapter of its cause."""
        block = self._blocks.get(run_id)
        if block is None:
            title = self._index.run(run_id)
            block = Block(title, title.rpartition(" #")[0])
            chapter = chapter or self._new_chapter()
            chapter.blocks.append(block)
            self._blocks[run_id] = block
            self._by_run[run_id] = chapter
        return block

    def _alone(self, line: Line, chapter: Chapter | None) -> Chapter:
        chapter = chapter or self._new_chapter()
        chapter.blocks.append(Block(lines=[line]))
        return chapter

    def _new_chapter(self) -> Chapter:
        chapter = Chapter(self._at - self._start)
        self.chapters.append(chapter)
        return chapter


def owner_of(fact: Fact) -> str:
    """Return the run that a fact is told of, or "" for none."""
    match fact:
        case EventReceived() | RunSkipped() | EventKept() | CronLeft() | NoteMade():
            return ""
        case ScoreWritten(entry):
            return entry.writer
        case VariantAssigned():
            return fact.writer
        case FindingReported(finding):
            return finding.run_id
        case _:
            return fact.run_id


def _append(block: Block, line: Line) -> None:
    """Add a line, unless the one before it says it too."""
    last = block.lines[-1] if block.lines else None
    if last is not None and last.verb == line.verb == "parallel":
        joined = f"{last.text}, {line.text}"
        block.lines[-1] = replace(last, text=joined, key=f"{last.key},{line.key}")
    elif (
        last is not None and line.verb == "variant" and last.shape == ("step", line.key)
    ):
        block.lines[-1] = line  # the step that remembers the choice
    elif last is None or last.verb != "score" or line.shape != _SCORE_STEP:
        block.lines.append(line)
