"""The events that a handler of the ``inngest`` package gets, and the scores it may not write."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import inngest

from . import private

__all__ = ["read_by", "watch_reads", "watch_scores"]


def watch_scores(find_watcher: Callable[[], Any]) -> None:
    """Let the entry under way hear of the scores that the package refuses."""
    if not private.HAS_ALPHA:
        return
    validate = private.scores.validate_score

    @wraps(validate)
    def watched(*args: Any, **options: Any) -> None:
        try:
            validate(*args, **options)
        except ValueError as error:
            watcher = find_watcher()
            if watcher is not None:
                watcher.refused(str(error))
            raise

    private.scores.validate_score = watched


# --- what a handler reads -------------------------------------------------------------


def watch_reads(find_watcher: Callable[[], Any]) -> None:
    """Let the entry under way hear of the events that its handler gets."""
    lib: Any = private.execution_lib
    for kind in (lib.ExecutionV0, lib.ExecutionV0Sync):
        kind.run = _reading_run(kind.run, find_watcher)
    step: Any = inngest.StepSync
    wait = step.wait_for_event

    @wraps(wait)
    def wait_for_event(self: Any, *args: Any, **options: Any) -> Any:
        event, watcher = wait(self, *args, **options), find_watcher()
        if watcher is not None and event is not None:
            watcher.read(vars(event))
        return event

    step.wait_for_event = wait_for_event


def _reading_run(original: Any, find_watcher: Callable[[], Any]) -> Any:
    @wraps(original)
    def run(self: Any, client: Any, ctx: Any, *args: Any, **options: Any) -> Any:
        watcher = find_watcher()
        if watcher is not None and watcher.is_reading():
            for event in (*ctx.events, ctx.event):
                watcher.read(vars(event))
        return original(self, client, ctx, *args, **options)

    return run


async def read_by(watcher: Any, call: Any) -> Any:
    """Return the event of a wait, which *watcher* has heard of."""
    event = await call
    if event is not None:
        watcher.read(vars(event))
    return event
