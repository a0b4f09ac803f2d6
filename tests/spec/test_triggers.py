"""Triggers: names, wildcards, several of them, and the server's own events."""

from datetime import timedelta

import pytest

from scoretest import Cancel, Client, Event, Score, TriggerEvent


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def serve(harness, client, log):
    """Return what serves a function with these triggers; it logs each event's name."""

    def with_triggers(*names, fn_id="work"):
        triggers = [TriggerEvent(event=name) for name in names]

        @client.create_function(fn_id=fn_id, trigger=triggers)
        def work(ctx):
            log.append((fn_id, ctx.event.name))

        harness.serve(client, functions=[work])
        return work

    return with_triggers


@pytest.mark.rule("H1")
class TestAWildcard:
    """A ``*`` at the end, after ``/`` or ``.``, stands for whatever follows."""

    def test_after_a_slash(self, harness, serve, log):
        """Every longer name matches: scenario trigger__wildcard_after_slash."""
        serve("shop/*")

        for name in (
            "shop/a",
            "shop/a.b",
            "shop/ticket.closed",
            "shop/a/b",
            "shop",
            "shopx",
            "Shop/a",
        ):
            harness.send(name)

        assert [name for _, name in log] == [
            "shop/a",
            "shop/a.b",
            "shop/ticket.closed",
            "shop/a/b",
        ]

    def test_after_a_dot(self, harness, serve, log):
        """What follows the dot matches: scenario trigger__wildcard_after_dot."""
        serve("shop/a.*")

        for name in ("shop/a", "shop/a.b", "shop/a.b.closed", "shop/ab"):
            harness.send(name)

        assert [name for _, name in log] == ["shop/a.b", "shop/a.b.closed"]

    @pytest.mark.parametrize("name", ["shop*", "shop/*.closed", "*", "a*/*"])
    def test_elsewhere_it_never_matches(self, harness, serve, log, name):
        """It is registered, as in trigger__wildcard_elsewhere_never_matches."""
        serve(name)

        for sent in ("shop/ticket.closed", "shop/a", "shopx", "ab/c"):
            harness.send(sent)

        assert log == []
        (finding,) = harness.findings
        assert (finding.code, finding.message) == (
            "TRIGGER_DEAD",
            (
                f"the trigger {name!r} of 'shop-work' never matches: a wildcard stands "
                "for the end of a name, after '/' or '.'"
            ),
        )
        harness.allow("TRIGGER_DEAD", reason="the mistake is the point")

    @pytest.mark.rule("F1")
    def test_in_a_cancel_it_never_matches(self, harness, on):
        """A cancel names one event."""

        @on("shop/work", cancel=[Cancel(event="shop/*")])
        async def work(ctx):
            await ctx.step.sleep("nap", "1h")

        run = harness.send("shop/work").runs[0]
        harness.send("shop/stop")

        assert (run.status, run.function_id) == ("Running", work.id)
        (finding,) = harness.findings
        assert (finding.code, finding.message) == (
            "TRIGGER_DEAD",
            (
                "the cancel on 'shop/*' of 'shop-work' never matches: it has no "
                "wildcards"
            ),
        )
        harness.allow("TRIGGER_DEAD", reason="the mistake is the point")

    def test_overlapping_triggers_start_one_run(self, harness, serve):
        """A function starts once for an event."""
        serve("shop/a.b", "shop/a.*", "shop/*")

        sent = harness.send("shop/a.b")

        assert len(sent.runs) == 1

    def test_functions_start_in_the_order_of_serving(self, harness, serve, log):
        """Whether a name or a wildcard matches makes no difference."""
        serve("shop/*", fn_id="wild")
        serve("shop/a", fn_id="exact")
        serve("shop/a", "shop/*", fn_id="both")

        harness.send("shop/a")

        assert [fn_id for fn_id, _ in log] == ["wild", "exact", "both"]

    def test_its_condition_is_asked(self, harness, client, log):
        """A wildcard may have an expression as a name may."""
        trigger = TriggerEvent(event="shop/*", expression="event.name != 'shop/b'")

        @client.create_function(fn_id="work", trigger=trigger)
        def work(ctx):
            log.append(ctx.event.name)

        harness.serve(client, functions=[work])

        for name in ("shop/a", "shop/b"):
            harness.send(name)

        assert log == ["shop/a"]


@pytest.mark.rule("H1")
def test_several_triggers_start_one_run_for_each_event(harness, serve, log):
    """Each of the names starts the function."""
    serve("shop/a", "shop/b")

    for name in ("shop/a", "shop/b", "shop/c"):
        harness.send(name)

    assert [name for _, name in log] == ["shop/a", "shop/b"]


@pytest.mark.rule("H1")
def test_an_event_that_nobody_listens_to_runs_nothing(harness, serve, log):
    """It is accepted: scenario trigger__no_listener."""
    serve("lonely/work")

    for name in ("lonely/nobody", "lonely/work"):
        harness.send(name)

    assert [name for _, name in log] == ["lonely/work"]


