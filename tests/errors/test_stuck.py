"""What ends a program that would not end, and what we say when it is our own fault."""

import asyncio
import threading
from contextlib import suppress

import pytest

from scoretest import (
    Client,
    DeadlockError,
    Event,
    LivelockError,
    StalledError,
    TriggerEvent,
)
from scoretest._core.runs import RunRecord, RunState
from scoretest._core.trace import Trace
from scoretest._model.fact import RunCompleted, RunQueued
from scoretest.errors import InternalError, UsageError
from scoretest.expr import EvaluationError, LimitExceededError
from scoretest.expr import compile as compiled
from scoretest.runtime.loop import VirtualLoop

APP = Client(app_id="support")


def started_by(event):
    """Return a decorator for a function that *event* starts."""
    return APP.create_function(fn_id="handle", trigger=TriggerEvent(event=event))


@started_by("wait")
async def waits(_):
    """Wait for what nobody does."""
    await asyncio.get_running_loop().create_future()


@started_by("sleep")
async def sleeps(_):
    """Sleep for ever, bit by bit."""
    while True:  # noqa: ASYNC110 -- the subject is a handler that polls
        await asyncio.sleep(1)


@started_by("spin")
async def spins(_):
    """Be busy for ever, without time passing."""
    while True:  # noqa: ASYNC110 -- the subject is a handler that polls
        await asyncio.sleep(0)


@started_by("ping")
async def echoes(ctx):
    """Start itself again at once."""
    await ctx.step.send_event("again", Event(name=ctx.event.name))


@started_by("tick")
async def ticks(ctx):
    """Start itself again in an hour."""
    await ctx.step.sleep("an hour", "1h")
    await ctx.step.send_event("again", Event(name=ctx.event.name))


@started_by("cling")
async def clings(ctx):
    """Swallow every interrupt."""
    while True:
        with suppress(BaseException):
            await ctx.step.run("answer", int)


ENDLESS = {
    "a future that nobody sets": (
        waits,
        "wait",
        DeadlockError,
        (
            "a handler waits for something that nobody is going to do\n"
            "  where: function 'support-handle' (errors/test_stuck.py:N), run RUN, "
            "virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   await steps, timers and things that this handler itself sets "
            "going"
        ),
    ),
    "a sleep that repeats": (
        sleeps,
        "sleep",
        LivelockError,
        (
            "the clock has moved 30,000 times and timers are still pending\n"
            "  where: function 'support-handle' (errors/test_stuck.py:N), run RUN, "
            "virtual time 2025-01-01T08:20:00.000Z\n"
            "  fix:   end the loop that sleeps, sleep longer, or move less far at "
            "once"
        ),
    ),
    "a loop without time": (
        spins,
        "spin",
        LivelockError,
        (
            "the loop has turned 100,000 times and the clock has not moved\n"
            "  where: function 'support-handle' (errors/test_stuck.py:N), run RUN, "
            "virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   wait for an event, or sleep, instead of polling"
        ),
    ),
    "an event that sends itself": (
        echoes,
        "ping",
        LivelockError,
        (
            "events cause each other without end: 'ping' is number 2001 in a chain "
            "at one instant\n"
            "  where: functions started by it: support-handle, virtual time "
            "2025-01-01T00:00:00.000Z\n"
            "  fix:   let one function of the cycle stop sending"
        ),
    ),
    "a run that starts the next": (
        ticks,
        "tick",
        LivelockError,
        (
            "runs start each other without end: this one of 'support-handle' is "
            "number 1001 in its chain\n"
            "  where: function 'support-handle' (errors/test_stuck.py:N), run RUN, "
            "virtual time 2025-02-11T17:00:00.000Z\n"
            "  fix:   let one function of the cycle stop sending, or go on for a "
            'limited time: harness.fast_forward(within="1d")'
        ),
    ),
    "a handler that cannot be left": (
        clings,
        "cling",
        LivelockError,
        (
            "the handler of 'support-handle' swallows every interrupt and never "
            "ends\n"
            "  where: function 'support-handle' (errors/test_stuck.py:N), run RUN, "
            "step 'answer', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   catch Exception, never BaseException, around a step"
        ),
    ),
}


