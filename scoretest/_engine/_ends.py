"""How a run ends, and what its end sets going.

Every run ends through `finish`: its waits close, its alarms are cancelled, its defers
are released, and the server's own events about it are made (rules A1, A2, H4, D6).
"""

import json
from collections.abc import Sequence

from .._core.runs import RunRecord
from .._ids import derived_ulid
from .._json import Json, JsonObject
from .._model.event import (
    DEFERRED_SCHEDULE,
    FUNCTION_CANCELLED,
    FUNCTION_FAILED,
    FUNCTION_FINISHED,
    FUNCTION_INVOKED,
)
from .._model.fact import (
    DeferScheduled,
    InvokeClosed,
    RunCancelled,
    RunCompleted,
    RunFailed,
    WaitClosed,
)
from .._model.operation import DeferAdd, ErrorInfo, Operation
from ..times import Instant
from ._world import Live, ServerEvent, World

__all__ = ["cancel", "cancel_by_api", "complete", "drop", "fail"]

# what the server says of an answer that is an error (rule D6)
_BAD_STATUS = "invalid status code: 500"


def complete(world: World, live: Live, output: Json) -> list[ServerEvent]:
    """End the run with a result; return the events that follow from it."""
    live.run.output = output
    world.move_run(live, RunCompleted(live.run.id, output))
    return _finish(world, live, {"result": output}, "Completed")


def fail(
    world: World, live: Live, error: ErrorInfo, *, by_server: bool = False
) -> list[ServerEvent]:
    """End the run without a result; return the events that follow from it."""
    live.run.error = error
    world.move_run(live, RunFailed(live.run.id, error))
    _report_lost(world, live, "the handler failed in the entry that called it")
    told = _told_by_server(error) if by_server else _told(error)
    return _finish(world, live, {"error": told, "result": told}, "Failed")


def cancel(
    world: World, live: Live, *, event_id: str = "", reason: str = ""
) -> list[ServerEvent]:
    """End the run from outside; return the events that follow from it (rule F1)."""
    world.move_run(live, RunCancelled(live.run.id, event_id, reason))
    return _finish(world, live, {}, "Cancelled")


def cancel_by_api(world: World, live: Live, reason: str) -> list[ServerEvent]:
    """End the run as the server's API does: without function.finished.

    Only the caller of an invoked run is answered by it (rule E3).

    Source: the recording flow__cancel_through_the_api.
    """
    return [
        event
        for event in cancel(world, live, reason=reason)
        if event.name != FUNCTION_FINISHED or "correlation_id" in event.data
    ]


def drop(world: World, live: Live, operations: Sequence[Operation]) -> None:
    """Say what is lost with the answer of an entry whose run has ended (rule F1)."""
    lost = [op.id for op in operations if isinstance(op, DeferAdd)]
    live.run.lost_defers = lost
    _report_lost(world, live, "its run ended during the entry that called it")


def _told(error: ErrorInfo) -> JsonObject:
    """Return a handler's error as the server's events carry it (rule D6)."""
    final = "NonRetriableError" if error.name == "NonRetriableError" else _BAD_STATUS
    return {
        "error": final,
        "message": error.message,
        "name": error.name,
        "stack": error.stack,
    }


def _told_by_server(error: ErrorInfo) -> JsonObject:
    """Return the server's own failure as its events carry it (rule X4)."""
    body = {
        "error": f"{error.name}: {error.message}",
        "name": error.name,
        "message": error.message,
        "stack": error.stack,
    }
    return {"error": error.name, "name": "Error", "message": json.dumps(body)}


def _report_lost(world: World, live: Live, why: str) -> None:
    """Say which defers the handler had asked for in vain (rule A3)."""
    accepted = live.defers.ids
    for lost in dict.fromkeys(live.run.lost_defers):
        if lost not in accepted:
            world.report(
                live,
                "DEFER_LOST",
                f"the defer {lost!r} was never sent: {why}",
                "put a step between the defer and what can fail, or defer in a step",
            )


