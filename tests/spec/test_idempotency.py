"""idempotency=: each value of an expression starts one run in 24 hours."""

import pytest

from scoretest import Cancel, StepError


@pytest.fixture
def log():
    """What the handlers observed, in order."""
    return []


@pytest.fixture
def work(on, log):
    """A function with a key; it logs the data of its runs."""

    @on("shop/work", idempotency="event.data.k")
    def work(ctx):
        log.append(dict(ctx.event.data))
        return ctx.event.data.get("k")

    return work


@pytest.mark.rule("F3")
class TestTheKey:
    """The second event of a value is received and starts nothing."""

    def test_events_without_the_key_are_not_deduped(self, harness, work, log):
        """As in scenario flow__idempotency_expression."""
        for data in ({"k": "a"}, {"k": "a"}, {"k": "b"}, {}, {}):
            harness.send("shop/work", data)

        assert log == [{"k": "a"}, {"k": "b"}, {}, {}]
        assert work.id == "shop-work"

    @pytest.mark.usefixtures("work")
    @pytest.mark.parametrize("value", [None, False])
    def test_null_and_false_are_no_keys(self, harness, log, value):
        """An expression that says so lets every event in."""
        for _ in range(2):
            harness.send("shop/work", {"k": value})

        assert len(log) == 2

    @pytest.mark.usefixtures("work")
    @pytest.mark.parametrize("value", ["", "a", 0, 1.5, True, [1, 2], {"a": {"b": 1}}])
    def test_every_other_value_is_one(self, harness, log, value):
        """Text, numbers, lists and objects compare by value."""
        for _ in range(2):
            harness.send("shop/work", {"k": value})

        assert log == [{"k": value}]

    @pytest.mark.usefixtures("work")
    def test_values_of_different_types_differ(self, harness, log):
        """A whole number is the same number with a point."""
        for value in (1, 1.0, "1", True):
            harness.send("shop/work", {"k": value})

        assert [data["k"] for data in log] == [1, "1", True]

    def test_it_may_be_computed(self, harness, on, log):
        """Any expression about the event will do."""

        @on("shop/work", idempotency="event.data.user + '/' + event.data.day")
        def work(ctx):
            log.append(ctx.event.data["n"])

        for n, day in enumerate(("mon", "mon", "tue")):
            harness.send("shop/work", {"user": "u", "day": day, "n": n})

        assert (log, work.id) == ([0, 2], "shop-work")

    def test_one_that_cannot_be_evaluated_lets_the_event_in(self, harness, on, log):
        """An error is no key."""

        @on("shop/work", idempotency="event.data.n.startsWith('a')")
        def work(_):
            log.append(1)

        for _ in range(2):
            harness.send("shop/work", {"n": 7})

        assert (len(log), work.id) == (2, "shop-work")


@pytest.mark.rule("F3")
class TestItsDay:
    """A value is used up for 24 hours from the run that it started."""

    @pytest.mark.usefixtures("work")
    def test_afterwards_it_is_new_again(self, harness, log):
        """A millisecond before the day is over it is still used up."""
        harness.send("shop/work", {"k": "a"})
        harness.advance("23h 59m 59s 999ms")
        early = harness.send("shop/work", {"k": "a"})
        harness.advance("1ms")
        late = harness.send("shop/work", {"k": "a"})

        assert (early.runs, len(late.runs), len(log)) == ([], 1, 2)

    def test_a_run_that_fails_has_used_it_up(self, harness, on):
        """What counts is that a run began."""

        @on("shop/work", idempotency="event.data.k", retries=0)
        def work(_):
            raise RuntimeError("boom")

        with harness.expect_failure(work):
            harness.send("shop/work", {"k": "a"})

        assert harness.send("shop/work", {"k": "a"}).runs == []


