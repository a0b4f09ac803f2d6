"""User data on its way to a terminal or a log: harmless, and as wide as it may be.

Names, messages and JSON come from outside and may hold anything: control sequences that
repaint a terminal, BiDi marks that reorder a line, text that a CI service takes for a
command. Every character that does not stand for itself is written as an escape.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

__all__ = ["clip", "columns", "escape", "harmless", "wrap"]

# ranges, not `str.isprintable`: that one changes with the Unicode of the interpreter
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"  # invisible, BiDi
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, BiDi
    r"\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"  # blanks that are no spaces
    r"\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2"  # marks of Arabic and Syriac
    r"\U000110bd\U000110cd\U00013430-\U0001345f"  # of Kaithi and of hieroglyphs
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # of shorthand and of music
    r"\ud800-\udfff\U000e0000-\U000e0fff]"  # surrogates, tags
)
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# GitHub's runner skips leading blanks before `::` and looks for `##[` anywhere
_COMMAND: Final = re.compile(r"^(\s*)::")
_LOG_COMMAND: Final = re.compile(r"##(?=\[)")
_CUT: Final = "…"


def escape(text: str) -> str:
    """Return *text* in one line, with every character visible.

    Args:
        text: Anything; it may hold control characters, ANSI, BiDi marks, surrogates.
    """
    return _UNSAFE.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    char = match[0]
    number = ord(char)
    if number < 0x100:  # noqa: PLR2004 -- what two hexadecimal digits can say
        return _SHORT.get(char) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 -- the same for four


def harmless(line: str) -> str:
    r"""Return *line* so that no CI service takes it for a command.

    Example:
        >>> harmless("  ::error::broken ##[group]")
        '  \\x3a:error::broken #\\x23[group]'
    """
    return _LOG_COMMAND.sub(r"#\\x23", _COMMAND.sub(r"\1\\x3a:", line))


def columns(text: str) -> int:
    """Return how many columns of a terminal *text* takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, room: int) -> str:
    """Return *text* in at most *room* columns, with ``…`` where something was cut."""
    if columns(text) <= room:
        return text
    return text[: _fitting(text, room - 1)] + _CUT


def _fitting(text: str, room: int) -> int:
    """Return how many characters of *text* fit into *room* columns."""
    ends = enumerate(accumulate(map(_width, text)))
    return next((place for place, end in ends if end > room), len(text))


def wrap(text: str, room: int, most: int) -> Iterator[str]:
    """Yield *text* in lines of at most *room* columns, broken at blanks if possible.

    Args:
        text: One paragraph, already escaped.
        room: Columns of a line; at least two.
        most: How many lines at most; what remains is cut off with ``…``.
    """
    for _ in range(most - 1):
        if columns(text) <= room:
            break
        end = _fitting(text, room) or 1
        blank = text.rfind(" ", 0, end + 1)
        # a blank far to the left would leave a ragged hole
        end = blank if blank > end // 2 else end
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    yield clip(text, room)
