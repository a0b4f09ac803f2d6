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

__all__ = ["Lifted", "lift"]

_MARK: Final = "vars."
_NAMES: Final = "abcdefghijklmnopqrstuvwxyz"
_LITERAL: Final = re.compile(
    r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(?<![\w.])[0-9][\w.]*""", re.DOTALL
)

_ODD: Final = re.compile(r"[\\\n\r\ud800-\udfff]")
# a literal that touches a name, a number or another literal, and one left unlifted
_PREFIXED: Final = re.compile(
    r"[\w'\"]vars\.|\.\s*vars\.|vars\.[a-z](?:\w|\s*\()|['\"]|//"
)


class Lifted(NamedTuple):
    """The text without its string literals, and the literals by name.

    *plain* says that the literals mean the same to standard CEL, and that nothing is
    left to be said about the text that the lifted text does not show.
    """

    text: str
    values: dict[str, object]
    plain: bool


def lift(text: str) -> Lifted:
    """Take the string literals among the first 26 literals out of *text*.

    Numbers count too, but stay where they are: lifting does not change what they mean.

    Source: rule C10.
    """
    if _MARK in text:
        return Lifted(text, {}, plain=False)
    values: dict[str, object] = {}
    pieces: list[str] = []
    behind = 0
    for name, match in zip(_NAMES, _LITERAL.finditer(text), strict=False):
        single, double = match.groups()
        value = double if single is None else single
        if value is None:
            continue
        values[name] = value
        pieces += text[behind : match.start()], _MARK, name
        behind = match.end()
    pieces.append(text[behind:])
    lifted = "".join(pieces)
    plain = not _ODD.search("".join(map(str, values.values())))
    return Lifted(lifted, values, plain and not _PREFIXED.search(lifted))
