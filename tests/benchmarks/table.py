"""Plain tables, so that a figure can be pasted anywhere."""

import sys
from collections.abc import Sequence


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as text; the first column is left-aligned, the others right."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    texts.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([title, *texts])


def show(text: str = "") -> None:
    """Print *text* at once, so that a slow benchmark shows how far it is."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