def _finish(
    world: World, live: Live, result: JsonObject, status: str
) -> list[ServerEvent]:
    run = live.run
    run.ended_at = world.now
    run.open_entries.clear()
    for number in live.alarms.values():
        world.timers.cancel(number)
    live.alarms.clear()
    if live.gate is not None:
        world.turns.forget(live)
    for hashed, wait in live.waits.items():
        closed = WaitClosed(run.id, wait.step)
        step = live.memos.steps[hashed]
        world.move_wait(live, wait, step, closed)
        world.waits.close(wait)
    live.waits.clear()
    for hashed in live.invokes:
        step = live.memos.steps[hashed]
        world.move_step(live, step, InvokeClosed(run.id, step.name))
    live.invokes.clear()
    if run.function.life.singleton is not None:
        world.admission.release(run.id)
    for watch in live.watches:
        world.cancels.close(watch, len(world.trace))
    events = [_released(world, live, call) for call in live.defers.release()]
    # of a run that such news started there is no news (rule H4)
    if run.events[0].name not in (FUNCTION_FINISHED, FUNCTION_FAILED):
        events += _news(world, live, result, status)
    return events


def _released(world: World, live: Live, call: DeferAdd) -> ServerEvent:
    """Return the event that starts what was deferred (rules A1, A9)."""
    event = _schedule(live, call)
    world.record(DeferScheduled(live.run.id, call.id, event.internal_id))
    if not world.bus.knows(call.function):
        world.report(
            live,
            "DEFER_LOST",
            f"the defer {call.id!r} starts {call.function!r}, "
            f"which is not served{world.bus.nearest(call.function)}",
            "add the deferred function to harness.serve(client, functions=[...])",
        )
    return event


def _schedule(live: Live, call: DeferAdd) -> ServerEvent:
    run = live.run
    function = run.function
    stamp = derived_ulid(Instant(run.started_at), run.id, call.hashed)
    routing: JsonObject = {
        "fn_slug": call.function,
        "parent_app_id": function.app_id,
        "parent_defer_span": {"dsid": call.hashed[:16], "dstp": "", "tp": "", "ts": ""},
        "parent_fn_id": function.slug,
        "parent_fn_slug": function.slug,
        "parent_run_id": run.id,
    }
    data: JsonObject = {**call.data, "_inngest": routing}
    return ServerEvent(stamp, DEFERRED_SCHEDULE, data, call.sessions)


def _news(
    world: World, live: Live, result: JsonObject, status: str
) -> list[ServerEvent]:
    """Return the events that tell of the run's end (rule H4)."""
    run = live.run
    events: list[Json] = [event.wire for event in run.events]
    about: JsonObject = {
        "_inngest": {"status": status},
        "event": events[0],
        "events": events,
        "function_id": run.function.slug,
        "run_id": run.id,
        **_correlation(run),
    }
    stamp = world.ids.ulid("event", world.now)
    if status == "Completed":
        return [ServerEvent(stamp, FUNCTION_FINISHED, {**about, **result})]
    if status == "Cancelled":
        return [
            ServerEvent(run.id, FUNCTION_CANCELLED, about),
            ServerEvent(stamp, FUNCTION_FINISHED, about),
        ]
    return [
        ServerEvent(run.id, FUNCTION_FAILED, {**about, **result}),
        ServerEvent(stamp, FUNCTION_FINISHED, {**about, "error": result["error"]}),
    ]


def _correlation(run: RunRecord) -> JsonObject:
    """Return by what the run's caller knows it, if it was invoked (rule E3)."""
    event = run.events[0]
    routing = event.data.get("_inngest") if event.name == FUNCTION_INVOKED else None
    if not isinstance(routing, dict) or routing.get("fn_id") != run.function.slug:
        return {}
    return {"correlation_id": routing["correlation_id"]}
