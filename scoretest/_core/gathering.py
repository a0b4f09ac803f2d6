"""Events that do not start a run at once: debounced ones and those of a batch.

A debounce keeps the last event of its key, and starts a run when no other has come for
the period, or when the timeout has passed since the first (rules F6, X1). The law: every
burst of events starts exactly one run, with the last of them.

A batch keeps the events of its key in the order of arrival, and starts a run when it is
full, or when the timeout has passed since the first (rule F7). The laws: a batch never
has more events than its size says, nor more bytes than the server allows; every event is
in exactly one batch, in the order of arrival.
"""

from dataclasses import dataclass, field

from .._model.event import ReceivedEvent
from ..times import SECOND, Duration, Instant

__all__ = ["Batches", "Burst", "Debounces", "Gathered"]


@dataclass(slots=True, eq=False)
class Burst:
    """Events that a debounce makes one of.

    Attributes:
        last: The last event so far.
        since: When the first came.
        due: When the run starts, if no other event comes.
        timer: The number of its timer.
    """

    last: ReceivedEvent
    since: Instant
    due: Instant
    timer: int = 0


class Debounces:
    """The bursts that have not ended, by key."""

    def __init__(self) -> None:
        self._bursts: dict[str, Burst] = {}

    def keep(
        self,
        key: str,
        event: ReceivedEvent,
        period: Duration,
        timeout: Duration | None,
    ) -> Burst:
        """Add *event* to the burst of its key, and return the burst."""
        now = event.received_at
        known = self._bursts.get(key)
        since = known.since if known else now
        due = Instant(now + period)
        if timeout is not None:
            due = min(due, Instant(since + timeout))
        burst = Burst(event, since, due, known.timer if known else 0)
        self._bursts[key] = burst
        return burst

    def is_fast(self, key: str, event: ReceivedEvent) -> bool:
        """Say whether *event* follows the last one of its key within a second."""
        known = self._bursts.get(key)
        return known is not None and event.received_at - known.last.received_at < SECOND

    def end(self, key: str) -> ReceivedEvent:
        """Forget the burst of a key and return its last event."""
        return self._bursts.pop(key).last


@dataclass(slots=True, eq=False)
class Gathered:
    """A batch that has not started its run.

    Attributes:
        due: When it starts the run, full or not.
        events: In the order of arrival.
        size: Their bytes.
        timer: The number of its timer.
    """

    due: Instant
    events: list[ReceivedEvent] = field(default_factory=list)
    size: int = 0
    timer: int = 0


class Batches:
    """The batches that have not started a run, by key."""

    def __init__(self) -> None:
        self._batches: dict[str, Gathered] = {}

    def count(self, key: str) -> int:
        """Return how many events the batch of a key has."""
        batch = self._batches.get(key)
        return len(batch.events) if batch else 0

    def has_room(self, key: str, size: int, most_bytes: int) -> bool:
        """Say whether an event of *size* bytes fits into the batch of a key."""
        batch = self._batches.get(key)
        return batch is None or batch.size + size <= most_bytes

    def keep(
        self, key: str, event: ReceivedEvent, size: int, timeout: Duration
    ) -> Gathered:
        """Add *event* to the batch of its key, and return the batch."""
        batch = self._batches.get(key)
        if batch is None:
            due = Instant(event.received_at + timeout)
            batch = self._batches[key] = Gathered(due)
        batch.events.append(event)
        batch.size += size
        return batch

    def end(self, key: str) -> Gathered:
        """Forget the batch of a key and return it."""
        return self._batches.pop(key)
