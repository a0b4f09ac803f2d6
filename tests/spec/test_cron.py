"""TriggerCron: the clock starts runs."""

import pytest

from scoretest import Harness, TriggerCron, TriggerEvent, UsageError
from scoretest.flow import Concurrency

pytestmark = pytest.mark.rule("H2")


@pytest.fixture
def every(harness, client):
    """Serve a function of these triggers and return when its runs began."""

    def serve(*triggers, **options):
        seen = []
        crons = [TriggerCron(cron=t) if isinstance(t, str) else t for t in triggers]

        @client.create_function(fn_id="report", trigger=crons, **options)
        async def report(ctx):
            seen.append(harness.now.strftime("%d %H:%M"))
            return ctx.event.data

        harness.serve(client, functions=[report])
        return seen

    return serve


def test_a_cron_starts_a_run_at_each_of_its_times(harness, every):
    """Moving the clock by two days runs a daily report twice."""
    seen = every("0 9 * * *")

    harness.advance("2d")

    assert seen == ["01 09:00", "02 09:00"]


def test_the_event_of_a_cron(harness, every):
    """Its id is the time, its ts as well, and its data tells the cron."""
    every("0 9 * * *")

    harness.advance("9h")

    (event,) = [e for e in harness.events if e.name == "inngest/scheduled.timer"]
    assert event.id == "2025-01-01T09:00:00Z"
    assert event.ts == harness.now
    assert event.data == {
        "cron": "0 9 * * *",
        "fireAt": "2025-01-01T09:00:00Z",
        "scheduledAt": "2025-01-01T09:00:00Z",
    }


def test_the_end_of_a_cron_run_is_news_too(harness, on, every):
    """`inngest/function.finished` is sent for it as for any run."""
    heard = []

    @on("inngest/function.finished")
    async def listen(ctx):
        heard.append(ctx.event.data["function_id"])

    every("0 9 * * *")

    harness.advance("9h")

    assert heard == ["shop-report"]


def test_a_cron_has_a_time_zone(harness, every):
    """Nine in New York is two in the afternoon in UTC."""
    seen = every("TZ=America/New_York 0 9 * * *")

    harness.advance("1d")

    assert seen == ["01 14:00"]


def test_a_function_may_have_crons_and_events(harness, every):
    """Each of its triggers starts it."""
    seen = every("0 9 * * *", "0 12 * * *", TriggerEvent(event="shop/report"))

    harness.send("shop/report")
    harness.advance("1d")

    assert seen == ["01 00:00", "01 09:00", "01 12:00"]


def test_two_crons_of_one_minute_start_a_run_each(harness, every, client):
    """Other functions have runs of their own."""
    every("0 9 * * *")
    trigger = TriggerCron(cron="0 9 * * *")

    @client.create_function(fn_id="other", trigger=trigger)
    async def other(_):
        return None

    harness.serve(client, functions=[other])
    harness.advance("9h")

    assert [run.function_id for run in harness.runs] == ["shop-report", "shop-other"]


def test_flow_control_holds_for_crons(harness, every):
    """A cron's run stands in line as any other does."""
    seen = every("0 9 * * *", "0 9 1 * *", concurrency=[Concurrency(limit=1)])

    harness.advance("9h")

    assert len(seen) >= 1


