"""Which event resumes a wait, and what the wait then yields."""

from datetime import UTC, datetime, timedelta

import pytest

from scoretest import Event


@pytest.fixture
def checkout(on):
    """A function that waits ten seconds for a payment and returns its data."""

    @on("shop/checkout")
    async def checkout(ctx):
        paid = await ctx.step.wait_for_event("paid", event="shop/paid", timeout="10s")
        return None if paid is None else dict(paid.data)

    return checkout


@pytest.mark.rule("B1")
class TestThePast:
    """A wait sees only what is sent after it has begun."""

    def test_an_event_before_the_wait_is_not_seen(self, harness, on, start):
        """An event that arrives while the run still sleeps does not satisfy its wait."""

        @on("shop/checkout")
        async def checkout(ctx):
            await ctx.step.sleep("settle", "9s")
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="3s"
            )
            return paid is not None

        run = start("shop/checkout")
        harness.advance("1s").send("shop/paid")
        harness.fast_forward()

        assert (run.output, run.entries) == (False, 3)
        assert run.duration == "12s"

    def test_an_event_of_an_earlier_step_is_not_seen(self, harness, on, start):
        """An event that the run itself sent before the wait does not satisfy it."""

        @on("shop/checkout")
        async def checkout(ctx):
            await ctx.step.send_event("pay", Event(name="shop/paid"))
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="3s"
            )
            return paid is not None

        run = start("shop/checkout")
        harness.fast_forward()

        assert run.output is False

    def test_the_trigger_event_is_not_seen(self, harness, on, start):
        """A run that waits for its own trigger's name is not resumed by its trigger."""

        @on("shop/checkout")
        async def checkout(ctx):
            again = await ctx.step.wait_for_event(
                "again", event="shop/checkout", timeout="4s"
            )
            return again is not None

        run = start("shop/checkout")
        harness.fast_forward()

        assert (run.output, run.entries) == (False, 2)

    def test_the_next_trigger_event_is_seen(self, harness, on, start):
        """The event that starts a second run resumes the first one's wait for it."""

        @on("shop/checkout")
        async def checkout(ctx):
            again = await ctx.step.wait_for_event(
                "again", event="shop/checkout", timeout="4s"
            )
            return None if again is None else again.data["n"]

        first = start("shop/checkout", {"n": 1})
        sent = harness.send("shop/checkout", {"n": 2})

        assert (sent.resumed, len(sent.runs)) == ([first], 1)
        assert first.output == 2


@pytest.mark.rule("B2")
class TestOneEventForMany:
    """An event consumes nothing: it resumes every wait that it matches."""

    @pytest.mark.usefixtures("checkout")
    def test_two_runs_get_the_same_event(self, harness, start):
        """One event resumes the waits of two runs, in the order of their opening."""
        runs = [start("shop/checkout"), start("shop/checkout")]

        sent = harness.send("shop/paid", {"n": 1})

        assert sent.resumed == runs
        assert [run.output for run in runs] == [{"n": 1}, {"n": 1}]

    def test_two_waits_of_one_run_get_the_same_event(self, harness, on, start):
        """One event satisfies both waits of a parallel group."""

        @on("shop/checkout")
        async def checkout(ctx):
            def paid(step_id):
                return ctx.step.wait_for_event(step_id, event="shop/paid", timeout="9s")

            both = await ctx.group.parallel((lambda: paid("a"), lambda: paid("b")))
            return [dict(event.data) for event in both]

        run = start("shop/checkout")
        harness.send("shop/paid", {"n": 1})

        assert (run.output, run.entries) == ([{"n": 1}, {"n": 1}], 2)

    @pytest.mark.usefixtures("checkout")
    def test_the_event_also_triggers_functions(self, harness, on, start):
        """An event that resumes a wait starts the functions that it triggers as well."""

        @on("shop/paid")
        async def bookkeeping(ctx):
            return ctx.event.data["n"]

        waiting = start("shop/checkout")
        sent = harness.send("shop/paid", {"n": 3})

        assert sent.resumed == [waiting]
        assert [(run.function_id, run.output) for run in sent.runs] == [
            ("shop-bookkeeping", 3)
        ]

    def test_a_later_wait_does_not_see_the_earlier_event(self, harness, on, start):
        """The event that resumed the first wait is past for the second one."""

        @on("shop/checkout")
        async def checkout(ctx):
            got = []
            for step_id in ("first", "second"):
                event = await ctx.step.wait_for_event(
                    step_id, event="shop/paid", timeout="5s"
                )
                got.append(event is not None)
            return got

        run = start("shop/checkout")
        harness.send("shop/paid")
        harness.fast_forward()

        assert run.output == [True, False]

    def test_successive_waits_take_successive_events(self, harness, on, start):
        """Three waits in a row are resumed by three events in turn."""

        @on("shop/checkout")
        async def checkout(ctx):
            got = []
            for n in range(3):
                event = await ctx.step.wait_for_event(
                    f"w{n}", event="shop/paid", timeout="15s"
                )
                got.append(event.data["n"])
            return got

        run = start("shop/checkout")
        for n in range(3):
            harness.advance("2s 500ms").send("shop/paid", {"n": n})

        assert (run.output, run.entries) == ([0, 1, 2], 4)


