"""step.invoke: another function is run, and its result is a step's result."""

import pytest

from scoretest import (
    Cancel,
    Client,
    LivelockError,
    StepError,
    Timeline,
    TriggerEvent,
)


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def target(on, log):
    """A function that echoes, fails or naps, as its event says."""

    @on("shop/target", retries=0, cancel=[Cancel(event="shop/stop")])
    async def target(ctx):
        data = ctx.event.data
        log.append(("target", ctx.event.name, data.get("q")))
        if data.get("fail"):
            raise ValueError("target failed")
        if data.get("sleep"):
            await ctx.step.sleep("nap", data["sleep"])
        return {"echo": data.get("q")}

    return target


@pytest.fixture
def work(on, target, log):
    """Return what serves a caller of the target, which tells of its failure."""

    def serve(**call):
        call.setdefault("function", target)

        @on("shop/work", retries=2)
        async def work(ctx):
            try:
                return await ctx.step.invoke("call", **call)
            except StepError as error:
                log.append(("caught", error.name, error.message, ctx.attempt))
                return "went on"

        return work

    return serve


def server_events(harness, name):
    """Return the server's own events of one name."""
    return [event for event in harness.events if event.name == f"inngest/{name}"]


@pytest.mark.rule("E3")
class TestTheResult:
    """The caller is entered again with what the invoked run returned."""

    def test_it_is_what_the_function_returned(self, start, work, log):
        """As in scenario step__invoke_returns_the_result."""
        work(data={"q": 1})

        run = start("shop/work")

        assert (run.output, run.entries) == ({"echo": 1}, 2)
        assert log == [("target", "inngest/function.invoked", 1)]

    def test_an_ordinary_function_may_invoke_in_a_group(
        self, harness, on, start, target
    ):
        """A targeted entry of a plain handler leaves the call alone, too."""

        @on("shop/work")
        def work(ctx):
            def once():
                if ctx.attempt == 0:
                    raise RuntimeError("busy")
                return "ok"

            call = {"q": 1, "sleep": "1h"}
            both = ctx.group.parallel(
                (
                    lambda: ctx.step.invoke("call", function=target, data=call, v=None),
                    lambda: ctx.step.run("once", once),
                )
            )
            return list(both)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.output, work.id) == ([{"echo": 1}, "ok"], "shop-work")

    def test_an_ordinary_function_may_invoke(self, on, start, target):
        """The same tool without ``await``."""

        @on("shop/work")
        def work(ctx):
            called = ctx.step.invoke("call", function=target, data={"q": 1})
            by_id = ctx.step.invoke_by_id("by id", function_id="target", data={"q": 2})
            return [called, by_id]

        assert start("shop/work").output == [{"echo": 1}, {"echo": 2}]

    def test_the_caller_waits_as_long_as_it_takes(self, harness, start, work):
        """It can be seen what it waits for."""
        work(data={"sleep": "2h"})

        run = start("shop/work")

        assert run.waiting_for == (
            "function 'shop-target' until 2026-01-01T00:00:00.000Z"
        )
        assert (run.step("call").op, run.step("call").status) == (
            "InvokeFunction",
            "Invoking",
        )
        harness.fast_forward()
        assert (run.output, run.duration) == ({"echo": None}, "2h")

    def test_a_retry_of_the_target_is_waited_for(self, harness, on, start):
        """The target has attempts of its own."""

        @on("shop/target", retries=1)
        def target(ctx):
            if ctx.attempt == 0:
                raise RuntimeError("busy")
            return "done"

        @on("shop/work")
        async def work(ctx):
            return await ctx.step.invoke("call", function=target)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.function_id, run.output, run.entries) == (work.id, "done", 2)

    def test_none_comes_back_as_none(self, on, start):
        """A function that returns nothing yields nothing."""

        @on("shop/target")
        def target(_):
            pass

        @on("shop/work")
        async def work(ctx):
            return [await ctx.step.invoke("call", function=target)]

        assert (start("shop/work").output, work.id) == ([None], "shop-work")

    def test_a_step_id_used_twice_counts_on(self, on, start, target):
        """Each call is a run of its own."""

        @on("shop/work")
        async def work(ctx):
            return [
                await ctx.step.invoke("call", function=target, data={"q": q})
                for q in (1, 2)
            ]

        run = start("shop/work")

        assert (run.function_id, run.output) == (work.id, [{"echo": 1}, {"echo": 2}])
        assert [step.id for step in run.steps] == ["call", "call:1"]

    def test_calls_of_a_group_run_side_by_side(self, harness, on, start, target):
        """The caller goes on when the last of them has ended."""

        @on("shop/work")
        async def work(ctx):
            both = await ctx.group.parallel(
                tuple(
                    lambda q=q: ctx.step.invoke(
                        f"call-{q}", function=target, data={"q": q, "sleep": f"{q}h"}
                    )
                    for q in (2, 1)
                )
            )
            return list(both)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.function_id, run.output) == (work.id, [{"echo": 2}, {"echo": 1}])
        assert (run.entries, run.duration) == (2, "2h")

    def test_a_call_beside_a_failing_step(self, harness, on, start, target):
        """A targeted entry leaves the call alone (rule E1)."""

        @on("shop/work")
        async def work(ctx):
            def once():
                if ctx.attempt == 0:
                    raise RuntimeError("busy")
                return "ok"

            both = await ctx.group.parallel(
                (
                    lambda: ctx.step.invoke("call", function=target, data={"q": 1}),
                    lambda: ctx.step.run("once", once),
                )
            )
            return list(both)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.function_id, run.output) == (work.id, [{"echo": 1}, "ok"])

    def test_an_invoked_function_may_invoke(self, on, start, target):
        """Each waits for the next."""

        @on("shop/middle")
        async def middle(ctx):
            return await ctx.step.invoke("call", function=target, data={"q": 3})

        @on("shop/work")
        async def work(ctx):
            return await ctx.step.invoke("call", function=middle)

        assert (start("shop/work").output, work.id) == ({"echo": 3}, "shop-work")

    @pytest.mark.rule("A5")
    def test_an_invoked_function_may_defer(self, on, start, deferred, harness):
        """The caller still gets the result."""

        @deferred()
        async def audit(ctx):
            return ctx.parents[0].fn_slug

        @on("shop/target")
        async def target(ctx):
            ctx.defer("audit", function=audit, data={})
            return "done"

        @on("shop/work")
        async def work(ctx):
            return await ctx.step.invoke("call", function=target)

        run = start("shop/work")

        assert (run.function_id, run.output) == (work.id, "done")
        assert harness.run(audit).output == "shop-target"
        assert harness.run(audit).parent == harness.run(target)


