"""Limits of a run that the server decides, and expressions that know the time."""

import pytest

from scoretest import Client, Harness, Limits, TriggerEvent


@pytest.mark.parametrize(("size", "status"), [(400, "Completed"), (600, "Failed")])
def test_the_results_of_a_run_have_a_limit_together(size, status):
    """A run whose steps yield more than its state may hold fails at once."""
    client = Client(app_id="shop")

    @client.create_function(fn_id="order", trigger=TriggerEvent(event="order"))
    async def order(ctx):
        await ctx.step.run("a", lambda: "x" * size)
        await ctx.step.run("b", lambda: "y" * size)

    with Harness(limits=Limits(run_state_bytes=1_000)) as harness:
        harness.serve(client, functions=[order])
        run = harness.send("order").runs[0]

        assert run.status == status
        assert run.error is None or run.error.name == "InngestErrStateOverflowed"


@pytest.mark.rule("C6")
def test_now_is_the_virtual_time(harness, on):
    """A condition that asks for the time gets the harness's."""

    @on("shop/order")
    async def order(ctx):
        condition = "date(async.data.due) < now()"
        return await ctx.step.wait_for_event(
            "due", event="shop/due", timeout="7d", if_exp=condition
        )

    harness.send("shop/order")
    early = harness.send("shop/due", {"due": "2025-01-02T00:00:00Z"})
    harness.advance("2d")
    late = harness.send("shop/due", {"due": "2025-01-02T00:00:00Z"})

    assert (early.resumed, len(late.resumed)) == ([], 1)


@pytest.mark.rule("B2")
def test_a_value_that_is_listed_twice_is_one_condition(harness, on):
    """A wait that names a value twice in its list ends like any other."""

    @on("shop/order")
    async def order(ctx):
        condition = "async.data.plan in ['pro', 'pro']"
        await ctx.step.wait_for_event(
            "plan", event="shop/plan", timeout="7d", if_exp=condition
        )

    harness.send("shop/order")

    sent = harness.send("shop/plan", {"plan": "pro"})

    assert (len(sent.resumed), harness.waits) == (1, [])


@pytest.mark.rule("A3", "A4")
def test_a_defer_that_a_retry_sent_is_not_lost(harness, client, deferred):
    """What one attempt dropped and the next one sent is no finding, even if it fails."""

    @deferred()
    async def audit(ctx):
        return ctx.input

    @client.create_function(
        fn_id="order", trigger=TriggerEvent(event="order"), retries=1
    )
    async def order(ctx):
        ctx.defer("audit", function=audit, data={"n": ctx.attempt})
        if ctx.attempt == 0:
            raise KeyError("first")
        await ctx.step.run("sent", lambda: None)
        raise KeyError("second")

    harness.serve(client, functions=[order])
    with harness.expect_failure(order):
        harness.send("order")
        harness.fast_forward()

    assert harness.findings == []
