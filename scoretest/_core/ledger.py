"""Scores as the server keeps them, and every write there ever was.

Laws: a later write of the same name on the same target replaces the value (rule G2, as
on Postgres); other names are untouched; the type may change; a score outlives its run,
and the run need not exist (rule G5). The ledger does not judge a score: names and values
are checked where they are written (rule G4). It only has so much room for a target, and
for all targets of a run.
"""

import json
from collections import Counter
from collections.abc import Sequence

from .._model.limits import Limits
from .._model.score import InvalidScoreError, ScoreEntry

__all__ = ["ScoreLedger"]


class ScoreLedger:
    """The current scores by target and name, and the history of all writes."""

    def __init__(self) -> None:
        self._history: list[ScoreEntry] = []
        self._current: dict[tuple[str, str | None, str], ScoreEntry] = {}
        # bytes, by run and by target; of a run under a name that no step has
        self._sizes: Counter[tuple[str, ...]] = Counter()

    def fork(self) -> "ScoreLedger":
        """Return the same scores in another world."""
        twin = ScoreLedger()
        twin._history, twin._current = self._history.copy(), self._current.copy()
        twin._sizes = self._sizes.copy()
        return twin

    @property
    def history(self) -> Sequence[ScoreEntry]:
        """Every write, oldest first; do not change it."""
        return self._history

    @property
    def current(self) -> tuple[ScoreEntry, ...]:
        """The scores that stand, in the order in which they were last written."""
        return tuple(self._current.values())

    def write(self, entry: ScoreEntry, limits: Limits) -> None:
        """Take *entry* in; it replaces the score of the same name on the same target.

        Raises:
            InvalidScoreError: Its target, or its run, has no room for it.
        """
        key = (entry.run_id, entry.step_id, entry.name)
        old = self._current.get(key)
        more = _size(entry) - (0 if old is None else _size(old))
        target = (entry.run_id, entry.step_id or "")
        for place, most, what in (
            (target, limits.score_bytes_per_target, "target"),
            ((entry.run_id,), limits.score_bytes_per_run, "run"),
        ):
            if self._sizes[place] + more > most:
                raise InvalidScoreError(
                    f"the scores of this {what} have {self._sizes[place] + more} bytes "
                    f"with {entry.name[:20]!r}, over {most}",
                    fix="write fewer scores, or under shorter names",
                )
        self._sizes[target] += more
        self._sizes[entry.run_id,] += more
        self._current.pop(key, None)  # a replaced score moves to the end
        self._current[key] = entry
        self._history.append(entry)


def _size(entry: ScoreEntry) -> int:
    """Return the bytes of a score as the server is sent it (rule G1)."""
    value = json.dumps(entry.value)
    return len(json.dumps(entry.name, ensure_ascii=False).encode()) + len(value) + 12
