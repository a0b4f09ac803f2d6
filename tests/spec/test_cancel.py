"""Cancellation: an event, or the test, ends a run before it is done."""

import asyncio

import pytest

from scoretest import Cancel, Event

STOP = Cancel(event="shop/stop")
STOP_KEY = Cancel(event="shop/stop", if_exp="event.data.k == async.data.k")


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def work(on, log):
    """Return what serves a function that naps for an hour."""

    def serve(*cancel, **options):
        @on("shop/work", cancel=list(cancel), **options)
        async def work(ctx):
            log.append(("enter", ctx.event.data.get("k")))
            await ctx.step.sleep("nap", "1h")
            log.append(("done", ctx.event.data.get("k")))
            return ctx.event.data.get("k")

        return work

    return serve


def names(harness, *, of):
    """Return the names of the server's own events about the runs of one function."""
    return [
        event.name
        for event in harness.events
        if event.data.get("function_id") == f"shop-{of}"
    ]


@pytest.mark.rule("F1")
class TestByAnEvent:
    """Cancel(event=, if_exp=) ends the runs that an event matches."""

    def test_the_run_whose_key_matches(self, harness, work, log):
        """Another run goes on: scenario flow__cancel_by_matching_key."""
        work(STOP_KEY)
        first, second = (
            harness.send("shop/work", {"k": k}).runs[0] for k in ("one", "two")
        )

        sent = harness.send("shop/stop", {"k": "two"})
        harness.fast_forward()

        assert sent.cancelled == [second]
        assert (first.status, first.output, first.entries) == ("Completed", "one", 2)
        assert (second.status, second.output, second.entries) == ("Cancelled", None, 1)
        assert log == [
            ("enter", "one"),
            ("enter", "two"),
            ("enter", "one"),
            ("done", "one"),
        ]

    def test_without_a_condition_every_run(self, harness, work, log):
        """All of them end: scenario flow__cancel_without_expression."""
        work(STOP)
        runs = [harness.send("shop/work", {"k": k}).runs[0] for k in (1, 2)]

        sent = harness.send("shop/stop")
        harness.fast_forward()

        assert sent.cancelled == runs
        assert [run.status for run in runs] == ["Cancelled", "Cancelled"]
        assert log == [("enter", 1), ("enter", 2)]
        assert (
            names(harness, of="work")
            == [
                "inngest/function.cancelled",
                "inngest/function.finished",
            ]
            * 2
        )

    def test_a_run_that_waits(self, harness, on):
        """The event that it waited for does nothing: wait__cancelled_while_waiting."""

        @on("shop/checkout", cancel=[STOP])
        async def checkout(ctx):
            await ctx.step.wait_for_event("paid", event="shop/paid", timeout="1h")

        run = harness.send("shop/checkout").runs[0]
        harness.send("shop/stop")

        late = harness.send("shop/paid")

        assert (run.status, run.entries) == ("Cancelled", 1)
        assert (late.resumed, late.ignored, harness.waits) == ([], [], [])
        assert run.step("paid").status == "Closed"
        assert run.waiting_for is None

    def test_a_run_between_its_attempts(self, harness, on):
        """The next attempt does not come, and the failure is none."""

        @on("shop/work", cancel=[STOP])
        def work(_):
            raise RuntimeError("busy")

        run = harness.send("shop/work").runs[0]

        harness.send("shop/stop")
        harness.fast_forward()

        assert (run.status, run.error, run.entries) == ("Cancelled", None, 1)
        assert harness.findings == []

    def test_a_run_that_is_queued_for_later(self, harness, work, log):
        """It never begins."""
        work(STOP)
        run = harness.send("shop/work", ts=harness.now.replace(hour=5)).runs[0]

        harness.send("shop/stop")
        harness.fast_forward()

        assert (run.status, run.entries, log) == ("Cancelled", 0, [])

    def test_what_comes_before_the_run_has_no_effect(self, harness, work):
        """Only runs under way can be cancelled."""
        work(STOP)

        early = harness.send("shop/stop")
        run = harness.send("shop/work", {"k": 1}).runs[0]
        harness.fast_forward()

        assert early.cancelled == []
        assert run.output == 1

    def test_what_comes_after_the_run_has_no_effect(self, harness, work):
        """A run that has ended stays as it is."""
        work(STOP)
        run = harness.send("shop/work", {"k": 1}).runs[0]
        harness.fast_forward()

        late = harness.send("shop/stop")

        assert (late.cancelled, run.status) == ([], "Completed")

    def test_the_event_that_starts_a_run_cancels_only_older_ones(self, harness, work):
        """A function whose trigger is its cancel has one run under way at most."""
        work(Cancel(event="shop/work"))
        older = harness.send("shop/work", {"k": 1}).runs[0]

        sent = harness.send("shop/work", {"k": 2})
        harness.fast_forward()

        assert sent.cancelled == [older]
        assert [run.status for run in harness.runs] == ["Cancelled", "Completed"]

    def test_the_step_under_way_ends_and_its_result_is_dropped(self, harness, on, log):
        """The callback is not interrupted; the handler is not entered again."""

        @on("shop/work", cancel=[STOP])
        async def work(ctx):
            async def slow():
                await asyncio.sleep(60)
                log.append("slow is done")
                return "result"

            await ctx.step.run("slow", slow)
            log.append("after")

        run = harness.send("shop/work").runs[0]
        harness.advance("30s")
        harness.send("shop/stop")
        assert run.status == "Cancelled"

        harness.fast_forward()

        assert log == ["slow is done"]
        assert (run.steps, run.entries) == ([], 1)

    def test_one_of_several_cancels_is_enough(self, harness, work):
        """Each is asked about the events of its name."""
        work(STOP_KEY, Cancel(event="shop/closed"))
        run = harness.send("shop/work", {"k": 1}).runs[0]

        sent = harness.send("shop/closed")

        assert sent.cancelled == [run]

    def test_two_cancels_that_both_match_end_a_run_once(self, harness, work):
        """The second finds nothing to cancel."""
        work(STOP_KEY, STOP)
        run = harness.send("shop/work", {"k": 1}).runs[0]

        sent = harness.send("shop/stop", {"k": 1})

        assert sent.cancelled == [run]
        assert names(harness, of="work").count("inngest/function.cancelled") == 1

    def test_an_event_that_a_step_sends(self, harness, on):
        """It need not come from the application."""

        @on("shop/work", cancel=[STOP])
        async def work(ctx):
            await ctx.step.sleep("nap", "1h")

        @on("shop/close")
        async def close(ctx):
            await ctx.step.send_event("stop", Event(name="shop/stop"))

        run = harness.send("shop/work").runs[0]
        harness.send("shop/close")

        assert run.status == "Cancelled"

    def test_a_run_that_cancels_itself(self, harness, on, log):
        """It ends at once; the step that sent the event has no result."""

        @on("shop/work", cancel=[STOP])
        async def work(ctx):
            await ctx.step.send_event("stop", Event(name="shop/stop"))
            log.append("after")

        run = harness.send("shop/work").runs[0]

        assert (run.status, run.steps, log) == ("Cancelled", [], [])


