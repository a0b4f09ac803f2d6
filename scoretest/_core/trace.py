"""The one record of what happened: facts in order, never changed, never removed.

Everything that a user can see of a world is told from here or from the state that the
same facts led to. A fact's sequence number is its place in the list; time never goes
back along it.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeAlias, TypeVar, overload

from .._model.fact import Fact, TraceEntry
from ..errors import InternalError
from ..times import Instant, format_instant

__all__ = ["Trace"]


F = TypeVar("F", bound=Fact)
Slice: TypeAlias = "slice[int | None, int | None, int | None]"


class Trace(Sequence[TraceEntry]):
    """An append-only list of facts with their virtual time."""

    def __init__(self) -> None:
        # side by side, and put together when they are read: writing is what is frequent
        self._facts: list[Fact] = []
        self._times: list[Instant] = []
        self._kinds: set[type[Fact]] = set()  # of the facts before _looked_at
        self._looked_at = 0
        self._last = Instant(0)

    def fork(self) -> "Trace":
        """Return the same past, to be followed by another future."""
        twin = Trace()
        twin._facts, twin._times = self._facts.copy(), self._times.copy()
        twin._kinds, twin._looked_at = self._kinds.copy(), self._looked_at
        twin._last = self._last
        return twin

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[TraceEntry]:
        return map(TraceEntry, count(), self._times, self._facts)

    @overload
    def __getitem__(self, place: int) -> TraceEntry: ...
    @overload
    def __getitem__(self, place: Slice) -> list[TraceEntry]: ...
    def __getitem__(self, place: "int | Slice") -> TraceEntry | list[TraceEntry]:
        """Return the fact of a sequence number, or several."""
        found = range(len(self._facts))[place]
        if isinstance(found, int):
            return TraceEntry(found, self._times[found], self._facts[found])
        return [TraceEntry(i, self._times[i], self._facts[i]) for i in found]

    def facts_of(self, kind: type[F]) -> list[tuple[Instant, F]]:
        """Return the facts of one kind, each with its time."""
        self._kinds.update(map(type, self._facts[self._looked_at :]))
        self._looked_at = len(self._facts)
        if kind not in self._kinds:  # most worlds have no findings and no failures
            return []
        times = self._times
        return [
            (times[place], fact)
            for place, fact in enumerate(self._facts)
            if type(fact) is kind
        ]

    def record(self, at: Instant, fact: Fact) -> None:
        """Append *fact*; its sequence number is the length of the trace before.

        Raises:
            InternalError: *at* is before the last fact.
        """
        if at < self._last:
            raise InternalError(
                f"a fact at {format_instant(at)} came after one at "
                f"{format_instant(self._last)}",
                seen=repr(fact),
                fix="please report this bug with the test's seed",
            )
        self._last = at
        self._facts.append(fact)
        self._times.append(at)