@pytest.mark.rule("C13")
@pytest.mark.parametrize(
    ("expression", "sent", "started"),
    [
        pytest.param(
            "event.data.s.startsWith('x')",
            [{"s": "xyz"}, {"s": "abc"}],
            [{"s": "xyz"}],
            id="trigger__expression_functions",
        ),
        pytest.param(
            "event.data.nope == null",
            [{"a": 1}, {"nope": "here"}, {"nope": None}],
            [{"a": 1}, {"nope": None}],
            id="trigger__expression_on_a_missing_key",
        ),
    ],
)
def test_an_expression_chooses_among_events(harness, client, expression, sent, started):
    """As in the scenarios that name the cases."""
    trigger = TriggerEvent(event="shop/work", expression=expression)

    @client.create_function(fn_id="work", trigger=trigger)
    def work(_):
        pass

    harness.serve(client, functions=[work])
    for data in sent:
        harness.send("shop/work", data)

    assert [run.event.data for run in harness.runs] == started


@pytest.mark.rule("H3")
class TestWhatAnEventSays:
    """Its data is an object, and its time may be to come."""

    def test_null_data_is_an_empty_object(self, harness, on, log):
        """As in scenario trigger__null_data_becomes_an_empty_object."""

        @on("shop/work")
        def work(ctx):
            log.append(ctx.event.data)

        harness.send(Event(name="shop/work", data=None))
        harness.send("shop/work")

        assert (log, work.id) == ([{}, {}], "shop-work")

    def test_a_time_to_come_delays_the_run(self, harness, on, log):
        """As in scenario trigger__future_timestamp_delays_the_run."""

        @on("shop/work")
        def work(ctx):
            log.append((ctx.event.data["n"], (harness.now - begin).total_seconds()))

        begin, ahead = harness.now, timedelta(seconds=6)
        harness.send("shop/work", {"n": "future"}, ts=begin + ahead)
        harness.send("shop/work", {"n": "past"}, ts=begin - ahead)
        harness.fast_forward()

        assert (log, work.id) == ([("past", 0), ("future", 6)], "shop-work")


