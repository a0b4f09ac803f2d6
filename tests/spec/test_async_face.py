"""The async face: a test that runs in virtual time itself moves the world."""

import asyncio
import datetime as dt

import anyio
import pytest

from scoretest import (
    Client,
    Context,
    DeadlockError,
    Event,
    FindingsError,
    Harness,
    Score,
    TriggerCron,
    TriggerEvent,
    UsageError,
    create_scorer,
)
from scoretest.pytest_anyio import anyio_backend  # noqa: F401 -- a fixture
from scoretest.runtime.shared_loop import SharedLoop

client = Client(app_id="support")


@create_scorer(client, fn_id="feedback-scorer")
async def feedback_scorer(ctx: Context):
    feedback = await ctx.step.wait_for_event(
        "wait", event="support/feedback", timeout="7d", match="data.ticketId"
    )
    return Score("user-feedback", 0.5 if feedback is None else 1)


@client.create_function(fn_id="handle", trigger=TriggerEvent(event="support/ticket"))
async def handle_ticket(ctx: Context):
    await ctx.step.run("think", lambda: asyncio.sleep(30, "an answer"))
    await asyncio.sleep(5)
    ctx.defer(
        "score",
        function=feedback_scorer,
        data={"ticketId": ctx.event.data["ticketId"]},
    )
    await ctx.step.sleep("pause", "1h")
    await ctx.step.run("flaky", flaky)


async def flaky():
    raise LookupError("try again")


served = [handle_ticket, feedback_scorer]
ticket = {"ticketId": "tk_1"}
feedback = Event(name="support/feedback", data=ticket)


def on(event, **options):
    """Return a decorator that makes a function of the handler, and serves it."""

    def decorate(harness, handler):
        make = client.create_function(
            fn_id=handler.__name__, trigger=TriggerEvent(event=event), **options
        )
        harness.serve(client, [make(handler)])

    return decorate


def seconds(harness):
    """Return how far the world's clock is from its start."""
    return round(harness.now.timestamp()) - 1_735_689_600


@pytest.mark.anyio
class TestTheVerbs:
    """Each verb has a twin that is awaited and does the same."""

    async def test_sending_settles(self, harness):
        """When asend returns, everything due now has run, tasks of the test included."""
        ran = []

        async def neighbour():
            await asyncio.sleep(0)
            ran.append("neighbour")

        on("go")(harness, handler_that(ran.append, "handler"))
        task = asyncio.create_task(neighbour())

        sent = await harness.asend("go")

        assert ran == ["handler", "neighbour"]
        assert sent.runs[0].status == "Completed"
        await task

    async def test_advancing_stops_where_it_was_told(self, harness):
        """The clock arrives, and what is due at that instant has run."""
        harness.serve(client, served)
        await harness.asend("support/ticket", ticket)

        returned = await harness.aadvance("30s")

        assert returned is harness
        assert seconds(harness) == 30
        assert harness.run(handle_ticket).step("think").output == "an answer"

    async def test_advancing_to_a_moment(self, harness):
        """The target may be a datetime."""
        target = harness.now.replace(hour=5)

        await harness.aadvance_to(target)

        assert harness.now == target

    async def test_fast_forward_stops_at_the_last_timer_of_the_world(self, harness):
        """A time-out of the test is none of the world's: it is not run into."""
        harness.serve(client, [feedback_scorer])
        on("go")(harness, sleeper(90))

        async with asyncio.timeout(3600):
            await harness.asend("go")
            await harness.afast_forward()

        assert seconds(harness) == 90

    async def test_fast_forward_within_a_limit(self, harness):
        """The clock stays at the last timer within, the limit included."""
        on("go")(harness, sleeper(30, 30, 30))
        await harness.asend("go")

        await harness.afast_forward(within="60s")

        assert seconds(harness) == 60
        assert harness.run("support-sleeper").status == "Running"

    @pytest.mark.rule("H2")
    async def test_fast_forward_stops_when_only_cron_is_left(self, harness):
        """A cron on the way fires; the one after the last timer does not."""
        ran = []
        trigger = TriggerCron(cron="0 9 * * *")
        make = client.create_function(fn_id="daily", trigger=trigger)
        harness.serve(client, [make(handler_that(ran.append, "cron"))])
        on("go")(harness, sleeper(10 * 3600))
        await harness.asend("go")

        await harness.afast_forward()

        assert (ran, seconds(harness)) == (["cron"], 10 * 3600)
        assert str(harness.timeline).endswith("only cron is left, next at +1d 9h")

    async def test_calling_application_code(self, harness):
        """`acall` awaits the application's coroutine and then settles."""
        ran = []
        on("go")(harness, handler_that(ran.append, "handler"))

        async def endpoint(name):
            client.send_sync(Event(name=name))
            await asyncio.sleep(60)
            return len(ran)

        assert await harness.acall(endpoint, "go") == 1
        assert seconds(harness) == 60

    @pytest.mark.rule("F1")
    async def test_cancelling_a_run(self, harness):
        """When acancel returns, what follows from the cancellation has run."""
        told = []
        on("go")(harness, sleeper(30))
        on("inngest/function.cancelled")(harness, handler_that(told.append, "told"))
        run = (await harness.asend("go")).runs[0]

        await harness.acancel(run)

        assert (run.status, told) == ("Cancelled", ["told"])

    async def test_the_client_reaches_the_world(self, harness):
        """`client.send` and `client.score`, awaited in the test, arrive and settle."""
        ran = []
        on("go")(harness, handler_that(ran.append, "handler"))

        ids = await client.send(Event(name="go"))
        run = harness.run("support-handler")
        await client.score(name="quality", value=0.5, run_id=run.id)

        assert (len(ids), ran) == (1, ["handler"])
        assert harness.scores == [Score("quality", 0.5)]

    async def test_two_tasks_may_use_one_world(self, harness):
        """Verbs of several tasks of the test run beside each other."""
        on("go")(harness, sleeper(10))

        async def later(seconds_):
            await asyncio.sleep(seconds_)
            return (await harness.asend("go")).runs[0]

        first, second = await asyncio.gather(later(5), later(7))
        await harness.afast_forward()

        assert seconds(harness) == 17
        assert [first.status, second.status] == ["Completed", "Completed"]