@pytest.mark.rule("E3")
class TestTheFailure:
    """A target that fails raises StepError in the caller, which is not retried."""

    def test_it_has_the_name_and_message_of_the_targets_error(
        self, harness, start, work, target, log
    ):
        """As in scenario step__invoke_failure_is_a_step_error."""
        work(data={"fail": True})

        run = start("shop/work")

        assert (run.output, run.entries) == ("went on", 2)
        assert log == [
            ("target", "inngest/function.invoked", None),
            ("caught", "ValueError", "target failed", 0),
        ]
        assert run.step("call").error.name == "ValueError"
        assert harness.run(target).status == "Failed"

    def test_a_failure_that_its_caller_was_told_of_is_no_finding(
        self, harness, start, work
    ):
        """What becomes of it is the caller's affair."""
        work(data={"fail": True})
        start("shop/work")

        assert harness.findings == []

    @pytest.mark.rule("D3")
    def test_uncaught_it_fails_the_caller_at_once(self, harness, on, start, target):
        """The caller's retries are not used."""

        @on("shop/work", retries=2)
        async def work(ctx):
            await ctx.step.invoke("call", function=target, data={"fail": True})

        with harness.expect_failure(work) as failure:
            start("shop/work")

        assert (failure.run.error.name, failure.run.entries) == ("ValueError", 2)

    @pytest.mark.rule("X4")
    def test_a_failure_that_the_server_decides(self, harness, on, start, log):
        """The caller is told the name "Error"."""

        @on("shop/target")
        async def target(ctx):
            await ctx.step.sleep("for ever", "367d")

        @on("shop/work")
        async def work(ctx):
            try:
                await ctx.step.invoke("call", function=target)
            except StepError as error:
                log.append(error.name)

        with harness.expect_failure(target):
            run = start("shop/work")

        assert (run.function_id, log) == (work.id, ["Error"])

    def test_a_failure_handler_of_the_target_runs(self, harness, on, start, log):
        """An invoked run fails as any other does."""

        def tell(ctx):
            log.append(ctx.event.data["event"]["name"])

        @on("shop/target", retries=0, on_failure=tell)
        def target(_):
            raise RuntimeError("boom")

        @on("shop/work")
        async def work(ctx):
            await ctx.step.invoke("call", function=target)

        with harness.expect_failure(work):
            start("shop/work")

        assert log == ["inngest/function.invoked"]


