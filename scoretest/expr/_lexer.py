"""Text to tokens: ASCII-only, with positions, one match of one pattern each.

Source: CEL specification, "Syntax"; limits as the engine's (rule C8).
"""

import re
from typing import Final, NamedTuple
from unicodedata import name as character_name

from ._errors import ExpressionError

__all__ = [
    "MAX_CHARACTERS",
    "Token",
    "checked",
    "decode",
    "next_token",
    "quote_fix",
    "refusal",
]

MAX_CHARACTERS: Final = 100_000  # cel-go's default limit of code points

COMPILE_FIX: Final = "mend the expression; production fails the run at once (rule C8)"

_TOKEN: Final = re.compile(
    r"""
    [ \t\r\n\f]*(?://[^\n]*[ \t\r\n\f]*)*
    (?:
      (?P<name>(?!(?:[bB]?[rR]|[bB])['"])(?:in(?![_a-zA-Z0-9])|[_a-zA-Z][_a-zA-Z0-9]*
        (?:\.(?!(?:[bB]?[rR]|[bB])['"])[_a-zA-Z][_a-zA-Z0-9]*)*))
    | (?P<op>\.(?![0-9])|[\[\](){},?:+*/%-]|[!=<>]=|&&|\|\||[<>]|!+(?!=))
    | (?P<string>(?=(?:[bB]?[rR]|[bB])?['"])(?:
        [bB]?[rR](?:'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"
                                |'[^'\n\r]*'|"[^"\n\r]*")
      | [bB]?(?:'''(?s:[^\\]|\\.)*?'''|\"\"\"(?s:[^\\]|\\.)*?\"\"\"
               |'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")
      ))
    | (?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<int>(?:0x[0-9a-fA-F]+|[0-9]+)[uU]?)
    | (?P<end>\Z)
    )
    """,
    re.VERBOSE,
)

_match: Final = _TOKEN.match
_SPACE: Final = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*)*")
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|([xX][0-9a-fA-F]{2})|(u[0-9a-fA-F]{4})"
    r"|(U[0-9a-fA-F]{8})|([0-3][0-7]{2})|(.?))",
    re.DOTALL,
)
_SIMPLE: Final = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST: Final = 0x10FFFF


class Token(NamedTuple):
    """One word of the text; *kind* is the group of the pattern, or ``"end"``."""

    kind: str
    text: str
    start: int
    end: int


def refusal(
    what: str, text: str, span: tuple[int, int], fix: str = ""
) -> ExpressionError:
    """Return the error of an expression that does not compile (rule C8)."""
    return ExpressionError(
        what, text=text, span=span, fix=fix or COMPILE_FIX, kind="compile"
    )


def checked(text: str) -> str:
    """Return *text*.

    Raises:
        ExpressionError: The text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        what = f"the expression has {len(text):,} characters; the limit is 100,000"
        raise refusal(what, text, (MAX_CHARACTERS, MAX_CHARACTERS + 1))
    return text


def next_token(text: str, at: int) -> tuple[str, str, int, int]:
    """Return the parts of the `Token` at *at* or behind the space there.

    Raises:
        ExpressionError: The character there begins no token.
    """
    match = _match(text, at)
    if match is None:
        raise _stray(text, _past_space(text, at))
    kind = match.lastgroup or ""
    start, end = match.span(kind)
    return kind, text[start:end], start, end


def _past_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()


def _stray(text: str, at: int) -> ExpressionError:
    character = text[at]
    if character in "'\"":
        what = "a string literal is not closed on its line"
        return refusal(what, text, (at, at + 1), quote_fix(text, at))
    if character == "=":
        return refusal(
            "'=' is not an operator", text, (at, at + 1), "compare with `==`"
        )
    label = character_name(character, f"U+{ord(character):04X}")
    shown = character if character.isprintable() else f"\\u{ord(character):04x}"
    return refusal(f"{shown!r} ({label}) cannot stand here", text, (at, at + 1))


def quote_fix(text: str, at: int) -> str:
    """Say how to write text that holds the quote at *at*."""
    other = '"' if text[at] == "'" else "'"
    return f"put text that holds {text[at]} between {other}, and keep it on one line"


def decode(token: Token, text: str) -> str | bytes:
    """Return the value of a string or bytes literal, as standard CEL reads it.

    Raises:
        ExpressionError: An escape is unknown or names no character.
    """
    body = token.text.lstrip("rRbB")
    prefix = token.text[: len(token.text) - len(body)].lower()
    quotes = 3 if body[:3] in ("'''", '"""') else 1
    inner = body[quotes:-quotes]
    offset = token.start + len(prefix) + quotes
    if "b" in prefix:
        _no_surrogates(inner, text, offset)
        return _bytes(inner, raw="r" in prefix, text=text, offset=offset)
    if "r" in prefix or "\\" not in inner:
        return _no_surrogates(inner, text, offset)
    return _unescape(inner, text, offset)


def _no_surrogates(inner: str, text: str, offset: int) -> str:
    for index, character in enumerate(inner) if not inner.isascii() else ():
        if ord(character) in _SURROGATES:
            place = offset + index
            raise refusal(
                "half a surrogate pair is no character", text, (place, place + 1)
            )
    return inner


def _unescape(inner: str, text: str, offset: int) -> str:
    def one(match: re.Match[str]) -> str:
        simple, *codes, wrong = match.groups()
        if simple:
            return _SIMPLE.get(simple, simple)
        span = (offset + match.start(), offset + max(match.end(), match.start() + 2))
        if wrong is not None:
            raise refusal(f"{match[0]!r} is no escape", text, span, _ESCAPE_FIX)
        code = _code(codes)
        if code > _LAST or code in _SURROGATES:
            raise refusal(f"{match[0]!r} names no character", text, span)
        return chr(code)

    return _no_surrogates(_ESCAPE.sub(one, inner), text, offset)


def _code(codes: list[str]) -> int:
    *hexadecimal, octal = codes
    return int(octal, 8) if octal else int(next(filter(None, hexadecimal))[1:], 16)


_ESCAPE_FIX: Final = (
    "the engine never decodes escapes (rule C10): write the character itself, "
    "or a class such as `[0-9]` in a pattern"
)


def _bytes(inner: str, *, raw: bool, text: str, offset: int) -> bytes:
    if raw:
        return inner.encode()

    def one(match: re.Match[str]) -> str:
        simple, hexa, four, eight, octal, _ = match.groups()
        if simple:
            return _SIMPLE.get(simple, simple)
        if hexa or octal:
            # one byte: carried through the text as a lone surrogate
            code = int(hexa[1:], 16) if hexa else int(octal, 8)
            return bytes([code]).decode("ascii", "surrogateescape")
        span = (offset + match.start(), offset + match.end())
        kind = "bytes know no such escape" if four or eight else "is no escape"
        raise refusal(f"{match[0]!r} {kind}", text, span)

    return _ESCAPE.sub(one, inner).encode("utf-8", "surrogateescape")