@pytest.mark.rule("F3")
class TestWho:
    """Keys of different functions never meet."""

    def test_another_function_of_the_event_runs(self, harness, on, work, log):
        """The event is received; only one function refuses it."""

        @on("shop/work")
        def other(_):
            return "other"

        harness.send("shop/work", {"k": "a"})
        sent = harness.send("shop/work", {"k": "a"})

        assert [run.function_id for run in sent.runs] == [other.id]
        assert (log, work.id) == ([{"k": "a"}], "shop-work")

    @pytest.mark.usefixtures("work")
    def test_an_event_id_is_asked_after_the_key(self, harness, log):
        """A repeated id has used its key up, although it starts nothing."""
        harness.send("shop/work", {"k": "a"}, id="1")
        repeated = harness.send("shop/work", {"k": "b"}, id="1")
        other = harness.send("shop/work", {"k": "b"}, id="2")

        assert (repeated.runs, other.runs, log) == ([], [], [{"k": "a"}])

    @pytest.mark.rule("A11")
    def test_a_deferred_function_is_deduped_by_its_data(
        self, harness, on, deferred, log
    ):
        """Three parents with two keys have two deferred runs."""

        @deferred(idempotency="event.data.key")
        def audit(ctx):
            log.append(ctx.event.data["key"])

        @on("shop/order")
        def order(ctx):
            ctx.defer("audit", function=audit, data={"key": ctx.event.data["key"]})

        for key in ("x", "y", "x"):
            harness.send("shop/order", {"key": key})

        assert (log, order.id) == (["x", "y"], "shop-order")

    @pytest.mark.rule("A11")
    def test_a_scorer_may_name_its_input(self, harness, on, scorer):
        """The payload stands under ``input`` in a key, too."""

        @scorer(idempotency="event.data.input.key")
        def rate(_):
            return {"name": "quality", "value": 1}

        @on("shop/order")
        def order(ctx):
            ctx.defer("rate", function=rate, data={"key": "same"})

        for _ in range(2):
            harness.send("shop/order")

        assert (len(harness.scores), order.id) == (1, "shop-order")

    @pytest.mark.rule("E3")
    def test_an_invoke_that_is_refused_is_a_step_error(self, harness, on, work, log):
        """To the server the key is a rate limit."""

        @on("shop/caller")
        async def caller(ctx):
            first = await ctx.step.invoke("one", function=work, data={"k": "a"})
            try:
                await ctx.step.invoke("two", function=work, data={"k": "a"})
            except StepError as error:
                return [first, error.name, error.message]

        run = harness.send("shop/caller").runs[0]

        assert run.output == ["a", "Error", "invoked function is rate limited"]
        assert (len(log), caller.id) == (1, "shop-caller")

    @pytest.mark.rule("E3", "F1")
    def test_a_call_whose_caller_is_gone_is_refused_in_silence(self, harness, on):
        """The first of two calls cancels the caller, the second is refused."""

        @on("shop/target", idempotency="'always'")
        async def target(ctx):
            await ctx.step.sleep("nap", "1h")

        @on("shop/caller", cancel=[Cancel(event="inngest/function.invoked")])
        async def caller(ctx):
            await ctx.group.parallel(
                tuple(
                    lambda step=step: ctx.step.invoke(step, function=target)
                    for step in ("one", "two")
                )
            )

        run = harness.send("shop/caller").runs[0]

        assert (run.status, run.function_id) == ("Cancelled", caller.id)
        assert [step.status for step in run.steps] == ["Closed", "Closed"]

    def test_one_who_listens_to_the_calls_may_have_a_key(self, harness, on):
        """The call is another function's; its caller is not told."""

        @on("inngest/function.invoked", idempotency="event.data.k")
        def listener(_):
            pass

        @on("shop/target")
        def target(ctx):
            return ctx.event.data["k"]

        @on("shop/caller")
        async def caller(ctx):
            calls = [("one", {"k": "a"}), ("two", {"k": "a"})]
            return [
                await ctx.step.invoke(step, function=target, data=data)
                for step, data in calls
            ]

        run = harness.send("shop/caller").runs[0]

        assert (run.output, caller.id) == (["a", "a"], "shop-caller")
        assert harness.run(listener).status == "Completed"


@pytest.mark.rule("F3")
@pytest.mark.usefixtures("work")
def test_the_timeline_tells_which_value(harness):
    """And that it was used up."""
    for _ in range(2):
        harness.send("shop/work", {"k": "a"})

    assert str(harness.timeline).split("\n")[-2:] == [
        '     event     shop/work {"k": "a"}',
        '     skipped   shop-work: its key "a" already started one in the last 24 h',
    ]