@pytest.mark.rule("F1")
class TestTheTimeWindow:
    """Cancel(timeout=) limits how long after its start a run can be cancelled."""

    @pytest.mark.parametrize(
        ("after", "status"), [("59s", "Cancelled"), ("1m", "Cancelled")]
    )
    def test_inside_the_event_cancels(self, harness, work, after, status):
        """The last instant belongs to the window."""
        work(Cancel(event="shop/stop", timeout="1m"))
        run = harness.send("shop/work").runs[0]

        harness.advance(after).send("shop/stop")

        assert run.status == status

    def test_after_it_the_event_is_ignored(self, harness, work):
        """The run goes on to its end."""
        work(Cancel(event="shop/stop", timeout=60_000))
        run = harness.send("shop/work").runs[0]

        sent = harness.advance("61s").send("shop/stop")
        harness.fast_forward()

        assert (sent.cancelled, run.status) == ([], "Completed")

    def test_without_a_timeout_it_is_a_year(self, harness, on):
        """The server forgets a cancel after 365 days."""

        @on("shop/work", cancel=[STOP])
        async def work(ctx):
            await ctx.step.sleep("nap", "366d")

        run = harness.send("shop/work").runs[0]

        sent = harness.advance("365d 1s").send("shop/stop")

        assert (sent.cancelled, run.status) == ([], "Running")


