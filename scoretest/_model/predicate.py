"""What the wait index may ask of a match expression."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

__all__ = ["IndexKey", "IndexTerm", "Predicate", "Rebind", "index_key"]

IndexKey: TypeAlias = tuple[str, str | float]
"""A value that two sides of ``==`` agree on exactly: ``("s", text)`` or ``("n", number)``."""

# the largest whole number below which every integer is its own float
_EXACT = 2**53


class IndexTerm(NamedTuple):
    """A condition that every matching event meets: the value at *path* is in *keys*."""

    path: tuple[str, ...]
    keys: tuple[IndexKey, ...]


class Predicate(Protocol):
    """A compiled match expression, ready to be asked about events."""

    @property
    def text(self) -> str:
        """The expression as the user wrote it."""

    @property
    def stored(self) -> str:
        """The expression after the trigger's values were put in (C: interpolation)."""

    @property
    def terms(self) -> Sequence[IndexTerm]:
        """Conditions that an event must meet to match; empty when none is known."""

    @property
    def notes(self) -> Sequence[str]:
        """What production does with this text that its author may not expect."""

    def matches(self, event: Mapping[str, object]) -> bool:
        """Say whether *event*, in wire shape, matches; never raise because of data."""

    def matches_in_crowd(self, event: Mapping[str, object]) -> bool:
        """Say whether *event* matches where 50 waits or more are open (rule C12)."""

    def explain(self, event: Mapping[str, object]) -> str:
        """Say in words why *event* does or does not match."""


Rebind: TypeAlias = "Callable[[Predicate | None], Predicate | None]"
"""Gives a condition of one world the clock of another."""


def index_key(value: object) -> IndexKey | None:
    """Return the index key of a JSON value, or None when it cannot be indexed.

    Text and numbers that a float holds exactly have a key; bool, null, lists, maps and
    larger integers have none.
    """
    if isinstance(value, str):
        return ("s", value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return ("n", float(value)) if -_EXACT < value < _EXACT else None