def handler_that(act, word):
    """Return a handler that does one thing."""

    async def handler(_ctx):
        act(word)

    return handler


def sleeper(*naps):
    """Return a handler that sleeps durably, step by step."""

    async def sleeper(ctx):
        for number, nap in enumerate(naps):
            await ctx.step.sleep(f"nap-{number}", f"{nap}s")

    return sleeper


@pytest.mark.anyio
class TestTheClock:
    """The test's own sleep moves the clock of the world."""

    async def test_sleeping_in_the_test(self, harness):
        """Timers of the engine fire in between, in order, as the test sleeps."""
        seen = []

        async def napper(ctx):
            for nap in range(3):
                await ctx.step.sleep(f"nap-{nap}", "60m")
                await ctx.step.run(f"note-{nap}", lambda: seen.append(harness.now.hour))

        on("go")(harness, napper)
        await harness.asend("go")
        for _ in range(2):
            await asyncio.sleep(90 * 60)
            seen.append(f"{harness.now:%H:%M}")

        assert seen == [1, "01:30", 2, 3, "03:00"]

    async def test_anyio_sleeps_as_well(self, harness):
        """`anyio.sleep` and `anyio.fail_after` keep the same time."""
        assert seconds(harness) == 0

        with anyio.fail_after(100):
            await anyio.sleep(99)

        assert seconds(harness) == 99

    async def test_a_timeout_round_a_verb(self, harness):
        """It strikes at its own instant, and the world goes on from there."""
        on("go")(harness, sleeper(3600))
        await harness.asend("go")

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await harness.aadvance("1d")
        stopped_at = seconds(harness)
        await harness.aadvance("1h")

        assert (stopped_at, seconds(harness)) == (5, 3605)
        assert harness.run("support-sleeper").status == "Completed"

    async def test_a_verb_that_is_cancelled(self, harness):
        """A cancelled verb leaves nothing behind: the next one is as good as new."""
        on("go")(harness, sleeper(3600))
        task = asyncio.create_task(harness.afast_forward())
        await harness.asend("go")

        task.cancel()
        await asyncio.wait([task])
        await harness.afast_forward()

        assert task.cancelled()
        assert seconds(harness) == 3600


