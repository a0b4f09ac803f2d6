"""Facts of flow control: what is held back, kept or left to the clock."""

from ..times import Instant
from .record import record

__all__ = ["CronLeft", "EventJoined", "EventKept", "NoteMade", "RunHeld"]


@record
class RunHeld:
    """An entry was asked for, and waits for its turn.

    Attributes:
        run_id: Of which run.
        limit: What holds it back, in words (rules F4, F5).
    """

    run_id: str
    limit: str


@record
class EventKept:
    """An event starts no run of a function yet: it is debounced or batched.

    Attributes:
        function: Of which function.
        event_id: Which event.
        why: What is done with it.
        due: When the run starts, if nothing else happens (rules F6, F7).
    """

    function: str
    event_id: str
    why: str
    due: Instant


@record
class EventJoined:
    """A run gets this event, too; the fact before tells the first of its batch."""

    run_id: str
    event_id: str


@record
class CronLeft:
    """Nothing is pending but cron triggers, and the clock stopped before them.

    Attributes:
        due: When the next one fires.
    """

    due: Instant


@record
class NoteMade:
    """Something to know when the trace is read, and no fault of anybody.

    Attributes:
        function: The function that it is about.
        text: What to know.
    """

    function: str
    text: str