@pytest.mark.rule("C2", "C7", "C9", "C10")
class TestItsCondition:
    """if_exp of a cancel is read as that of a wait: ``event`` is the run's own."""

    def test_a_key_that_both_lack_cancels(self, harness, work):
        """Two missing keys are both null, and null equals null."""
        work(STOP_KEY)
        run = harness.send("shop/work").runs[0]

        harness.send("shop/stop")

        assert run.status == "Cancelled"

    @pytest.mark.parametrize(
        ("mine", "coming"),
        [({"k": 1}, {}), ({}, {"k": 1}), ({"k": 1}, {"k": "1"}), ({"k": 1}, {"k": 2})],
    )
    def test_keys_that_differ_do_not(self, harness, work, mine, coming):
        """One missing key, another type or another value is no match."""
        work(STOP_KEY)
        run = harness.send("shop/work", mine).runs[0]

        harness.send("shop/stop", coming)

        assert run.status == "Running"

    def test_an_error_in_it_does_not_cancel(self, harness, work):
        """What cannot be evaluated on an event does not hold."""
        work(Cancel(event="shop/stop", if_exp="async.data.n < '2'"))
        run = harness.send("shop/work").runs[0]

        harness.send("shop/stop", {"n": 1})

        assert run.status == "Running"

    def test_one_that_cannot_take_the_runs_values_never_cancels(self, harness, work):
        """Production logs a warning; the test is told."""
        work(
            Cancel(
                event="shop/stop", if_exp="async.data.s.startsWith(event.data.prefix)"
            )
        )
        run = harness.send("shop/work", {"prefix": "a"}).runs[0]

        harness.send("shop/stop", {"s": "abc"})

        assert run.status == "Running"
        (finding,) = harness.findings
        assert finding.code == "INVALID_EXPRESSION"
        assert finding.run_id == run.id
        harness.allow("INVALID_EXPRESSION", reason="the mistake is the point")

    def test_explain_says_why_an_event_did_not_cancel(self, harness, work):
        """Both sides are shown, for an event that was sent and for one that was not."""
        work(STOP_KEY)
        run = harness.send("shop/work", {"k": 1}).runs[0]

        sent = harness.send("shop/stop", {"k": 2})

        told = harness.explain(sent)
        assert told.split("\n")[:4] == [
            f"<run {run.id} of 'shop-work', Running> is not cancelled",
            "  event:   'shop/stop'",
            "  if:      event.data.k == async.data.k",
            "  until:   2026-01-01T00:00:00.000Z",
        ]
        assert "why not" in told
        assert harness.explain(Event(name="shop/stop", data={"k": 2})) == told
        assert harness.explain(Event(name="shop/stop", data={"k": 1})) == (
            "no open wait on this event's name refused it"
        )


