"""The timeline: a trace that people can read, and programs too."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final, Self, final

from .._json import JsonObject
from .._model.fact import FindingReported, ScoreWritten, TraceEntry
from ..errors import UsageError
from ..times import Duration, Instant, format_duration, format_instant
from .document import read_document, write_document
from .drawing import draw
from .index import Index
from .line import Chapter
from .pending import Ends
from .story import tell

__all__ = ["Timeline"]

_NARROWEST: Final = 40
_WIDTH: Final = 80


@final
class Timeline:
    """What happened in a world, in virtual time.

    ``str()`` of it is a text of at most 80 columns: a head with the calendar time of
    the start, then everything that happened, told at its offset from the start and
    grouped by cause and run. Iterating yields the facts themselves, oldest first.

    The text is the same in every process. Characters that could do something to a
    terminal are escaped, and values under keys such as ``authorization``, ``token`` or
    ``password`` are replaced.

    Args:
        entries: The facts so far; later ones do not change this timeline.
        start: The instant at which the world began.
    """

    def __init__(self, entries: Iterable[TraceEntry], start: Instant) -> None:
        self._entries = tuple(entries)
        self._start = start

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"<Timeline from {_calendar(self._start)}, {len(self)} facts>"

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[TraceEntry]:
        return iter(self._entries)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Timeline):
            return (self._start, self._entries) == (other._start, other._entries)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # facts hold JSON, which has no hash

    def render(self, width: int = _WIDTH, *, fold: bool = True) -> str:
        """Return the timeline as text.

        Args:
            width: How many columns a line may take; 40 at least.
            fold: Whether long runs of similar lines are folded behind the first three.

        Raises:
            UsageError: *width* is too small to say anything.
        """
        if width < _NARROWEST:
            raise UsageError(
                f"a timeline cannot be {width!r} columns wide",
                fix=f"give a width of {_NARROWEST} at least",
            )
        tail = list(self._ends.lines(self._index))
        return draw(self._head(), self._chapters, tail, width, fold=fold)

    def to_json(self) -> JsonObject:
        """Return every fact as a JSON object of the format ``scoretest.trace/1``.

        `from_json` draws the same text from it, tomorrow or elsewhere. Secrets are
        replaced in it as they are in the text.
        """
        return write_document(self._entries, self._start)

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Return the timeline that wrote *document*.

        Args:
            document: What `to_json` returned, or what ``json.loads`` makes of it.

        Raises:
            UsageError: It is no trace, or one of another version; the message has the
                path to what is wrong.
        """
        return cls(*read_document(document))

    # --- the parts of the text ------------------------------------------------------

    @cached_property
    def _index(self) -> Index:
        return Index(self._entries)

    @cached_property
    def _ends(self) -> Ends:
        return Ends(self._entries, self._start)

    @cached_property
    def _chapters(self) -> list[Chapter]:
        return tell(self._entries, self._index, self._start)

    def _head(self) -> list[str]:
        begin = f"Timeline from {_calendar(self._start)}"
        if not self._entries:
            return [f"{begin}: nothing happened"]
        length = format_duration(Duration(self._entries[-1].at - self._start))
        kinds = [type(entry.fact) for entry in self._entries]
        counts = [
            self._runs(),
            _counted(kinds.count(ScoreWritten), "score"),
            _counted(kinds.count(FindingReported), "finding"),
        ]
        return [
            f"{begin}, {length} long",
            " · ".join(filter(None, counts)) or "no runs",
        ]

    def _runs(self) -> str:
        ends = self._ends
        states = (
            (ends.completed, "completed"),
            (ends.failed, "failed"),
            (ends.cancelled, "cancelled"),
            (ends.open, "open"),
        )
        told = ", ".join(f"{number:,} {state}" for number, state in states if number)
        runs = _counted(sum(number for number, _ in states), "run")
        return f"{runs} ({told})" if runs else ""


def _calendar(start: Instant) -> str:
    text = format_instant(start).replace("T", " ").removesuffix("Z")
    return f"{text.removesuffix('.000')} UTC"


def _counted(number: int, noun: str) -> str:
    plural = "" if number == 1 else "s"
    return f"{number:,} {noun}{plural}" if number else ""
