"""Why a run did what it did: the few facts of a timeline that led to one of its ends.

For the report of an assertion that failed, which has room for a handful of lines: how
the run began, what woke it, what went wrong in it, and what it did in the end.
"""

from collections.abc import Iterable
from typing import Final

from .._json import Json
from .._model.fact import (
    Fact,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunQueued,
    RunRetried,
    ScoreWritten,
    StepFailed,
    StepRetried,
    TraceEntry,
    WaitMatched,
    WaitTimedOut,
)
from .._model.score import ScoreEntry
from ..times import Instant
from .escaping import clip, escape, harmless
from .index import Index
from .line import Line, Nothing
from .redaction import brief
from .sentences import offset
from .story import owner_of
from .teller import Teller

__all__ = ["Reasons"]

_TURNS: Final = (
    RunQueued
    | WaitMatched
    | WaitTimedOut
    | RunRetried
    | StepRetried
    | StepFailed
    | RunFailed
    | RunCancelled
    | RunCompleted
    | ScoreWritten
)
_SHOWN: Final = 4  # pytest shows eight lines unless asked for more
_WIDTH: Final = 76
_VERB: Final = 10


class Reasons:
    """Tells why, from the facts of one trace.

    Args:
        entries: The facts so far.
        start: The instant that offsets count from.
    """

    def __init__(self, entries: Iterable[TraceEntry], start: Instant) -> None:
        self._entries = tuple(entries)
        self._start = start
        self._index = Index(self._entries)

    def name(self, run_id: str) -> str:
        """Return a run's short name, as the timeline has it."""
        return self._index.run(run_id)

    def of_run(self, run_id: str) -> list[str]:
        """Return how a run came to where it stands, oldest first."""
        return self._told(run_id, None)

    def of_score(self, written: ScoreEntry) -> list[str]:
        """Return how a score came to be written, oldest first."""
        return self._told(written.writer, written)

    def _told(self, run_id: str, end: ScoreEntry | None) -> list[str]:
        teller = Teller(self._index, self._start)
        found = []
        for entry in self._entries:
            line = teller.line(entry)
            fact = entry.fact
            is_end = isinstance(fact, ScoreWritten) and fact.entry is end
            is_turn = isinstance(fact, _TURNS) and owner_of(fact) == run_id
            if line is not None and (is_end or is_turn):
                found.append(self._line(entry, line))
            if is_end:
                break
        return found if len(found) <= _SHOWN + 1 else [found[0], *found[-_SHOWN:]]

    def _line(self, entry: TraceEntry, line: Line) -> str:
        parts = [line.text, *line.more[:1]]
        data = self._data(entry.fact, line)
        parts += [] if isinstance(data, Nothing) else [brief(data, _WIDTH // 2)]
        text = " ".join(escape(part) for part in parts if part)
        at = offset(entry.at, self._start)
        return harmless(clip(f"{at}  {line.verb:{_VERB}}{text}".rstrip(), _WIDTH))

    def _data(self, fact: Fact, line: Line) -> "Json | Nothing":
        if isinstance(fact, WaitMatched):
            event = self._index.event(fact.event_id)
            return line.data if event is None else event.data
        return line.data
