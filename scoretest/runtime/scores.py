"""The scores of a world, as a test reads them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, final, overload

from .._model.score import Score, ScoreEntry, ScoreValue
from ..errors import NotBuiltError, UsageError, near_miss
from ..times import format_instant, to_datetime

if TYPE_CHECKING:
    from .reader import Reader
    from .views import Run

__all__ = ["ScoreRecord", "Scores"]


@final
class ScoreRecord:
    """A score that was written.

    Two records are equal when they are the same write; a record equals a `Score` of
    its name and value.
    """

    __slots__ = ("_entry", "_reader")

    def __init__(self, reader: "Reader", entry: ScoreEntry) -> None:
        self._reader = reader
        self._entry = entry

    @property
    def name(self) -> str:
        """What was measured."""
        return self._entry.name

    @property
    def value(self) -> ScoreValue:
        """The value; a bool stays a bool."""
        return self._entry.value

    @property
    def run_id(self) -> str:
        """The id of the run that is scored."""
        return self._entry.run_id

    @property
    def run(self) -> "Run | None":
        """The run that is scored; None when this world has no such run (rule G5)."""
        return self._reader.find_run(self._entry.run_id)

    @property
    def step_id(self) -> str | None:
        """The scored step's own id; None when the run is scored."""
        return self._entry.step_id

    @property
    def scorer(self) -> "Run | None":
        """The deferred run that wrote it, or None."""
        writer = self._reader.find_run(self._entry.writer)
        return writer if writer is not None and writer.parent is not None else None

    @property
    def experiment(self) -> None:
        """The experiment and variant it counts for; experiments are not built yet."""
        return

    @property
    def at(self) -> datetime:
        """When it was written."""
        return to_datetime(self._entry.at)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ScoreRecord):
            return self._entry is other._entry
        if isinstance(other, Score):
            same = type(self.value) is type(other.value) or not (
                isinstance(self.value, bool) or isinstance(other.value, bool)
            )
            return same and (self.name, self.value) == (other.name, other.value)
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.value))

    def __repr__(self) -> str:
        target = f" step {self.step_id!r}" if self.step_id is not None else ""
        return f"<score {self.name}={self.value!r} on run {self.run_id}{target}>"


@final
class Scores(Sequence[ScoreRecord]):
    """The scores that stand, in the order in which they were last written (rule G2)."""

    def __init__(
        self,
        reader: "Reader",
        current: Iterable[ScoreEntry],
        past: Iterable[ScoreEntry],
    ) -> None:
        self._reader = reader
        self._current = [ScoreRecord(reader, entry) for entry in current]
        self._past = past

    @property
    def history(self) -> list[ScoreRecord]:
        """Every write, oldest first, replaced ones included."""
        return [ScoreRecord(self._reader, entry) for entry in self._past]

    def __len__(self) -> int:
        return len(self._current)

    def __iter__(self) -> Iterator[ScoreRecord]:
        return iter(self._current)

    @overload
    def __getitem__(self, key: str | int) -> ScoreRecord: ...
    @overload
    def __getitem__(self, key: slice) -> list[ScoreRecord]: ...
    def __getitem__(self, key: str | int | slice) -> ScoreRecord | list[ScoreRecord]:
        """Return the only score of a name, or a score by its place.

        Raises:
            UsageError: None or several scores have this name; the message lists them.
        """
        if not isinstance(key, str):
            return self._current[key]
        found = self.named(key)
        if len(found) == 1:
            return found[0]
        names = [record.name for record in self]
        count = "no score is" if not found else f"{len(found)} scores are"
        raise UsageError(
            f"{count} named {key!r}{near_miss(key, names) if not found else ''}",
            seen="; ".join(map(repr, found or self._current)) or "no scores at all",
            fix="use scores.named(...) for several, or look at the timeline for none",
        )

    def of(self, run: "Run | str") -> list[ScoreRecord]:
        """Return the scores on *run* and its steps."""
        run_id = run if isinstance(run, str) else run.id
        return [record for record in self if record.run_id == run_id]

    def named(self, name: str) -> list[ScoreRecord]:
        """Return the scores of this name, on whatever run."""
        return [record for record in self if record.name == name]

    def by_variant(self, experiment: str) -> NoReturn:
        """Compare variants; experiments are not built yet."""
        raise NotBuiltError(
            f"scores.by_variant({experiment!r}) is not built yet",
            fix="compare scores.named(...) of the runs yourself",
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Scores):
            return self._current == other._current
        return self._current == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compared as a list

    def __repr__(self) -> str:
        return repr(self._current)

    def __str__(self) -> str:
        """Return the scores as a table."""
        rows = [("score", "value", "run", "written at")] + [
            (
                record.name,
                str(record.value),
                record.run.function_id if record.run else record.run_id,
                format_instant(record._entry.at),  # noqa: SLF001 -- its own record
            )
            for record in self
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            "  ".join(
                [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
                + [row[3]]
            )
            for row in rows
        )
