"""Handlers that are kept: they wait where they are, and come to the same facts."""

import asyncio
from datetime import timedelta

import pytest

from scoretest import Client, Harness, TriggerEvent, UsageError, create_defer
from scoretest.pytest_anyio import anyio_backend  # noqa: F401 -- a fixture
from tests.properties.programs import PROGRAMS

KEPT = ["wait", "never"]
# what stands between their steps has an effect, or is wrong
ENTERED_TWICE = {"mistakes", "an_application_around_it"}


@pytest.fixture
def serve(harnesses):
    """Return what serves a handler for the event ``go``, in a world that keeps it."""

    def served(handler, reentry="never", **options):
        client = Client("app")
        trigger = TriggerEvent(event="go")
        make = client.create_function(fn_id="f", trigger=trigger, **options)
        return harnesses(reentry=reentry).serve(client, [make(handler)])

    return served


def facts(name, reentry):
    """Return every fact of a program."""
    with Harness(reentry=reentry, strict=False) as world:
        PROGRAMS[name](world, Harness.fast_forward)
        return world.timeline.to_json()


@pytest.mark.parametrize("reentry", KEPT)
@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - ENTERED_TWICE))
def test_the_facts_are_the_same(name, reentry):
    """The engine is told of each step, whether the handler is left there or not."""
    assert facts(name, reentry) == facts(name, "step")


@pytest.mark.parametrize(
    ("reentry", "visits"), [("step", 4), ("wait", 2), ("never", 1)]
)
def test_what_stands_between_steps(serve, reentry, visits):
    """It runs at each step, after what takes time, or once."""
    seen = []

    async def handler(ctx):
        seen.append("entered")
        await ctx.step.run("a", lambda: 1)
        await ctx.step.run("b", lambda: 2)
        await ctx.step.sleep("c", "1h")

    world = serve(handler, reentry)
    run = world.send("go").runs[0]
    world.advance("1h")

    assert (len(seen), run.status, run.entries) == (visits, "Completed", 4)


@pytest.mark.parametrize("reentry", KEPT)
def test_a_step_is_tried_again_where_it_stands(serve, reentry):
    """With the attempts of production (rule D3), which the context tells."""
    attempts = []

    async def handler(ctx):
        def flaky():
            attempts.append(ctx.attempt)
            if ctx.attempt < 2:
                raise TimeoutError
            return "done"

        return [await ctx.step.run("flaky", flaky), ctx.attempt]

    world = serve(handler, reentry)
    run = world.send("go").runs[0]
    world.fast_forward()

    assert (attempts, run.output, run.entries) == ([0, 1, 2], ["done", 0], 4)


def test_a_step_that_fails_for_good_raises_where_it_stands(serve):
    """As a memo does that is opened (rule D3)."""

    async def handler(ctx):
        try:
            await ctx.step.run("broken", lambda: 1 / 0)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is the output
            return f"{type(error).__name__}: {error.name}"

    world = serve(handler, retries=0)

    assert world.send("go").runs[0].output == "StepError: ZeroDivisionError"


def test_a_group_is_entered_again(serve):
    """Its steps are done by entries of their own (rule E1)."""
    seen = []

    async def handler(ctx):
        seen.append("entered")
        first = await ctx.step.run("first", lambda: 1)
        both = await ctx.group.parallel(
            (lambda: ctx.step.run("a", lambda: 2), lambda: ctx.step.run("b", lambda: 3))
        )
        return [first, *both, await ctx.step.run("last", lambda: 4)]

    assert serve(handler).send("go").runs[0].output == [1, 2, 3, 4]
    assert len(seen) == 4


def test_a_defer_before_a_step_is_safe():
    """It goes out with the step, and an error behind it does not take it (rule A3)."""

    async def late(ctx):
        """Do nothing."""

    client = Client("app")
    deferred = create_defer(client, fn_id="late")(late)

    @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"), retries=0)
    async def parent(ctx):
        ctx.defer("kept", function=deferred, data={})
        await ctx.step.run("a", lambda: 1)
        raise ValueError

    with Harness(reentry="never") as world:
        world.serve(client, [parent, deferred])
        with world.expect_failure(parent):
            runs = world.send("go").runs
        assert [run.function_id for run in runs] == ["app-f"]
        assert [run.function_id for run in world.runs] == ["app-f", "app-late"]


def test_a_run_that_ends_at_a_step_leaves_its_handler(serve):
    """The handler unwinds at once if the step itself ended the run."""
    unwound = []

    async def handler(ctx):
        try:
            await ctx.step.run("large", lambda: "x" * 5_000_000)
        finally:
            unwound.append("unwound")

    world = serve(handler)
    run = world.send("go").runs[0]

    assert (run.status, run.error.name) == ("Failed", "InngestErrStepOutputTooLarge")
    assert unwound == ["unwound"]


def test_a_cancelled_run_unwinds_when_the_world_closes(serve):
    """Nothing of it is left behind."""
    unwound = []

    async def handler(ctx):
        try:
            await ctx.step.sleep("long", "7d")
        finally:
            unwound.append("unwound")

    world = serve(handler)
    run = world.send("go").runs[0]
    world.cancel(run)
    world.close()

    assert (run.status, unwound) == ("Cancelled", ["unwound"])


def test_a_worker_that_dies_keeps_nothing(harnesses):
    """The handler is entered again from its top, as on another worker."""
    seen = []
    client = Client("app")

    @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
    async def handler(ctx):
        seen.append("entered")
        first = await ctx.step.run("first", lambda: 1)
        return [first, await ctx.step.run("second", lambda: 2)]

    world = harnesses(reentry="never").serve(client, [handler])
    world.faults.crash_after(handler, "second")
    run = world.send("go").runs[0]
    world.fast_forward()

    assert (run.output, len(seen)) == ([1, 2], 2)


def test_a_timeout_around_a_step_is_refused(serve):
    """It never strikes on the server, and would here."""

    async def handler(ctx):
        async with asyncio.timeout(60):
            await ctx.step.sleep("long", "7d")

    world = serve(handler)
    world.send("go")

    with pytest.raises(UsageError) as caught:
        world.advance("7d")

    assert str(caught.value).splitlines()[0] == (
        "the handler of 'app-f' was kept at a step, and something else than this step "
        "woke it"
    )
    world.abandon()


def test_plain_handlers_are_entered_as_ever(serve):
    """They cannot wait where they are."""
    seen = []

    def handler(ctx):
        seen.append("entered")
        ctx.step.run("a", lambda: 1)

    assert serve(handler).send("go").runs[0].entries == 2
    assert len(seen) == 2


@pytest.mark.anyio
async def test_an_async_test_keeps_handlers_too():
    """On the loop of the test, in virtual time."""
    client = Client("app")
    seen = []

    @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
    async def handler(ctx):
        seen.append("entered")
        await ctx.step.sleep("long", timedelta(days=7))
        return "slept"

    async with Harness(reentry="never") as world:
        world.serve(client, [handler])
        run = (await world.asend("go")).runs[0]
        await world.aadvance("7d")
        assert (run.output, seen) == ("slept", ["entered"])
