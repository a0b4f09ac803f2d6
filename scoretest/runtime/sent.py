"""What came of sending: the runs that an event started, resumed, and left waiting."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, SupportsIndex, final, overload

from .._model.fact import EventReceived, Fact, RunQueued, WaitMatched
from ..errors import UsageError
from .views import OpenWait, Run

if TYPE_CHECKING:
    from .reader import Reader

__all__ = ["Sent"]


class NoRunError(UsageError, IndexError):
    """A run was asked for that an event did not start."""


class StartedRuns(list[Run]):
    """The runs that events started: a list whose IndexError says what to do."""

    def __init__(self, runs: Iterable[Run], hint: str) -> None:
        super().__init__(runs)
        self._hint = hint

    @overload
    def __getitem__(self, place: SupportsIndex) -> Run: ...
    @overload
    def __getitem__(self, place: slice) -> list[Run]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Run | list[Run]:
        """Return the run at *place*.

        Raises:
            NoRunError: The events did not start so many.
        """
        try:
            return super().__getitem__(place)
        except IndexError:
            raise NoRunError(
                f"the events that were sent started {len(self)} run(s){self._hint}",
                fix="serve a function with a trigger of exactly this event's name",
            ) from None


@final
class Sent:
    """The consequences of one call to `Harness.send`.

    It speaks of the moment of sending: what the started runs did afterwards is on the
    runs themselves.

    Attributes:
        ids: The server's ids of the events, in order (rule E4).
    """

    def __init__(self, reader: "Reader", ids: list[str], begin: int, end: int) -> None:
        self.ids = ids
        self._reader = reader
        self._begin = begin
        self._end = end

    def __repr__(self) -> str:
        return (
            f"<sent {len(self.ids)} event(s): {len(self.runs)} run(s) started, "
            f"{len(self.resumed)} resumed, {len(self.ignored)} wait(s) not satisfied>"
        )

    def _facts(self) -> Iterator[tuple[int, Fact]]:
        # by index: a slice of the trace would copy it when it is long
        trace = self._reader.trace
        for sequence in range(self._begin, self._end):
            yield sequence, trace[sequence].fact

    @property
    def runs(self) -> list[Run]:
        """The runs that these events started, in order."""
        started = [
            self._reader.run(fact.run_id)
            for _, fact in self._facts()
            if isinstance(fact, RunQueued)
        ]
        return StartedRuns(
            started, "" if started else self._reader.near_trigger(self._names())
        )

    def _names(self) -> list[str]:
        return [f.event.name for _, f in self._facts() if isinstance(f, EventReceived)]

    @property
    def resumed(self) -> list[Run]:
        """The runs that had a wait which these events satisfied, in order."""
        matched = [f.run_id for _, f in self._facts() if isinstance(f, WaitMatched)]
        return [self._reader.run(run_id) for run_id in dict.fromkeys(matched)]

    @property
    def cancelled(self) -> list[Run]:
        """The runs that these events cancelled; cancellation is not built yet."""
        return []

    @property
    def ignored(self) -> list[OpenWait]:
        """The waits on these events' names that they did not satisfy, each with why."""
        return [
            wait
            for sequence, fact in self._facts()
            if isinstance(fact, EventReceived)
            for wait in self._reader.ignored(fact.event, sequence)
        ]
