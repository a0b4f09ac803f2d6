"""Programs without an end: each becomes an error that names the run and the step."""

import asyncio
import re
from contextlib import suppress

import pytest

from scoretest import Event, create_defer, experiment
from scoretest.errors import DeadlockError, LivelockError

WHERE = re.compile(
    r"function 'shop-order' \(spec/test_hang_guard\.py:\d+\), run 01[0-9A-Z]{24}"
    r"(, step 'stuck')?, virtual time 2025-01-[0-9T:.Z-]+"
)


def named(error, *, step):
    """Say whether the error's place names the run, and the step or none."""
    match = WHERE.search(error.where)
    return match is not None and bool(match[1]) == step


class TestDeadlock:
    """A handler that waits for what nobody will do."""

    def test_in_the_body(self, harness, on):
        """Awaiting a bare future ends `send` with the run's place."""

        @on("shop/order")
        async def order(_ctx):
            await asyncio.get_running_loop().create_future()

        with pytest.raises(DeadlockError) as info:
            harness.send("shop/order")

        assert info.value.what == (
            "a handler waits for something that nobody is going to do"
        )
        assert named(info.value, step=False)
        assert info.value.fix.startswith("await steps, timers and things")

    def test_in_a_step(self, harness, on):
        """Awaiting an event that nobody sets in a callback names the step too."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run("stuck", asyncio.Event().wait)

        with pytest.raises(DeadlockError) as info:
            harness.send("shop/order")

        assert named(info.value, step=True)

    def test_in_one_of_several_steps(self, harness, on):
        """The step that hangs is named although its neighbour has ended."""

        @on("shop/order")
        async def order(ctx):
            await asyncio.gather(
                ctx.step.run("stuck", asyncio.Event().wait),
                ctx.step.run("quick", asyncio.sleep, 0),
            )

        with pytest.raises(DeadlockError) as info:
            harness.send("shop/order")

        assert named(info.value, step=True)

    def test_beside_a_run_that_sleeps(self, harness, on):
        """Another run's timer may still help; when it has fired, the error comes."""

        @on("shop/order")
        async def order(_ctx):
            await asyncio.get_running_loop().create_future()

        @on("shop/order")
        async def sleeper(ctx):
            await ctx.step.sleep("nap", "1h")

        harness.send("shop/order")
        with pytest.raises(DeadlockError) as info:
            harness.fast_forward()

        assert named(info.value, step=False)
        assert [run.status for run in harness.runs] == ["Running", "Completed"]

    def test_a_waiting_run_is_no_deadlock(self, on, start):
        """A run that waits for an event may do so to the end of the test."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.wait_for_event("paid", event="shop/paid", timeout="7d")

        assert start("shop/order").status == "Running"

    def test_a_future_that_a_sleeping_task_sets_is_no_deadlock(
        self, harness, on, start
    ):
        """What the handler itself sets going is waited for in virtual time."""

        @on("shop/order")
        async def order(_ctx):
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(3_600, future.set_result, "rung")
            return await future

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("rung", "1h")


class TestEndlessHandlers:
    """A handler that never returns and never waits for the server."""

    def test_sleeping_in_the_body(self, harness, on):
        """A loop of asyncio sleeps runs out of moves of the clock."""

        @on("shop/order")
        async def order(_ctx):
            while True:  # noqa: ASYNC110 -- the mistake itself
                await asyncio.sleep(1)

        harness.send("shop/order")
        with pytest.raises(LivelockError, match="the clock has moved") as info:
            harness.fast_forward()

        assert named(info.value, step=False)

    def test_sleeping_in_a_step(self, harness, on):
        """The step whose callback sleeps for ever is named."""

        @on("shop/order")
        async def order(ctx):
            async def poll():
                while True:  # noqa: ASYNC110 -- the mistake itself
                    await asyncio.sleep(1)

            await ctx.step.run("stuck", poll)

        harness.send("shop/order")
        with pytest.raises(LivelockError, match="timers are still pending") as info:
            harness.fast_forward()

        assert named(info.value, step=True)

    def test_spinning_in_the_body(self, harness, on):
        """`sleep(0)` in a loop runs out of turns at one instant."""

        @on("shop/order")
        async def order(_ctx):
            while True:  # noqa: ASYNC110 -- the mistake itself
                await asyncio.sleep(0)

        with pytest.raises(LivelockError, match="the clock has not moved") as info:
            harness.send("shop/order")

        assert named(info.value, step=False)

    def test_spinning_in_a_step(self, harness, on):
        """The step that spins is named."""

        @on("shop/order")
        async def order(ctx):
            async def poll():
                while True:  # noqa: ASYNC110 -- the mistake itself
                    await asyncio.sleep(0)

            await ctx.step.run("stuck", poll)

        with pytest.raises(LivelockError) as info:
            harness.send("shop/order")

        assert named(info.value, step=True)

    def test_swallowing_everything_around_a_step(self, harness, on):
        """A loop that catches BaseException round a step is given up on."""

        @on("shop/order")
        async def order(ctx):
            while True:
                with suppress(BaseException):
                    await ctx.step.sleep("stuck", "1d")

        with pytest.raises(LivelockError, match="swallows every interrupt") as info:
            harness.send("shop/order")

        assert named(info.value, step=True)
        assert info.value.fix == "catch Exception, never BaseException, around a step"
        harness.allow("INTERRUPT_SWALLOWED", reason="the mistake is the point")

    def test_a_finite_loop_of_swallowing_is_a_finding(self, harness, on, start):
        """A few swallowed interrupts are told and the run ends as production's does."""

        @on("shop/order")
        async def order(ctx):
            for _ in range(3):
                with suppress(BaseException):
                    await ctx.step.run("a", lambda: 1)
            return "end"

        run = start("shop/order")

        assert (run.status, run.output) == ("Completed", "end")
        assert {finding.code for finding in harness.findings} == {"INTERRUPT_SWALLOWED"}
        harness.allow("INTERRUPT_SWALLOWED", reason="the mistake is the point")


