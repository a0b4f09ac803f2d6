"""What an exploration hands out: its findings, its leaves, its decision table."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from ..errors import FindingsError, compose
from ..runtime.foreign import Served
from ..times import Instant
from .scenario import Scenario
from .search import Bounds, Node
from .table import Row, Table
from .timelines import Signal, pasted_test, signals_of

__all__ = ["Exploration", "Found", "where_of"]

_UNFIT: Final = re.compile(r"\W+")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that is wrong on a timeline.

    Attributes:
        code: One of the documented codes, such as ``"SCORE_NEVER_WRITTEN"``.
        message: What happens, in one sentence.
        function: The slug of the function.
        where: The place in the user's file.
        timeline: The signals; between them only time passes.
        replay: The code of the timeline.
        fix: What to do about it.
    """

    code: str
    message: str
    function: str
    where: str
    timeline: tuple[Signal, ...]
    replay: str
    fix: str

    def __str__(self) -> str:
        signals = " · ".join(map(str, self.timeline)) or "no signal"
        return compose(
            f"{self.code}: {self.message}",
            where=f"{self.function} ({self.where})" if self.function else self.where,
            seen=f"timeline: {signals}; replay: {self.replay}",
            fix=self.fix,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "function": self.function,
            "where": self.where,
            "timeline": [
                {"after_us": s.after, "event": s.name, "data": s.data}
                for s in self.timeline
            ],
            "replay": self.replay,
            "fix": self.fix,
        }


def where_of(functions: Sequence[Served], slug: str) -> str:
    """Return the place of a function."""
    for function in functions:
        if function.id == slug:
            return str(getattr(getattr(function, "options", None), "place", ""))
    return ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What came of exploring functions.

    Attributes:
        scenario: What was explored.
        start: The instant at which every timeline begins.
        leaves: The worlds in which nothing is left to happen.
        findings: What is wrong, each with its shortest timeline.
        is_exhaustive: Whether nothing within the bounds was left out.
        nodes: How many worlds were looked at.
        ignored: How many signals were left out because nothing listens to them.
        bounds: How far the search went.
    """

    scenario: Scenario
    start: Instant
    leaves: tuple[Node, ...]
    findings: tuple[Found, ...]
    is_exhaustive: bool
    nodes: int
    ignored: int
    bounds: Bounds

    def __repr__(self) -> str:
        return (
            f"<Exploration: {len(self.leaves)} timelines, "
            f"{len(self.findings)} findings, {self._extent}>"
        )

    @property
    def _extent(self) -> str:
        if not self.is_exhaustive:
            return f"TRUNCATED ({self.nodes} of ≥{self.nodes + 1} states)"
        return f"EXHAUSTIVE (<={self.bounds.max_signals} signals)"

    def table(self) -> Table:
        """Return the decision table: which signals, when, lead to which scores."""
        rows = [Row.of(leaf, self._signals(leaf)) for leaf in self.leaves]
        unique = {(row.signals, row.scores, row.via): row for row in rows}
        slugs = [f.id for f in self.scenario.functions if "explored-parent" not in f.id]
        return Table(tuple(slugs), tuple(unique.values()), self.findings, self._extent)

    def _signals(self, leaf: Node) -> tuple[Signal, ...]:
        found = signals_of(leaf.moves, self.start)
        return tuple(signal for signal in found if signal.label != "start")

    def check(self) -> None:
        """Raise what was found.

        Raises:
            FindingsError: There are findings.
        """
        if self.findings:
            raise FindingsError(
                "\n\n".join(
                    [f"{len(self.findings)} findings", *map(str, self.findings)]
                )
            )

    def regression_test(self, found: Found, imports: str) -> str:
        """Return a test to paste, which fails until *found* is mended.

        Args:
            found: One of `findings`.
            imports: The lines that import the functions, and a fixture ``harness``
                that serves them, if the suite has none.
        """
        name = f"{_UNFIT.sub('_', found.function)}_{found.code.lower()}"
        starts = [(s.name, s.data) for s in self.scenario.starts]
        claim = _CLAIMS.get(found.code, _NOTHING_FOUND)
        lines = [line.format(function=found.function) for line in claim]
        return pasted_test(name, imports, starts, found.timeline, lines)


_NOTHING_FOUND: Final = ("assert harness.findings == []",)
_CLAIMS: Final = {
    "SCORE_NEVER_WRITTEN": (
        "runs = [r for r in harness.runs if r.function_id == {function!r}]",
        "written = [entry.scorer for entry in harness.scores]",
        "assert all(run in written for run in runs)",
    ),
    "RUN_FAILED": ('assert all(run.status == "Completed" for run in harness.runs)',),
    "SCORED_TWICE": (
        "assert len(harness.scores.history) == len(list(harness.scores))",
    ),
}