@pytest.mark.rule("E3")
class TestTheTimeout:
    """A call that takes too long raises StepError; the invoked run goes on."""

    def test_the_caller_goes_on_without_it(self, harness, start, work, target, log):
        """As in scenario step__invoke_timeout."""
        work(data={"sleep": 9000}, timeout=4000)
        run = start("shop/work")

        harness.fast_forward()

        assert (run.output, run.duration, run.entries) == ("went on", "4s", 2)
        assert ("caught", "InngestInvokeTimeoutError", _TIMED_OUT, 0) in log
        assert (harness.run(target).output, harness.run(target).duration) == (
            {"echo": None},
            "9s",
        )

    def test_a_result_in_time_ends_the_timeout(self, harness, start, work):
        """No timer is left."""
        work(data={"sleep": "3s"}, timeout="4s")
        run = start("shop/work")

        harness.fast_forward()

        assert (run.output, run.duration) == ({"echo": None}, "3s")
        assert harness.now.second == 3

    @pytest.mark.parametrize("timeout", [500, "1500ms"])
    def test_a_timeout_that_is_too_short_or_no_whole_second(
        self, harness, start, work, timeout
    ):
        """As a wait's, it is refused where the step is awaited (rule B10)."""
        function = work(timeout=timeout)

        with harness.expect_failure(function) as failure:
            start("shop/work")
            harness.fast_forward()

        assert failure.run.error.name == "FunctionConfigInvalidError"

    def test_a_timeout_beyond_366_days_fails_the_run(self, harness, start, work):
        """As a wait's does (rule B10)."""
        function = work(timeout="367d")

        with harness.expect_failure(function) as failure:
            start("shop/work")

        assert failure.run.error.name == "InngestErrTimeoutTooLong"


_TIMED_OUT = "Timed out waiting for invoked function to complete"


@pytest.mark.rule("E3")
class TestWhichFunction:
    """A function is named by itself, or by its ids."""

    def test_an_unknown_function_is_a_step_error(self, start, work, on, log):
        """The server looks it up when it is called."""
        work()

        @on("shop/lost")
        async def lost(ctx):
            try:
                await ctx.step.invoke_by_id("call", function_id="nobody")
            except StepError as error:
                log.append((error.name, error.message))

        run = start("shop/lost")

        assert (run.function_id, run.entries) == (lost.id, 2)
        assert log == [("Error", "could not find function with ID: shop-nobody")]

    def test_a_function_of_another_app(self, harness, on, start):
        """Its app is named beside it."""
        bank = Client(app_id="bank")

        @bank.create_function(fn_id="charge", trigger=TriggerEvent(event="bank/charge"))
        def charge(ctx):
            return ctx.event.data["sum"] + 1

        harness.serve(bank, functions=[charge])

        @on("shop/work")
        async def work(ctx):
            return await ctx.step.invoke_by_id(
                "call", app_id="bank", function_id="charge", data={"sum": 6}
            )

        assert (start("shop/work").output, work.id) == (7, "shop-work")

    def test_only_the_function_that_is_meant_runs(self, harness, on, start, work):
        """The event is routed; its trigger is not asked."""
        work()

        @on("shop/other")
        def other(_):
            raise AssertionError

        start("shop/work")

        assert [run.function_id for run in harness.runs] == ["shop-work", "shop-target"]
        assert other.id == "shop-other"


