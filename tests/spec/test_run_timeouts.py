"""Timeouts(start=, finish=): a run that takes too long is cancelled."""

from datetime import timedelta

import pytest

from scoretest import Cancel, Timeouts


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def work(on, log):
    """Return what serves a function that naps for a while."""

    def serve(timeouts, nap="8s", **options):
        @on("shop/work", timeouts=timeouts, **options)
        async def work(ctx):
            log.append("enter")
            await ctx.step.sleep("nap", nap)
            return "ok"

        return work

    return serve


@pytest.mark.rule("F2")
class TestToFinish:
    """The finish timeout counts from the first entry."""

    def test_a_run_that_takes_longer_is_cancelled(self, harness, work, log):
        """Exactly when it is over, and the news is sent."""
        work(Timeouts(finish=3000))
        run = harness.send("shop/work").runs[0]

        harness.fast_forward()

        assert (run.status, run.entries, run.duration) == ("Cancelled", 1, "3s")
        assert log == ["enter"]
        assert [event.name for event in harness.events] == [
            "shop/work",
            "inngest/function.cancelled",
            "inngest/function.finished",
        ]

    @pytest.mark.parametrize("finish", ["9s", 9000, timedelta(seconds=9)])
    def test_a_run_that_takes_less_is_not(self, harness, work, finish):
        """No timer is left when it has ended."""
        work(Timeouts(finish=finish))
        run = harness.send("shop/work").runs[0]

        harness.fast_forward()

        assert (run.output, run.duration) == ("ok", "8s")

    def test_a_run_that_ends_at_that_very_instant_is_too_late(self, harness, work):
        """The timeout was set first."""
        work(Timeouts(finish="8s"))
        run = harness.send("shop/work").runs[0]

        harness.fast_forward()

        assert run.status == "Cancelled"

    def test_it_does_not_count_the_time_before_the_start(self, harness, work):
        """An event with a time to come delays the run, and its timeout with it."""
        work(Timeouts(finish="9s"))
        run = harness.send("shop/work", ts=harness.now + timedelta(hours=1)).runs[0]

        harness.fast_forward()

        assert (run.status, run.duration) == ("Completed", "1h 8s")

    def test_it_ends_a_run_that_retries(self, harness, on):
        """The attempts that are left do not come."""

        @on("shop/work", timeouts=Timeouts(finish="20s"))
        def work(_):
            raise RuntimeError("busy")

        run = harness.send("shop/work").runs[0]

        harness.fast_forward()

        assert (run.status, run.entries, run.duration) == ("Cancelled", 2, "20s")

    @pytest.mark.rule("A2")
    def test_what_was_deferred_begins(self, harness, on, deferred):
        """As in scenario defer__runs_when_parent_hits_finish_timeout."""

        @deferred(retries=0)
        async def audit(ctx):
            return {"audited": ctx.event.data["n"]}

        @on("shop/order", timeouts=Timeouts(finish=3000))
        async def order(ctx):
            ctx.defer("audit-order", function=audit, data={"n": 6})
            await ctx.step.sleep("long", 8000)
            return "unreached"

        run = harness.send("shop/order").runs[0]
        harness.fast_forward()

        assert (run.function_id, run.status) == (order.id, "Cancelled")
        assert [child.output for child in run.deferred] == [{"audited": 6}]

    def test_a_deferred_run_may_have_one(self, harness, on, deferred):
        """Its parent has ended long ago."""

        @deferred(timeouts=Timeouts(finish="1h"))
        async def audit(ctx):
            await ctx.step.sleep("nap", "2h")

        @on("shop/order")
        def order(ctx):
            ctx.defer("audit-order", function=audit, data={})

        run = harness.send("shop/order").runs[0]
        harness.fast_forward()

        assert (run.function_id, run.status) == (order.id, "Completed")
        assert [(c.status, c.duration) for c in run.deferred] == [("Cancelled", "1h")]


@pytest.mark.rule("F2")
class TestToStart:
    """The start timeout counts from the event to the first entry."""

    def test_a_run_that_begins_too_late_never_begins(self, harness, work, log):
        """Its event has a time to come, further off than the timeout.

        In scenario flow__start_timeout a throttle holds the run back, to the same end.
        """
        work(Timeouts(start="30m"))
        run = harness.send("shop/work", ts=harness.now + timedelta(hours=1)).runs[0]

        harness.fast_forward()

        assert (run.status, run.entries, run.duration) == ("Cancelled", 0, "30m")
        assert log == []

    def test_a_run_that_begins_in_time_goes_on(self, harness, work):
        """The timeout is over with the first entry, however long the run takes."""
        work(Timeouts(start="2h"), nap="1d")
        run = harness.send("shop/work", ts=harness.now + timedelta(hours=1)).runs[0]

        harness.fast_forward()

        assert (run.output, run.duration) == ("ok", "1d 1h")

    def test_a_run_that_begins_at_once_is_in_time(self, harness, work):
        """It leaves no timer behind."""
        work(Timeouts(start="1s"))
        run = harness.send("shop/work").runs[0]

        harness.fast_forward()

        assert (run.output, run.duration) == ("ok", "8s")

    def test_both_may_be_given(self, harness, work):
        """First the one counts, then the other."""
        work(Timeouts(start="2h", finish="3s"), cancel=[Cancel(event="shop/stop")])
        run = harness.send("shop/work", ts=harness.now + timedelta(hours=1)).runs[0]

        harness.fast_forward()

        assert (run.status, run.duration) == ("Cancelled", "1h 3s")


@pytest.mark.rule("F2")
def test_the_timeline_tells_which_timeout(harness, work):
    """And how long it was."""
    work(Timeouts(finish="1m"), nap="1h")
    harness.send("shop/work")

    harness.fast_forward()

    assert str(harness.timeline).split("\n")[-1] == (
        "       cancelled its finish timeout of 1m is over"
    )
    assert str(harness.timeline).split("\n")[-2] == "+1m  shop-work #1"
