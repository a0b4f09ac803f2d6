"""What of a world decides its future, as a text: equal texts, equal futures.

Identifiers are numbered in the order of appearance, and instants are told from now, so
that two worlds which differ in nothing else are equal. An application that looks at a
clock can tell them apart; for it the text also holds when everything began.
"""

import json
import re
from dataclasses import replace
from typing import Final

from .._core.memos import StepRecord
from .._core.timers import Alarm, Signal
from .._model.operation import ErrorInfo
from ..times import MILLISECOND, Instant
from ._engine import Engine
from ._world import Live

__all__ = ["limit_steps", "pending_of", "rest_crons", "state_of", "timer_count"]

_ULID: Final = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")


def pending_of(engine: Engine) -> list[Instant]:
    """Return the instants at which timers fire, each once, the first one first.

    Of the crons, only the next one (rule H2).
    """
    timers = engine._world.timers.pending()  # noqa: SLF001 -- of its own package
    due = dict.fromkeys(due for due, _ in timers)
    if engine.has_crons and (cron := engine.next_due()) is not None:
        due[cron] = None
    return sorted(due)


def state_of(engine: Engine, *, timely: bool = False) -> str:
    """Return the state of a world that is at rest.

    Args:
        engine: The world.
        timely: Whether the application is known to look at the time.
    """
    world = engine._world  # noqa: SLF001 -- of its own package
    now = engine.now
    state = {
        "runs": [_run(live, now, timely=timely) for live in world.lives.values()],
        "timers": [_timer(due - now, alarm) for due, alarm in world.timers.pending()],
        "scores": [
            (s.name, s.value, s.run_id, s.step_id, s.writer) for s in engine.scores
        ],
    }
    starts = engine._starts  # noqa: SLF001 -- as above
    if starts.is_used:
        state["starts"] = starts.told(now)
    text = json.dumps(state, sort_keys=True, default=str)
    if timely:
        text += str(now)
    numbers: dict[str, str] = {}
    return _ULID.sub(lambda m: numbers.setdefault(m[0], f"#{len(numbers)}"), text)


def timer_count(engine: Engine) -> int:
    """Return how many timers are set; crons are none."""
    return len(engine._world.timers.pending())  # noqa: SLF001 -- of its own package


def rest_crons(engine: Engine) -> None:
    """Let no cron fire from now on: what is explored is what follows of one."""
    engine._starts.crons.rest()  # noqa: SLF001 -- of its own package


def limit_steps(engine: Engine, most: int) -> None:
    """Let no run of this world have more than *most* steps from now on."""
    world = engine._world  # noqa: SLF001 -- of its own package
    world.limits = replace(world.limits, steps_per_run=most)


def _timer(left: int, alarm: Alarm | Signal) -> list[object]:
    if isinstance(alarm, Signal):
        return [left, alarm.kind, alarm.key]
    return [left, alarm.kind, alarm.run_id, alarm.step, alarm.attempt]


def _run(live: Live, now: Instant, *, timely: bool) -> list[object]:
    run = live.run
    told: list[object] = [
        run.id,
        run.function.slug,
        run.state,
        run.parent,
        [(e.name, e.data, e.wire.get("meta")) for e in run.events],
    ]
    if run.is_over:
        return [*told, run.output, _error(run.error)]
    steps = [_step(step, now, timely=timely) for step in live.memos.steps.values()]
    waits = [
        (hashed, wait.event, wait.predicate.stored if wait.predicate else None)
        for hashed, wait in live.waits.items()
    ]
    # the usual year of a cancel is as good as for ever
    ends = [w.expires - now for w in live.watches if _is_limited(live)]
    return [*told, steps, waits, ends, list(live.defers.known.items())]


def _is_limited(live: Live) -> bool:
    return any(cancel.within is not None for cancel in live.run.function.life.cancel)


def _step(step: StepRecord, now: Instant, *, timely: bool) -> list[object]:
    output: object = step.output
    is_event = step.op == "WaitForEvent" and not timely
    if is_event and isinstance(output, dict):
        output = {**output, "ts": int(str(output["ts"])) - now // MILLISECOND}
    return [str(step.name), step.op, step.state, output, _error(step.error)]


def _error(error: ErrorInfo | None) -> object:
    return None if error is None else (error.name, error.message)
