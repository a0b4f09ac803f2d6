"""Number literals: 64 bits and no more, told before anything is converted.

Source: CEL specification, "Numeric values"; rule C8.
"""

from typing import Final

from ._errors import ExpressionError
from ._lexer import Token, refusal
from ._tree import Lit, Span
from ._values import INT_MAX, INT_MIN, UINT_MAX, UInt

__all__ = ["read_number"]

_MAX_DIGITS: Final = 20  # of a 64-bit number; longer ones are never converted


def read_number(token: Token, text: str, sign: str = "") -> Lit:
    """Return the literal of a number, with the *sign* that stands right before it.

    Raises:
        ExpressionError: It is outside the range of 64 bits (rule C8).
    """
    span = (token.start - len(sign), token.end)
    if token.kind != "float":
        return Lit(_integer(token.text, sign, text, span), span)
    value = float(sign + token.text)
    if value in (float("inf"), float("-inf")):
        raise refusal(f"{token.text} is too large for a double", text, span)
    return Lit(value, span)


def _integer(number: str, sign: str, text: str, span: Span) -> int:
    digits = number.rstrip("uU")
    base = 16 if digits[:2] == "0x" else 10
    shown = digits[2:] if base == 16 else digits  # noqa: PLR2004 -- hexadecimal
    significant = shown.lstrip("0")
    if len(significant) > _MAX_DIGITS:
        raise _out_of_range(number, text, span)
    value = int(sign + (significant or "0"), base)
    if digits != number:
        if not 0 <= value <= UINT_MAX:
            raise _out_of_range(number, text, span)
        return UInt(value)
    if not INT_MIN <= value <= INT_MAX:
        raise _out_of_range(number, text, span)
    return value


def _out_of_range(number: str, text: str, span: Span) -> ExpressionError:
    shown = number if len(number) <= 2 * _MAX_DIGITS else f"{number[:20]}…"
    return refusal(f"{shown} is outside the range of 64 bits", text, span)
