"""Literal lifting: how the engine reads string literals when it matches.

Before it evaluates, the engine takes the first 26 literals out of the text and puts
``vars.a`` to ``vars.z`` in their place. It cuts between the quotes and decodes nothing,
which is why an escape never equals the character it stands for, and why the prefix of
``r'..'`` and ``b'..'`` is left behind as part of a name that does not exist (rule C10).
The lifted text is also what compiled expressions are cached by: expressions that differ
in their ids only share one tree.
"""

import re
from typing import Final, NamedTuple

__all__ = ["Lifted", "lift", "shows_all"]

_MARK: Final = "vars."
_NAMES: Final = "abcdefghijklmnopqrstuvwxyz"
# a number is looked back at after its first digit, so that the search can skip to the
# characters that may begin a literal
_LITERAL: Final = re.compile(
    r"""'([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)"|[0-9](?<![\w.].)[\w.]*""",
    re.DOTALL,
)

_ODD: Final = re.compile(r"[\\\n\r\ud800-\udfff]")
# a literal that touches a name, a number or another literal, and one left unlifted
_PREFIXED: Final = re.compile(
    r"vars\.(?:(?<=[\w'\"]vars\.)|[a-z](?:\w|\s*\())|\.\s*vars\.|['\"]|//"
)


class Lifted(NamedTuple):
    """The text without its string literals, and the literals by name."""

    text: str
    values: dict[str, object]

    def is_odd(self) -> bool:
        """Say whether a literal means something else, or nothing, to standard CEL."""
        return bool(_ODD.search("".join(map(str, self.values.values()))))


def shows_all(lifted: str) -> bool:
    """Say whether a lifted text shows all there is to check about the text.

    False where a literal touches a name, a number or another literal, and where one is
    left unlifted.
    """
    return not _PREFIXED.search(lifted)


def lift(text: str) -> Lifted:
    """Take the string literals among the first 26 literals out of *text*.

    Numbers count too, but stay where they are: lifting does not change what they mean.

    Source: rule C10.
    """
    if _MARK in text:
        return Lifted(text, {})
    values: dict[str, object] = {}
    pieces: list[str] = []
    behind = 0
    for name, match in zip(_NAMES, _LITERAL.finditer(text), strict=False):
        group = match.lastindex
        if group is None:
            continue
        values[name] = match[group]
        start, end = match.span()
        pieces += text[behind:start], _MARK, name
        behind = end
    pieces.append(text[behind:])
    return Lifted("".join(pieces), values)
