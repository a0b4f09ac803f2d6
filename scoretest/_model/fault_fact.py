"""What a test lets go wrong, as a fact."""

from .record import record

__all__ = ["FaultInjected"]


@record
class FaultInjected:
    """The test let something go wrong.

    Attributes:
        run_id: In which run, or "" when it befell an event.
        kind: Which fault, such as ``"crash after"``.
        what: What it befell: a step, an event or a score.
    """

    run_id: str
    kind: str
    what: str
