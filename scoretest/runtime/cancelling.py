"""Cancelling a run from a test, and why an event did not cancel one."""

from collections.abc import Iterator

from .._json import JsonObject, show
from .._model.command import CancelRun
from ..errors import UsageError
from ..times import format_instant
from .driver import Driver
from .views import Run, Source, find_run

__all__ = ["cancel_run", "spared"]


def cancel_run(driver: Driver, source: Source, which: Run | str) -> None:
    """Cancel a run, as the server's API does (rule F1).

    Raises:
        UsageError: *which* is no run of this world, or one that has ended.
    """
    run_id = which if isinstance(which, str) else getattr(which, "id", "")
    run = find_run(source, run_id)
    if run is None:
        raise UsageError(
            f"cancel() takes a run of this harness, or its id, not {show(which)}",
            seen="; ".join(
                repr(Run(source, live)) for live in source.engine.lives.values()
            )
            or "there are no runs",
            fix="write harness.cancel(harness.run(handle_ticket))",
        )
    if run.ended_at is not None:
        raise UsageError(
            "a run that has ended cannot be cancelled",
            seen=repr(run),
            fix="cancel it before it ends: while it sleeps, waits, or is queued",
        )
    driver.perform(driver.engine.apply(CancelRun(run_id)))


def spared(source: Source, name: str, wire: JsonObject, sequence: int) -> Iterator[str]:
    """Tell of the runs that an event of this name could have cancelled and did not."""
    for watch in source.engine.cancels_open_at(name, sequence):
        if watch.predicate is None or watch.accepts(wire):
            continue
        run = Run(source, source.engine.lives[watch.run_id])
        parts = [
            ("event", repr(name)),
            ("if", watch.predicate.text),
            ("until", format_instant(watch.expires)),
            ("why not", watch.predicate.explain(wire)),
            *(("note", note) for note in watch.predicate.notes),
        ]
        lines = [f"  {label + ':':<9}{text}" for label, text in parts]
        yield "\n".join([f"{run!r} is not cancelled", *lines])
