"""What a declaration says of the life of a run: whether it begins, and what ends it.

What cancels a run on an event is set up when the run is queued, so that an event that
came before has no effect, and the event that starts a run never cancels it (rule F1).
The start timeout counts from the event, the finish timeout from the first entry
(rule F2).

An event is refused by an idempotency key that is used up (rule F3), by an id that was
used, and by a singleton that skips (rule F9), in this order.
"""

import json

from .._core.admission import Key
from .._core.timers import Alarm, AlarmKind
from .._core.waits import Watch
from .._model.event import ReceivedEvent
from .._model.finding import Finding
from .._model.life import Cancel, LifeOptions
from .._model.options import FunctionOptions
from .._model.predicate import Predicate
from ..expr import ExpressionError
from ..expr import compile as compile_expression
from ..times import Duration, Instant, format_duration
from . import _ends, _invokes
from ._world import Live, ServerEvent, World, seen_by_expressions, seen_event

__all__ = [
    "begin",
    "begun",
    "cancelled_by",
    "check",
    "enter_first",
    "refusal",
    "time_out",
]


def check(life: LifeOptions) -> None:
    """Compile the expressions of a declaration, as registering the app does.

    Raises:
        ExpressionError: One of them is no expression (rule C8).
    """
    for cancel in life.cancel:
        if cancel.if_exp is not None:
            compile_expression(cancel.if_exp)
    for key in (life.idempotency, life.singleton and life.singleton.key):
        if key is not None:
            compile_expression(key, kind="trigger")


def refusal(world: World, function: FunctionOptions, event: ReceivedEvent) -> str:
    """Return why *event* starts no run of *function*, or "" (rules F3, F9)."""
    life = function.life
    if life.idempotency is not None:
        value = _value(world, function, event, life.idempotency)
        key = (function.slug, value)
        # what has no key, or says false, is let in (rule F3)
        has_key = value not in ("null", "false")
        if has_key and not world.admission.use(key, world.now):
            _invokes.refuse(world, function.slug, event)
            return f"its key {value} already started one in the last 24 h"
    if world.bus.is_repeated(function.slug, event):
        return f"its id {event.id!r} already started one in the last 24 h"
    return "" if life.singleton is None else _singleton(world, function, event)


def _singleton(world: World, function: FunctionOptions, event: ReceivedEvent) -> str:
    """Cancel the active run of a singleton, or return that there is one (rule F9)."""
    key = _singleton_key(world, function, event)
    holder = world.admission.holder(key) if key else ""
    if not holder:
        return ""
    if function.life.singleton and function.life.singleton.mode == "skip":
        return "another run of its singleton is active"
    live, reason = world.lives[holder], "a newer run of its singleton"
    follows = _ends.cancel(world, live, event_id=event.internal_id, reason=reason)
    world.coming.extend((live, news) for news in follows)
    return ""


def _singleton_key(
    world: World, function: FunctionOptions, event: ReceivedEvent
) -> Key | None:
    """Return the key that a run of *function* holds; None when it holds none."""
    singleton = function.life.singleton
    if singleton is None:
        return None
    if singleton.key is None:
        return (function.slug, "")
    value = _value(world, function, event, singleton.key)
    return None if value == "false" else (function.slug, value)


def _value(
    world: World, function: FunctionOptions, event: ReceivedEvent, key: str
) -> str:
    """Return the text of what a key expression makes of an event."""
    expression = compile_expression(key, kind="trigger", clock=world.clock)
    value = expression.value(seen_event(function, event))
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as its sender wrote it
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def begin(world: World, live: Live, delay: Duration) -> None:
    """Set up what can end a queued run; enter it, now or after *delay* (rule H3)."""
    life = live.run.function.life
    watches = [_watch(world, live, cancel) for cancel in life.cancel]
    live.watches = tuple(watch for watch in watches if watch is not None)
    for watch in live.watches:
        world.cancels.open(watch)
    key = _singleton_key(world, live.run.function, live.run.events[0])
    if key is not None:
        world.admission.hold(key, live.run.id)
    if delay <= 0 and live.gate is None:
        enter_first(world, live)
        return
    if life.timeouts and life.timeouts.start_within:
        _set(world, live, AlarmKind.START, life.timeouts.start_within)
    if delay > 0:
        world.wake_to_enter(live, delay, attempt=0)
    else:
        world.enter(live)


def enter_first(world: World, live: Live) -> None:
    """Enter a run for the first time, as soon as it has its turn."""
    if live.gate is None:
        begun(world, live)
    world.enter(live)


def begun(world: World, live: Live) -> None:
    """Note that a run begins; its finish timeout counts from here (rule F2)."""
    timeouts = live.run.function.life.timeouts
    if timeouts and timeouts.start_within:
        key = _key(AlarmKind.START, timeouts.start_within)
        world.timers.cancel(live.alarms.pop(key, 0))
    if timeouts and timeouts.finish_within:
        _set(world, live, AlarmKind.FINISH, timeouts.finish_within)


def _key(kind: AlarmKind, within: Duration) -> str:
    return f"{kind.name.lower()} timeout of {format_duration(within)}"


def _set(world: World, live: Live, kind: AlarmKind, within: Duration) -> None:
    alarm = Alarm(kind, live.run.id, _key(kind, within))
    world.wake(Instant(world.now + within), live, alarm)


def time_out(world: World, live: Live, alarm: Alarm) -> list[ServerEvent]:
    """Cancel a run whose timeout is over; return the events that follow."""
    return _ends.cancel(world, live, reason=f"its {alarm.step} is over")


def _watch(world: World, live: Live, cancel: Cancel) -> Watch | None:
    within = world.limits.cancel_life if cancel.within is None else cancel.within
    predicate: Predicate | None = None
    if cancel.if_exp is not None:
        try:
            predicate = compile_expression(
                cancel.if_exp, trigger=seen_by_expressions(live), clock=world.clock
            )
        except ExpressionError as error:
            _tell_dead(world, live, cancel, error)
            return None
    return Watch(
        run_id=live.run.id,
        event=cancel.event,
        predicate=predicate,
        expires=Instant(world.now + within),
        since=len(world.trace),
    )


def _tell_dead(
    world: World, live: Live, cancel: Cancel, error: ExpressionError
) -> None:
    finding = Finding(
        code="INVALID_EXPRESSION",
        message=f"event {cancel.event!r} cannot cancel this run: {error.what}",
        seen=error.seen,
        fix=f"{error.fix}; production logs a warning, and the event never cancels",
    )
    world.tell(live, finding)


def cancelled_by(
    world: World, event: ReceivedEvent
) -> list[tuple[Live, list[ServerEvent]]]:
    """Cancel every run that *event* cancels; return what follows from each (rule F1)."""
    follows = []
    for watch in world.cancels.candidates(event):
        live = world.lives[watch.run_id]
        in_time = watch.expires >= event.received_at
        if in_time and not live.run.is_over and watch.accepts(event.wire):
            events = _ends.cancel(world, live, event_id=event.internal_id)
            follows.append((live, events))
    return follows
