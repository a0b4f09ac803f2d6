"""debounce= takes the last of many events, batch_events= takes them all."""

import pytest

from scoretest import Event, Limits, StepError
from scoretest.flow import Batch, Debounce


@pytest.fixture
def seen(on, harness):
    """Serve a function and return (second, numbers of its events) of each run."""

    def serve(**options):
        runs, begin = [], harness.now

        @on("shop/order", **options)
        async def work(ctx):
            after = (harness.now - begin).total_seconds()
            numbers = [event.data["n"] for event in ctx.events]
            assert ctx.event.data["n"] == numbers[0]
            runs.append((after, numbers))
            return numbers

        return runs

    return serve


def send(harness, *numbers, pause="0s", user="a"):
    """Send a numbered event after the other."""
    for n in numbers:
        harness.send("shop/order", {"n": n, "u": user})
        harness.advance(pause)


@pytest.mark.rule("F6")
class TestDebounce:
    """One run when events have paused for the period, with the last one's data."""

    def test_debounce_uses_the_last_event(self, harness, seen):
        """Four events 1.5 s apart: one run, 4 s after the last."""
        runs = seen(debounce=Debounce(period=4000))

        send(harness, 0, 1, 2, 3, pause="1500ms")
        harness.fast_forward()

        assert runs == [(8.5, [3])]

    def test_debounce_by_key(self, harness, seen):
        """Each value of the key is debounced on its own."""
        runs = seen(debounce=Debounce(period=3000, key="event.data.u"))

        send(harness, 0, pause="1s")
        send(harness, 1, pause="1s", user="b")
        send(harness, 2)
        harness.fast_forward()

        assert runs == [(4, [1]), (5, [2])]

    def test_debounce_two_bursts(self, harness, seen):
        """Bursts further apart than the period give a run each."""
        runs = seen(debounce=Debounce(period=2000))

        send(harness, 0, 1, pause="500ms")
        harness.advance("7s")
        send(harness, 2, 3, pause="500ms")
        harness.fast_forward()

        assert runs == [(2.5, [1]), (10.5, [3])]

    @pytest.mark.parametrize(("pause", "runs"), [("4999ms", 1), ("5s", 2)])
    def test_at_the_edge_of_the_period(self, harness, seen, pause, runs):
        """A millisecond before its end the burst goes on; at its end it is over."""
        found = seen(debounce=Debounce(period="5s"))

        send(harness, 0, pause=pause)
        send(harness, 1)
        harness.fast_forward()

        assert len(found) == runs

    @pytest.mark.rule("X1")
    def test_debounce_timeout_caps_the_delay(self, harness, seen):
        """The timeout counts from the first event: 9 s, not 12 s."""
        runs = seen(debounce=Debounce(period=7000, timeout=9000))

        send(harness, 0, pause="5s")
        send(harness, 1)
        harness.fast_forward()

        assert runs == [(9, [1])]

    def test_the_timeline_tells_of_the_events(self, harness, seen):
        """An event that is kept says until when."""
        seen(debounce=Debounce(period="4s"))

        send(harness, 0)

        assert "kept      shop-work: debounced, starts at +4s" in str(harness.timeline)

    def test_asking_for_a_run_too_early_says_why_there_is_none(self, harness, seen):
        """The error names the function that keeps the event."""
        seen(debounce=Debounce(period="4s"))
        sent = harness.send("shop/order", {"n": 0})

        with pytest.raises(IndexError) as caught:
            sent.runs[0]

        assert str(caught.value) == (
            "the events that were sent started no run yet: 'shop-work' keeps the event "
            "(debounced)\n"
            "  fix:   go on in time, then ask for harness.run(function)"
        )

    def test_a_deferred_function_is_debounced(self, harness, on, scorer):
        """The last of several parents is the one that is scored."""

        @scorer(debounce=Debounce(period="10s", key="event.data.user"))
        async def rate(_):
            return {"name": "rate", "value": 1}

        @on("shop/paid")
        async def paid(ctx):
            ctx.defer("rate", function=rate, data={"user": "u1"})

        harness.send([Event(name="shop/paid"), Event(name="shop/paid")])
        harness.fast_forward()

        assert [score.run for score in harness.scores] == [harness.runs[1]]