@pytest.mark.anyio
class TestWhatGoesWrong:
    """What a program cannot do is raised where the test awaits it."""

    async def test_a_handler_may_wait_for_the_test(self, harness):
        """A future that the test resolves later is no deadlock."""
        door = asyncio.Event()

        async def guest(_ctx):
            await door.wait()
            return "in"

        on("go")(harness, guest)
        await harness.asend("go")
        await harness.aadvance("1h")
        door.set()
        await harness.aadvance("0s")

        assert harness.run("support-guest").output == "in"

    async def test_a_handler_that_nobody_wakes(self, harness):
        """To the end of the program there is none: fast_forward says so."""

        async def stuck(_ctx):
            await asyncio.Event().wait()

        on("go")(harness, stuck)
        await harness.asend("go")

        with pytest.raises(DeadlockError, match="nobody is going to do"):
            await harness.afast_forward()

    async def test_a_handler_that_is_never_woken_is_told_at_the_end(self, harnesses):
        """A test that ends while a handler waits fails, as a plain test does."""

        async def stuck(_ctx):
            await asyncio.Event().wait()

        world = harnesses()
        on("go")(world, stuck)
        await world.asend("go")

        with pytest.raises(DeadlockError, match="nobody is going to do"):
            await world.aclose()

    async def test_a_finding_at_the_end_of_a_block(self, harnesses):
        """`async with` judges as `with` does, and hides no failure of the body."""

        async def fails(_ctx):
            raise LookupError

        async def block(then):
            async with harnesses() as world:
                on("go", retries=0)(world, fails)
                await world.asend("go")
                then()

        with pytest.raises(FindingsError, match="RUN_FAILED"):
            await block(list)
        with pytest.raises(ZeroDivisionError):
            await block(lambda: 1 / 0)


@pytest.mark.anyio
class TestTheEnd:
    """A world ends within the loop, or with it."""

    async def test_handlers_are_unwound(self, harnesses):
        """When `async with` is over, what was under way has ended."""
        ended = []

        async def under_way(_ctx):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(1)

        before = asyncio.all_tasks()
        async with harnesses() as world:
            on("go")(world, under_way)
            await world.asend("go")

        assert ended == [1]
        assert world.is_closed
        assert asyncio.all_tasks() == before

    async def test_a_plain_block_in_an_async_test(self, harnesses):
        """`with` works too: what was under way unwinds when the test next awaits."""
        ended = []

        async def under_way(_ctx):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(1)

        with harnesses() as world:
            on("go")(world, under_way)
            await world.asend("go")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert ended == [1]

    async def test_one_world_after_the_other(self, harnesses):
        """A loop that a world has left is free for the next, whose time is its own."""
        for _ in range(2):
            async with harnesses() as world:
                on("go")(world, sleeper(60))
                run = (await world.asend("go")).runs[0]
                await world.afast_forward()
                assert (run.status, seconds(world)) == ("Completed", 60)

    async def test_the_time_of_a_closed_world_stands(self, harness):
        """The loop goes on, the world does not."""
        await harness.aadvance("1h")
        await harness.aclose()
        await asyncio.sleep(60)

        assert seconds(harness) == 3600

    async def test_the_loop_is_left_as_it_was(self, harnesses):
        """A task factory of the test is asked for its tasks, and is there afterwards."""
        made = []

        def factory(loop, coro, **options):
            made.append(coro.__qualname__)
            return asyncio.Task(coro, loop=loop, **options)

        async def own():
            """Be a task of the test."""

        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        async with harnesses(io="forbid") as world:
            on("go")(world, sleeper(60))
            await world.asend("go")
            await asyncio.create_task(own())

        assert loop.get_task_factory() is factory
        assert made == [own.__qualname__]
        assert await asyncio.to_thread(lambda: 1) == 1


def test_the_same_program_has_the_same_timeline(harnesses):
    """A sync test and an async test of one program tell the same story."""

    async def test():
        live.serve(client, served)
        await live.asend("support/ticket", ticket)
        await live.aadvance("40s")
        with live.expect_failure(handle_ticket):
            await live.afast_forward(within="2h")
        await live.asend([feedback])
        await live.afast_forward()

    plain, live = harnesses(), harnesses()
    plain.serve(client, served)
    plain.send("support/ticket", ticket)
    plain.advance("40s")
    with plain.expect_failure(handle_ticket):
        plain.fast_forward(within="2h")
    plain.send([feedback])
    plain.fast_forward()
    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        runner.run(test())

    assert str(live.timeline) == str(plain.timeline)
    assert live.timeline == plain.timeline
    assert live.now == plain.now


def test_a_deadlock_in_application_code(harness):
    """What `call` runs and nobody wakes is named, with the line at which it is."""

    async def endpoint():
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError) as caught:
        harness.call(endpoint)

    assert caught.value.where.startswith("endpoint is at spec/test_async_face.py:")


