"""What pytest says of a comparison that failed, when runs or scores are compared.

The plugin imports this with the first such comparison. Everything here reads only, and
returns None for what it has nothing to say about, so that pytest says what it always
says.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from .._model.event import Event
from .._model.score import Score
from ..reports.why import Reasons
from .parts import RunStatus
from .scores import Scores
from .sent import ResumedRuns, StartedRuns
from .views import (
    Run,
    ScoreRecord,
    Source,
    entry_of,
    find_run,
    source_of,
    status_quietly,
)

__all__ = ["explain_comparison"]

_ABSENT = object()
_SHOWN = 3  # differences of one comparison
_PARTS = ("name", "data", "id", "ts")


def explain_comparison(
    op: str, left: object, right: object, sources: Sequence[Source]
) -> list[str] | None:
    """Return the lines that explain why a comparison does not hold.

    Args:
        op: The operator as it was written.
        left: One side.
        right: The other side.
        sources: The worlds of the test, oldest first.
    """
    if op == "in" and isinstance(right, Scores):
        return _not_among(left, right)
    if op != "==":
        return None
    if isinstance(left, RunStatus) or isinstance(right, RunStatus):
        return _statuses(left, right, sources)
    if not (_is_ours(left) or _is_ours(right)):
        return None
    is_swapped = not _is_ours(left)
    ours, other = (right, left) if is_swapped else (left, right)
    if isinstance(ours, ScoreRecord | Run):
        return _pair(ours, other)
    return _lists(ours, other, is_swapped=is_swapped)


def _is_ours(value: object) -> bool:
    if isinstance(value, Scores | StartedRuns | ResumedRuns | ScoreRecord | Run):
        return True
    return isinstance(value, list) and any(
        isinstance(item, ScoreRecord | Run | Event) for item in value
    )


# --- scores -------------------------------------------------------------------------


def _not_among(wanted: object, scores: Scores) -> list[str] | None:
    if not isinstance(wanted, Score | ScoreRecord):
        return None
    same = scores.named(wanted.name)
    lines = [f"no such score: {_told(wanted)}"]
    for record in same[:_SHOWN]:
        lines += [f"{_told(record)}, because", *_because(record)]
    return lines if same else [*lines, f"there are: {_all(scores)}"]


def _because(item: ScoreRecord | Run) -> list[str]:
    reasons = _reasons(item)
    if isinstance(item, Run):
        waits = [f"  waits for {item.waiting_for}"] if item.waiting_for else []
        return [f"  {line}" for line in reasons.of_run(item.id)] + waits
    return [f"  {line}" for line in reasons.of_score(entry_of(item))]


def _reasons(item: ScoreRecord | Run) -> Reasons:
    source = source_of(item)
    return Reasons(source.engine.trace, source.start)


def _told(item: object) -> str:
    """Return one side of a difference in as few words as tell it."""
    if isinstance(item, ScoreRecord):
        step = f" step {item.step_id!r} of" if item.step_id is not None else ""
        return (
            f"{item.name} = {item.value!r} on{step} {_reasons(item).name(item.run_id)}"
        )
    if isinstance(item, Score):
        return f"{item.name} = {item.value!r}"
    if isinstance(item, Event):
        return f"event {item.name!r}"
    if isinstance(item, Run):
        return f"{_reasons(item).name(item.id)} ({status_quietly(item)})"
    return repr(item)


def _all(items: Any) -> str:
    told = [_told(item) for item in items[:_SHOWN]]
    told += [f"{len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return ", ".join(told) or "none"


# --- one of each, and lists of them ---------------------------------------------------


def _pair(ours: ScoreRecord | Run, other: object) -> list[str]:
    return [f"{_told(ours)} is not {_told(other)}, because", *_because(ours)]


def _lists(ours: Any, other: object, *, is_swapped: bool) -> list[str] | None:
    if not isinstance(other, list | Scores):
        return None
    kind = _kind(ours, other)
    pairs = zip_longest(ours, other, fillvalue=_ABSENT)
    differences = [
        (place, mine, theirs)
        for place, (mine, theirs) in enumerate(pairs)
        if mine is _ABSENT or theirs is _ABSENT or mine != theirs
    ]
    side = "right" if is_swapped else "left"
    count = len(differences)
    many = f"1 {kind} differs" if count == 1 else f"{count} {kind}s differ"
    lines = [f"{many}; on the {side}: {_all(ours)}"]
    for place, mine, theirs in differences[:_SHOWN]:
        lines += _difference(place, mine, theirs, ours)
    return lines


def _kind(*sides: Any) -> str:
    kinds = {type(item) for side in sides for item in side}
    if Event in kinds:
        return "event"
    is_named = any(isinstance(side, StartedRuns | ResumedRuns) for side in sides)
    return "run" if is_named or Run in kinds else "score"


def _difference(place: int, mine: Any, theirs: Any, ours: Any) -> list[str]:
    if mine is _ABSENT:
        return [f"at {place} there is no {_told(theirs)}", *_missing(theirs, ours)]
    if isinstance(mine, Event):
        return [f"at {place} there is {_told(mine)}", *_apart(mine, theirs)]
    if theirs is _ABSENT:
        head = f"at {place} there is {_told(mine)} too, because"
    else:
        head = f"at {place} there is {_told(mine)}, not {_told(theirs)}, because"
    return [head, *_because(mine)]


def _apart(event: Event, other: object) -> list[str]:
    """Return in which parts an event differs from the one that was expected."""
    if not isinstance(other, Event):
        return ["  and there should be none"] if other is _ABSENT else []
    parts = ((part, getattr(event, part), getattr(other, part)) for part in _PARTS)
    return [
        f"  {part}: {mine!r}, not {its!r}" for part, mine, its in parts if mine != its
    ]


def _missing(wanted: Any, ours: Any) -> list[str]:
    """Return why a run is not among those that an event resumed."""
    if not isinstance(wanted, Run):
        return []
    ignored = ours.sent.ignored if isinstance(ours, ResumedRuns) else []
    reasons = [
        line
        for wait in ignored
        if wait.run == wanted
        for line in (
            f"  step {wait.step_id!r} waits for {wait.wants}",
            f"  why not: {wait.why}",
        )
    ]
    return reasons or _because(wanted)


# --- statuses -------------------------------------------------------------------------


def _statuses(
    left: object, right: object, sources: Sequence[Source]
) -> list[str] | None:
    ours, other = (left, right) if isinstance(left, RunStatus) else (right, left)
    for source in reversed(sources):
        run = find_run(source, next(iter(source.last_read), ""))
        if run is not None and status_quietly(run) == ours:
            return [f"{_told(run)} is not {str(other)!r}, because", *_because(run)]
    return None