@pytest.mark.rule("E3")
class TestTheEvent:
    """The call is an event, inngest/function.invoked, and its answer another."""

    def test_its_routing_is_the_servers(self, harness, start, work):
        """It names the caller's step, and when the caller stops waiting."""
        work(data={"q": 1}, timeout="1h")
        run = start("shop/work")

        (event,) = server_events(harness, "function.invoked")

        routing = event.data["_inngest"]
        assert (event.data["q"], sorted(routing)) == (
            1,
            [
                "correlation_id",
                "expire",
                "fn_id",
                "gid",
                "isr",
                "name",
                "source_app_id",
                "source_fn_id",
                "source_fn_v",
                "tc",
            ],
        )
        assert routing["correlation_id"].startswith(f"{run.id}.")
        assert (routing["name"], routing["fn_id"]) == ("call", "shop-target")
        assert routing["expire"] == 1_735_693_200_000

    def test_the_news_of_its_end_carries_the_call(self, harness, start, work):
        """The caller's own end does not."""
        work()
        start("shop/work")

        invoked, caller = server_events(harness, "function.finished")

        (call,) = server_events(harness, "function.invoked")
        assert invoked.data["correlation_id"] == call.data["_inngest"]["correlation_id"]
        assert "correlation_id" not in caller.data

    @pytest.mark.rule("H4")
    def test_another_function_may_listen(self, harness, on, start, work):
        """It runs beside the one that is invoked, and does not answer for it."""
        work(data={"q": 1, "sleep": "1h"})

        @on("inngest/function.invoked")
        def watch(ctx):
            return ctx.event.data["_inngest"]["name"]

        run = start("shop/work")
        assert (harness.run(watch).output, run.status) == ("call", "Running")

        harness.fast_forward()
        assert run.output == {"echo": 1}

    def test_a_target_that_listens_to_its_own_call_runs_once(self, harness, on, start):
        """Two reasons to start are one start."""

        @on("inngest/function.invoked")
        def target(_):
            return "once"

        @on("shop/work")
        async def work(ctx):
            return await ctx.step.invoke("call", function=target)

        run = start("shop/work")

        assert (run.function_id, run.output) == (work.id, "once")
        assert len(harness.runs) == 2


@pytest.mark.rule("E3")
class TestCancellation:
    """Caller and target are runs of their own."""

    def test_a_cancelled_target_yields_the_event(self, harness, start, work, target):
        """As on the server, where it passes in silence; the test is told."""
        work(data={"sleep": "1h"})
        run = start("shop/work")

        harness.send("shop/stop")

        assert harness.run(target).status == "Cancelled"
        assert (run.status, run.output["name"]) == (
            "Completed",
            "inngest/function.finished",
        )
        assert run.output["data"]["_inngest"] == {"status": "Cancelled"}
        (finding,) = harness.findings
        assert (finding.code, finding.run_id) == ("INVOKE_CANCELLED", run.id)
        assert finding.message == (
            "step 'call' invoked a run that was cancelled, and yields the event "
            "'inngest/function.finished' in place of a result"
        )
        harness.allow("INVOKE_CANCELLED", reason="the surprise is the point")

    def test_a_target_that_the_api_cancels_yields_it_too(
        self, harness, start, work, target
    ):
        """Its caller is answered, although nobody else is told that it finished."""
        work(data={"sleep": "1h"})
        run = start("shop/work")

        harness.cancel(harness.run(target))

        assert run.output["data"]["_inngest"] == {"status": "Cancelled"}
        harness.allow("INVOKE_CANCELLED", reason="the surprise is the point")

    def test_a_cancelled_caller_leaves_the_target_alone(
        self, harness, start, work, target
    ):
        """The invoked run goes on, and nobody waits for its result."""
        work(data={"sleep": "1h"})
        run = start("shop/work")

        harness.cancel(run)
        harness.fast_forward()

        assert (run.status, run.step("call").status) == ("Cancelled", "Closed")
        assert harness.run(target).output == {"echo": None}


@pytest.mark.rule("E3")
def test_data_that_is_no_object_fails_the_caller(harness, on, start, target):
    """The real SDK refuses it too."""

    @on("shop/work", retries=0)
    async def work(ctx):
        await ctx.step.invoke("call", function=target, data=[1])

    with harness.expect_failure(work) as failure:
        start("shop/work")

    assert failure.run.error.message == (
        "the data of step 'call' must be an object, not [1]"
    )
    harness.allow("USAGE_ERROR", reason="the mistake is the point")


