"""When deferred runs start: with the end of their parent, however it ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest import (
    Client,
    NonRetriableError,
    StepError,
    TriggerEvent,
    create_defer,
)

# what a parent does, in order: defer under an id, abort it, go through a step, raise
PROGRAMS = st.lists(
    st.tuples(st.sampled_from(["defer", "abort"]), st.sampled_from("abc"))
    | st.tuples(st.just("step"), st.just(""))
    | st.tuples(st.just("raise"), st.integers(1, 3).map(str)),
    max_size=9,
)


@pytest.fixture
def log():
    """What the handlers of a test note, in order."""
    return []


@pytest.fixture
def audit(deferred, log):
    """A deferred function that notes its data and returns its number."""

    @deferred(retries=0)
    async def audit(ctx):
        log.append(("audit", ctx.input))
        return {"audited": ctx.input["n"]}

    return audit


@pytest.fixture
def settle(harness, start):
    """Send an event and go on until nothing is pending; return the event's run."""

    def send(event):
        run = start(event)
        harness.fast_forward()
        return run

    return send


@pytest.mark.rule("A1")
class TestTheEnd:
    """Deferred runs start when their parent has ended, never before."""

    def test_not_while_the_parent_sleeps(self, harness, on, start, audit, log):
        """A deferred run starts when its parent returns, however early it was asked."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run("charge", log.append, "charge")
            ctx.defer("audit", function=audit, data={"n": 1, "list": [1, None, "x"]})
            await ctx.step.sleep("pause", "3s")
            log.append("return")
            return {"order": "done"}

        run = start("shop/order")
        early = list(log)
        harness.fast_forward()

        assert early == ["charge"]
        assert log == ["charge", "return", ("audit", {"n": 1, "list": [1, None, "x"]})]
        assert (run.output, run.entries) == ({"order": "done"}, 3)
        assert [(d.output, d.entries) for d in run.deferred] == [({"audited": 1}, 1)]

    def test_not_while_the_parent_waits(self, harness, on, start, audit):
        """A deferred run starts at the instant at which its waiting parent returns."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.wait_for_event("paid", event="shop/paid", timeout="4s")

        run = start("shop/order")
        early = list(run.deferred)
        harness.fast_forward()

        (child,) = run.deferred
        assert early == []
        assert child.started_at == run.ended_at
        assert (run.duration, run.entries) == ("4s", 2)

    def test_a_parent_without_steps(self, on, start, audit):
        """A parent that comes to its end in one entry may defer."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 7})
            return {"v": 1}

        run = start("shop/order")

        (child,) = run.deferred
        assert (run.output, run.entries) == ({"v": 1}, 1)
        assert (child.output, child.parent) == ({"audited": 7}, run)

    def test_a_plain_parent_and_a_plain_deferred_function(self, on, start, deferred):
        """Ordinary functions defer and are deferred as coroutine functions are."""

        @deferred()
        def audit(ctx):
            return ctx.step.run("count", len, ctx.input["items"])

        @on("shop/order")
        def order(ctx):
            ctx.step.run("charge", int)
            ctx.defer("audit", function=audit, data={"items": [1, 2, 3]})
            ctx.step.sleep("pause", 0)
            return "done"

        run = start("shop/order")

        assert (run.output, [d.output for d in run.deferred]) == ("done", [3])

    def test_the_end_is_told_of_parent_and_deferred(self, harness, on, start, audit):
        """The server's news tell of the end of the parent, then of the deferred run."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            return "ordered"

        start("shop/order")

        told = [e for e in harness.events if e.name == "inngest/function.finished"]
        assert [
            (e.data["function_id"], e.data["result"], e.data["event"]["name"])
            for e in told
        ] == [
            ("shop-order", "ordered", "shop/order"),
            ("shop-audit", {"audited": 1}, "inngest/deferred.schedule"),
        ]


