"""An expression under another clock: what a fork of a world asks for."""

from copy import copy

from ._expression import Clock, Expression

__all__ = ["with_clock"]


def with_clock(expression: Expression, clock: Clock) -> Expression:
    """Return *expression* with ``now()`` of another world; the tree is shared."""
    twin = copy(expression)
    twin._clock = clock  # noqa: SLF001 -- the attribute of its own package
    return twin
