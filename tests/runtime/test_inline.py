"""Ordinary handlers are called inline, and see what they would in a worker's thread."""

import asyncio

import anyio
import pytest

from scoretest import Client, TriggerEvent


async def double(number):
    """Return twice as much, from a coroutine."""
    await asyncio.sleep(0)
    return 2 * number


@pytest.fixture
def serve(harness):
    """Serve a handler for the event ``go``."""
    client = Client("app")

    def served(handler):
        trigger = TriggerEvent(event="go")
        make = client.create_function(fn_id="f", retries=0, trigger=trigger)
        harness.serve(client, [make(handler)])

    return served


RUNS = {
    "asyncio": lambda: asyncio.run(double(3)),
    "anyio": lambda: anyio.run(double, 3),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_an_event_loop_can_be_run(harness, serve, run):
    """By the handler itself, and by its steps."""

    def handler(ctx):
        return [run(), ctx.step.run("in a step", run)]

    serve(handler)

    assert harness.send("go").runs[0].output == [6, 6]


def test_no_event_loop_is_running(harness, serve):
    """Whoever asks for one hears that, and nobody else's loop is hidden."""

    def handler(ctx):
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return ctx.run_id

    serve(handler)

    run = harness.send("go").runs[0]
    assert run.output == run.id
    assert harness.call(double, 4) == 8