@pytest.mark.rule("E3")
def test_data_that_json_changes_is_told(harness, start, work):
    """The target sees what JSON made of it."""
    work(data={"q": (1, 2)})

    run = start("shop/work")

    assert run.output == {"echo": [1, 2]}
    assert [finding.code for finding in harness.findings] == ["LOSSY_OUTPUT"]
    harness.allow("LOSSY_OUTPUT", reason="the loss is the point")


@pytest.mark.rule("E3")
def test_functions_that_invoke_each_other_for_ever_are_stopped(on, start):
    """The chain is told as endless, as one of events is."""

    @on("shop/work")
    async def work(ctx):
        await ctx.step.invoke_by_id("again", function_id="work")

    with pytest.raises(LivelockError, match="without end") as caught:
        start("shop/work")

    assert work.id in caught.value.where


@pytest.mark.rule("E3")
def test_the_timeline_tells_the_call_and_its_answer(harness, on, start, target):
    """From the call to the answer, to the failure and to the timeout."""

    @on("shop/work")
    async def work(ctx):
        await ctx.step.invoke("fine", function=target, data={"q": 1})
        for step, data in (("fails", {"fail": True}), ("slow", {"sleep": "1h"})):
            try:
                await ctx.step.invoke(step, function=target, data=data, timeout="5s")
            except StepError:
                continue

    run = start("shop/work")
    harness.advance("1s")
    text = str(harness.timeline)
    harness.fast_forward()
    lines = str(harness.timeline).split("\n")

    assert run.function_id == work.id
    assert text.split("\n")[-2:] == [
        "open      shop-work #1 waits for shop-target until +5s",
        "open      shop-target #3 sleeps until +1h",
    ]
    assert [line for line in lines if "spec/" not in line] == [
        "Timeline from 2025-01-01 00:00:00 UTC, 1h long",
        "4 runs (3 completed, 1 failed)",
        "",
        "+0s  event     shop/work {}",
        "     shop-work #1",
        "       started   by shop/work",
        "       invoke    fine → shop-target until +365d",
        '       returned  fine → {"echo": 1}',
        "       invoke    fails → shop-target until +5s",
        "       failed    step fails: ValueError: target failed",
        "       invoke    slow → shop-target until +5s",
        "     shop-target #1",
        "       started   invoked by shop-work #1",
        '       completed {"echo": 1}',
        "     shop-target #2",
        "       started   invoked by shop-work #1",
        "       failed    ValueError: target failed",
        "     shop-target #3",
        "       started   invoked by shop-work #1",
        "       sleep     nap until +1h",
        "",
        "+5s  shop-work #1",
        "       timed out slow: the invoked run goes on",
        "       completed",
        "",
        "+1h  shop-target #3",
        "       woke      nap",
        '       completed {"echo": null}',
    ]
    assert Timeline.from_json(harness.timeline.to_json()) == harness.timeline


@pytest.mark.rule("E3")
def test_an_open_call_is_closed_with_its_run(harness, start, work):
    """The timeline tells that it was still open."""
    work(data={"sleep": "1h"})
    run = start("shop/work")

    harness.cancel(run)

    assert "closed    call, still invoking when the run ended" in str(harness.timeline)


@pytest.mark.rule("E3")
@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("function", "step 'call' invokes <scorer 'shop-rate' at spec/"),
        ("id", "the scorer 'shop-rate' was invoked, so that no run has deferred it"),
    ],
)
def test_a_deferred_function_cannot_be_invoked(harness, on, start, scorer, kind, what):
    """It needs the run that defers it, and says so."""

    @scorer(retries=0)
    def rate(_):
        return {"name": "x", "value": 1}

    @on("shop/work", retries=0)
    def work(ctx):
        if kind == "function":
            return ctx.step.invoke("call", function=rate)
        return ctx.step.invoke_by_id("call", function_id="rate")

    run = start("shop/work")

    assert (run.function_id, run.status) == (work.id, "Failed")
    assert run.error.message.startswith(what)
    harness.allow("USAGE_ERROR", reason="the mistake is the point")
