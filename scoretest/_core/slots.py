"""Who may execute, and who waits for it: slots, and lines before what is taken.

A limit of concurrency is a number of slots under a key. Whoever executes holds one slot
of each of its limits, all or none, from entry to answer; a run that sleeps or waits
holds none (rule F4).

Who finds something taken stands in the line before it, in the order of *rank*: a time,
then numbers that make it unique. The laws: never more slots are held than the limit
says; of those who stand in a line the first of the order is asked first; and who stands
in a line is asked again whenever what it waits for may have become free.
"""

import heapq
from typing import Generic, NamedTuple, TypeAlias, TypeVar

__all__ = ["Lines", "Need", "Rank", "Slots"]

T = TypeVar("T")

Rank: TypeAlias = tuple[int, int, int]
"""The place in a line: a time, the number of the run, the number of the entry."""


class Need(NamedTuple):
    """A slot that somebody needs.

    Attributes:
        key: Under which key it is counted.
        limit: How many of the key may be held.
        told: The limit in words.
    """

    key: str
    limit: int
    told: str

    @property
    def line(self) -> str:
        """The line before it; limits of other sizes have lines of their own."""
        return f"{self.key} {self.limit}"


class Slots:
    """How many slots are held of each key."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def is_full(self, need: Need) -> bool:
        """Say whether no slot is free."""
        return self._held.get(need.key, 0) >= need.limit

    def take(self, needs: tuple[Need, ...]) -> None:
        """Hold a slot of each need; the caller has seen that none is full."""
        for need in needs:
            self._held[need.key] = self._held.get(need.key, 0) + 1

    def give(self, needs: tuple[Need, ...]) -> None:
        """Give the slots of *needs* back."""
        for need in needs:
            held = self._held[need.key] - 1
            if held:
                self._held[need.key] = held
            else:
                del self._held[need.key]


class Lines(Generic[T]):
    """Who stands in which line, in the order of rank.

    Who leaves from the middle of a line is swept up when the turn of the place comes.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[Rank]] = {}
        self._standing: dict[tuple[str, Rank], T] = {}

    def join(self, line: str, rank: Rank, who: T) -> None:
        """Let somebody stand in a line."""
        heapq.heappush(self._lines.setdefault(line, []), rank)
        self._standing[line, rank] = who

    def first(self, line: str) -> tuple[Rank, T] | None:
        """Return who is first in a line, or None when nobody stands in it."""
        ranks = self._lines.get(line, [])
        while ranks and (line, ranks[0]) not in self._standing:
            heapq.heappop(ranks)
        return (ranks[0], self._standing[line, ranks[0]]) if ranks else None

    def leave(self, line: str, rank: Rank) -> None:
        """Let somebody leave a line."""
        del self._standing[line, rank]
        ranks = self._lines[line]
        if ranks[0] == rank:
            heapq.heappop(ranks)

    def ahead(self, line: str, rank: Rank) -> int:
        """Return how many stand before a place of a line."""
        return sum(
            before < rank and (line, before) in self._standing
            for before in self._lines[line]
        )