@pytest.mark.rule("H4", "D6")
class TestTheServersOwnEvents:
    """Functions, waits and cancels may use what the server tells of runs."""

    def test_a_chain_on_function_finished(self, harness, client, on, log):
        """Its own end starts nothing: scenario trigger__chain_on_function_finished."""
        trigger = TriggerEvent(
            event="inngest/function.finished",
            expression="event.data.function_id.startsWith('shop-')",
        )

        @client.create_function(fn_id="next", trigger=trigger)
        def next_one(ctx):
            log.append((ctx.event.data["function_id"], ctx.event.data["result"]))
            return "chained"

        harness.serve(client, functions=[next_one])

        @on("shop/work")
        def work(_):
            return {"a": 1}

        harness.send("shop/work")

        assert log == [("shop-work", {"a": 1})]
        assert [run.function_id for run in harness.runs] == [work.id, next_one.id]

    def test_an_alarm_on_function_failed(self, harness, client, on, log):
        """Only the failed run starts it: scenario trigger__on_function_failed."""
        trigger = TriggerEvent(
            event="inngest/function.failed",
            expression="event.data.function_id == 'shop-work'",
        )

        @client.create_function(fn_id="alarm", trigger=trigger)
        def alarm(ctx):
            data = ctx.event.data
            log.append((data["error"]["message"], data["event"]["data"]["n"]))

        harness.serve(client, functions=[alarm])

        @on("shop/work", retries=0)
        def work(ctx):
            if ctx.event.data["n"] == 2:
                raise RuntimeError("two is bad")

        harness.send("shop/work", {"n": 1})
        with harness.expect_failure(work):
            harness.send("shop/work", {"n": 2})

        assert log == [("two is bad", 2)]

    def test_of_parent_and_deferred_run(self, harness, on, deferred, log):
        """Both are told: scenario defer__finished_handlers_for_parent_and_deferred."""

        @deferred()
        def audit(_):
            return "audited"

        @on("inngest/function.finished")
        def watcher(ctx):
            data = ctx.event.data
            log.append((data["function_id"], data["result"], data["event"]["name"]))

        @on("shop/order")
        def order(ctx):
            ctx.defer("audit-order", function=audit, data={"n": 1})
            return "ordered"

        harness.send("shop/order")

        assert sorted(log) == [
            ("shop-audit", "audited", "inngest/deferred.schedule"),
            ("shop-order", "ordered", "shop/order"),
        ]
        assert (watcher.id, order.id) == ("shop-watcher", "shop-order")

    @pytest.mark.parametrize(
        ("listens_to", "told"),
        [
            ("function.finished", ["shop-work"]),
            ("function.failed", []),
            ("function.cancelled", ["shop-listener"]),
        ],
    )
    def test_of_a_run_that_such_news_started(
        self, harness, on, client, listens_to, told
    ):
        """None is told after finished or failed, one after cancelled."""

        @on(f"inngest/{listens_to}")
        def listener(_):
            pass

        @on("shop/work", retries=0)
        def work(ctx):
            if listens_to == "function.failed":
                raise RuntimeError("boom")
            ctx.step.sleep("nap", "1h")

        run = harness.send("shop/work").runs[0]
        if listens_to == "function.cancelled":
            harness.cancel(run)
        harness.fast_forward()

        finished = [
            event.data["function_id"]
            for event in harness.events
            if event.name == "inngest/function.finished"
        ]
        expected = told or [work.id]
        assert run.status in {"Completed", "Failed", "Cancelled"}
        assert finished == expected
        assert harness.run(listener).status == "Completed"
        assert client.app_id == "shop"

    def test_of_a_run_that_failed(self, harness, on):
        """The error, the event, the slug: scenario retry__function_failed_event."""

        @on("shop/work", retries=0)
        def work(_):
            raise ValueError("broken")

        with harness.expect_failure(work) as failure:
            harness.send("shop/work", {"k": 1})

        news = {e.name: e.data for e in harness.events if e.name != "shop/work"}
        for data in news.values():
            error = data["error"]
            assert (data["function_id"], data["run_id"]) == (work.id, failure.run.id)
            assert data["_inngest"] == {"status": "Failed"}
            assert (error["error"], error["name"], error["message"]) == (
                "invalid status code: 500",
                "ValueError",
                "broken",
            )
            assert data["event"]["data"] == {"k": 1}
        assert list(news) == ["inngest/function.failed", "inngest/function.finished"]

    def test_of_a_parent_without_steps(self, harness, on, deferred):
        """Its result is final: scenario defer__parent_without_steps."""

        @deferred(retries=0)
        async def audit(ctx):
            return {"audited": ctx.event.data["n"]}

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit-order", function=audit, data={"n": 7})
            return {"v": 1}

        harness.send("shop/order", {"k": "x"})

        finished = {
            event.data["function_id"]: event.data
            for event in harness.events
            if event.name == "inngest/function.finished"
        }
        assert finished[order.id]["result"] == {"v": 1}
        assert finished[order.id]["event"]["data"] == {"k": "x"}
        assert finished[audit.id]["result"] == {"audited": 7}

    @pytest.mark.rule("G1")
    def test_its_run_may_be_scored(self, harness, client, on):
        """After it has ended: scenario score__after_the_run_has_ended."""
        trigger = TriggerEvent(
            event="inngest/function.finished",
            expression="event.data.function_id == 'shop-work'",
        )

        @client.create_function(fn_id="judge", trigger=trigger, retries=0)
        async def judge(ctx):
            data = ctx.event.data
            await client.score(
                name="late", value=data["result"] * 2, run_id=data["run_id"]
            )

        harness.serve(client, functions=[judge])

        @on("shop/work")
        def work(_):
            return 4

        harness.send("shop/work")

        assert harness.run(work).scores == [Score("late", 8)]

    @pytest.mark.rule("B11")
    def test_a_run_may_wait_for_another_ones_end(self, harness, on):
        """As in scenario wait__for_function_finished_of_another_function."""

        @on("shop/pack")
        def pack(ctx):
            return {"parcel": ctx.event.data["k"]}

        @on("shop/checkout")
        async def checkout(ctx):
            done = await ctx.step.wait_for_event(
                "packed",
                event="inngest/function.finished",
                if_exp="async.data.function_id == 'shop-pack' "
                "&& async.data.result.parcel == 'mine'",
                timeout="10s",
            )
            return done.data["result"]

        run = harness.send("shop/checkout").runs[0]
        harness.send("shop/pack", {"k": "other"})
        assert run.status == "Running"

        harness.send("shop/pack", {"k": "mine"})

        assert (run.output, pack.id) == ({"parcel": "mine"}, "shop-pack")
        assert run.function_id == checkout.id

    @pytest.mark.rule("F1")
    def test_the_end_of_one_run_may_cancel_another(self, harness, on):
        """A cancel may name an event of the server's own."""
        ended = Cancel(
            event="inngest/function.finished",
            if_exp="async.data.function_id == 'shop-work'",
        )

        @on("shop/watch", cancel=[ended])
        async def watch(ctx):
            await ctx.step.sleep("nap", "1h")

        @on("shop/work")
        def work(_):
            pass

        run = harness.send("shop/watch").runs[0]
        harness.send("shop/work")

        assert (run.status, run.function_id) == ("Cancelled", watch.id)
        assert harness.run(work).status == "Completed"

    def test_a_wildcard_may_stand_for_them(self, harness, serve, on, log):
        """It does not lead to an endless chain."""
        serve("inngest/*")

        @on("shop/order")
        def order(_):
            pass

        harness.send("shop/order")

        assert [name for _, name in log] == ["inngest/function.finished"]
        assert order.id == "shop-order"


def test_another_apps_function_is_no_neighbour(harness, serve):
    """Two apps may have functions of one id."""
    serve("shop/a")
    bank = Client(app_id="bank")
    trigger = TriggerEvent(event="shop/a")
    harness.serve(
        bank, functions=[bank.create_function(fn_id="work", trigger=trigger)(repr)]
    )

    sent = harness.send("shop/a")

    assert [run.function_id for run in sent.runs] == ["shop-work", "bank-work"]
