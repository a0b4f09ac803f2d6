"""Events: what is sent, what is seen, when a run starts, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from scoretest import Event, UsageError

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def seen(harness, on):
    """What a function on shop/order saw: seconds of virtual time and data."""
    seen = []

    @on("shop/order")
    async def order(ctx):
        seconds = (harness.now - START).total_seconds()
        seen.append((seconds, dict(ctx.event.data)))

    return seen


@pytest.mark.rule("H3")
class TestTimestamps:
    """An event's ts delays the runs it starts, and nothing else."""

    def test_a_future_ts_delays_the_run(self, harness, seen):
        """The run exists at once and is entered when the ts has come."""
        sent = harness.send("shop/order", {"n": 1}, ts=START + timedelta(seconds=6))
        (run,) = sent.runs
        before = (run.status, run.entries, list(seen))

        harness.advance("5s 999ms")
        assert seen == []

        harness.advance("1ms")
        assert before == ("Running", 0, [])
        assert (seen, run.status) == ([(6, {"n": 1})], "Completed")

    def test_a_past_ts_starts_at_once(self, harness, seen):
        """An event from six seconds ago runs now."""
        harness.send("shop/order", {"n": 1}, ts=START - timedelta(seconds=6))

        assert seen == [(0, {"n": 1})]

    @pytest.mark.parametrize("ts", [1_735_689_606_000, START + timedelta(seconds=6)])
    def test_milliseconds_and_datetimes_mean_the_same(self, harness, seen, ts):
        """A ts is whole milliseconds, as on the wire, or an aware datetime."""
        harness.send("shop/order", ts=ts)
        harness.fast_forward()

        assert (seen, harness.events[0].ts) == ([(6, {})], START + timedelta(seconds=6))

    def test_delayed_runs_start_in_the_order_of_their_time(self, harness, seen):
        """What was sent first does not start first when its ts is later."""
        for seconds in (9, 3, 6):
            ts = START + timedelta(seconds=seconds)
            harness.send("shop/order", {"n": seconds}, ts=ts)
        harness.fast_forward()

        assert seen == [(3, {"n": 3}), (6, {"n": 6}), (9, {"n": 9})]

    @pytest.mark.parametrize(
        "ts", [datetime(1979, 12, 31, tzinfo=UTC), datetime(2100, 1, 2, tzinfo=UTC), 1]
    )
    def test_a_ts_outside_1980_to_2100_is_refused(self, harness, seen, ts):
        """The server refuses it, and nothing is sent."""
        with pytest.raises(UsageError, match="outside 1980-01-01T00:00:00Z to 2100"):
            harness.send("shop/order", ts=ts)

        assert (seen, harness.events) == ([], [])


@pytest.mark.rule("H3")
class TestData:
    """Data is a JSON object."""

    def test_none_and_nothing_are_an_empty_object(self, harness, seen):
        """Null data, absent data and an event without data arrive as {}."""
        harness.send("shop/order", None)
        harness.send("shop/order")
        harness.send(Event(name="shop/order", data=None))

        assert seen == [(0, {})] * 3

    @pytest.mark.parametrize("data", [[1], "text", 7])
    def test_anything_else_is_refused(self, harness, seen, data):
        """A list, a text and a number are no data, neither sent nor in an Event."""
        for make in (harness.send, lambda name, data: Event(name=name, data=data)):
            with pytest.raises(UsageError, match="must be an object, not") as refusal:
                make("shop/order", data)
            assert refusal.value.what == (
                f"the data of event 'shop/order' must be an object, not {data!r}"
            )

        assert seen == []

    def test_a_request_without_events(self, harness, client, on, start, seen):
        """An empty list is a request like any other: it has no ids and no effect."""

        @on("shop/empty")
        async def empty(ctx):
            return [await client.send([]), await ctx.step.send_event("none", [])]

        sent = harness.send([])
        harness.call(client.send, [])

        assert (sent.ids, sent.runs, sent.resumed, sent.ignored) == ([], [], [], [])
        assert (client.send_sync([]), seen, harness.events) == ([], [], [])
        assert start("shop/empty").output == [[], []]

    @pytest.mark.parametrize(
        ("name", "what"),
        [
            ("", "event name is empty"),
            ("x" * 513, "event name has 513 characters, over 512"),
            ("inngest/x", "event name is reserved for internal use: inngest/x"),
        ],
    )
    def test_a_bad_name_is_refused_in_the_servers_words(self, harness, name, what):
        """The refusal quotes the name."""
        with pytest.raises(UsageError) as info:
            harness.send(name)

        assert info.value.what.startswith(what)

    def test_one_bad_event_in_a_request_refuses_them_all(self, harness, seen):
        """A request is taken as a whole or not at all."""
        with pytest.raises(UsageError, match="reserved"):
            harness.send([Event(name="shop/order"), Event(name="inngest/x")])

        assert (seen, harness.events) == ([], [])