@pytest.mark.rule("F7")
class TestBatch:
    """One run for several events, in the order of their arrival."""

    @pytest.mark.parametrize(
        ("count", "at_once"), [(2, []), (3, [[0, 1, 2]]), (4, [[0, 1, 2]])]
    )
    def test_batch_full(self, harness, seen, count, at_once):
        """One below its size a batch waits; at its size it starts at once."""
        runs = seen(batch_events=Batch(max_size=3, timeout=20_000))

        send(harness, *range(count))

        assert [numbers for _, numbers in runs] == at_once
        harness.fast_forward()
        assert [n for _, numbers in runs for n in numbers] == list(range(count))

    def test_batch_remainder_after_timeout(self, harness, seen):
        """What does not fill a batch starts when its time is over."""
        runs = seen(batch_events=Batch(max_size=3, timeout=4000))

        send(harness, 0, 1, 2, 3, pause="700ms")
        harness.fast_forward()

        assert runs == [(1.4, [0, 1, 2]), (6.1, [3])]

    def test_batch_by_key(self, harness, seen):
        """Each value of the key fills a batch of its own."""
        runs = seen(batch_events=Batch(max_size=2, timeout=4000, key="event.data.u"))

        for n, user in enumerate("ababa"):
            send(harness, n, user=user, pause="700ms")
        harness.fast_forward()

        assert runs == [(1.4, [0, 2]), (2.1, [1, 3]), (6.8, [4])]

    def test_the_timeout_is_a_minute_by_default(self, harness, seen):
        """A batch without a timeout waits for sixty seconds."""
        runs = seen(batch_events=Batch(max_size=2))

        send(harness, 0)
        harness.fast_forward()

        assert runs == [(60, [0])]

    def test_an_event_that_the_condition_excludes_runs_alone(self, harness, seen):
        """Only events that the condition is true of are gathered."""
        batch = Batch(max_size=3, timeout="4s", if_exp="event.data.u == 'a'")
        runs = seen(batch_events=batch)

        send(harness, 0)
        send(harness, 1, user="vip")
        harness.fast_forward()

        assert runs == [(0, [1]), (4, [0])]

    @pytest.mark.rule("X2")
    def test_a_batch_that_fills_slowly_starts_when_it_is_full(self, harness, seen):
        """The server waits for the timeout here, by accident; the harness does not."""
        runs = seen(batch_events=Batch(max_size=3, timeout=8000))

        send(harness, 0, 1, 2, pause="1500ms")
        harness.fast_forward()

        assert runs == [(3, [0, 1, 2])]

    @pytest.mark.parametrize(("more", "batches"), [(-1, 1), (0, 1), (1, 2)])
    def test_a_batch_has_so_many_bytes(self, harnesses, client, more, batches):
        """Just below the limit, at it, and beyond it, where a new batch begins."""
        with harnesses(limits=Limits(batch_bytes=2_000)) as harness:
            function = served(harness, client, batch_events=Batch(max_size=9))
            size = len(harness_wire(harness, "x"))
            data = {"x": "x" * (1_000 - size + 1)}
            harness.send("shop/order", data, id="A")
            data = {"x": "x" * (1_000 - size + 1 + more)}
            harness.send("shop/order", data, id="B")
            harness.fast_forward()

            found = [run for run in harness.runs if run.function_id == function.id]
            assert len(found) == batches

    def test_what_was_sent_names_the_run_of_its_batch(self, harness, seen):
        """The event that fills a batch starts the run of them all."""
        seen(batch_events=Batch(max_size=2))

        one = harness.send("shop/order", {"n": 0})
        two = harness.send("shop/order", {"n": 1})

        assert (one.runs, two.runs) == ([], harness.runs)

    def test_the_timeline_tells_how_many_events_a_run_has(self, harness, seen):
        """The run names its first event, and how many came with it."""
        seen(batch_events=Batch(max_size=3))

        send(harness, 0, 1, 2)

        text = str(harness.timeline)
        assert "kept      shop-work: event 1 of a batch of 3, starts at +1m" in text
        assert "started   by shop/order and 2 more" in text


def served(harness, client, **options):
    """Serve a function that does nothing."""
    from scoretest import TriggerEvent  # noqa: PLC0415 -- beside its only use

    @client.create_function(
        fn_id="sink", trigger=TriggerEvent(event="shop/order"), **options
    )
    async def sink(_):
        return None

    harness.serve(client, functions=[sink])
    return sink


def harness_wire(harness, value):
    """Return the wire of an event whose data has one short text."""
    import json  # noqa: PLC0415 -- beside its only use

    ms = int(harness.now.timestamp() * 1000)
    wire = {"name": "shop/order", "data": {"x": value}, "id": "A", "ts": ms}
    return json.dumps(wire | {"user": {}})


@pytest.mark.rule("E3", "F7")
@pytest.mark.parametrize("ends", ["returns", "raises", "is cancelled"])
def test_every_caller_of_a_batch_is_answered(harness, on, ends):
    """A batched function may be invoked: its one run answers all who called it."""
    answers = []

    @on("shop/never", batch_events=Batch(max_size=3), retries=0)
    async def add(ctx):
        if ends == "raises":
            raise KeyError(ctx.event.data["n"])
        await ctx.step.sleep("a", "1s")
        return sum(event.data["n"] for event in ctx.events)

    @on("shop/ask")
    async def ask(ctx):
        try:
            got = await ctx.step.invoke("add", function=add, data=ctx.event.data)
            answers.append(got if isinstance(got, int) else got["data"]["_inngest"])
        except StepError as error:
            answers.append(error.name)

    for n in (1, 2, 3):
        harness.send("shop/ask", {"n": n})
    if ends == "is cancelled":
        harness.cancel(harness.run(add))
    harness.fast_forward()
    harness.allow("RUN_FAILED", reason="an end like the others")
    harness.allow("INVOKE_CANCELLED", reason="an end like the others")

    answer = {
        "returns": 6,
        "raises": "KeyError",
        "is cancelled": {"status": "Cancelled"},
    }[ends]
    assert answers == [answer] * 3