@pytest.mark.rule("E5")
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_run_has_at_most_a_thousand_steps(on, start, kind):
    """A handler that makes new steps for ever fails with the server's error."""
    if kind == "async":

        @on("shop/order")
        async def order(ctx):
            n = 0
            while True:
                n += 1
                await ctx.step.run(f"s{n}", int)

    else:

        @on("shop/order")
        def order(ctx):
            n = 0
            while True:
                n += 1
                ctx.step.run(f"s{n}", int)

    run = start("shop/order")

    assert (run.status, run.error.name, run.error.message) == (
        "Failed",
        "InngestErrFunctionOverflowed",
        "The function run exceeded the step limit of 1000 steps.",
    )
    assert run.steps[999].status == "Completed"


class TestCyclesOfEvents:
    """Functions that start each other without end."""

    @pytest.mark.parametrize("how", ["step", "client"])
    def test_at_one_instant(self, harness, client, on, how):
        """Two functions that send to each other are stopped, and the cycle is named."""

        async def forward(ctx, name):
            if how == "step":
                await ctx.step.send_event("send", Event(name=name))
            else:
                await client.send(Event(name=name))

        @on("shop/ping")
        async def ping(ctx):
            await forward(ctx, "shop/pong")

        @on("shop/pong")
        async def pong(ctx):
            await forward(ctx, "shop/ping")

        with pytest.raises(LivelockError, match="events cause each other") as info:
            harness.send("shop/ping")

        assert "functions started by it: shop-p" in info.value.where
        assert info.value.fix == "let one function of the cycle stop sending"

    @pytest.mark.rule("A5")
    def test_by_defers(self, harness, client, on):
        """A deferred function that defers itself is stopped at one instant as well."""

        @create_defer(client, fn_id="again")
        async def again(ctx):
            ctx.defer("again", function=again, data={})

        @on("shop/order")
        async def order(ctx):
            ctx.defer("again", function=again, data={})

        harness.serve(client, functions=[again])
        with pytest.raises(LivelockError, match="events cause each other") as info:
            harness.send("shop/order")

        assert "functions started by it: shop-again" in info.value.where

    def test_with_a_growing_clock(self, harness, on):
        """A function that sleeps and sends to itself is stopped by fast_forward."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("nap", "1s")
            await ctx.step.send_event("again", Event(name="shop/order"))

        harness.send("shop/order")
        with pytest.raises(LivelockError, match="runs start each other") as info:
            harness.fast_forward()

        assert named(info.value, step=False)
        assert 'harness.fast_forward(within="1d")' in info.value.fix

    def test_for_a_limited_time_a_growing_cycle_is_allowed(self, harness, on):
        """The same function runs for a minute: sixty times and once."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("nap", "1s")
            await ctx.step.send_event("again", Event(name="shop/order"))

        harness.send("shop/order")
        harness.fast_forward(within="1m")

        assert len(harness.runs) == 61

    def test_a_wide_burst_is_no_cycle(self, harness, on):
        """Six thousand runs from one event each are no storm."""

        @on("shop/note")
        async def note(_ctx):
            return None

        @on("shop/order")
        async def order(ctx):
            events = [Event(name="shop/note") for _ in range(2_000)]
            await ctx.step.send_event("send", events)

        harness.send([Event(name="shop/order")] * 3)

        assert len(harness.runs) == 6_003


def test_a_plain_handler_that_swallows_everything_is_given_up_on(harness, on):
    """A loop without an end that catches BaseException is left between two lines."""

    @on("shop/order")
    def order(ctx):
        while True:
            try:  # noqa: SIM105 -- the mistake itself
                ctx.step.sleep("stuck", "1d")
            except BaseException:  # noqa: BLE001, S110 -- the mistake itself
                pass

    with pytest.raises(LivelockError, match="swallows every interrupt") as info:
        harness.send("shop/order")

    assert named(info.value, step=True)
    harness.allow("INTERRUPT_SWALLOWED", reason="the handler does so on purpose")


def test_a_plain_handler_that_swallows_an_experiment_is_given_up_on(harness, on):
    """The tools that stand between the handler and its step do not hold it."""

    @on("shop/order")
    def order(ctx):
        while True:
            try:  # noqa: SIM105 -- the mistake itself
                ctx.group.experiment(
                    "stuck",
                    variants={"a": lambda: ctx.step.sleep("nap", "1d")},
                    select=experiment.fixed("a"),
                )
            except BaseException:  # noqa: BLE001, S110 -- the mistake itself
                pass

    with pytest.raises(LivelockError, match="swallows every interrupt"):
        harness.send("shop/order")

    harness.allow("INTERRUPT_SWALLOWED", reason="the handler does so on purpose")


def test_a_deadlock_beside_a_pending_timer_is_told_at_the_end(harness, on):
    """A handler that nothing can wake is an error when the harness closes."""

    @on("shop/order")
    async def order(_):
        await asyncio.Event().wait()

    @on("shop/sleep")
    async def sleeper(ctx):
        await ctx.step.sleep("week", "7d")

    harness.send("shop/sleep")
    harness.send("shop/order")

    with pytest.raises(DeadlockError, match="nobody is going to do"):
        harness.close()