@pytest.mark.rule("F3")
class TestRepeatedIds:
    """An event id starts each function once in 24 hours."""

    def test_the_second_event_of_an_id_starts_nothing(self, harness, seen):
        """It is accepted, has an id, and runs nothing."""
        harness.send("shop/order", {"n": 1}, id="order-1")
        second = harness.send("shop/order", {"n": 2}, id="order-1")

        assert (second.runs, len(second.ids), seen) == ([], 1, [(0, {"n": 1})])

    def test_twice_in_one_request_runs_once(self, harness, seen):
        """The first of the two counts."""
        events = [Event(name="shop/order", id="x", data={"n": n}) for n in (1, 2)]

        harness.send(events)

        assert seen == [(0, {"n": 1})]

    @pytest.mark.usefixtures("seen")
    def test_another_function_is_not_affected(self, harness, on):
        """An id that started one function starts another on another name."""

        @on("shop/return")
        async def back(_ctx):
            return "back"

        harness.send("shop/order", id="x")
        sent = harness.send("shop/return", id="x")

        assert [run.output for run in sent.runs] == ["back"]

    def test_after_24_hours_the_id_is_new_again(self, harness, seen):
        """A millisecond before the day is over it is still known."""
        harness.send("shop/order", {"n": 1}, id="x")
        harness.advance("23h 59m 59s 999ms")
        early = harness.send("shop/order", {"n": 2}, id="x")
        harness.advance("1ms")
        late = harness.send("shop/order", {"n": 3}, id="x")

        assert (early.runs, len(late.runs)) == ([], 1)
        assert [data["n"] for _, data in seen] == [1, 3]

    def test_without_an_id_every_event_counts(self, harness, seen):
        """Equal events without ids are different events."""
        harness.send([Event(name="shop/order"), Event(name="shop/order")])

        assert len(seen) == 2


@pytest.mark.rule("I1")
def test_events_of_one_request_start_in_their_order(harness, seen):
    """Twelve events sent together start their runs one after the other."""
    harness.send([Event(name="shop/order", data={"n": n}) for n in range(12)])

    assert [data["n"] for _, data in seen] == list(range(12))


@pytest.mark.rule("H4")
class TestTheServersEvents:
    """`harness.events` holds every event, the server's own included."""

    def test_the_end_of_a_run_is_told(self, harness, on, start):
        """function.finished carries the trigger, the function, the run and the result."""

        @on("shop/order")
        async def order(_ctx):
            return {"a": 1}

        run = start("shop/order", {"k": 1})
        sent, finished = harness.events

        trigger = {
            "name": "shop/order",
            "data": {"k": 1},
            "id": sent.id,
            "ts": 1_735_689_600_000,
            "user": {},
        }
        assert (finished.name, finished.data) == (
            "inngest/function.finished",
            {
                "_inngest": {"status": "Completed"},
                "event": trigger,
                "events": [trigger],
                "function_id": "shop-order",
                "run_id": run.id,
                "result": {"a": 1},
            },
        )

    def test_a_function_may_be_triggered_by_it_once(self, harness, on):
        """The end of the function that listens is not told again."""
        seen = []

        @on("inngest/function.finished")
        async def chained(ctx):
            seen.append((ctx.event.data["function_id"], ctx.event.data["result"]))

        @on("shop/order")
        async def order(_ctx):
            return {"a": 1}

        harness.send("shop/order")

        assert seen == [("shop-order", {"a": 1})]
        assert len(harness.events) == 2


def test_the_application_reaches_the_harness_through_its_client(client, seen):
    """client.send_sync in a test settles as harness.send does and returns the ids."""
    ids = client.send_sync(Event(name="shop/order", data={"n": 1}))

    assert (len(ids), seen) == (1, [(0, {"n": 1})])


def test_a_coroutine_of_the_application_runs_in_virtual_time(harness, client, seen):
    """`harness.call` runs it on the virtual loop, where client.send reaches the world."""

    async def click(n):
        ids = await client.send(Event(name="shop/order", data={"n": n}))
        return len(ids), len(seen)

    result = harness.call(click, 5)

    assert (result, seen) == ((1, 1), [(0, {"n": 5})])
