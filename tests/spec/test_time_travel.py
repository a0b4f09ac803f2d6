"""Moving through virtual time: `advance`, `advance_to`, `fast_forward`, `now`."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from scoretest import Event, UsageError

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def rings(harness, on):
    """The seconds at which a clock rang that rings after each of the seconds given."""
    rings = []

    @on("clock/set")
    async def clock(ctx):
        for n, seconds in enumerate(ctx.event.data["after"]):
            await ctx.step.sleep(f"ring {n}", timedelta(seconds=seconds))
        rings.append((harness.now - START).total_seconds())

    return rings


class TestAdvance:
    """`advance` runs what becomes due, timer by timer, and stops at the target."""

    def test_what_is_due_at_the_target_runs_too(self, harness, rings):
        """The instant of arrival is included; a second later is not."""
        harness.send("clock/set", {"after": [60]})
        harness.send("clock/set", {"after": [61]})

        harness.advance("1m")

        assert (rings, harness.now) == ([60], START + timedelta(minutes=1))

    def test_each_timer_runs_at_its_own_instant(self, harness, rings):
        """A chain of sleeps inside one advance sees every instant on the way."""
        harness.send("clock/set", {"after": [10, 20, 30]})
        harness.send("clock/set", {"after": [15]})

        harness.advance("1h")

        assert rings == [15, 60]

    def test_many_small_moves_are_one_large_one(self, harnesses):
        """Sixty seconds one by one and a minute at once give the same rings."""
        results = []
        for moves in (["1s"] * 60, ["1m"], ["59s 999ms", "1ms"]):
            with harnesses() as world:
                for move in moves:
                    world.advance(move)
                results.append(world.now)

        assert results == [START + timedelta(minutes=1)] * 3

    def test_it_returns_the_harness(self, harness):
        """Verbs of time can be chained."""
        assert harness.advance("1s").fast_forward().advance("0s") is harness

    def test_a_timedelta_is_a_duration_too(self, harness):
        """An hour as text and as timedelta are two hours together."""
        harness.advance("1h").advance(timedelta(hours=1))

        assert harness.now == START + timedelta(hours=2)

    @pytest.mark.parametrize(
        ("by", "what"),
        [
            (timedelta(seconds=-1), "would move time backwards"),
            ("-1s", "'-1s' is not a duration"),
            ("5", "'5' is not a duration"),
            (5, "the time to advance must be text or a timedelta, not 5"),
            (None, "the time to advance must be text or a timedelta, not None"),
        ],
    )
    def test_what_it_cannot_read_it_refuses(self, harness, by, what):
        """The clock stays where it is."""
        with pytest.raises(UsageError, match=what):
            harness.advance(by)

        assert harness.now == START

    def test_to_a_moment(self, harness, rings):
        """`advance_to` goes to an aware datetime, in whatever zone."""
        harness.send("clock/set", {"after": [86_400]})

        harness.advance_to(datetime.fromisoformat("2025-01-02T09:00:00+09:00"))

        assert (rings, harness.now) == ([86_400], START + timedelta(days=1))

    def test_to_a_moment_in_the_past_is_refused(self, harness):
        """Time only moves forward; the message shows both instants."""
        harness.advance("1h")

        with pytest.raises(UsageError) as info:
            harness.advance_to(START)

        assert info.value.what == (
            "advancing to 2025-01-01T00:00:00.000Z would move time backwards"
        )
        assert info.value.where == "virtual time 2025-01-01T01:00:00.000Z"

    def test_to_a_moment_without_a_zone_is_refused(self, harness):
        """A naive datetime could be anywhere."""
        with pytest.raises(UsageError, match="has no time zone"):
            harness.advance_to(datetime(2025, 1, 2))  # noqa: DTZ001 -- the mistake itself


class TestFastForward:
    """`fast_forward` goes from timer to timer until nothing is pending."""

    def test_the_clock_stays_at_the_last_timer(self, harness, rings):
        """It does not go further than the program does."""
        harness.send("clock/set", {"after": [3_600, 7]})

        harness.fast_forward()

        assert (rings, harness.now) == ([3_607], START + timedelta(seconds=3_607))

    def test_with_nothing_pending_it_stays(self, harness):
        """An empty world does not move."""
        assert harness.fast_forward().now == START

    def test_within_a_limit_it_stops_at_the_last_timer_that_fired(self, harness, rings):
        """A timer at the limit fires; the clock does not go on to the limit."""
        for seconds in (10, 60, 61):
            harness.send("clock/set", {"after": [seconds]})

        harness.fast_forward("1m")
        assert (rings, harness.now) == ([10, 60], START + timedelta(seconds=60))

        harness.fast_forward(timedelta(milliseconds=999))
        assert (rings, harness.now) == ([10, 60], START + timedelta(seconds=60))

        harness.fast_forward(within="1s")
        assert rings == [10, 60, 61]

    def test_a_negative_limit_is_refused(self, harness):
        """There is no way back."""
        with pytest.raises(UsageError, match="would move time backwards"):
            harness.fast_forward(timedelta(seconds=-1))

    def test_it_waits_for_sleeps_of_the_body_too(self, harness, on, start):
        """A handler that sleeps by asyncio itself is gone through to its end."""

        @on("shop/order")
        async def order(_ctx):
            await asyncio.sleep(3_600)
            return "awake"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("awake", "1h")


class TestNow:
    """`harness.now` is the present instant, aware and in UTC."""

    def test_handlers_may_read_it(self, harness, on, start):
        """Before and after a sleep the handler sees the virtual instants."""

        @on("shop/order")
        async def order(_ctx):
            before = harness.now.isoformat()
            await asyncio.sleep(90)
            return [before, harness.now.isoformat()]

        run = start("shop/order")
        harness.fast_forward()

        assert run.output == ["2025-01-01T00:00:00+00:00", "2025-01-01T00:01:30+00:00"]

    @pytest.mark.scoretest(start="2025-03-30T00:59:59+01:00")
    def test_the_start_can_be_chosen(self, harness):
        """The marker's start is shown in UTC."""
        assert harness.now == datetime(2025, 3, 29, 23, 59, 59, tzinfo=UTC)

    def test_a_century_is_no_distance(self, harness):
        """A hundred years pass at once."""
        harness.advance(timedelta(days=36_524))

        assert harness.now == datetime(2125, 1, 1, tzinfo=UTC)


def test_verbs_of_time_are_refused_inside_a_handler(harness, on, start):
    """A handler that moves the clock itself is told what to do instead."""

    @on("shop/order", retries=0)
    async def order(_ctx):
        harness.advance("1h")

    run = start("shop/order")

    assert run.error.message.startswith("harness.advance was called inside a handler")
    assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
    harness.allow("USAGE_ERROR", reason="the call is wrong on purpose")


def test_what_an_event_sets_going_at_its_instant_runs_before_send_returns(harness, on):
    """A countdown of three runs is complete when `send` returns."""

    @on("count/down")
    async def countdown(ctx):
        if ctx.event.data["n"]:
            event = Event(name="count/down", data={"n": ctx.event.data["n"] - 1})
            await ctx.step.send_event("next", event)

    harness.send("count/down", {"n": 2})

    assert [run.status for run in harness.runs] == ["Completed"] * 3
