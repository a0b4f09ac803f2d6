"""What becomes of the operations that an entry reports, and of the alarms they set."""

from collections.abc import Sequence
from typing import Final, assert_never

from .._core.memos import StepRecord
from .._core.retries import backoff, clamp_retry_after
from .._core.runs import RunState
from .._core.timers import Alarm, AlarmKind
from .._core.waits import Wait
from .._model.event import ReceivedEvent
from .._model.fact import (
    RunEntered,
    RunRetried,
    SleepEnded,
    SleepStarted,
    StepCompleted,
    StepFailed,
    StepPlanned,
    StepRetried,
    WaitMatched,
    WaitOpened,
    WaitTimedOut,
)
from .._model.finding import Finding
from .._model.operation import (
    ErrorInfo,
    InvokeFunction,
    PlanStep,
    SleepUntil,
    StepRaised,
    StepRan,
    WaitFor,
)
from .._model.predicate import Predicate
from ..expr import ExpressionError
from ..expr import compile as compile_expression
from ..times import SECOND, Duration, Instant, format_duration
from . import _ends, _invokes, _lives
from ._world import Live, ServerEvent, World, seen_by_expressions

__all__ = [
    "ServerFailure",
    "delay_after",
    "give_up",
    "news",
    "perform",
    "resume",
    "wake",
]

_HALF: Final = SECOND // 2
_MOST_REPEATS: Final = 20  # rule C9