@pytest.mark.rule("B3")
class TestTheValue:
    """A wait yields the whole event, or None."""

    def test_a_match_yields_the_whole_event(self, harness, on, start):
        """The value is an `Event` with name, id, ts and data."""
        seen = []

        @on("shop/checkout")
        async def checkout(ctx):
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="8s"
            )
            seen.append(paid)
            return paid.data["deep"]["list"][1]["x"]

        run = start("shop/checkout")
        harness.advance("2s 500ms")
        data = {"anything": None, "deep": {"list": [1, {"x": "y"}]}}
        sent = harness.send("shop/paid", data)

        assert run.output == "y"
        assert seen == [
            Event(
                name="shop/paid",
                data=data,
                id=sent.ids[0],
                ts=datetime(2025, 1, 1, 0, 0, 2, 500_000, tzinfo=UTC),
            )
        ]

    def test_the_senders_id_is_returned(self, harness, on, start):
        """The event carries the id that its sender gave it."""

        @on("shop/checkout")
        async def checkout(ctx):
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="8s"
            )
            return paid.id

        run = start("shop/checkout")
        harness.send("shop/paid", id="payment-17")

        assert run.output == "payment-17"

    def test_a_timeout_yields_none_and_raises_nothing(self, harness, on, start):
        """After a timeout the code behind the wait goes on with None."""

        @on("shop/checkout")
        async def checkout(ctx):
            try:
                paid = await ctx.step.wait_for_event(
                    "paid", event="shop/paid", timeout="3s"
                )
            except Exception:  # noqa: BLE001 -- the scenario says that nothing is raised
                return "raised"
            if paid is None:
                return await ctx.step.run("remind", lambda: "reminded")
            return "paid"

        run = start("shop/checkout")
        harness.fast_forward()

        assert (run.output, run.entries) == ("reminded", 3)

    def test_the_handler_cannot_change_what_is_remembered(self, harness, on, start):
        """Each entry gets its own copy of the event that resumed the wait."""
        seen = []

        @on("shop/checkout")
        async def checkout(ctx):
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="3s"
            )
            paid.data["items"].append("added by the handler")
            seen.append(list(paid.data["items"]))
            await ctx.step.sleep("nap", "1s")

        start("shop/checkout")
        harness.send("shop/paid", {"items": []})
        harness.fast_forward()

        assert seen == [["added by the handler"], ["added by the handler"]]


@pytest.mark.rule("B4")
@pytest.mark.usefixtures("checkout")
def test_without_a_condition_every_event_of_the_name_matches(harness, start):
    """A wait without `if_exp` takes the first event of its name and no other name."""
    run = start("shop/checkout")

    sent_other = harness.send("shop/paid.partly", {"n": 1})
    sent = harness.send("shop/paid", {"n": 2})

    assert (sent_other.resumed, sent_other.ignored) == ([], [])
    assert (sent.resumed, run.output) == ([run], {"n": 2})


@pytest.mark.rule("B4")
def test_an_empty_condition_fails_the_run(harness, on, start):
    """An empty `if_exp` fails the run at once with InvalidExpression."""

    @on("shop/checkout")
    async def checkout(ctx):
        await ctx.step.wait_for_event(
            "paid", event="shop/paid", timeout="3s", if_exp=""
        )

    harness.allow("INVALID_EXPRESSION", reason="the expression is wrong on purpose")
    run = start("shop/checkout")

    assert (run.status, run.error.name, run.entries) == (
        "Failed",
        "InvalidExpression",
        1,
    )