@pytest.mark.rule("F1")
class TestByTheTest:
    """harness.cancel(run) does what the server's API does."""

    def test_a_run_that_sleeps(self, harness, work, log):
        """It is not entered again: scenario flow__cancel_through_the_api."""
        work(retries=0)
        run = harness.send("shop/work", {"k": 1}).runs[0]
        harness.advance("3s")

        harness.cancel(run)
        harness.fast_forward()

        assert (run.status, run.output, run.error) == ("Cancelled", None, None)
        assert (run.entries, log) == (1, [("enter", 1)])
        assert run.duration == "3s"

    def test_a_run_by_its_id(self, harness, work):
        """The id is enough."""
        work()
        run = harness.send("shop/work").runs[0]

        harness.cancel(run.id)

        assert run.status == "Cancelled"

    def test_what_listens_to_the_cancellation_runs_at_once(self, harness, on, work):
        """The world settles, as it does after an event."""
        work()

        @on("inngest/function.cancelled")
        def cleanup(ctx):
            return ctx.event.data["run_id"]

        run = harness.send("shop/work").runs[0]

        harness.cancel(run)

        assert harness.run(cleanup).output == run.id


@pytest.mark.rule("D6", "H4")
class TestTheNews:
    """A cancelled run is told by inngest/function.cancelled and function.finished."""

    def test_a_function_may_listen(self, harness, on, work, log):
        """It sees the run and its event: scenario trigger__on_function_cancelled."""
        work(STOP)

        @on("inngest/function.cancelled")
        def cleanup(ctx):
            log.append((sorted(ctx.event.data), ctx.event.data["event"]["data"]["k"]))

        run = harness.send("shop/work", {"k": 7}).runs[0]
        log.clear()

        harness.send("shop/stop")

        assert log == [(["_inngest", "event", "events", "function_id", "run_id"], 7)]
        (news,) = (e for e in harness.events if e.name == "inngest/function.cancelled")
        assert (news.id, news.data["_inngest"]) == (run.id, {"status": "Cancelled"})

    def test_what_it_starts_is_not_among_the_runs_of_the_event(self, harness, on, work):
        """`Sent.runs` are those whose trigger the event itself is."""
        work(STOP)

        @on("inngest/function.cancelled")
        def cleanup(_):
            pass

        harness.send("shop/work")

        sent = harness.send("shop/stop")

        assert sent.runs == []
        assert harness.run(cleanup).status == "Completed"

    def test_no_failure_handler_runs(self, harness, work):
        """A cancelled run has not failed."""

        async def tell(_):
            raise AssertionError

        work(STOP, on_failure=tell)
        harness.send("shop/work")

        harness.send("shop/stop")

        assert [run.status for run in harness.runs] == ["Cancelled"]

    def test_a_cancellation_may_cancel_others(self, harness, on):
        """A chain of any length is gone through, one link after the other."""
        condition = "async.data.event.data.n == event.data.before"
        chained = Cancel(event="inngest/function.cancelled", if_exp=condition)

        @on("shop/link", cancel=[chained])
        async def link(ctx):
            await ctx.step.sleep("nap", "1h")

        links = [
            harness.send("shop/link", {"n": n, "before": n - 1}).runs[0]
            for n in range(400)
        ]

        harness.cancel(links[0])

        assert {run.status for run in links} == {"Cancelled"}


