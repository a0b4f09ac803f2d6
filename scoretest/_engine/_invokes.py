"""Invoking another function: the call, its answer, and its end without one (rule E3).

A call is an event of the server's own that names the function it is for. The run that
it starts ends as any other does; the news of its end carries the correlation id of the
call, and that is how the caller is found.
"""

from .._core.memos import StepRecord
from .._core.timers import Alarm, AlarmKind
from .._json import Json, JsonObject
from .._model.event import FUNCTION_INVOKED, ReceivedEvent
from .._model.fact import InvokeFailed, InvokeReturned, InvokeStarted, InvokeTimedOut
from .._model.finding import Finding
from .._model.operation import ErrorInfo, InvokeFunction
from .._model.session import objection
from ..times import MILLISECOND, Instant
from ._world import Invocation, Live, ServerEvent, World

__all__ = ["answer", "invoke", "refuse", "time_out"]

_LIMITED = "invoked function is rate limited"


def invoke(world: World, live: Live, call: InvokeFunction, step: StepRecord) -> None:
    """Call a function in the name of a run.

    The step fails if there is no such function, or if the call has too many sessions.
    """
    run_id = live.run.id
    known = world.bus.knows(call.function)
    why = "" if known else f"could not find function with ID: {call.function}"
    if why or (why := objection(call.sessions, world.limits)):
        step.error = error = ErrorInfo(name="Error", message=why, retriable=False)
        world.move_step(live, step, InvokeFailed(run_id, step.name, "", error))
        return
    within = world.limits.invoke_life if call.timeout is None else call.timeout
    expires = Instant(world.now + within)
    event = ServerEvent(
        world.ids.ulid("event", world.now),
        FUNCTION_INVOKED,
        {**call.data, "_inngest": _routing(live, call, expires)},
        call.sessions,
    )
    started = InvokeStarted(
        run_id=run_id,
        step=step.name,
        function=call.function,
        event_id=event.internal_id,
        expires=expires,
    )
    world.move_step(live, step, started)
    hashed = step.name.hashed
    live.invokes[hashed] = Invocation(call.function, expires)
    world.wake(expires, live, Alarm(AlarmKind.INVOKE, run_id, hashed))
    world.coming.append((live, event))


def _routing(live: Live, call: InvokeFunction, expires: Instant) -> JsonObject:
    caller = live.run.function
    return {
        "correlation_id": f"{live.run.id}.{call.step.hashed}",
        "expire": expires // MILLISECOND,
        "fn_id": call.function,
        "gid": "",
        "isr": {"dsid": call.step.hashed[:16], "dstp": "", "tp": "", "ts": ""},
        "name": str(call.step),
        "source_app_id": caller.app_id,
        "source_fn_id": caller.slug,
        "source_fn_v": 1,
        "tc": {"ctx": {}, "ts": ""},
    }


def answer(world: World, event: ReceivedEvent) -> None:
    """Give a run's end to its caller, if that still waits for it."""
    live, step = _caller(world, event, event.data["correlation_id"])
    if step is None:
        return
    run_id, invoked = live.run.id, str(event.data["run_id"])
    error = event.data.get("error")
    if isinstance(error, dict):
        step.error = info = _as_error(error)
        world.move_step(live, step, InvokeFailed(run_id, step.name, invoked, info))
    else:
        step.output = output = _result(world, live, event, str(step.name))
        world.move_step(live, step, InvokeReturned(run_id, step.name, invoked, output))
    world.enter_if_idle(live)


def _caller(
    world: World, event: ReceivedEvent, correlation: Json
) -> tuple[Live, StepRecord | None]:
    """Return who made a call, and its step if that still waits for the answer."""
    run_id, _, hashed = str(correlation).rpartition(".")
    live = world.lives[run_id]
    if live.invokes.pop(hashed, None) is None:
        return live, None
    world.timers.cancel(live.alarms.pop(hashed))
    live.run.depth, live.run.depth_at = event.depth + 1, world.now
    return live, live.memos.steps[hashed]


def refuse(world: World, function: str, event: ReceivedEvent) -> None:
    """Tell the caller, if *event* is a call of *function*, that it is not let in.

    An idempotency key is a rate limit to the server, and it says so.
    """
    routing = event.data.get("_inngest") if event.name == FUNCTION_INVOKED else None
    if not isinstance(routing, dict) or routing.get("fn_id") != function:
        return
    live, step = _caller(world, event, routing["correlation_id"])
    if step is not None:
        told: JsonObject = {"name": "Error", "message": _LIMITED}
        step.error = error = _as_error(told)
        world.move_step(live, step, InvokeFailed(live.run.id, step.name, "", error))
        world.enter_if_idle(live)


def _as_error(told: JsonObject) -> ErrorInfo:
    return ErrorInfo(
        name=str(told.get("name")),
        message=str(told.get("message")),
        stack=str(told.get("stack") or ""),
        retriable=False,
    )


def _result(world: World, live: Live, event: ReceivedEvent, step: str) -> Json:
    """Return what the call yields: of a cancelled run, the event itself."""
    if "result" in event.data:
        return event.data["result"]
    finding = Finding(
        code="INVOKE_CANCELLED",
        message=f"step {step!r} invoked a run that was cancelled, and yields the event "
        f"{event.name!r} in place of a result",
        fix="look at `_inngest.status` in the data of what the step yields",
    )
    world.tell(live, finding, step)
    return event.wire


def time_out(world: World, live: Live, alarm: Alarm) -> None:
    """Stop waiting for a run, which goes on."""
    del live.invokes[alarm.step]
    step = live.memos.steps[alarm.step]
    step.error = error = ErrorInfo(
        name="InngestInvokeTimeoutError",
        message="Timed out waiting for invoked function to complete",
        retriable=False,
    )
    world.move_step(live, step, InvokeTimedOut(live.run.id, step.name, error))
    world.enter_if_idle(live)
