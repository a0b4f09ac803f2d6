"""What `send` returns: the runs it started and resumed, and the waits it left open."""

import pytest

from scoretest import Event, UsageError


@pytest.fixture
def order(on):
    """A function that waits for the payment of its own order."""

    @on("shop/order")
    async def order(ctx):
        await ctx.step.wait_for_event(
            "paid", event="shop/paid", timeout="1h", match="data.order"
        )

    return order


class TestConsequences:
    """A `Sent` speaks of the moment of sending."""

    @pytest.mark.usefixtures("order")
    def test_runs_are_those_that_the_event_started(self, harness, on):
        """Each function that the event triggers has one run, in serving order."""

        @on("shop/order")
        async def audit(_ctx):
            return "audited"

        sent = harness.send("shop/order")

        assert [run.function_id for run in sent.runs] == ["shop-order", "shop-audit"]
        assert (sent.resumed, sent.ignored, sent.cancelled) == ([], [], [])

    def test_runs_started_further_down_are_not_listed(self, harness, on):
        """What a started run sends starts runs of its own, which are not `sent.runs`."""

        @on("shop/second")
        async def second(_ctx):
            return None

        @on("shop/first")
        async def first(ctx):
            await ctx.step.send_event("send", Event(name="shop/second"))

        sent = harness.send("shop/first")

        assert [run.function_id for run in sent.runs] == ["shop-first"]
        assert [run.function_id for run in harness.runs] == [
            "shop-first",
            "shop-second",
        ]

    @pytest.mark.usefixtures("order")
    def test_resumed_and_ignored_share_the_waits(self, harness, start):
        """One wait is satisfied, the other is listed with the reason."""
        runs = [start("shop/order", {"order": name}) for name in ("A-1", "A-2")]

        sent = harness.send("shop/paid", {"order": "A-1"})

        (ignored,) = sent.ignored
        assert sent.resumed == runs[:1]
        assert (ignored.run, ignored.step_id, ignored.event, ignored.expression) == (
            runs[1],
            "paid",
            "shop/paid",
            "event.data.order == async.data.order",
        )
        assert ignored.why == (
            'async.data.order is "A-1" (string); wanted "A-2" (string)'
        )

    @pytest.mark.usefixtures("order")
    def test_it_does_not_change_afterwards(self, harness, start):
        """A later event that satisfies the wait does not rewrite the earlier `Sent`."""
        start("shop/order", {"order": "A-1"})
        wrong = harness.send("shop/paid", {"order": "A-2"})

        harness.send("shop/paid", {"order": "A-1"})

        assert (len(wrong.ignored), wrong.resumed) == (1, [])

    @pytest.mark.usefixtures("order")
    def test_an_event_that_nobody_listens_to_is_accepted(self, harness):
        """It has an id and no consequences."""
        sent = harness.send("shop/lonely")

        assert (len(sent.ids), sent.runs, sent.resumed, sent.ignored) == (1, [], [], [])
        assert repr(sent) == (
            "<sent 1 event(s): 0 run(s) started, 0 resumed, 0 wait(s) not satisfied>"
        )

    @pytest.mark.rule("E4")
    def test_ids_are_the_servers_and_in_order(self, harness):
        """Several events in one request have several ULIDs, given ids or not."""
        sent = harness.send([Event(name="shop/a", id="mine"), Event(name="shop/b")])

        assert [len(internal) for internal in sent.ids] == [26, 26]
        assert [event.id for event in harness.events] == ["mine", sent.ids[1]]


class TestExplain:
    """`explain` says for each wait on the name why an event does not satisfy it."""

    @pytest.mark.usefixtures("order")
    def test_a_sent_event_is_explained(self, harness, start):
        """The text names the run, the step, the condition and the two values."""
        start("shop/order", {"order": "A-1"})
        sent = harness.send("shop/paid", {"order": "A-2"})

        text = harness.explain(sent)

        assert text == (
            "step 'paid' of 'shop-order' waits\n"
            "  event:   'shop/paid'\n"
            "  if:      event.data.order == async.data.order\n"
            "  until:   2025-01-01T01:00:00.000Z\n"
            '  why not: async.data.order is "A-2" (string); wanted "A-1" (string)'
        )

    @pytest.mark.usefixtures("order")
    def test_an_event_that_was_not_sent_is_explained(self, harness, start):
        """Asking about an event sends nothing."""
        start("shop/order", {"order": "A-1"})
        before = len(harness.events)

        text = harness.explain(Event(name="shop/paid", data={"order": "A-2"}))

        assert text.endswith(
            'async.data.order is "A-2" (string); wanted "A-1" (string)'
        )
        assert len(harness.events) == before

    @pytest.mark.usefixtures("order")
    def test_without_a_refusal_it_says_so(self, harness, start):
        """An event that would match, or that nobody waits for, has nothing to explain."""
        start("shop/order", {"order": "A-1"})

        texts = [
            harness.explain(Event(name="shop/paid", data={"order": "A-1"})),
            harness.explain(Event(name="shop/other")),
        ]

        assert texts == ["no open wait on this event's name refused it"] * 2

    def test_anything_else_is_refused(self, harness):
        """A name alone is no event."""
        with pytest.raises(UsageError, match="explain\\(\\) takes an Event"):
            harness.explain("shop/paid")


class TestOpenWaits:
    """`harness.waits` lists what could be resumed now."""

    @pytest.mark.usefixtures("order")
    def test_it_follows_opening_and_closing(self, harness, start):
        """Two waits open, one is satisfied, the other times out."""
        runs = [start("shop/order", {"order": name}) for name in ("A-1", "A-2")]
        opened = [(wait.run, wait.opened_at) for wait in harness.waits]

        harness.send("shop/paid", {"order": "A-1"})
        left = [wait.run for wait in harness.waits]
        harness.fast_forward()

        assert opened == [(run, run.started_at) for run in runs]
        assert (left, harness.waits) == ([runs[1]], [])

    @pytest.mark.usefixtures("order")
    def test_a_wait_tells_its_deadline(self, harness, start):
        """The last instant is an hour after the opening."""
        run = start("shop/order", {"order": "A-1"})

        (wait,) = harness.waits

        assert (wait.expires_at - run.started_at).total_seconds() == 3_600
        assert wait.wants == (
            "event 'shop/paid' if event.data.order == async.data.order "
            "until 2025-01-01T01:00:00.000Z"
        )
        assert repr(wait) == "<wait 'paid' for 'shop/paid'>"
