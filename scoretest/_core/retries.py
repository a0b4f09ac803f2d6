"""When the next attempt begins: the server's backoff as a pure schedule.

Attempts are counted from 0. The delay depends on the attempt alone, never on what
failed. The server adds up to 30 s of jitter to each delay; here it is zero, so that a
test can name the instant (semantics.md, head). An error may ask for its own delay,
which is cut to whole seconds and to the server's bounds.

Source: rules D1 and D5; the table was observed and is in the server's backoff module.
"""

from typing import Final

from .._model.limits import Limits
from ..times import HOUR, MINUTE, SECOND, Duration

__all__ = ["BACKOFF", "backoff", "clamp_retry_after"]

BACKOFF: Final = (
    Duration(15 * SECOND),
    Duration(30 * SECOND),
    Duration(1 * MINUTE),
    Duration(2 * MINUTE),
    Duration(5 * MINUTE),
    Duration(10 * MINUTE),
    Duration(20 * MINUTE),
    Duration(40 * MINUTE),
    Duration(1 * HOUR),
    Duration(2 * HOUR),
)


def backoff(attempt: int) -> Duration:
    """Return how long to wait after *attempt*, counted from 0, has failed."""
    return BACKOFF[min(attempt, len(BACKOFF) - 1)]


def clamp_retry_after(asked: Duration, limits: Limits) -> Duration:
    """Return the delay that the server makes of the one that an error asked for."""
    whole = Duration(asked // SECOND * SECOND)
    return max(limits.shortest_retry, min(whole, limits.longest_retry))
