"""The variants of an experiment side by side: how often each was scored, and how well.

A score counts for the variant that its run is assigned to (rule G6). Scores on steps
are left out, as the server's own page on experiments leaves them out.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import inf
from typing import Final, NamedTuple, final, overload

from .._json import show
from .._model.score import ScoreValue
from ..errors import UsageError, near_miss
from ..reports.escaping import clip, columns, escape, harmless
from .views import ScoreRecord

__all__ = ["VariantRow", "VariantTable", "compare_variants"]

_WIDTH: Final = 80
_NAME: Final = 25  # columns; two names and three numbers fit into a line
_GAP: Final = "  "


class VariantRow(NamedTuple):
    """One variant and one kind of score.

    Attributes:
        variant: The variant's name.
        score: The score's name; None while the experiment has no scores.
        n: How many runs have this score and are assigned to the variant.
        mean: The mean of their values, True as 1 and False as 0; None when *n* is 0.
        share: The variant's part of all such scores of the experiment, 0 to 1.
    """

    variant: str
    score: str | None
    n: int
    mean: float | None
    share: float


@final
class VariantTable(Sequence[VariantRow]):
    """The variants of one experiment, a row for each variant and score name.

    Rows come by score name, then by variant, each in the order of first appearance. A
    table equals a list of its rows, and a row equals a plain tuple.
    """

    def __init__(self, experiment: str, rows: Sequence[VariantRow]) -> None:
        self.experiment = experiment
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[VariantRow]:
        return iter(self._rows)

    @overload
    def __getitem__(self, key: str | int) -> VariantRow: ...
    @overload
    def __getitem__(self, key: slice) -> list[VariantRow]: ...
    def __getitem__(self, key: str | int | slice) -> VariantRow | list[VariantRow]:
        """Return the only row of a variant, or a row by its place.

        Raises:
            UsageError: The experiment has no such variant, or several kinds of score.
        """
        if not isinstance(key, str):
            return self._rows[key]
        found = [row for row in self if row.variant == key]
        if len(found) == 1:
            return found[0]
        variants = list(dict.fromkeys(row.variant for row in self))
        if not found:
            raise UsageError(
                f"experiment {self.experiment!r} has no variant {key!r}"
                f"{near_miss(key, variants)}",
                fix=f"take one of {variants}",
            )
        names = [row.score for row in found]
        raise UsageError(
            f"variant {key!r} of experiment {self.experiment!r} has a row for each of "
            f"the scores {names}",
            fix=f"name one: scores.by_variant({self.experiment!r}, score={names[0]!r})",
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, VariantTable):
            return (self.experiment, self._rows) == (other.experiment, other._rows)
        return self._rows == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # compared as a list

    def __repr__(self) -> str:
        return f"<variants of {self.experiment!r}: {self._rows!r}>"

    def __str__(self) -> str:
        """Return the table as text, at most 80 columns wide."""
        head = ("variant", "score", "n", "mean", "share")
        rows = [head, *map(_cells, self)]
        widths = [max(columns(row[at]) for row in rows) for at in range(len(head))]
        lines = (harmless(_line(row, widths)) for row in rows)
        return "\n".join(clip(line, _WIDTH) for line in lines)


def compare_variants(
    experiment: str,
    variants: Sequence[str],
    scores: Sequence[ScoreRecord],
    score: str | None,
) -> VariantTable:
    """Return the table of an experiment.

    Args:
        experiment: Its name.
        variants: Its variants, in the order in which they are to stand.
        scores: The scores on runs that are assigned to it.
        score: The only score name to compare, or None for all.

    Raises:
        UsageError: The experiment has no score named *score*.
    """
    names = list(dict.fromkeys(record.name for record in scores))
    if score is not None and score not in names:
        raise UsageError(
            f"experiment {experiment!r} has no score {show(score)}"
            f"{near_miss(score, names)}",
            seen=f"its scores are {names}" if names else "it has no scores at all",
            fix="score its runs with client.score_experiment(...), or with a scorer "
            "whose defer carries the experiment",
        )
    groups = names if score is None else [score]
    rows = [row for name in groups for row in _rows(name, variants, scores)]
    unscored = [VariantRow(variant, None, 0, None, 0.0) for variant in variants]
    return VariantTable(experiment, rows or unscored)


def _rows(
    name: str, variants: Sequence[str], scores: Sequence[ScoreRecord]
) -> Iterator[VariantRow]:
    values: dict[str, list[ScoreValue]] = {variant: [] for variant in variants}
    for record in scores:
        if record.name == name and record.experiment is not None:
            values[record.experiment.variant].append(record.value)
    total = sum(map(len, values.values()))
    for variant, found in values.items():
        n = len(found)
        yield VariantRow(variant, name, n, _mean(found) if n else None, n / total)


def _mean(values: Sequence[ScoreValue]) -> float:
    """Return the mean, computed exactly and rounded once."""
    mean = sum(map(Fraction, values), Fraction()) / len(values)
    try:
        return float(mean)
    except OverflowError:  # integers may be larger than every float
        return inf if mean > 0 else -inf


def _cells(row: VariantRow) -> tuple[str, ...]:
    mean = "-" if row.mean is None else f"{row.mean:.4g}"
    score = "-" if row.score is None else clip(escape(row.score), _NAME)
    variant = clip(escape(row.variant), _NAME)
    return variant, score, str(row.n), mean, f"{row.share:.0%}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    names = [
        cell + " " * (width - columns(cell))
        for cell, width in zip(row[:2], widths, strict=False)
    ]
    numbers = [
        cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)
    ]
    return _GAP.join([*names, *numbers])