class TestFastForward:
    """Going on until nothing is pending stops where only crons are left."""

    def test_it_stops_when_only_cron_is_left(self, harness, every):
        """Nothing pends, so nothing happens; the timeline says so."""
        seen = every("0 9 * * *")

        harness.fast_forward()

        assert seen == []
        assert str(harness.timeline).endswith(
            "rest      only cron is left, next at +9h"
        )

    def test_crons_on_the_way_fire(self, harness, on, every):
        """What comes before the last pending thing happens at its time."""
        seen = every("0 9 * * *")

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("nap", "2d")

        harness.send("shop/order")
        harness.fast_forward()

        assert seen == ["01 09:00", "02 09:00"]
        assert harness.run(order).status == "Completed"

    def test_crons_fire_while_a_handler_sleeps(self, harness, on, every):
        """A handler's own timer is pending, too."""
        import asyncio  # noqa: PLC0415 -- a handler's own business

        seen = every("0 * * * *")

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run("slow", asyncio.sleep, 2 * 3600)

        harness.send("shop/order")
        harness.fast_forward()

        assert seen == ["01 01:00", "01 02:00"]

    def test_a_limit_changes_nothing_about_crons(self, harness, on, every):
        """Within two days it stops all the same, when the last run has ended."""
        seen = every("0 9 * * *")

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("nap", "10h")

        harness.send("shop/order")
        harness.fast_forward(within="2d")

        assert (seen, harness.now.hour) == (["01 09:00"], 10)

    def test_a_limit_before_the_end(self, harness, on, every):
        """What is pending beyond the limit stays so, and no rest is told of."""
        seen = every("0 9 * * *")

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("nap", "10h")

        harness.send("shop/order")
        harness.fast_forward(within="9h")

        assert seen == ["01 09:00"]
        assert "rest" not in str(harness.timeline)


def test_a_wrong_cron_is_refused_when_it_is_served(every):
    """The message quotes it."""
    with pytest.raises(UsageError, match=r"the cron '0 9 \* \*' has 4 fields, not 5"):
        every("0 9 * *")


class TestJitter:
    """Starts that are spread by chance: a seeded one."""

    @pytest.fixture
    def starts(self, client):
        """Return when the hourly runs of half a day began, in seconds after the hour."""

        def play(seed, jitter="5m"):
            @client.create_function(
                fn_id="report", trigger=TriggerCron(cron="0 * * * *", jitter=jitter)
            )
            async def report(ctx):
                return ctx.event.data

            with Harness(seed=seed) as harness:
                harness.serve(client, functions=[report])
                harness.advance("12h 59m")
                return [
                    (run.started_at.minute * 60 + run.started_at.second, run.output)
                    for run in harness.runs
                ]

        return play

    def test_each_start_is_late_by_its_own_time(self, starts):
        """At most as late as the trigger says, and twelve times of twelve it starts."""
        late = [seconds for seconds, _ in starts(0)]

        assert len(late) == 12
        assert len(set(late)) > 6
        assert all(0 <= seconds <= 300 for seconds in late)

    def test_the_seed_decides(self, starts):
        """The same again with one seed, something else with another."""
        assert starts(0) == starts(0)
        assert starts(0) != starts(1)

    def test_a_second_has_two_ends(self, starts):
        """The whole of it may be taken, or nothing."""
        assert {seconds for seconds, _ in starts(0, "1s")} == {0, 1}

    def test_the_event_has_both_times(self, starts):
        """What the cron named, and when the run began."""
        seconds, data = starts(0)[0]

        assert data == {
            "cron": "0 * * * *",
            "fireAt": f"2025-01-01T01:{seconds // 60:02}:{seconds % 60:02}Z",
            "scheduledAt": "2025-01-01T01:00:00Z",
        }

    def test_more_than_the_cron_s_own_distance(self, client):
        """No start is left out when one is later than the next one is due."""

        @client.create_function(
            fn_id="report", trigger=TriggerCron(cron="* * * * *", jitter="10m")
        )
        async def report(ctx):
            return ctx.event.data["scheduledAt"]

        with Harness() as harness:
            harness.serve(client, functions=[report])
            harness.advance("1h")
            named = [run.output for run in harness.runs]

        assert named == [f"2025-01-01T00:{n:02}:00Z" for n in range(1, len(named) + 1)]
        assert len(named) >= 50

    @pytest.mark.parametrize("jitter", ["0s", "1.5s", "soon"])
    def test_what_is_no_duration(self, jitter):
        """It is refused where it is written."""
        with pytest.raises(UsageError, match=r"a cron's jitter|is not a duration"):
            TriggerCron(cron="0 * * * *", jitter=jitter)