@pytest.mark.rule("A2")
class TestAnyEnd:
    """A failed parent releases what the server has accepted, as a completed one."""

    @pytest.mark.parametrize(
        ("retries", "error"),
        [(0, ValueError("x")), (1, ValueError("x")), (4, NonRetriableError("x"))],
        ids=["no retries", "retries exhausted", "not retriable"],
    )
    def test_a_handler_that_fails(self, on, settle, audit, retries, error):
        """A defer that a step has carried to the server outlives its parent's failure."""

        @on("shop/order", retries=retries)
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            raise error

        run = settle("shop/order")

        assert (run.status, run.error.message) == ("Failed", "x")
        assert [d.output for d in run.deferred] == [{"audited": 1}]

    def test_a_step_that_fails_for_good(self, on, start, audit):
        """A parent that ends with an uncaught step failure releases its defers."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def charge():
                raise ValueError("declined")

            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", charge)

        run = start("shop/order")

        assert (run.status, run.error.name) == ("Failed", "ValueError")
        assert [d.status for d in run.deferred] == ["Completed"]

    def test_a_caught_step_failure(self, on, start, audit):
        """A parent that catches a failed step completes and releases its defers."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def charge():
                raise ValueError("declined")

            ctx.defer("audit", function=audit, data={"n": 1})
            try:
                await ctx.step.run("charge", charge)
            except StepError as error:
                return [error.name, error.message]

        run = start("shop/order")

        assert (run.output, run.entries) == (["ValueError", "declined"], 2)
        assert [d.status for d in run.deferred] == ["Completed"]

    def test_a_run_that_the_server_ends(self, harness, on, start, audit):
        """A wait that is too long for the server fails its run; the defer still runs."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.wait_for_event("paid", event="shop/paid", timeout="367d")

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.name) == ("Failed", "InngestErrTimeoutTooLong")
        assert [d.output for d in run.deferred] == [{"audited": 1}]


@pytest.mark.rule("A5")
class TestFromAnywhere:
    """Defers may be called in steps, groups and deferred functions."""

    def test_inside_a_step(self, on, start, audit, log):
        """A defer in a step's callback goes with that step and runs once."""

        @on("shop/order")
        async def order(ctx):
            def charge():
                log.append("charge")
                ctx.defer("audit", function=audit, data={"n": 5})
                return 5

            charged = await ctx.step.run("charge", charge)
            return charged + await ctx.step.run("ship", int, 2)

        run = start("shop/order")

        assert (run.output, run.entries) == (7, 3)
        assert log == ["charge", ("audit", {"n": 5})]

    def test_inside_a_step_that_is_retried(self, harness, on, start, audit, log):
        """The data of a failing attempt was accepted; that of the retry is ignored."""

        @on("shop/order", retries=2)
        async def order(ctx):
            def charge():
                log.append(ctx.attempt)
                ctx.defer("audit", function=audit, data={"n": ctx.attempt})
                if ctx.attempt < 1:
                    raise ValueError("flaky")
                return "charged"

            return await ctx.step.run("charge", charge)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.entries) == ("charged", 3)
        assert log == [0, 1, ("audit", {"n": 0})]

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_before_a_parallel_group(self, on, start, audit, log, kind):
        """A defer before a group is released once, although the body runs four times."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1})
                both = (
                    lambda: ctx.step.run("left", int, 1),
                    lambda: ctx.step.run("right", int, 2),
                )
                return list(await ctx.group.parallel(both))

        else:

            @on("shop/order")
            def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1})
                both = (
                    lambda: ctx.step.run("left", int, 1),
                    lambda: ctx.step.run("right", int, 2),
                )
                return list(ctx.group.parallel(both))

        run = start("shop/order")

        assert (run.output, run.entries) == ([1, 2], 4)
        assert log == [("audit", {"n": 1})]

    def test_inside_a_parallel_step(self, on, start, audit, log):
        """Each step of a group carries its own defer, once."""

        @on("shop/order")
        async def order(ctx):
            def work(n):
                ctx.defer(f"audit-{n}", function=audit, data={"n": n})

            await ctx.group.parallel(
                (
                    lambda: ctx.step.run("left", work, 1),
                    lambda: ctx.step.run("right", work, 2),
                )
            )

        run = start("shop/order")

        assert [d.output for d in run.deferred] == [{"audited": 1}, {"audited": 2}]
        assert log == [("audit", {"n": 1}), ("audit", {"n": 2})]

    def test_from_a_deferred_function(self, on, start, deferred, audit):
        """A deferred function defers too; the parent is the run that called."""

        @deferred()
        async def middle(ctx):
            ctx.defer("audit", function=audit, data={"n": 9})
            return ctx.parents[0].run_id

        @on("shop/order")
        async def order(ctx):
            ctx.defer("middle", function=middle, data={})

        run = start("shop/order")

        (child,) = run.deferred
        (grandchild,) = child.deferred
        assert child.output == run.id
        assert (grandchild.parent, grandchild.output) == (child, {"audited": 9})


@pytest.mark.rule("A8")
def test_several_defers_run_in_the_order_of_their_calls(on, start, audit):
    """Different ids start the same function once each, here in the order of calls."""

    @on("shop/order")
    async def order(ctx):
        for n in range(8):
            ctx.defer(f"audit-{n}", function=audit, data={"n": n})

    run = start("shop/order")

    assert [d.output["audited"] for d in run.deferred] == list(range(8))


@pytest.mark.rule("A11")
class TestItsOwnRun:
    """A deferred run is a run of its own, with retries of its own."""

    def test_it_has_four_retries(self, harness, on, start, deferred):
        """A deferred run that fails is tried five times; its parent stays completed."""

        @deferred()
        async def audit(_ctx):
            raise ValueError("broken")

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={})
            return "done"

        run = start("shop/order")
        with harness.expect_failure(audit) as failure:
            harness.fast_forward()

        assert (run.status, run.output) == ("Completed", "done")
        assert (failure.run.attempts, failure.run.duration) == (5, "3m 45s")

    def test_its_retries_can_be_chosen(self, harness, on, start, deferred):
        """The retries given to the deferred function count, not the parent's."""

        @deferred(retries=1)
        async def audit(_ctx):
            raise ValueError("broken")

        @on("shop/order", retries=0)
        async def order(ctx):
            ctx.defer("audit", function=audit, data={})

        start("shop/order")
        with harness.expect_failure(audit) as failure:
            harness.fast_forward()

        assert failure.run.entries == 2

    def test_a_sibling_is_not_harmed(self, harness, on, start, deferred, audit):
        """A deferred run that fails leaves the parent's other deferred runs alone."""

        @deferred(retries=0)
        async def broken(_ctx):
            raise ValueError("broken")

        @on("shop/order")
        async def order(ctx):
            ctx.defer("broken", function=broken, data={})
            ctx.defer("audit", function=audit, data={"n": 1})

        with harness.expect_failure(broken):
            run = start("shop/order")

        assert [d.status for d in run.deferred] == ["Failed", "Completed"]


