"""What an exploration hands out: its findings, its leaves, its decision table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from types import FunctionType
from typing import Final, final

from .._model.finding import CODES
from ..errors import FindingsError
from ..reports.timeline import Timeline
from ..runtime.foreign import Served
from ..runtime.harness import Harness
from ..runtime.wall_clock import Kind, kind_at_hand
from ..times import Instant
from .arming import arm, armed_lines
from .found import Found
from .handlers import handlers_of
from .scenario import Scenario
from .search import Bounds, Node
from .table import Row, Table
from .timelines import (
    Signal,
    is_code_of,
    pasted_test,
    signals_of,
    signals_of_code,
)

__all__ = ["CLAIMS", "Exploration"]

_UNFIT: Final = re.compile(r"\W+")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What came of exploring functions.

    Attributes:
        scenario: What was explored.
        start: The instant at which every timeline begins.
        leaves: The worlds in which nothing is left to happen.
        findings: What is wrong, each with its shortest timeline.
        notes: What is worth knowing and no mistake, likewise.
        reads_clock: Whether code of the functions reads a clock of its machine, which
            followed the worlds.
        left_out: Why something within the bounds was left out; empty if nothing was.
        nodes: How many worlds were looked at.
        ignored: How many signals were left out because nothing listens to them.
        bounds: How far the search went.
        others: What came of functions that had to be begun in another way.
    """

    scenario: Scenario
    start: Instant
    leaves: tuple[Node, ...]
    findings: tuple[Found, ...]
    left_out: tuple[str, ...]
    nodes: int
    ignored: int
    bounds: Bounds
    notes: tuple[Found, ...] = ()
    reads_clock: bool = False
    others: tuple["Exploration", ...] = ()

    def joined(self, others: Sequence["Exploration"]) -> "Exploration":
        """Return this exploration with others beside it, and the findings of all."""
        if not others:
            return self
        every = (self, *others)
        return replace(
            self,
            findings=_once([one.findings for one in every]),
            notes=_once([one.notes for one in every]),
            left_out=tuple(dict.fromkeys(why for one in every for why in one.left_out)),
            nodes=sum(one.nodes for one in every),
            ignored=sum(one.ignored for one in every),
            others=tuple(others),
        )

    @property
    def is_exhaustive(self) -> bool:
        """Whether nothing within the bounds was left out."""
        return not self.left_out

    def tables(self) -> list[Table]:
        """Return the decision tables, one for each way to begin."""
        return [self.table(), *(one.table() for one in self.others)]

    def __repr__(self) -> str:
        return (
            f"<Exploration: {len(self.leaves)} timelines, "
            f"{len(self.findings)} findings, {self._extent}>"
        )

    @property
    def _extent(self) -> str:
        if not self.is_exhaustive:
            reasons = ", ".join(self.left_out)
            return f"TRUNCATED ({self.nodes} of ≥{self.nodes + 1} states; {reasons})"
        return f"EXHAUSTIVE (<={self.bounds.max_signals} signals)"

    def table(self) -> Table:
        """Return the decision table: which signals, when, lead to which scores."""
        rows = [Row.of(leaf, self._signals(leaf)) for leaf in self.leaves]
        unique = {(row.signals, row.scores, row.via): row for row in rows}
        slugs = [f.id for f in self.scenario.functions if "explored-parent" not in f.id]
        return Table(
            tuple(slugs),
            tuple(unique.values()),
            self.findings,
            self._extent,
            self.notes,
            self.is_exhaustive,
        )

    def _signals(self, leaf: Node) -> tuple[Signal, ...]:
        found = signals_of(leaf.moves, self.start)
        return tuple(signal for signal in found if signal.label != "start")

    def replay(self, code: str) -> Timeline:
        """Play the timeline of a replay code on a harness, and return what happened.

        Raises:
            UsageError: It is no code, is damaged, or is of another scenario.
        """
        for other in self.others:
            if is_code_of(code, str(other.scenario)):
                return other.replay(code)
        signals = signals_of_code(code, str(self.scenario))
        harness = Harness(strict=False, wall_clock=self.wall_clock)
        try:
            self.play(harness, signals)
            return harness.timeline
        finally:
            harness.abandon()

    @property
    def wall_clock(self) -> Kind | None:
        """How a harness has to fake the clock, to play a timeline as the search did."""
        return kind_at_hand() if self.reads_clock else None

    def play(self, harness: Harness, signals: Sequence[Signal]) -> None:
        """Let *harness*, which is fresh, serve the functions, and play a timeline."""
        for client, functions in self.scenario.apps:
            harness.serve(client, functions)
        arm(harness, self.scenario.functions, signals)
        begin = harness.now
        if self.scenario.cron:
            after = self.scenario.begins_after(self.start)
            harness.advance(timedelta(microseconds=after))
        for start in [] if self.scenario.cron else self.scenario.starts:
            harness.send(start.name, start.data)
        for signal in signals:
            if not signal.is_armed:
                harness.advance_to(begin + timedelta(microseconds=signal.after))
                harness.send(signal.name, signal.data)
        harness.fast_forward()

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
            imports: The lines that import scoretest and the functions. The suite's
                fixture ``harness`` has to serve them, unless the parent is made up.
        """
        for other in self.others:
            if is_code_of(found.replay, str(other.scenario)):
                return other.regression_test(found, imports)
        name = f"{_UNFIT.sub('_', found.function)}_{found.code.lower()}"
        claim = CLAIMS.get(found.code)
        if claim is None and found.code not in _TOLD_AT_ONCE:
            return self._exploring_test(name, imports, found.code)
        lines = [
            line.format(function=found.function, code=found.code)
            for line in claim or _NOT_REPORTED
        ]
        armed = armed_lines(self.scenario.functions, found.timeline)
        begin = self.scenario.begin_lines(self.start, armed)
        signals = [signal for signal in found.timeline if not signal.is_armed]
        after = self.scenario.begins_after(self.start)
        head = [imports, "", "", f"def test_{name}(harness):"]
        if self.reads_clock:
            head = ["import pytest", *head[:3], _CLOCK_MARK, *head[3:]]
        return pasted_test(head, begin, signals, lines, after)

    def _exploring_test(self, name: str, imports: str, code: str) -> str:
        """Return a test that explores again: what it looks for shows in no one run."""
        functions = [
            f for f in self.scenario.functions if "explored-parent" not in f.id
        ]
        arguments = [handler.__name__ for f in functions for handler in _first(f)]
        events = [
            f"scoretest.Event(name={s.name!r}, data={s.data!r})"
            for s in self.scenario.starts
        ]
        if self.scenario.by_parent:
            arguments.append(f"data={self.scenario.starts[0].data!r}")
        elif not self.scenario.cron:  # a clock is found out, and needs no event
            arguments.append(f"start=[{', '.join(events)}]")
        lines = [
            imports,
            "",
            "",
            f"def test_{name}():",
            "    found = scoretest.explore(",
        ]
        lines += [f"        {argument}," for argument in arguments]
        lines += ["    )", "    codes = [finding.code for finding in found.findings]"]
        return "\n".join([*lines, f"    assert {code!r} not in codes"]) + "\n"


def _first(function: Served) -> Iterator[FunctionType]:
    """Yield the handler of a function, and not the one of its failures."""
    yield from islice(handlers_of(function), 1)


def _once(several: Sequence[Sequence[Found]]) -> tuple[Found, ...]:
    """Return what was found, each thing as it was found first."""
    found: dict[tuple[str, str, str], Found] = {}
    for each in several:
        for one in each:
            found.setdefault((one.code, one.function, one.message), one)
    return tuple(found.values())


_CLOCK_MARK: Final = '@pytest.mark.scoretest(wall_clock="freezegun")'
_TOLD_AT_ONCE: Final = frozenset(CODES) - {"NONDETERMINISTIC"}
"""What a harness reports on the timeline of the finding."""
_NOT_REPORTED: Final = (
    "codes = [finding.code for finding in harness.findings]",
    "assert {code!r} not in codes",
)
CLAIMS: Final = {
    "CROSS_TALK": ("assert len(sent.resumed) + len(sent.cancelled) <= 1",),
    "ONE_SIGNAL_TWO_WAITS": (
        "steps = [s for run in sent.resumed for s in run.steps]",
        'heard = [s.id for s in steps if s.op == "WaitForEvent" and s.output]',
        "assert len(heard) <= 1",
    ),
    "RUN_FAILED": (
        "runs = [run for run in harness.runs if run.function_id == {function!r}]",
        'assert all(run.status == "Completed" for run in runs)',
    ),
    "SCORED_TWICE": (
        "assert len(harness.scores.history) == len(list(harness.scores))",
    ),
    "SCORE_NEVER_WRITTEN": (
        "runs = [run for run in harness.runs if run.function_id == {function!r}]",
        "writers = [entry.scorer.id for entry in harness.scores]",
        "assert all(run.id in writers for run in runs)",
    ),
    "SCORE_WRONG_RUN": (
        "assert all(entry.run_id != entry.scorer.id for entry in harness.scores)",
    ),
}
