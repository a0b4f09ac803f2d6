"""throttle= delays starts, rate_limit= drops events; both are spread evenly."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import Client, Event, Harness, Timeouts, TriggerEvent
from scoretest.flow import Concurrency, RateLimit, Throttle

pytestmark = pytest.mark.rule("F5")


@pytest.fixture
def starts(on, harness):
    """Serve a function and return when its runs begin, in seconds, with their number."""

    def serve(**options):
        seen, begin = [], harness.now

        @on("shop/order", **options)
        async def work(ctx):
            after = (harness.now - begin).total_seconds()
            seen.append((ctx.event.data["n"], after))

        return seen

    return serve


def orders(*users):
    """Return an event for each user, numbered."""
    return [
        Event(name="shop/order", data={"u": u, "n": n}) for n, u in enumerate(users)
    ]


class TestThrottle:
    """More runs than the throttle lets through start later; none is dropped."""

    def test_throttle(self, harness, starts):
        """One in 4 s with the default burst of 1: two at once, then one every 4 s."""
        seen = starts(throttle=Throttle(limit=1, period=4000))

        harness.send(orders(*"aaaa"))
        harness.fast_forward()

        assert seen == [(0, 0), (1, 0), (2, 4), (3, 8)]

    def test_a_larger_burst(self, harness, starts):
        """A burst of 3 lets four go at once; the limit sets the pace after it."""
        seen = starts(throttle=Throttle(limit=2, period="10s", burst=3))

        harness.send(orders(*"aaaaaa"))
        harness.fast_forward()

        assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 5), (5, 10)]

    def test_by_key(self, harness, starts):
        """Each value of the key has its own pace, and keeps its own order."""
        seen = starts(throttle=Throttle(limit=1, period="4s", key="event.data.u"))

        harness.send(orders(*"ababab"))
        harness.fast_forward()

        assert seen == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 4), (5, 4)]

    def test_a_newcomer_stands_behind_who_waits(self, harness, starts):
        """An event at the very instant of the next start does not jump the line."""
        seen = starts(throttle=Throttle(limit=1, period="4s"))
        harness.send(orders(*"aaaa"))

        harness.advance("4s")
        harness.send("shop/order", {"n": 9})
        harness.fast_forward()

        assert seen == [(0, 0), (1, 0), (2, 4), (3, 8), (9, 12)]

    def test_the_run_says_what_it_waits_for(self, harness, starts):
        """The throttle is named, with how many stand before."""
        starts(throttle=Throttle(limit=1, period="4s", key="event.data.u"))

        runs = harness.send(orders(*"aaaa")).runs

        assert [run.waiting_for for run in runs] == [
            None,
            None,
            "queued: throttle of 1 in 4s on key 'a', 0 ahead",
            "queued: throttle of 1 in 4s on key 'a', 1 ahead",
        ]

    def test_only_the_start_is_throttled(self, harness, on):
        """The later steps of a run go on at once."""

        @on("shop/order", throttle=Throttle(limit=1, period="1h"))
        async def work(ctx):
            await ctx.step.run("one", lambda: 1)
            return await ctx.step.run("two", lambda: 2)

        (run,) = harness.send(orders("a")).runs

        assert run.output == 2

    def test_who_waits_for_a_slot_uses_no_start_up(self, harness, on):
        """A start counts when the run begins, not when it joins a line."""
        begin, seen = harness.now, []

        @on(
            "shop/order",
            concurrency=[Concurrency(limit=1)],
            throttle=Throttle(limit=1, period="10s"),
        )
        async def work(ctx):
            seen.append((ctx.event.data["n"], (harness.now - begin).seconds))
            await ctx.step.run("busy", sleep_for_thirty_seconds)

        harness.send(orders(*"aaa"))
        harness.fast_forward()

        assert list(dict.fromkeys(n for n, _ in seen)) == [0, 1, 2]
        assert [first(seen, n) for n in range(3)] == [0, 30, 60]

    def test_start_timeout(self, harness, starts):
        """A run that a throttle holds back beyond its start timeout is cancelled."""
        seen = starts(
            throttle=Throttle(limit=1, period=8000), timeouts=Timeouts(start=3000)
        )

        harness.send(orders(*"aaa"))
        harness.fast_forward()

        assert seen == [(0, 0), (1, 0)]
        assert [run.status for run in harness.runs] == [
            "Completed",
            "Completed",
            "Cancelled",
        ]
        assert harness.runs[2].entries == 0
        assert harness.now.second == 3  # nobody is left whom the throttle could let in


@settings(max_examples=40, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from("ab")), min_size=1, max_size=12
    ),
    limit=st.integers(1, 3),
    burst=st.integers(1, 3),
)
def test_throttled_runs_keep_their_order_and_their_pace(arrivals, limit, burst):
    """For each key: first come, first served, and never more than the formula lets go."""
    client, seen = Client(app_id="shop"), []
    throttle = Throttle(limit=limit, period="6s", key="event.data.u", burst=burst)

    @client.create_function(
        fn_id="work", trigger=TriggerEvent(event="shop/order"), throttle=throttle
    )
    async def work(ctx):
        seen.append((ctx.event.data["u"], ctx.event.data["n"], harness.now))

    with Harness() as harness:
        harness.serve(client, functions=[work])
        for n, (pause, user) in enumerate(arrivals):
            harness.send("shop/order", {"u": user, "n": n})
            harness.advance(f"{pause}s")
        harness.fast_forward()

    for user in "ab":
        numbers = [n for u, n, _ in seen if u == user]
        times = [at for u, _, at in seen if u == user]
        assert numbers == [n for n, (_, u) in enumerate(arrivals) if u == user]
        for first, last in zip(times, times[burst + 1 :], strict=False):
            assert last - first >= timedelta(seconds=6) / limit


async def sleep_for_thirty_seconds():
    """Be busy for half a minute."""
    import asyncio  # noqa: PLC0415 -- a step's own business

    await asyncio.sleep(30)


def first(seen, number):
    """Return when a run was entered for the first time."""
    return next(at for n, at in seen if n == number)


class TestRateLimit:
    """More events than the limit lets in start nothing."""

    def test_rate_limit_is_spread_over_the_period(self, harness, starts):
        """Two in 10 s admit one every 5 s, not two at any time in a window."""
        seen = starts(rate_limit=RateLimit(limit=2, period=10_000))

        for n, pause in enumerate(("1500ms", "1500ms", "4s", "1500ms", "1s")):
            harness.send("shop/order", {"n": n})
            harness.advance(pause)

        assert [n for n, _ in seen] == [0, 3]

    @pytest.mark.parametrize(("pause", "let_in"), [("4999ms", 1), ("5s", 2)])
    def test_at_the_edge_of_its_interval(self, harness, starts, pause, let_in):
        """A millisecond too early is dropped; in time is let in."""
        seen = starts(rate_limit=RateLimit(limit=2, period="10s"))

        harness.send("shop/order", {"n": 0})
        harness.advance(pause)
        harness.send("shop/order", {"n": 1})

        assert len(seen) == let_in

    def test_twenty_in_ten_seconds_have_a_burst_of_two(self, harness, starts):
        """Of 30 events at once, three start a run."""
        seen = starts(rate_limit=RateLimit(limit=20, period="10s"))

        harness.send(orders(*"a" * 30))

        assert [n for n, _ in seen] == [0, 1, 2]

    def test_by_key(self, harness, starts):
        """Each value of the key has its own limit."""
        seen = starts(rate_limit=RateLimit(limit=1, period="1m", key="event.data.u"))

        harness.send(orders(*"abab"))

        assert [n for n, _ in seen] == [0, 1]

    def test_the_timeline_says_why_nothing_started(self, harness, starts):
        """The dropped event is told with its limit."""
        starts(rate_limit=RateLimit(limit=1, period="1m", key="event.data.u"))

        harness.send(orders(*"aa"))

        assert (
            "skipped   shop-work: its rate limit of 1 in 1m on key 'a' lets no more in"
        ) in str(harness.timeline)

    def test_asking_for_the_run_of_a_dropped_event_says_why_there_is_none(
        self, harness, starts
    ):
        """The error names the limit."""
        starts(rate_limit=RateLimit(limit=1, period="1m"))
        harness.send("shop/order", {"n": 0})
        sent = harness.send("shop/order", {"n": 1})

        with pytest.raises(IndexError) as caught:
            sent.runs[0]

        assert str(caught.value) == (
            "the events that were sent started no run: 'shop-work' skipped it, its rate "
            "limit of 1 in 1m lets no more in\n"
            "  fix:   send it later, or with another key"
        )

    def test_a_call_that_is_dropped_fails_the_step_of_its_caller(self, harness, on):
        """Invoking a rate-limited function says so to the caller."""

        @on("shop/limited", rate_limit=RateLimit(limit=1, period="1m"))
        async def limited(_):
            return "in"

        @on("shop/call", retries=0)
        async def caller(ctx):
            return await ctx.step.invoke("call", function=limited)

        harness.send("shop/call")
        with harness.expect_failure(caller) as failure:
            harness.send("shop/call")

        assert failure.run.error.message == "invoked function is rate limited"
