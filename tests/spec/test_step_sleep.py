"""`step.sleep` and `step.sleep_until` leave the handler for a time."""

from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def nap(on):
    """Declare a function that sleeps as long as it is told, and returns."""

    def declare(duration, **options):
        @on("shop/nap", **options)
        async def nap(ctx):
            await ctx.step.sleep("nap", duration)
            return "awake"

        return nap

    return declare


@pytest.mark.rule("E2")
class TestSleep:
    """A sleep lasts whole seconds."""

    @pytest.mark.parametrize(
        ("duration", "seconds"),
        [
            (300, 0),
            (500, 0),
            (501, 1),
            (700, 1),
            (1_000, 1),
            (1_499, 1),
            (1_500, 1),
            (1_501, 2),
            (5_000, 5),
            ("2s 700ms", 3),
            ("1h30m", 5_400),
            ("7d", 7 * 86_400),
            ("366d", 366 * 86_400),
            (timedelta(seconds=4, milliseconds=500), 4),
            (timedelta(microseconds=500_001), 1),
            (0, 0),
            ("0s", 0),
            (-5_000, 0),
            (timedelta(seconds=-5), 0),
        ],
    )
    def test_it_rounds_to_whole_seconds_halves_down(
        self, harness, nap, start, duration, seconds
    ):
        """Zero and less resume at once; a half second is dropped."""
        nap(duration)

        run = start("shop/nap")
        harness.fast_forward()

        assert (run.output, run.entries) == ("awake", 2)
        assert run.ended_at - run.started_at == timedelta(seconds=seconds)

    def test_a_sleep_of_zero_needs_no_move_of_the_clock(self, nap, start):
        """The run is complete when `send` returns."""
        nap(0)

        run = start("shop/nap")

        assert (run.status, run.duration) == ("Completed", "0s")

    def test_a_millisecond_before_its_end_it_still_sleeps(self, harness, nap, start):
        """The run is resumed at the end of the sleep and not before."""
        nap("5s")
        run = start("shop/nap")

        harness.advance("4s 999ms")
        assert (run.status, run.entries) == ("Running", 1)

        harness.advance("1ms")
        assert (run.status, run.entries) == ("Completed", 2)

    def test_more_than_366_days_fails_the_run_at_once(self, nap, start):
        """No retry follows a sleep of 400 days."""
        nap(timedelta(days=400), retries=2)

        run = start("shop/nap")

        assert (run.status, run.error.name, run.entries) == (
            "Failed",
            "InngestErrTimeoutTooLong",
            1,
        )

    def test_a_sync_handler_sleeps_alike(self, harness, on, start):
        """An ordinary function is entered again when its sleep is over."""
        log = []

        @on("shop/nap")
        def nap(ctx):
            log.append(ctx.step.sleep("nap", "1s 700ms"))
            return "awake"

        run = start("shop/nap")
        harness.fast_forward()

        assert (run.output, run.entries, run.duration, log) == (
            "awake",
            2,
            "2s",
            [None],
        )

    @pytest.mark.parametrize("duration", ["soon", 1.5, None, True, "90"])
    def test_anything_else_is_a_mistake_of_the_handler(
        self, harness, nap, start, duration
    ):
        """The finding shows what a duration looks like."""
        nap(duration, retries=0)

        run = start("shop/nap")

        assert (run.status, run.error.name) == ("Failed", "UsageError")
        assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
        harness.allow("USAGE_ERROR", reason="the duration is wrong on purpose")


@pytest.mark.rule("E2")
class TestSleepUntil:
    """`sleep_until` takes an aware datetime."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_the_past_is_at_once_and_the_future_is_kept(self, harness, on, start, kind):
        """An hour ago resumes at once; six seconds ahead resumes then."""
        log = []

        def seconds():
            return (harness.now - START).total_seconds()

        if kind == "async":

            @on("shop/until")
            async def until(ctx):
                await ctx.step.sleep_until("past", START - timedelta(hours=1))
                log.append(("past", seconds()))
                await ctx.step.sleep_until("ahead", START + timedelta(seconds=6))
                log.append(("ahead", seconds()))

        else:

            @on("shop/until")
            def until(ctx):
                ctx.step.sleep_until("past", START - timedelta(hours=1))
                log.append(("past", seconds()))
                ctx.step.sleep_until("ahead", START + timedelta(seconds=6))
                log.append(("ahead", seconds()))

        run = start("shop/until")
        harness.fast_forward()

        assert (run.status, run.entries) == ("Completed", 3)
        assert log == [("past", 0), ("past", 6), ("ahead", 6)]

    def test_another_zone_is_the_same_instant(self, harness, on, start):
        """09:00 in Tokyo is midnight in UTC."""
        tokyo = datetime.fromisoformat("2025-01-01T09:00:30+09:00")

        @on("shop/until")
        async def until(ctx):
            await ctx.step.sleep_until("until", tokyo)

        run = start("shop/until")
        harness.fast_forward()

        assert run.duration == "30s"

    @pytest.mark.parametrize(
        ("moment", "what"),
        [
            (datetime(2025, 1, 2), "has no time zone"),  # noqa: DTZ001 -- the mistake itself
            ("soon", "is not an ISO 8601 time"),
            (5, "must be an aware datetime, not 5"),
        ],
    )
    def test_a_moment_without_a_zone_is_a_mistake(
        self, harness, on, start, moment, what
    ):
        """The finding quotes the moment and asks for a zone."""

        @on("shop/until", retries=0)
        async def until(ctx):
            await ctx.step.sleep_until("until", moment)

        run = start("shop/until")

        assert (run.status, what in run.error.message) == ("Failed", True)
        assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
        harness.allow("USAGE_ERROR", reason="the moment is wrong on purpose")


@pytest.mark.rule("I1")
def test_sleeps_of_one_end_resume_in_the_order_of_starting(harness, on, start):
    """At one instant the sleep that began first ends first."""
    order = []

    @on("shop/nap")
    async def nap(ctx):
        await ctx.step.sleep("nap", "3s")
        order.append(ctx.event.data["n"])

    for n in range(6):
        start("shop/nap", {"n": n})
    harness.fast_forward()

    assert order == [0, 1, 2, 3, 4, 5]
