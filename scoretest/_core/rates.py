"""How often: the server's formula for throttles and rate limits.

It is the generic cell rate algorithm. Every admission moves a theoretical arrival time
on by ``period / limit``; a newcomer is admitted when that time lies at most
``burst * period / limit`` ahead of the present. So admissions are spread evenly over the
period, and after a pause ``burst + 1`` of them come at once (rule F5). There is no
window in which they are counted.

The law: what is admitted is what the formula admits, exactly. Times are kept multiplied
by the limit, as whole numbers, so that no division rounds.
"""

from typing import Final, NamedTuple

from ..times import Duration, Instant

__all__ = ["Rate", "RateBook", "burst_of_rate_limit"]

# observed of the server: 20 in 10 s let 4 of 30 in within 0.7 s, 2 in 10 s let 1 (F5)
_LIMIT_PER_BURST: Final = 10


class Rate(NamedTuple):
    """How often something may happen."""

    limit: int
    period: Duration
    burst: int


def burst_of_rate_limit(limit: int) -> int:
    """Return the burst that the server gives to a rate limit (rule F5)."""
    return limit // _LIMIT_PER_BURST


class RateBook:
    """When something may happen next, by its key."""

    def __init__(self) -> None:
        # the theoretical arrival time of each key, times the limit of its rate
        self._arrivals: dict[str, int] = {}

    def next_at(self, key: str, rate: Rate, now: Instant) -> Instant:
        """Return when *key* may happen next, *now* or later."""
        ahead = self._arrivals.get(key, 0) - rate.burst * rate.period
        return Instant(max(now, -(-ahead // rate.limit)))

    def admit(self, key: str, rate: Rate, now: Instant) -> bool:
        """Let *key* happen now and take note of it, or say that it may not."""
        if self.next_at(key, rate, now) > now:
            return False
        arrival = max(self._arrivals.get(key, 0), now * rate.limit)
        self._arrivals[key] = arrival + rate.period
        return True
