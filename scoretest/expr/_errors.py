"""What can go wrong with a match expression, and where in its text."""

from typing import Literal, final

from ..errors import UsageError

__all__ = ["EvaluationError", "ExpressionError", "LimitExceededError", "caret"]

ErrorKind = Literal["compile", "interpolation"]

# a caret line wider than a terminal helps nobody
_SHOWN = 76


@final
class ExpressionError(UsageError):
    """A match expression that the server would refuse when it is registered.

    Attributes:
        kind: ``"compile"`` (rule C8) or ``"interpolation"`` (rule C9).
        text: The expression.
        start: Offset of the offending part, in characters from zero.
        end: Offset behind it.
        line: Its line, counted from one.
        column: Its column, counted from one.

    Source: rules C8 and C9.
    """

    def __init__(
        self, what: str, *, text: str, span: tuple[int, int], fix: str, kind: ErrorKind
    ) -> None:
        super().__init__(what, seen=caret(text, span), fix=fix)
        self.kind = kind
        self.text = text
        self.start, self.end = span
        before = text[: self.start]
        self.line = before.count("\n") + 1
        self.column = self.start - (before.rfind("\n") + 1) + 1


class EvaluationError(UsageError):
    """A strict CEL evaluation that ends in an error instead of a value."""


@final
class LimitExceededError(EvaluationError):
    """An evaluation that used up its budget of steps or of memory."""


def caret(text: str, span: tuple[int, int]) -> str:
    """Return the line of *text* that holds *span*, with carets under it."""
    start, end = min(span[0], len(text)), min(span[1], len(text))
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    last = len(text) if last < 0 else last
    left = max(first, start - _SHOWN // 2)
    line = _printable(text[left : min(last, left + _SHOWN)])
    width = max(1, min(end, last, left + _SHOWN) - start)
    pad = " " * len(_printable(text[left:start]))
    return f"{line}\n         {pad}{'^' * width}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