@pytest.mark.rule("B5")
@pytest.mark.parametrize("offset", [timedelta(hours=-1), timedelta(hours=1)])
@pytest.mark.usefixtures("checkout")
def test_the_events_own_time_does_not_matter(harness, start, offset):
    """An event whose ts lies an hour away matches at its receipt."""
    run = start("shop/checkout")

    sent = harness.send("shop/paid", {"n": 1}, ts=harness.now + offset)

    assert (sent.resumed, run.output, run.duration) == ([run], {"n": 1}, "0s")


@pytest.mark.rule("B5", "F3")
def test_a_repeated_event_id_still_resumes_a_second_wait(harness, on, start):
    """An event id seen before keeps an event from functions, never from waits."""

    @on("shop/checkout")
    async def checkout(ctx):
        got = []
        for step_id in ("first", "second"):
            event = await ctx.step.wait_for_event(
                step_id, event="shop/paid", timeout="9s"
            )
            got.append(event and event.data["n"])
        return got

    run = start("shop/checkout")
    harness.send("shop/paid", {"n": 1}, id="dup-1")
    harness.send("shop/paid", {"n": 2}, id="dup-1")

    assert (run.output, run.entries) == ([1, 2], 3)


@pytest.mark.rule("B6", "I1")
@pytest.mark.usefixtures("checkout")
def test_of_several_matching_events_the_first_one_wins(harness, start):
    """Several matches in one request resume the wait once, here with the first."""
    run = start("shop/checkout")

    events = [Event(name="shop/paid", data={"i": i}) for i in range(5)]
    sent = harness.send(events)

    assert (sent.resumed, run.output, run.entries) == ([run], {"i": 0}, 2)


@pytest.mark.rule("B7")
def test_the_handler_goes_on_when_the_last_wait_of_a_group_settles(harness, on, start):
    """Two waits are satisfied and the third times out: then there is one entry."""

    @on("shop/checkout")
    async def checkout(ctx):
        first, second, third = await ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event("w1", event="shop/paid", timeout="9s"),
                lambda: ctx.step.wait_for_event("w2", event="shop/paid", timeout="9s"),
                lambda: ctx.step.wait_for_event(
                    "w3", event="shop/paid", timeout="5s", if_exp="async.data.z == 1"
                ),
            )
        )
        return [dict(first.data), dict(second.data), third]

    run = start("shop/checkout")
    harness.advance("2s").send("shop/paid", {"n": 1})

    assert (run.status, run.entries) == ("Running", 1)

    harness.fast_forward()

    assert (run.output, run.entries, run.duration) == (
        [{"n": 1}, {"n": 1}, None],
        2,
        "5s",
    )


@pytest.mark.rule("B8")
@pytest.mark.parametrize("is_wait_first", [True, False])
def test_a_wait_is_registered_before_its_neighbour_sends(on, start, is_wait_first):
    """A wait matches the event that another member of its group sends."""

    @on("shop/checkout")
    async def checkout(ctx):
        def wait():
            return ctx.step.wait_for_event("paid", event="shop/paid", timeout="6s")

        def send():
            event = Event(name="shop/paid", data={"from": "step"})
            return ctx.step.send_event("send", event)

        order = (wait, send) if is_wait_first else (send, wait)
        results = await ctx.group.parallel(order)
        return dict(results[0 if is_wait_first else 1].data)

    run = start("shop/checkout")

    assert (run.output, run.entries) == ({"from": "step"}, 3)


@pytest.mark.rule("B11", "H4")
def test_a_run_may_wait_for_the_end_of_another_functions_run(harness, on, start):
    """inngest/function.finished matches on the function's slug and its result."""

    @on("shop/pack")
    async def pack(ctx):
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

    run = start("shop/checkout")
    harness.advance("2s").send("shop/pack", {"k": "other"})

    assert run.status == "Running"

    harness.advance("2s").send("shop/pack", {"k": "mine"})

    assert (run.output, run.entries) == ({"parcel": "mine"}, 2)


@pytest.mark.rule("E1")
def test_steps_around_a_wait_run_once(harness, on, start):
    """The handler is entered four times; the steps before and after run once each."""
    log = []

    @on("shop/checkout")
    async def checkout(ctx):
        log.append("enter")
        await ctx.step.run("reserve", log.append, "reserve")
        paid = await ctx.step.wait_for_event("paid", event="shop/paid", timeout="9s")
        await ctx.step.run("ship", log.append, "ship")
        return paid.data["x"]

    run = start("shop/checkout")
    harness.advance("3s").send("shop/paid", {"x": 1})

    assert log == ["enter", "reserve", "enter", "enter", "ship", "enter"]
    assert run.output == 1
