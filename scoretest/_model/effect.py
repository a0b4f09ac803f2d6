"""Effects: what the engine asks the runtime to do."""

from .record import record

__all__ = ["Enter"]


@record
class Enter:
    """Call the handler of a run from its top.

    Attributes:
        run_id: Which run.
        entry: The entry's number within the run, counted from 1.
        attempt: The attempt of the unit that is entered, counted from 0 (rule D2).
        target: The hashed id of the only step to run, or "" for all (rule E1).
    """

    run_id: str
    entry: int
    attempt: int
    target: str
