"""Decision tables: which signals, when, lead to which scores, by which steps."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from textwrap import wrap
from typing import Any, Final, final

from .._model.fact import StepCompleted, WaitMatched, WaitTimedOut
from ..errors import UsageError
from ..reports.escaping import escape
from ..times import format_duration
from .found import Found
from .search import Node
from .timelines import Signal

__all__ = ["GOLDEN", "Row", "Table"]

_SCHEMA: Final = "scoretest.table/1"
_WIDTHS: Final = (38, 17, 21)
_TITLES: Final = ("signals", "scores", "via")
GOLDEN: Final = {"update": False}
"""Whether golden files are rewritten; ``--scoretest-update`` says so."""


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One timeline.

    Attributes:
        signals: What came, and how long after the beginning.
        scores: What was written in the end.
        via: The steps, and how they ended.
        outcomes: How the runs ended.
    """

    signals: tuple[str, ...]
    scores: tuple[str, ...]
    via: tuple[str, ...]
    outcomes: tuple[str, ...]

    @classmethod
    def of(cls, leaf: Node, signals: Sequence[Signal]) -> "Row":
        """Return the row of a world in which nothing is left to happen."""
        engine = leaf.engine
        return cls(
            tuple(map(_told, signals)),
            tuple(f"{score.name}={score.value!r}" for score in engine.scores),
            tuple(_via(leaf)),
            tuple(
                f"{v.run.function.slug} {v.run.state}" for v in engine.lives.values()
            ),
        )

    def cells(self) -> tuple[str, str, str]:
        """Return the three cells as text."""
        return (
            " · ".join(self.signals) or "none",
            ", ".join(self.scores) or "—",
            ", ".join(self.via) or "no step",
        )


def _told(signal: Signal) -> str:
    if signal.is_armed:
        return str(signal)
    data = ", ".join(
        f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in signal.data.items()
    )
    return f"+{format_duration(signal.after)} {signal.name}({data})"


def _via(leaf: Node) -> Iterator[str]:
    for entry in leaf.engine.trace:
        match entry.fact:
            case StepCompleted(step=step) | WaitMatched(step=step):
                yield str(step)
            case WaitTimedOut(step=step):
                yield f"{step} timed out"


@final
@dataclass(frozen=True, slots=True)
class Table:
    """What functions decide on every timeline; its text is at most 80 columns wide.

    Attributes:
        functions: The slugs.
        rows: One for each timeline that can be told apart.
        findings: What is wrong.
        extent: ``"EXHAUSTIVE …"`` or ``"TRUNCATED …"``.
        notes: What is worth knowing.
        is_exhaustive: Whether nothing within the bounds was left out.
    """

    functions: tuple[str, ...]
    rows: tuple[Row, ...]
    findings: tuple[Found, ...]
    extent: str
    notes: tuple[Found, ...] = ()
    is_exhaustive: bool = True

    def __str__(self) -> str:
        head = (
            f"{', '.join(self.functions)} · {len(self.rows)} timelines · {self.extent}"
        )
        lines = wrap(head, 80)
        for found in self.findings:
            lines += wrap(
                f"{found.code}: {found.message}", 80, subsequent_indent="    "
            )
            lines += wrap(
                f"replay: {found.replay}",
                80,
                initial_indent="    ",
                subsequent_indent="        ",
            )
        for note in self.notes:
            text = f"note {note.code}: {note.message}"
            lines += wrap(text, 80, subsequent_indent="    ")
        lines += _columns(_TITLES)
        for row in self.rows:
            lines += _columns(row.cells())
        return "\n".join(escape(line) for line in lines)

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON, schema ``scoretest.table/1``."""
        return {
            "schema": _SCHEMA,
            "functions": list(self.functions),
            "extent": self.extent,
            "rows": [
                {
                    "signals": list(row.signals),
                    "scores": list(row.scores),
                    "via": list(row.via),
                    "outcomes": list(row.outcomes),
                }
                for row in self.rows
            ],
            "findings": [found.to_json() for found in self.findings],
            "notes": [note.to_json() for note in self.notes],
        }

    def assert_matches(self, path: str | Path) -> None:
        """Compare the table with a golden file; ``--scoretest-update`` rewrites it.

        Raises:
            UsageError: There is no such file yet, or the search was not exhaustive: what
                it has left out would change with the machine's speed.
            AssertionError: The table is another one.
        """
        if not self.is_exhaustive:
            raise UsageError(
                f"a table that is TRUNCATED cannot be kept in {str(path)!r}",
                seen=self.extent,
                fix="explore less, with max_signals=2, or further, with max_nodes=100_000",
            )
        file = Path(path)
        text = f"{self}\n"
        if GOLDEN["update"]:
            file.write_text(text, encoding="utf-8")
            return
        if not file.is_file():
            raise UsageError(
                f"there is no golden table {str(path)!r}",
                fix="run pytest with --scoretest-update once, and commit the file",
            )
        kept = file.read_text(encoding="utf-8")
        if kept != text:  # no `assert`: pytest would add a second difference
            raise AssertionError(
                f"the decision table is not the one of {str(path)!r}; if it is right, "
                "run pytest with --scoretest-update\n\n"
                f"{_difference(kept, text)}\n\n{text}"
            )


def _difference(kept: str, text: str) -> str:
    lines = unified_diff(
        kept.splitlines(), text.splitlines(), "kept", "now", n=1, lineterm=""
    )
    return "\n".join(escape(line) for line in lines)


def _columns(cells: Sequence[str]) -> list[str]:
    wrapped = [
        wrap(cell, width, break_on_hyphens=False)
        for cell, width in zip(cells, _WIDTHS, strict=True)
    ]
    height = max(map(len, wrapped))
    lines = []
    for number in range(height):
        parts = [
            (cell[number] if number < len(cell) else "").ljust(width)
            for cell, width in zip(wrapped, _WIDTHS, strict=True)
        ]
        lines.append(("  " + " ".join(parts)).rstrip())
    return lines
