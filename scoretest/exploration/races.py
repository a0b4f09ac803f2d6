"""Waits that a run does not need: it could return, and a wait of it is open.

The server enters a handler again when everything that it has asked for is settled. So the
loser of a race keeps its run going until it times out. To see that, a handler is entered
when the first of several has settled, which the server would not do.
"""

from collections.abc import Iterator
from typing import Final

from .._engine import Engine
from .._model.fact import (
    Fact,
    RunCompleted,
    RunEntered,
    SleepEnded,
    StepCompleted,
    StepFailed,
    WaitClosed,
    WaitMatched,
    WaitTimedOut,
)
from .checks import Draft, open_wait
from .search import Transition
from .stage import Stage

__all__ = ["lost_races"]

_SETTLED: Final = (WaitMatched, WaitTimedOut, SleepEnded, StepCompleted, StepFailed)
_MOST_ENTRIES: Final = 4


def lost_races(stage: Stage, transition: Transition) -> Iterator[Draft]:
    """Yield the waits without which a run could end."""
    engine = transition.node.engine
    settled = [f.run_id for _, f in transition.facts if isinstance(f, _SETTLED)]
    for run_id in dict.fromkeys(settled):
        live, before = engine.lives[run_id], transition.before.lives.get(run_id)
        is_held = any(
            hashed in live.waits for hashed in (before.waits if before else ())
        )
        if is_held and not live.run.is_over:
            for step in _left_open(stage, engine, run_id):
                yield open_wait(live.run.function.slug, step)


def _left_open(stage: Stage, engine: Engine, run_id: str) -> list[str]:
    """Enter a run at once, and again as long as it goes on; return what it left open."""
    for _ in range(_MOST_ENTRIES):
        past = len(engine.trace)
        engine = stage.enter(engine, run_id)
        facts: list[Fact] = [entry.fact for entry in engine.trace[slice(past, None)]]
        of_run = [f for f in facts if getattr(f, "run_id", "") == run_id]
        if any(isinstance(f, RunCompleted) for f in of_run):
            return [str(f.step) for f in of_run if isinstance(f, WaitClosed)]
        if not any(not isinstance(f, RunEntered) for f in of_run):
            return []
    return []
