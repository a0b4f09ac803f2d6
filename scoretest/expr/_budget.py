"""What one evaluation may spend, so that no expression can hang a test.

The engine has no such limit: it evaluates three nested macros over 300 items for more
than twelve seconds. Here the same expression is a bounded no-match.
"""

from typing import Final

from ._values import Value

__all__ = ["Budget", "Exhausted"]

ROUNDS: Final = 10_000  # rounds of all folds together, by weight
BYTES: Final = 1_000_000  # of all texts and lists that `+` and folds make


class Exhausted(Exception):  # noqa: N818 -- a signal between two files, not an error
    """The budget of one evaluation is used up."""


class Budget:
    """What one evaluation may still spend."""

    __slots__ = ("bytes", "rounds")

    def __init__(self) -> None:
        self.refill()

    def refill(self) -> None:
        """Start over, for the next evaluation."""
        self.rounds = ROUNDS
        self.bytes = BYTES

    def round(self, weight: int) -> None:
        """Pay for one round of a fold."""
        self.rounds -= weight
        if self.rounds < 0:
            raise Exhausted

    def keep(self, value: Value) -> Value:
        """Pay for a value that was made, and return it."""
        if isinstance(value, str | bytes | list):
            self.bytes -= len(value)
            if self.bytes < 0:
                raise Exhausted
        return value
