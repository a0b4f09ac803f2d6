"""singleton=: only one run of a key is active at a time."""

import pytest

from scoretest import Cancel, Singleton


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def work(on, log):
    """Return what serves a function that naps for 7 s."""

    def serve(mode, key="event.data.u", **options):
        @on("shop/work", singleton=Singleton(mode=mode, key=key), **options)
        async def work(ctx):
            log.append(("enter", ctx.event.data["n"]))
            await ctx.step.sleep("nap", "7s")
            log.append(("done", ctx.event.data["n"]))
            return ctx.event.data["n"]

        return work

    return serve


def ends(harness):
    """Return how the runs ended, in the order of starting."""
    return [(run.status, run.output) for run in harness.runs]


@pytest.mark.rule("F9")
class TestSkip:
    """While a run of the key is active, further events start nothing."""

    def test_another_key_runs(self, harness, work, log):
        """As in scenario flow__singleton_skip."""
        work("skip")
        harness.send("shop/work", {"u": "a", "n": 0})
        second = harness.advance("2s").send("shop/work", {"u": "a", "n": 1})
        harness.advance("1s").send("shop/work", {"u": "b", "n": 2})
        harness.fast_forward()

        assert second.runs == []
        assert ends(harness) == [("Completed", 0), ("Completed", 2)]
        assert ("enter", 1) not in log

    def test_once_the_run_has_ended_the_next_event_runs(self, harness, work, log):
        """As in scenario flow__singleton_free_again."""
        work("skip")
        harness.send("shop/work", {"u": "a", "n": 0})
        harness.advance("7s").send("shop/work", {"u": "a", "n": 1})
        harness.fast_forward()

        assert ends(harness) == [("Completed", 0), ("Completed", 1)]
        assert log.index(("done", 0)) < log.index(("enter", 1))

    def test_a_run_that_was_cancelled_frees_its_key(self, harness, work):
        """However a run ends, it is not active any more."""
        work("skip", cancel=[Cancel(event="shop/stop")])
        harness.send("shop/work", {"u": "a", "n": 0})
        harness.send("shop/stop")

        harness.send("shop/work", {"u": "a", "n": 1})

        assert [run.status for run in harness.runs] == ["Cancelled", "Running"]

    def test_a_run_that_is_queued_holds_its_key(self, harness, work):
        """It is active from its event on."""
        work("skip")
        harness.send("shop/work", {"u": "a", "n": 0}, ts=harness.now.replace(hour=5))

        sent = harness.send("shop/work", {"u": "a", "n": 1})

        assert sent.runs == []

    def test_the_timeline_tells_why(self, harness, work):
        """The event was received and skipped."""
        work("skip")
        for n in range(2):
            harness.send("shop/work", {"u": "a", "n": n})

        assert str(harness.timeline).split("\n")[-4:] == [
            '     event     shop/work {"u": "a", "n": 1}',
            "     skipped   shop-work: another run of its singleton is active",
            "",
            "open      shop-work #1 sleeps until +7s",
        ]


@pytest.mark.rule("F9")
class TestCancel:
    """A new event cancels the active run of its key and starts its own."""

    def test_another_key_is_left_alone(self, harness, work, log):
        """As in scenario flow__singleton_cancel."""
        work("cancel")
        first = harness.send("shop/work", {"u": "a", "n": 0}).runs[0]
        second = harness.advance("3s").send("shop/work", {"u": "a", "n": 1})
        harness.advance("2s").send("shop/work", {"u": "b", "n": 2})
        harness.fast_forward()

        assert second.cancelled == [first]
        assert ends(harness) == [
            ("Cancelled", None),
            ("Completed", 1),
            ("Completed", 2),
        ]
        assert log == [
            ("enter", 0),
            ("enter", 1),
            ("enter", 2),
            ("enter", 1),
            ("done", 1),
            ("enter", 2),
            ("done", 2),
        ]

    def test_the_cancellation_is_told(self, harness, work):
        """As any other is."""
        work("cancel")
        for n in range(2):
            harness.send("shop/work", {"u": "a", "n": n})

        names = [event.name for event in harness.events]
        assert names == [
            "shop/work",
            "shop/work",
            "inngest/function.cancelled",
            "inngest/function.finished",
        ]
        assert "cancelled by shop/work: a newer run of its singleton" in str(
            harness.timeline
        )

    def test_a_run_that_waits_for_the_very_event_is_not_resumed(self, harness, on, log):
        """It is cancelled before the waits are asked."""

        @on("shop/work", singleton=Singleton(mode="cancel"))
        async def work(ctx):
            again = await ctx.step.wait_for_event(
                "again", event="shop/work", timeout="1h"
            )
            log.append(again)

        harness.send("shop/work")
        sent = harness.send("shop/work")

        assert (sent.resumed, log, work.id) == ([], [], "shop-work")
        assert [run.status for run in harness.runs] == ["Cancelled", "Running"]

    def test_a_repeated_event_id_cancels_nothing(self, harness, work):
        """The id is asked first."""
        work("cancel")
        run = harness.send("shop/work", {"u": "a", "n": 0}, id="1").runs[0]

        sent = harness.send("shop/work", {"u": "a", "n": 0}, id="1")

        assert (sent.cancelled, sent.runs, run.status) == ([], [], "Running")


@pytest.mark.rule("F9")
class TestTheKey:
    """Which runs are kept apart."""

    @pytest.mark.parametrize("mode", ["skip", "cancel"])
    def test_without_one_all_runs_share_it(self, harness, work, mode):
        """The whole function is one singleton."""
        work(mode, key=None)
        for n, user in enumerate("ab"):
            harness.send("shop/work", {"u": user, "n": n})

        active = [run for run in harness.runs if run.status == "Running"]
        assert len(active) == 1

    def test_events_that_lack_it_share_one(self, harness, work):
        """A missing value is a value, too."""
        work("skip")
        for n in range(2):
            harness.send("shop/work", {"n": n})

        assert len(harness.runs) == 1

    def test_false_is_no_key(self, harness, work):
        """An expression that says so keeps nothing apart."""
        work("skip", key="event.data.n > 5")
        for n in (1, 2, 6, 7):
            harness.send("shop/work", {"n": n})

        harness.fast_forward()
        assert ends(harness) == [
            ("Completed", 1),
            ("Completed", 2),
            ("Completed", 6),
        ]

    def test_two_functions_do_not_meet(self, harness, on, work):
        """Each has keys of its own."""
        work("skip", key=None)

        @on("shop/work", singleton=Singleton(mode="skip"))
        async def other(ctx):
            await ctx.step.sleep("nap", "1s")

        sent = harness.send("shop/work", {"n": 0})

        assert [run.function_id for run in sent.runs] == ["shop-work", other.id]

    def test_a_deferred_function_may_be_one(self, harness, on, deferred):
        """Its key is about the payload."""

        @deferred(singleton=Singleton(mode="skip", key="event.data.user"))
        async def digest(ctx):
            await ctx.step.sleep("collect", "1h")
            return ctx.event.data["user"]

        @on("shop/order")
        def order(ctx):
            ctx.defer("digest", function=digest, data=ctx.event.data)

        for user in ("ada", "ada", "bob"):
            harness.send("shop/order", {"user": user})
        harness.fast_forward()

        digests = [run.output for run in harness.runs if run.function_id == digest.id]
        assert (digests, order.id) == (["ada", "bob"], "shop-order")
