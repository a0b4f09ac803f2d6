"""on_failure: a handler that runs when a run of its function has failed."""

import pytest

from scoretest import Client, Score, TriggerEvent, create_defer, create_scorer


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.mark.rule("D6")
class TestAfterTheLastAttempt:
    """A failure handler is a function of its own, on inngest/function.failed."""

    def test_it_runs_once_and_sees_the_failed_event(self, harness, on, start, log):
        """It is given the failure: scenario retry__on_failure_runs_once."""

        async def tell(ctx):
            data = ctx.event.data
            log.append((ctx.event.name, data["error"]["message"], data["function_id"]))
            log.append((data["event"]["name"], data["run_id"]))
            return "handled"

        @on("shop/order", retries=1, on_failure=tell)
        async def order(ctx):
            log.append(ctx.attempt)
            raise RuntimeError("boom")

        with harness.expect_failure(order):
            run = start("shop/order")
            harness.fast_forward()

        handled = harness.run(order.on_failure)
        assert log == [
            0,
            1,
            ("inngest/function.failed", "boom", "shop-order"),
            ("shop/order", run.id),
        ]
        assert (handled.function_id, handled.status) == (
            "shop-order-failure",
            "Completed",
        )
        assert (handled.output, handled.entries) == ("handled", 1)

    def test_a_run_that_succeeds_does_not_start_it(self, harness, on, start):
        """Without a failure there is nothing to handle."""

        @on("shop/order", on_failure=lambda _: None)
        def order(_):
            return "ok"

        start("shop/order")

        assert [run.function_id for run in harness.runs] == ["shop-order"]

    def test_the_failure_of_another_function_does_not_start_it(
        self, harness, on, start
    ):
        """Each handler listens to its own function only."""

        @on("shop/order", on_failure=lambda _: None)
        def order(ctx):
            pass

        @on("shop/refund", retries=0)
        def refund(_):
            raise RuntimeError("boom")

        with harness.expect_failure(refund):
            start("shop/refund")

        assert [run.function_id for run in harness.runs] == ["shop-refund"]

    def test_its_own_failure_is_final(self, harness, on, start, log):
        """It has no retries, and nothing handles its failure."""

        async def tell(_):
            log.append("tell")
            raise ValueError("worse")

        @on("shop/order", retries=0, on_failure=tell)
        async def order(_):
            raise RuntimeError("boom")

        with harness.expect_failure(order), harness.expect_failure(order.on_failure):
            start("shop/order")
            harness.fast_forward()

        assert log == ["tell"]
        assert [(run.function_id, run.status) for run in harness.runs] == [
            ("shop-order", "Failed"),
            ("shop-order-failure", "Failed"),
        ]

    def test_it_may_have_steps(self, harness, on, start):
        """It is entered again and again like any function."""

        async def tell(ctx):
            await ctx.step.sleep("calm down", "1h")
            return await ctx.step.run("apologise", lambda: "sorry")

        @on("shop/order", retries=0, on_failure=tell)
        async def order(_):
            raise RuntimeError("boom")

        with harness.expect_failure(order):
            start("shop/order")
        harness.fast_forward()

        assert harness.run(order.on_failure).output == "sorry"

    def test_a_step_of_it_can_be_stubbed(self, harness, on, start):
        """`function.on_failure` is the function to name where one is needed."""

        def tell(ctx):
            return ctx.step.run("page", lambda: "paged")

        @on("shop/order", retries=0, on_failure=tell)
        def order(_):
            raise RuntimeError("boom")

        harness.stub(order.on_failure, "page", returns="stubbed")
        with harness.expect_failure(order):
            start("shop/order")

        assert harness.run("shop-order-failure").output == "stubbed"


@pytest.mark.rule("D6", "X4")
def test_a_failure_that_the_server_decides(harness, on, start, log):
    """The handler is told the name "Error" and the server's answer as the message."""

    async def tell(ctx):
        log.append(ctx.event.data["error"]["name"])

    @on("shop/order", on_failure=tell)
    async def order(ctx):
        await ctx.step.sleep("for ever", "367d")

    with harness.expect_failure(order) as failure:
        start("shop/order")

    assert log == ["Error"]
    assert failure.run.error.name == "InngestErrTimeoutTooLong"


@pytest.mark.rule("D6", "G1")
def test_it_may_score_the_run_that_failed(harness, client, on, start):
    """As in scenario score__failed_run_can_be_scored."""

    async def tell(ctx):
        run_id = ctx.event.data["run_id"]
        await client.score(name="failed", value=True, run_id=run_id)

    @on("shop/work", retries=0, on_failure=tell)
    async def work(_):
        raise RuntimeError("boom")

    with harness.expect_failure(work):
        run = start("shop/work")

    assert run.scores == [Score("failed", value=True)]


@pytest.mark.rule("A5")
def test_it_may_defer(harness, client, deferred, log):
    """The parent is the handler's own run: defer__from_on_failure_handler."""

    @deferred(retries=0)
    async def audit(ctx):
        log.append((ctx.event.name, ctx.parents[0].fn_slug))
        return "audited"

    async def tell(ctx):
        ctx.defer("audit-order", function=audit, data={"n": 1})

    trigger = TriggerEvent(event="shop/order")
    make = client.create_function(
        fn_id="order", trigger=trigger, retries=0, on_failure=tell
    )

    @make
    async def order(_):
        raise RuntimeError("boom")

    harness.serve(client, functions=[order])

    with harness.expect_failure(order):
        harness.send("shop/order")

    (deferred_run,) = harness.run(order.on_failure).deferred
    assert log == [("inngest/deferred.schedule", "shop-order-failure")]
    assert (deferred_run.status, deferred_run.output) == ("Completed", "audited")


@pytest.mark.rule("D6", "A11")
@pytest.mark.parametrize("create", [create_defer, create_scorer])
def test_a_deferred_function_may_have_one(harness, on, start, log, create):
    """Its failure is handled as any other's, and its parent does not notice."""
    client = Client(app_id="audit")

    def tell(ctx):
        log.append(ctx.event.data["event"]["data"]["n"])

    @create(client, fn_id="audit", retries=0, on_failure=tell)
    def audit(_):
        raise RuntimeError("boom")

    harness.serve(client, functions=[audit])

    @on("shop/order")
    def order(ctx):
        ctx.defer("audit", function=audit, data={"n": 7})

    with harness.expect_failure(audit):
        run = start("shop/order")

    assert log == [7]
    assert run.status == "Completed"


@pytest.mark.rule("D6")
def test_the_timeline_tells_what_it_handles(harness, on, start):
    """The event stands between the run that failed and the one that handles it."""

    @on("shop/order", retries=0, on_failure=lambda _: "handled")
    def order(_):
        raise RuntimeError("boom")

    with harness.expect_failure(order):
        start("shop/order")

    lines = str(harness.timeline).split("\n")
    assert [line for line in lines if "at spec/" not in line] == [
        "Timeline from 2025-01-01 00:00:00 UTC, 0s long",
        "2 runs (1 completed, 1 failed)",
        "",
        "+0s  event     shop/order {}",
        "     shop-order #1",
        "       started   by shop/order",
        "       failed    RuntimeError: boom",
        "     event     inngest/function.failed of shop-order #1",
        "     shop-order-failure #1",
        "       started   by inngest/function.failed from shop-order #1",
        '       completed "handled"',
    ]
