"""Keys that a handler asks its event for, and that nobody gave.

A key that differs from one that is there by its spelling alone is a mistake. So is one
whose absence goes on: what the handler then writes, sends or asks for says ``None``, and
would say something else if the key were there. To miss a key and to live without it is
none.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .._engine import Engine
from .._json import JsonObject
from .._model.event import DEFERRED_SCHEDULE
from ..runtime.reading import Missed, Path, Reads
from .checks import Draft
from .evidence import folded
from .handlers import Code, constants_of, foresees
from .scenario import Scenario
from .search import Node
from .stage import Stage

__all__ = ["absent_keys", "misspelling"]

_MOST_LEAVES: Final = 8
_MOST_WORDS: Final = 4
_SOMETHING: Final = "scoretest-something"


def absent_keys(
    stage: Stage,
    scenario: Scenario,
    leaves: Sequence[Node],
    codes: Mapping[str, Sequence[Code]],
) -> Iterator[tuple[Draft, Node]]:
    """Yield what is wrong, with the world in which it was seen.

    Args:
        stage: Where the ways to the worlds are played again.
        scenario: How they begin.
        leaves: The worlds.
        codes: The code of each function.
    """
    given = [DEFERRED_SCHEDULE] if not scenario.by_parent else []
    if not scenario.is_guessed:
        given += [start.name for start in scenario.starts]
    told: list[tuple[str, Path]] = []
    for leaf in leaves[:_MOST_LEAVES]:
        if stage.deadline.is_over():
            return
        reads = Reads()
        played = _played(stage, leaf, reads)
        for missed in reads.missed:
            known = (missed.function, missed.path)
            if missed.event in given and known not in told:
                told.append(known)
                draft = _judged(stage, leaf, played, missed, codes[missed.function])
                if draft is not None:
                    yield draft, leaf


def misspelling(path: Path, data: JsonObject) -> str | None:
    """Return the key that is there and differs from the one asked for by spelling."""
    inner: Any = data
    for part in path[:-1]:
        inner = inner.get(part) if isinstance(inner, dict) else None
    asked = str(path[-1])
    for key in inner if isinstance(inner, dict) else ():
        if folded(key) == folded(asked) and key != asked:
            return str(key)
    return None


def _played(stage: Stage, leaf: Node, reads: Reads) -> Engine:
    """Play the way to a world again, noting what is read."""
    engine, stage.reads = stage.root, reads
    try:
        for move in leaf.moves:
            engine = stage.play(engine, move)
    finally:
        stage.reads = None
    return engine


def _judged(
    stage: Stage, leaf: Node, played: Engine, missed: Missed, codes: Sequence[Code]
) -> Draft | None:
    asked = ".".join(map(str, missed.path))
    for live in played.lives.values():
        if live.run.function.slug != missed.function:
            continue
        meant = misspelling(missed.path, live.run.events[0].data)
        if meant is not None:
            return Draft(
                "DATA_KEY_ABSENT",
                f"the handler asks for {asked!r}; the event has {meant!r}",
                missed.function,
                f"write {meant!r}",
            )
    if missed.is_foreseen or foresees(codes, str(missed.path[-1])):
        return None
    is_needed = _is_needed(stage, leaf, missed, codes)
    if not is_needed and not _goes_on(stage, leaf, played, missed, _SOMETHING):
        return None
    return Draft(
        "DATA_KEY_ABSENT",
        f"the handler asks for {asked!r}, which its event has not, and goes on with None",
        missed.function,
        f"give {asked!r} to whoever sends the event, or say what to do without it",
    )


def _is_needed(stage: Stage, leaf: Node, missed: Missed, codes: Sequence[Code]) -> bool:
    """Say whether what a parent never passes would decide what comes of the run."""
    if missed.event != DEFERRED_SCHEDULE:
        return False  # an optional key of an event of the user's
    usual = _outcome(_played(stage, leaf, Reads()))
    words = [word for word in constants_of(codes) if isinstance(word, str)]
    return any(
        _outcome(_played(stage, leaf, Reads({missed: word}))) != usual
        for word in words[:_MOST_WORDS]
    )


def _outcome(engine: Engine) -> list[tuple[object, ...]]:
    """Return what runs came to: how they ended, and their scores."""
    ends = [
        (live.run.function.slug, live.run.state, repr(live.run.output))
        for live in engine.lives.values()
    ]
    return [*ends, *((s.name, s.value, s.run_id) for s in engine.scores)]


def _goes_on(
    stage: Stage, leaf: Node, played: Engine, missed: Missed, something: str
) -> bool:
    """Say whether what came of a timeline shows that a key was not there."""
    with_key = _played(stage, leaf, Reads({missed: something}))
    for was, is_now in zip(played.trace, with_key.trace, strict=False):
        without, there = repr(was.fact), repr(is_now.fact)
        if without != there and something in there:
            bare = there.replace(f"'{something}'", "None").replace(something, "None")
            return bare == without
    return False
