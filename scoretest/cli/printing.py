"""Text on its way out: in colour on a terminal, plain and 80 columns wide elsewhere."""

import sys
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["console", "encodable", "print_lines", "print_table"]

_WIDTH: Final = 80
# what a stream that knows only ASCII is given instead
_ASCII: Final = str.maketrans({"…": "~", "→": ">", "·": "-", "µ": "u"})
_LINE: Final = r"(?m)^(?:[+-]\d.*? )? +"
_STYLES: Final = (
    (r"(?m)^[+-]\d+\S*(?: \d+\S*)*(?=  |$)", "cyan"),
    (r"(?m)(?<=  )\S+ #\d+$", "bold"),
    (_LINE + "score  .*$", "green"),
    (_LINE + "(?:failed|raised|finding|rejected)  .*$", "red"),
    (_LINE + "timed out .*$", "yellow"),
)


def console() -> Console:
    """Return where to print: this process's standard output, as it is now."""
    found = Console(highlight=False, soft_wrap=True)
    if found.is_terminal:
        return found
    return Console(highlight=False, soft_wrap=True, width=_WIDTH, color_system=None)


def print_lines(text: str, *, to_stderr: bool = False) -> None:
    """Print *text* as it stands; no markup in it means anything.

    Args:
        text: Lines, already harmless and as wide as they shall be.
        to_stderr: Whether they go to standard error, without colour.
    """
    out = console()
    if to_stderr or not out.is_terminal:
        stream = sys.stderr if to_stderr else sys.stdout
        stream.write(encodable(text, stream.encoding) + "\n")
        return
    styled = Text(encodable(text, out.encoding))
    for pattern, style in _STYLES:
        styled.highlight_regex(pattern, style)
    out.print(styled)


def print_table(table: Table) -> None:
    """Print *table*; without the blanks that fill its last column on a terminal."""
    out = console()
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    print_lines("\n".join(map(str.rstrip, captured.get().splitlines())))


def encodable(text: str, encoding: str | None) -> str:
    """Return *text* with stand-ins for what *encoding* cannot say."""
    encoding = encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_ASCII)
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text
