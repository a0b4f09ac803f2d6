"""Scores as the server keeps them, and every write there ever was.

Laws: a later write of the same name on the same target replaces the value (rule G2, as
on Postgres); other names are untouched; the type may change; a score outlives its run,
and the run need not exist (rule G5). The ledger does not judge a score: names and values
are checked where they are written (rule G4). It only has so much room for a target, and
for all targets of a run.
"""

from collections.abc import Sequence
from typing import Final

from .._model.limits import Limits
from .._model.score import InvalidScoreError, ScoreEntry

__all__ = ["ScoreLedger"]

_AROUND: Final = len('"":{"value":},')  # on the wire, around a name and a value


class ScoreLedger:
    """The current scores by target and name, and the history of all writes."""

    def __init__(self) -> None:
        self._history: list[ScoreEntry] = []
        self._current: dict[tuple[str, str | None, str], ScoreEntry] = {}
        # bytes, by run and by target; of a run under a name that no step has
        self._sizes: dict[tuple[str, ...], int] = {}

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
        target, run = (entry.run_id, entry.step_id or ""), (entry.run_id,)
        of_target = self._sizes.get(target, 0) + more
        of_run = self._sizes.get(run, 0) + more
        if of_target > limits.score_bytes_per_target:
            raise _no_room("target", entry, of_target, limits.score_bytes_per_target)
        if of_run > limits.score_bytes_per_run:
            raise _no_room("run", entry, of_run, limits.score_bytes_per_run)
        self._sizes[target], self._sizes[run] = of_target, of_run
        self._current.pop(key, None)  # a replaced score moves to the end
        self._current[key] = entry
        self._history.append(entry)


def _size(entry: ScoreEntry) -> int:
    """Return the bytes of a score as the server is sent it (rule G1)."""
    return len(entry.name.encode()) + len(repr(entry.value)) + _AROUND


def _no_room(what: str, entry: ScoreEntry, size: int, most: int) -> InvalidScoreError:
    return InvalidScoreError(
        f"the scores of this {what} have {size} bytes with {entry.name[:20]!r}, "
        f"over {most}",
        fix="write fewer scores, or under shorter names",
    )
