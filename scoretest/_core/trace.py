"""The one record of what happened: facts in order, never changed, never removed.

Everything that a user can see of a world is told from here or from the state that the
same facts led to. A fact's sequence number is its place in the list; time never goes
back along it.
"""

from collections.abc import Sequence

from .._model.fact import Fact, TraceEntry
from ..errors import InternalError
from ..times import Instant, format_instant

__all__ = ["Trace"]


class Trace:
    """An append-only list of facts with their virtual time."""

    def __init__(self) -> None:
        self._entries: list[TraceEntry] = []
        self._last = Instant(0)

    @property
    def entries(self) -> Sequence[TraceEntry]:
        """Every fact so far, oldest first; do not change it."""
        return self._entries

    def record(self, at: Instant, fact: Fact) -> int:
        """Append *fact* and return its sequence number.

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
        sequence = len(self._entries)
        self._entries.append(TraceEntry(sequence, at, fact))
        return sequence
