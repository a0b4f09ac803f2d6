"""The scores of a world, as a test reads them."""

from collections.abc import Iterator, Sequence
from typing import final, overload

from .._json import show
from ..errors import UsageError, near_miss
from ..times import format_instant, to_instant
from .variants import VariantTable, compare_variants
from .views import Run, ScoreRecord, Source

__all__ = ["Scores"]


@final
class Scores(Sequence[ScoreRecord]):
    """The scores that stand, in the order in which they were last written (rule G2)."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._current = [ScoreRecord(source, entry) for entry in source.engine.scores]

    @property
    def history(self) -> list[ScoreRecord]:
        """Every write, oldest first, replaced ones included."""
        return [
            ScoreRecord(self._source, entry)
            for entry in self._source.engine.score_history
        ]

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
            fix="take them from scores.named(...), or one run's from scores.of(run)"
            if found
            else "look at str(harness.timeline) for what the scorer did",
        )

    def of(self, run: Run | str) -> list[ScoreRecord]:
        """Return the scores on *run* and its steps.

        Raises:
            UsageError: *run* is neither a run nor the id of one.
        """
        run_id = run if isinstance(run, str) else getattr(run, "id", None)
        if run_id is None:
            raise UsageError(
                f"scores.of() takes a run or its id, not {show(run)}",
                fix="write harness.scores.of(harness.run(handle_ticket))",
            )
        return [record for record in self if record.run_id == run_id]

    def named(self, name: str) -> list[ScoreRecord]:
        """Return the scores of this name, on whatever run."""
        return [record for record in self if record.name == name]

    def by_variant(self, experiment: str, *, score: str | None = None) -> VariantTable:
        """Compare the variants of an experiment by the scores on their runs.

        Args:
            experiment: The name that `ctx.group.experiment` was given.
            score: The only score to compare; all when left out.

        Raises:
            UsageError: Nothing is known of such an experiment, or of such a score.

        Source: rule G6.
        """
        book = self._source.engine.experiments
        if experiment not in book.names:
            raise UsageError(
                f"no run took a variant of {show(experiment)}"
                f"{near_miss(experiment, book.names)}",
                seen=f"the experiments are {list(book.names)}"
                if book.names
                else "no experiments at all",
                fix="name what ctx.group.experiment(...) was given",
            )
        found = [
            record
            for record in self
            if record.step_id is None
            and (ref := record.experiment) is not None
            and ref.experiment_name == experiment
        ]
        return compare_variants(experiment, book.variants(experiment), found, score)

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
                format_instant(to_instant(record.at, what="at")),
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