@pytest.mark.rule("A2")
class TestWhatItDeferred:
    """A cancelled run has ended, and what it deferred begins."""

    @pytest.fixture
    def audit(self, deferred, log):
        """A deferred function."""

        @deferred(retries=0)
        async def audit(ctx):
            log.append(ctx.event.data["n"])
            return {"audited": ctx.event.data["n"]}

        return audit

    @pytest.fixture
    def order(self, on, audit):
        """A function that defers, and naps."""

        @on("shop/order", cancel=[STOP_KEY])
        async def order(ctx):
            ctx.defer("audit-order", function=audit, data={"n": 4})
            await ctx.step.sleep("long", "1m")
            return "unreached"

        return order

    def test_after_a_cancel_event(self, harness, order, log):
        """As in scenario defer__runs_when_parent_cancelled_by_event."""
        run = harness.send("shop/order", {"k": "k1"}).runs[0]
        harness.send("shop/stop", {"k": "other"})
        assert (run.status, log) == ("Running", [])

        harness.send("shop/stop", {"k": "k1"})

        assert (run.function_id, run.status) == (order.id, "Cancelled")
        assert [child.output for child in run.deferred] == [{"audited": 4}]

    def test_after_a_cancel_through_the_api(self, harness, order):
        """As in scenario defer__runs_when_parent_cancelled_by_api."""
        run = harness.send("shop/order").runs[0]

        harness.cancel(run)

        assert (run.function_id, run.status) == (order.id, "Cancelled")
        assert [child.status for child in run.deferred] == ["Completed"]

    @pytest.mark.rule("A3")
    def test_a_defer_of_the_entry_under_way_is_lost(self, harness, on, audit):
        """It goes with the answer that is dropped, and the test is told."""

        @on("shop/work", cancel=[STOP])
        async def work(ctx):
            ctx.defer("audit-work", function=audit, data={"n": 1})
            await ctx.step.run("slow", asyncio.sleep, 60)

        run = harness.send("shop/work").runs[0]
        harness.send("shop/stop")
        harness.fast_forward()

        assert (run.status, run.deferred) == ("Cancelled", [])
        (finding,) = harness.findings
        assert (finding.code, finding.message) == (
            "DEFER_LOST",
            (
                "the defer 'audit-work' was never sent: its run ended during the "
                "entry that called it"
            ),
        )
        harness.allow("DEFER_LOST", reason="the loss is the point")


@pytest.mark.rule("A11")
def test_a_deferred_run_is_cancelled_by_its_own_data(harness, on, deferred, log):
    """Another key is ignored: scenario defer__cancel_expression_on_deferred_data."""

    @deferred(
        retries=0,
        cancel=[Cancel(event="shop/stop", if_exp="event.data.key == async.data.key")],
    )
    async def audit(ctx):
        log.append(ctx.event.data["key"])
        await ctx.step.sleep("slow", "9s")
        return ctx.event.data["key"]

    @on("shop/order")
    async def order(ctx):
        ctx.defer("a", function=audit, data={"key": "A"})
        ctx.defer("b", function=audit, data={"key": "B"})
        return "ok"

    run = harness.send("shop/order").runs[0]
    harness.advance("4s").send("shop/stop", {"key": "C"})
    harness.advance("1s").send("shop/stop", {"key": "A"})
    harness.fast_forward()

    assert (run.function_id, run.status) == (order.id, "Completed")
    assert [(child.status, child.output) for child in run.deferred] == [
        ("Cancelled", None),
        ("Completed", "B"),
    ]
    assert log == ["A", "B", "B"]


@pytest.mark.rule("F1")
def test_the_timeline_tells_who_cancelled(harness, work):
    """An event, or the test; what was open is closed."""
    work(STOP_KEY)
    harness.send("shop/work", {"k": 1})
    by_hand = harness.send("shop/work", {"k": 2}).runs[0]
    harness.send("shop/stop", {"k": 1})
    harness.advance("1m")
    harness.cancel(by_hand)

    assert str(harness.timeline) == (
        "Timeline from 2025-01-01 00:00:00 UTC, 1m long\n"
        "2 runs (2 cancelled)\n"
        "\n"
        '+0s  event     shop/work {"k": 1}\n'
        "     shop-work #1\n"
        "       started   by shop/work\n"
        "       sleep     nap until +1h\n"
        "\n"
        '     event     shop/work {"k": 2}\n'
        "     shop-work #2\n"
        "       started   by shop/work\n"
        "       sleep     nap until +1h\n"
        "\n"
        '     event     shop/stop {"k": 1}\n'
        "     shop-work #1\n"
        "       cancelled by shop/stop\n"
        "\n"
        "+1m  shop-work #2\n"
        "       cancelled by the test"
    )


@pytest.mark.rule("F1")
def test_the_api_sends_no_news_of_finishing(harness, work):
    """Only function.cancelled is sent: scenario flow__cancel_through_the_api."""
    work()
    run = harness.send("shop/work").runs[0]

    harness.cancel(run)

    assert [event.name for event in harness.events] == [
        "shop/work",
        "inngest/function.cancelled",
    ]