class ServerFailure(Exception):  # noqa: N818 -- a signal inside the engine, not an error
    """The server itself ends the run; the handler is not asked (rules B10, C8, E5)."""

    def __init__(
        self, error: ErrorInfo, finding: Finding | None = None, step: str = ""
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.finding = finding
        self.step = step
        self.is_stuck = False  # the server would rather ask again (rule C9)


Ask = PlanStep | SleepUntil | WaitFor | InvokeFunction
StepOperation = Ask | StepRan | StepRaised


def perform(
    world: World, live: Live, operations: list[StepOperation], entry: RunEntered
) -> None:
    """Take in the steps that one entry reported.

    Waits come first, so that an event sent by a neighbour in the group finds them
    (rule B8).

    Raises:
        ServerFailure: One of them ends the run.
    """
    alone = len(operations) == 1
    if not alone:
        operations.sort(key=lambda op: not isinstance(op, WaitFor))
    for operation in operations:
        match operation:  # the most frequent first
            case StepRan():
                _ran(world, live, operation)
            case WaitFor():
                _wait(world, live, operation)
            case SleepUntil():
                _sleep(world, live, operation)
            case StepRaised():
                _raised(world, live, operation, entry, alone=alone)
            case PlanStep() | InvokeFunction():
                _elsewhere(world, live, operation)
            case _:
                assert_never(operation)


def news(live: Live, operations: list[StepOperation]) -> list[StepOperation]:
    """Return *operations* without those that ask for what is under way already.

    In a race each entry for discovery asks again for all that its neighbours do.
    """
    known = live.memos.steps
    return [
        operation
        for operation in operations
        if not isinstance(operation, Ask) or operation.step.hashed not in known
    ]


def _asked(world: World, live: Live, operation: Ask, op: str) -> StepRecord:
    step = _record(world, live, operation, op)
    if operation.races:
        live.memos.race(step)
    return step


def _record(world: World, live: Live, operation: StepOperation, op: str) -> StepRecord:
    step = live.memos.record(operation.step, op)
    if len(live.memos.steps) > world.limits.steps_per_run:
        most = world.limits.steps_per_run
        raise ServerFailure(
            ErrorInfo(
                name="InngestErrFunctionOverflowed",
                message=f"The function run exceeded the step limit of {most} steps.",
            )
        )
    return step


def _elsewhere(world: World, live: Live, operation: PlanStep | InvokeFunction) -> None:
    """Let a step be done by another entry, or by another run."""
    if isinstance(operation, PlanStep):
        _plan(world, live, operation)
    else:
        _invoke(world, live, operation)


def _plan(world: World, live: Live, operation: PlanStep) -> None:
    step = _asked(world, live, operation, "StepRun")
    world.move_step(live, step, StepPlanned(live.run.id, step.name))
    world.enter(live, target=step.name.hashed)


def _ran(world: World, live: Live, operation: StepRan) -> None:
    step = _record(world, live, operation, operation.op)
    _check_size(world, live, operation)
    step.attempts += 1
    step.output = operation.data
    done = StepCompleted(live.run.id, step.name, operation.data)
    world.move_step(live, step, done)


def _check_size(world: World, live: Live, operation: StepRan) -> None:
    limits = world.limits
    live.memos.size += operation.size
    if operation.size > limits.step_output_bytes:
        raise ServerFailure(
            ErrorInfo(
                name="InngestErrStepOutputTooLarge",
                message=f"step {operation.step} returned {operation.size} bytes, "
                f"over {limits.step_output_bytes}",
            )
        )
    if live.memos.size > limits.run_state_bytes:
        raise ServerFailure(
            ErrorInfo(
                name="InngestErrStateOverflowed",
                message=f"the run's state has {live.memos.size} bytes, "
                f"over {limits.run_state_bytes}",
            )
        )


def _raised(
    world: World, live: Live, operation: StepRaised, entry: RunEntered, *, alone: bool
) -> None:
    step = _record(world, live, operation, operation.op)
    step.attempts += 1
    step.error = error = operation.error
    following = entry.attempt + 1
    if not error.retriable or following >= live.most_attempts:
        world.move_step(live, step, StepFailed(live.run.id, step.name, error))
        return
    # a step that stands alone is found again by an ordinary entry; one of several
    # needs an entry that leaves its neighbours alone (rules E1, D2)
    target = entry.target if alone else step.name.hashed
    due = world.wake_to_enter(
        live, delay_after(error, entry.attempt, world), following, target
    )
    retried = StepRetried(live.run.id, step.name, error, following, due)
    world.move_step(live, step, retried)


def delay_after(error: ErrorInfo, attempt: int, world: World) -> Duration:
    """Return how long the server waits after an error (rules D1, D5)."""
    if error.retry_after is None:
        return backoff(attempt)
    return clamp_retry_after(error.retry_after, world.limits)


def _too_long(step: str, what: str, asked: Duration) -> ServerFailure:
    return ServerFailure(
        ErrorInfo(
            name="InngestErrTimeoutTooLong",
            message=f"{what} {step!r} asks for {format_duration(asked)}; "
            "the server allows 366d",
        )
    )


def _sleep(world: World, live: Live, operation: SleepUntil) -> None:
    step = _asked(world, live, operation, "Sleep")
    asked = Duration(max(0, operation.until - world.now))
    if asked > world.limits.longest_pause:
        raise _too_long(str(step.name), "sleep", asked)
    # rule E2: whole seconds, halves down, because the remainder shrinks on the way
    whole = Duration((asked + _HALF - 1) // SECOND * SECOND)
    until = Instant(world.now + whole)
    world.move_step(live, step, SleepStarted(live.run.id, step.name, until))
    hashed = step.name.hashed
    world.wake(until, live, Alarm(AlarmKind.SLEEP, live.run.id, hashed))


def _wait(world: World, live: Live, operation: WaitFor) -> None:
    step = _asked(world, live, operation, "WaitForEvent")
    if operation.timeout > world.limits.longest_pause:
        raise _too_long(str(step.name), "wait", operation.timeout)
    expires = Instant(world.now + max(0, operation.timeout))
    wait = Wait(
        run_id=live.run.id,
        step=step.name,
        event=operation.event,
        predicate=_compiled(world, live, operation),
        opened_at=world.now,
        expires=expires,
    )
    opened = WaitOpened(
        run_id=live.run.id,
        step=step.name,
        event=operation.event,
        expression=operation.expression or "",
        expires=expires,
    )
    world.move_wait(live, wait, step, opened)
    world.waits.open(wait)
    hashed = step.name.hashed
    live.waits[hashed] = wait
    wait.timer = world.wake(expires, live, Alarm(AlarmKind.WAIT, live.run.id, hashed))


def _invoke(world: World, live: Live, operation: InvokeFunction) -> None:
    step = _asked(world, live, operation, "InvokeFunction")
    if operation.timeout and operation.timeout > world.limits.longest_pause:
        raise _too_long(str(operation.step), "invoke", operation.timeout)
    _invokes.invoke(world, live, operation, step)


def _compiled(world: World, live: Live, operation: WaitFor) -> Predicate | None:
    """Compile the wait's expression against the run's own event (section C)."""
    if operation.expression is None:
        return None
    try:
        return compile_expression(
            operation.expression,
            trigger=seen_by_expressions(live),
            clock=world.clock,
        )
    except ExpressionError as error:
        failure = ServerFailure(
            ErrorInfo(
                name="InvalidExpression",
                message="Wait for event If expression failed to compile",
                stack=str(error),
                place=live.run.function.place,
            ),
            Finding(
                code="INVALID_EXPRESSION",
                message=error.what,
                seen=error.seen,
                fix=f"{error.fix}; {_consequence(error)}",
            ),
            str(operation.step),
        )
        failure.is_stuck = error.kind == "interpolation"
        raise failure from None


def give_up(
    world: World, live: Live, entry: RunEntered, failure: ServerFailure
) -> list[ServerEvent]:
    """End a run that the server cannot go on with; return the events that follow.

    Where the server's accidents happen, it sends a request that it cannot take the
    answer of again and again, and then forgets the run, which stays Running (rule C9).
    """
    is_repeated = world.is_exact and failure.is_stuck
    if failure.finding and not (is_repeated and entry.attempt):
        world.tell(live, failure.finding, failure.step)
    if not is_repeated:
        return _ends.fail(world, live, failure.error, by_server=True)
    following = entry.attempt + 1
    if following <= _MOST_REPEATS:
        delay = backoff(entry.attempt)
        due = world.wake_to_enter(live, delay, following, entry.target)
        world.move_run(live, RunRetried(live.run.id, failure.error, following, due))
    return []


def _consequence(error: ExpressionError) -> str:
    if error.kind == "interpolation":  # rule C9
        return (
            "production retries this request 21 times, then leaves the run Running "
            "for ever"
        )
    return "production fails the run at once (rule C8)"


def wake(world: World, live: Live, alarm: Alarm) -> list[ServerEvent]:
    """Do what *alarm* was set for; return the events that follow from it."""
    live.alarms.pop(alarm.step, None)
    match alarm.kind:
        case AlarmKind.ENTER:
            if live.run.state is RunState.QUEUED:
                _lives.enter_first(world, live)
            else:
                world.enter(live, alarm.attempt, alarm.step)
        case AlarmKind.SLEEP:
            step = live.memos.steps[alarm.step]
            world.move_step(live, step, SleepEnded(live.run.id, step.name))
            world.enter_if_idle(live)
        case AlarmKind.WAIT:
            step = live.memos.steps[alarm.step]
            _end(world, live, alarm.step, WaitTimedOut(live.run.id, step.name))
        case AlarmKind.INVOKE:
            _invokes.time_out(world, live, alarm)
        case AlarmKind.START | AlarmKind.FINISH:
            return _lives.time_out(world, live, alarm)
        case _:
            assert_never(alarm.kind)
    return []


def resume(world: World, waits: Sequence[Wait], event: ReceivedEvent) -> None:
    """Resume the runs of those of *waits* that *event* satisfies (rules B2, B9)."""
    in_crowd = world.is_exact and world.waits.is_crowd(event.name)  # rule C12
    for wait in waits:
        in_time = wait.expires >= event.received_at and wait.ended is None
        accepts = wait.accepts_in_crowd if in_crowd else wait.accepts
        if in_time and accepts(event.wire):
            _match(world, wait, event)


def _match(world: World, wait: Wait, event: ReceivedEvent) -> None:
    """Resume the run that waits with *event* (rules B2, B3)."""
    live = world.lives[wait.run_id]
    run, hashed = live.run, wait.step.hashed
    world.timers.cancel(live.alarms.pop(hashed))
    run.depth, run.depth_at = event.depth + 1, world.now
    live.memos.steps[hashed].output = event.wire
    _end(world, live, hashed, WaitMatched(run.id, wait.step, event.internal_id))


def _end(
    world: World, live: Live, hashed: str, fact: WaitMatched | WaitTimedOut
) -> None:
    wait = live.waits.pop(hashed)
    world.move_wait(live, wait, live.memos.steps[hashed], fact)
    world.waits.close(wait)
    world.enter_if_idle(live)