@pytest.mark.rule("A1", "A3", "A4", "A6")
@given(program=PROGRAMS)
def test_defers_are_released_exactly_once(harnesses, program):
    """Each accepted defer that was not taken back runs once, however its parent ends."""
    client = Client(app_id="shop")
    tries = []

    @create_defer(client, fn_id="audit")
    async def audit(ctx):
        return ctx.input["id"]

    @client.create_function(
        fn_id="order", trigger=TriggerEvent(event="shop/order"), retries=1
    )
    async def order(ctx):
        handles = {}
        for place, (verb, name) in enumerate(program):
            if verb == "step":
                await ctx.step.run(f"step-{place}", int)
            elif verb == "raise" and tries.count(place) < int(name):
                tries.append(place)
                raise ValueError(name)
            elif verb == "defer" and name not in handles:
                handles[name] = ctx.defer(name, function=audit, data={"id": name})
            elif verb == "abort" and name in handles:
                handles[name].abort()

    with harnesses() as world:
        world.allow("DEFER_LOST", reason="a parent may fail too early")
        world.serve(client, functions=[order, audit])
        (run,) = world.send("shop/order").runs
        world.fast_forward()
        found = sorted(child.output for child in run.deferred)
        assert (run.status, found) == expected(program)


def expected(program):
    """Return how a program ends and which ids run, by the rules alone."""
    failures, sent, live = 0, set(), {}
    for verb, name in program:
        if verb == "defer" and name not in live:
            live[name] = True
        elif verb == "abort" and name in live:
            live[name] = False
        elif verb == "step":  # it carries the defers, and attempts count anew
            failures, sent = 0, {name for name, is_live in live.items() if is_live}
        elif verb == "raise":
            failures += int(name)
            if failures > 1:
                return "Failed", sorted(sent)
    return "Completed", sorted(name for name, is_live in live.items() if is_live)