@pytest.mark.parametrize(
    ("function", "event", "kind", "text"), ENDLESS.values(), ids=ENDLESS
)
def test_a_program_that_does_not_end(harness, refused, function, event, kind, text):
    """The message names function, run and virtual time, and the way out."""
    harness.serve(APP, [function])

    def go():
        harness.send(event)
        harness.fast_forward()

    assert refused(kind, go) == text
    harness.allow("INTERRUPT_SWALLOWED", reason="it is how one of them goes on")


def impatient():
    """Return a loop that gives up on real time quickly."""
    return VirtualLoop(stall_after=0.05)


def test_a_callback_that_blocks(refused):
    """Real time that passes in a callback is told with the frames."""
    loop, never = impatient(), threading.Event()

    async def main():
        never.wait(60)

    text = refused(StalledError, loop.run_until_complete, main())

    loop.close()
    what, where, fix = text.split("\n")
    assert what == "a callback blocked the loop for 0.05 s of real time"
    assert where.startswith("  where: ")
    assert ", called from test_stuck.py:N in main" in where
    assert fix == (
        "  fix:   await instead of blocking, or block in a thread: anyio.to_thread.run_sync"
    )


def test_a_thread_that_does_not_answer(refused):
    """Real time that passes in a thread is told as such."""
    loop, never = impatient(), threading.Event()

    async def main():
        await loop.run_in_executor(None, never.wait, 60)

    text = refused(StalledError, loop.run_until_complete, main())

    never.set()
    loop.close()
    assert text == (
        "a thread that runs Event.wait() kept the loop waiting for 0.05 s of "
        "real time\n"
        "  where: virtual time 0s\n"
        "  fix:   stub the call, or end what is at work before the test goes on"
    )


FORBIDDEN = {
    "a thread": (
        lambda loop: loop.run_in_executor(None, print),
        (
            'loop.run_in_executor() wants a thread, and io="forbid" allows none\n'
            '  fix:   stub the step that makes the call, or use io="block"'
        ),
    ),
    "a socket": (
        lambda loop: loop.create_connection(None, "localhost", 1),
        (
            'loop.create_connection() wants a socket, and io="forbid" allows none\n'
            '  fix:   stub the step that makes the call, or use io="block"'
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_a_closed_world_forbids(refused, call, text):
    """With io="forbid", every way out is refused by name."""
    loop = VirtualLoop(io="forbid")

    assert refused(UsageError, call, loop) == text
    loop.close()


def test_an_edge_that_no_run_has(refused):
    """The table of a run's states has no way from an end to a beginning."""
    run = RunRecord(id="01", function=waits.options, events=(), parent="", started_at=0)
    run.state = RunState.COMPLETED

    assert refused(InternalError, run.move, RunQueued) == (
        "run 01 cannot take RunQueued while Completed\n"
        "  where: function 'support-handle' (errors/test_stuck.py:N)\n"
        "  fix:   this is a bug in scoretest; please report it with the seed"
    )


def test_a_fact_from_the_past(refused):
    """The record of facts never goes back in time."""
    trace = Trace()
    trace.record(5_000_000, RunCompleted("01", 1))

    assert refused(InternalError, trace.record, 0, RunCompleted("02", 1)) == (
        "a fact at 1970-01-01T00:00:00.000Z came after one at "
        "1970-01-01T00:00:05.000Z\n"
        "  seen:  RunCompleted(run_id='02', output=1)\n"
        "  fix:   please report this bug with the test's seed"
    )


def test_an_evaluation_that_is_an_error(refused):
    """What standard CEL calls an error is one in strict mode."""
    expression = compiled("data.id == 1", dialect="cel")

    assert refused(EvaluationError, expression.evaluate, {"data": {}}) == (
        "'data.id == 1' has no value: no such key\n"
        "  fix:   standard CEL gives an error here as well"
    )


def test_an_evaluation_that_takes_too_long(refused):
    """The budget of an evaluation ends it with an error of its own."""
    expression = compiled("n.all(a, n.all(b, n.all(c, true)))", dialect="cel")

    assert refused(LimitExceededError, expression.evaluate, {"n": [0] * 300}) == (
        "'n.all(a, n.all(b, n.all(c, true)))' takes more steps than the limit "
        "allows\n"
        "  fix:   shorten the lists that its macros run over"
    )
