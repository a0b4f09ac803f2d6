"""From chapters to text: gutter, indentation, folding, and nothing too wide.

A line is a column of time, the verb in a column of its own, and what there is to say.
Similar neighbours (chapters, runs of a chapter, lines of a run) are folded behind the
first few, so that a thousand tickets read like three.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

from ..times import Duration, format_duration
from .escaping import clip, columns, escape, harmless, wrap
from .line import Block, Chapter, Line, Nothing, Shape
from .redaction import brief

__all__ = ["draw"]

T = TypeVar("T")

_VERB: Final = 10  # "completed", "timed out" and "scheduled" need nine
_GUTTER: Final = 16  # a longer time stands on a line of its own
_TEXT_LINES: Final = 4
_MORE_LINES: Final = 6
_FOLD_FROM: Final = 8
_SHOWN: Final = 3
_UNFOLD: Final = (
    "To see what is folded: Timeline.render(fold=False), `scoretest report --all`."
)


def draw(
    head: Sequence[str],
    chapters: Sequence[Chapter],
    tail: Sequence[Line],
    width: int,
    *,
    fold: bool,
) -> str:
    """Return the text of a timeline.

    Args:
        head: What stands above it; already in words.
        chapters: What happened.
        tail: What is left open.
        width: Columns.
        fold: Whether similar neighbours are folded.
    """
    pen = _Pen(chapters, width, fold=fold)
    lines = [part for text in head for part in wrap(text, width, _TEXT_LINES)]
    lines += [""] if chapters else []
    lines += pen.chapters(chapters)
    lines += [""] if tail else []
    lines += pen.tail(tail)
    if pen.has_folded:
        lines += ["", *wrap(_UNFOLD, width, 2)]
    return "\n".join(clip(harmless(line.rstrip()), width) for line in lines)


class _Pen:
    def __init__(self, chapters: Iterable[Chapter], width: int, *, fold: bool) -> None:
        instants = dict.fromkeys(chapter.at_us for chapter in chapters)
        longest = max((len(_time(at_us)) for at_us in instants), default=0)
        self._gutter = min(longest + 2, _GUTTER)
        self._width = width
        self._fold_from = _FOLD_FROM if fold else 1 << 62
        self.has_folded = False

    def chapters(self, chapters: Sequence[Chapter]) -> Iterator[str]:
        shown_at: int | None = None
        for chapter, folded in self._folded(chapters, lambda chapter: chapter.shape):
            yield from [""] if shown_at is not None else []
            if folded:
                until = "" if chapter.at_us == shown_at else _time(chapter.at_us)
                yield self._fold_line(0, folded, until)
                shown_at = chapter.at_us
                continue
            lines = self._blocks(chapter.blocks)
            if chapter.at_us != shown_at:
                yield from self._with_time(chapter.at_us, lines)
                shown_at = chapter.at_us
            yield from lines

    def tail(self, lines: Sequence[Line]) -> Iterator[str]:
        for line, folded in self._folded(lines, lambda line: line.shape):
            if folded:
                yield self._fold_line(0, folded).strip()
            else:
                yield from self._line("", line)

    def _with_time(self, at_us: int, lines: Iterator[str]) -> Iterator[str]:
        """Put the time into the gutter of the first line, or above it."""
        time = _time(at_us)
        if len(time) > self._gutter - 2:
            yield time
        else:
            yield time.ljust(self._gutter) + next(lines)[self._gutter :]

    def _blocks(self, blocks: Sequence[Block]) -> Iterator[str]:
        gutter = " " * self._gutter
        for block, folded in self._folded(blocks, lambda block: block.shape):
            if folded:
                yield self._fold_line(0, folded)
                continue
            if block.title:
                yield from _indented(
                    gutter, wrap(escape(block.title), self._room(0), 2)
                )
            yield from self._lines(block)

    def _lines(self, block: Block) -> Iterator[str]:
        indent = 2 if block.title else 0
        for line, folded in self._folded(block.lines, lambda line: line.shape):
            if folded:
                yield self._fold_line(indent, folded)
            else:
                yield from self._line(" " * (self._gutter + indent), line)

    def _line(self, indent: str, line: Line) -> Iterator[str]:
        room = self._width - len(indent) - _VERB
        text = [*wrap(escape(line.text), room, _TEXT_LINES)]
        if not isinstance(line.data, Nothing):
            text = _with_data(text, brief(line.data, room), room)
        for paragraph in line.more:
            text += wrap(escape(paragraph), room, _MORE_LINES)
        yield indent + line.verb.ljust(_VERB) + text[0]
        yield from _indented(indent + " " * _VERB, text[1:])

    def _room(self, indent: int) -> int:
        return self._width - self._gutter - indent

    # --- folding ------------------------------------------------------------------

    def _folded(
        self, items: Iterable[T], shape: Callable[[T], Shape]
    ) -> Iterator[tuple[T, int]]:
        """Yield each item with 0, or the last of many similar ones with their number."""
        for _, group in groupby(items, shape):
            similar = list(group)
            if len(similar) < self._fold_from:
                yield from ((item, 0) for item in similar)
                continue
            self.has_folded = True
            yield from ((item, 0) for item in similar[:_SHOWN])
            yield similar[-1], len(similar) - _SHOWN

    def _fold_line(self, indent: int, count: int, until: str = "") -> str:
        last = f", the last at {until}" if until else ""
        return " " * (self._gutter + indent) + f"… {count:,} more like this{last}"


def _time(at_us: int) -> str:
    text = format_duration(Duration(at_us))
    return text if at_us < 0 else f"+{text}"


def _indented(indent: str, lines: Iterable[str]) -> Iterator[str]:
    return (indent + line for line in lines)


def _with_data(text: list[str], data: str, room: int) -> list[str]:
    """Put *data* behind the last line of *text*, or below it where it does not fit."""
    *above, last = text
    beside = f"{last} {data}".lstrip()
    return [*above, beside] if columns(beside) <= room else [*text, data]