class TestMoving:
    """A world moves between its own loop and that of a test, while it is at rest."""

    def test_from_sync_to_async_and_back(self, harness):
        """What was set going in a plain fixture goes on in the async test."""

        async def test():
            await harness.aadvance("1m")
            await client.send(Event(name="go"))

        on("go")(harness, sleeper(90, 90))
        harness.send("go")
        with asyncio.Runner(loop_factory=SharedLoop) as runner:
            runner.run(test())
            harness.advance("1m")
        harness.advance("1m")

        assert [run.ended_at for run in harness.runs] == [harness.now, None]
        assert seconds(harness) == 180

    def test_time_that_the_loop_had_before(self, harness):
        """The world's time begins at its first use on the loop, not with the loop."""

        async def test():
            await asyncio.sleep(1000)
            on("go")(harness, sleeper(60))
            await asyncio.sleep(5)
            await harness.asend("go")
            await harness.afast_forward()

        with asyncio.Runner(loop_factory=SharedLoop) as runner:
            runner.run(test())
        assert seconds(harness) == 65

    def test_a_loop_that_closes_ends_what_is_under_way(self, harness):
        """Its handlers are unwound and reported nowhere: the test is over."""
        ended = []

        async def under_way(_ctx):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(1)

        async def test():
            on("go", retries=0)(harness, under_way)
            await harness.asend("go")

        with asyncio.Runner(loop_factory=SharedLoop) as runner:
            runner.run(test())

        assert ended == [1]
        assert harness.runs[0].status == "Running"
        assert harness.findings == []

    def test_a_deadlock_is_told_after_the_loop_has_gone(self, harnesses):
        """A handler that waited for ever when the loop closed fails the test."""

        async def stuck(_ctx):
            await asyncio.Event().wait()

        async def test():
            on("go")(world, stuck)
            await world.asend("go")

        world = harnesses()
        with asyncio.Runner(loop_factory=SharedLoop) as runner:
            runner.run(test())

        with pytest.raises(DeadlockError, match="nobody is going to do"):
            world.close()

    def test_async_code_in_a_plain_test(self, harness):
        """Inside `call`, the async face works on the harness's own loop."""
        on("go")(harness, sleeper(60))

        async def scenario():
            run = (await harness.asend("go")).runs[0]
            await harness.afast_forward()
            return run.status

        assert harness.call(scenario) == "Completed"


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["freezegun", "time-machine"])
async def test_the_wall_clock_follows_the_sleep_of_the_test(harnesses, kind):
    """datetime.now() is harness.now wherever the world moves, in its test too."""
    async with harnesses(wall_clock=kind) as world:
        await world.aadvance("1h")
        advanced = dt.datetime.now(dt.UTC)  # noqa: TID251 -- the wall clock is the subject
        await asyncio.sleep(60)
        slept = dt.datetime.now(dt.UTC)  # noqa: TID251 -- as above
        now = world.now

    assert (advanced.hour, slept) == (1, now)


def test_a_handler_does_not_use_the_harness(harness):
    """Its awaited verbs and its declarations are the test's alone."""
    said = []

    async def curious(_ctx):
        for call in (lambda: harness.aadvance("1h"), lambda: harness.stub(None, "x")):
            try:
                await call()
            except UsageError as error:
                said.append(error.what)

    on("go")(harness, curious)
    harness.send("go")

    assert said == [
        "harness.aadvance was called inside a handler",
        "harness.stub was called inside a handler",
    ]


def test_a_world_that_closes_inside_another_loop(harnesses):
    """What is under way on its own loop cannot unwind there; it is let go in silence."""

    async def under_way(_ctx):
        await asyncio.sleep(60)

    async def elsewhere():
        world.close()

    world = harnesses()
    on("go")(world, under_way)
    world.send("go")
    asyncio.run(elsewhere())

    assert world.is_closed


def test_a_block_that_cannot_be_entered_leaves_nothing_open():
    """On a loop in real time, `with` and `async with` fail and close what they made."""
    worlds = []

    async def plainly():
        worlds.append(Harness())
        with worlds[-1]:
            pass

    async def awaited():
        worlds.append(Harness())
        async with worlds[-1]:
            pass

    for way in (plainly, awaited):
        with pytest.raises(UsageError, match="needs an event loop in virtual time"):
            asyncio.run(way())

    assert [world.is_closed for world in worlds] == [True, True]
