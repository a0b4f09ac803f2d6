"""Which of several entries that are due goes first, when a test draws the order.

The server has no order there (rules A8, I1); the harness has one, first come, first
served. A schedule tries others: at each point where several entries could begin, one
number of it says which. Numbers that are used up count as 0, and 0 means the run that
ran last, else the entry that came first: so the fewer and smaller the numbers, the
fewer the switches between runs, which is how a drawn schedule shrinks.
"""

from collections.abc import Sequence
from typing import final

from .._json import show
from ..errors import UsageError

__all__ = ["Schedule"]


@final
class Schedule:
    """The choices of one world.

    Attributes:
        points: How many choices there were so far, between two entries or more.
    """

    def __init__(self, picks: object) -> None:
        if not isinstance(picks, list | tuple) or not all(map(_is_pick, picks)):
            raise UsageError(
                f"a schedule is a list of whole numbers from 0 on, not {show(picks)}",
                fix="write harness.faults.schedule([0, 1]), or draw one from "
                "scoretest.strategies.schedules()",
            )
        self._picks: Sequence[int] = tuple(picks)
        self._last_run = ""
        self.points = 0

    def pick(self, run_ids: Sequence[str]) -> int:
        """Return the place of the entry that begins, among those that wait."""
        places = list(range(len(run_ids)))
        if self._last_run in run_ids:  # before the others, and they keep their order
            favourite = run_ids.index(self._last_run)
            places.remove(favourite)
            places.insert(0, favourite)
        choice = 0
        if len(places) > 1:
            left = self._picks[self.points :]
            choice = left[0] % len(places) if left else 0
            self.points += 1
        self._last_run = run_ids[places[choice]]
        return places[choice]


def _is_pick(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
