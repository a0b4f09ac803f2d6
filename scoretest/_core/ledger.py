"""Scores as the server keeps them, and every write there ever was.

Laws: a later write of the same name on the same target replaces the value (rule G2, as
on Postgres); other names are untouched; the type may change; a score outlives its run,
and the run need not exist (rule G5). The ledger does not judge a score: names and values
are checked where they are written (rule G4).
"""

from collections.abc import Sequence

from .._model.score import ScoreEntry

__all__ = ["ScoreLedger"]


class ScoreLedger:
    """The current scores by target and name, and the history of all writes."""

    def __init__(self) -> None:
        self._history: list[ScoreEntry] = []
        self._current: dict[tuple[str, str | None, str], ScoreEntry] = {}

    def fork(self) -> "ScoreLedger":
        """Return the same scores in another world."""
        twin = ScoreLedger()
        twin._history, twin._current = self._history.copy(), self._current.copy()
        return twin

    @property
    def history(self) -> Sequence[ScoreEntry]:
        """Every write, oldest first; do not change it."""
        return self._history

    @property
    def current(self) -> tuple[ScoreEntry, ...]:
        """The scores that stand, in the order in which they were last written."""
        return tuple(self._current.values())

    def write(self, entry: ScoreEntry) -> None:
        """Take *entry* in; it replaces the score of the same name on the same target."""
        key = (entry.run_id, entry.step_id, entry.name)
        self._current.pop(key, None)  # a replaced score moves to the end
        self._current[key] = entry
        self._history.append(entry)
