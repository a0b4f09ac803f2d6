"""Notes: what is configured and cannot show in memory; they never fail a test."""

from .._model.fact import NoteMade
from .._model.options import FunctionOptions
from ._world import Live, World

__all__ = ["note_scopes", "note_sessions"]


def note_scopes(world: World, function: FunctionOptions) -> None:
    """Tell of limits that count other apps, too: there are none here (rule F4)."""
    scopes = dict.fromkeys(limit.scope for limit in function.flow.concurrency)
    for scope in scopes:
        if scope in ("env", "account"):
            text = (
                f"its concurrency limit of scope {scope!r} counts the functions that "
                "this harness serves; in production, those of other apps, too"
            )
            world.record(NoteMade(function.slug, text))


def note_sessions(world: World, live: Live) -> None:
    """Tell of a batch with more sessions than the server lists its run under."""
    most = world.limits.sessions_per_run
    events = live.run.events
    known = dict.fromkeys(pair for event in events for pair in event.sessions.items())
    if len(known) > most:
        text = (
            f"the events of run {live.run.id} have {len(known)} sessions together; "
            f"the server lists a run under {most}"
        )
        world.record(NoteMade(live.run.function.slug, text))
