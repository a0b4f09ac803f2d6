"""How long a wait lasts, and when an event comes too late."""

from datetime import timedelta

import pytest

from scoretest import Event


@pytest.fixture
def wait_for(on):
    """Declare a function that waits as long as it is told."""

    def declare(timeout, **options):
        @on("shop/checkout", **options)
        async def checkout(ctx):
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout=timeout
            )
            return paid is not None

        return checkout

    return declare


@pytest.mark.rule("B9")
class TestTheDeadline:
    """A deadline is an instant: what is sent before it counts, what comes then not."""

    def test_an_event_a_millisecond_before_the_deadline_matches(
        self, harness, wait_for, start
    ):
        """The last millisecond before the deadline is in time."""
        wait_for("2s")
        run = start("shop/checkout")

        harness.advance("1s 999ms").send("shop/paid")

        assert (run.output, run.duration) == (True, "1s 999ms")

    def test_an_event_after_arriving_at_the_deadline_is_late(
        self, harness, wait_for, start
    ):
        """Advancing to the deadline times the wait out; an event sent then is late."""
        wait_for("2s")
        run = start("shop/checkout")

        harness.advance("2s")
        sent = harness.send("shop/paid")

        assert (run.output, run.duration) == (False, "2s")
        assert (sent.resumed, sent.ignored) == ([], [])

    def test_an_event_long_after_the_deadline_is_ignored(
        self, harness, wait_for, start
    ):
        """The run ended with None at its deadline and stays as it is."""
        wait_for("3s")
        run = start("shop/checkout")

        harness.advance("6s").send("shop/paid", {"d": 6})

        assert (run.output, run.entries, run.duration) == (False, 2, "3s")

    def test_the_timeout_counts_from_the_start_of_the_wait(self, harness, on, start):
        """A sleep before the wait does not shorten it."""

        @on("shop/checkout")
        async def checkout(ctx):
            await ctx.step.sleep("settle", "1h")
            await ctx.step.wait_for_event("paid", event="shop/paid", timeout="1h")

        run = start("shop/checkout")
        harness.fast_forward()

        assert run.duration == "2h"

    def test_a_matched_wait_never_times_out(self, harness, wait_for, start):
        """The timer of a wait that matched is gone: nothing is left to go to."""
        wait_for("7d")
        run = start("shop/checkout")
        harness.advance("1s").send("shop/paid")

        before = harness.now
        harness.fast_forward()

        assert (run.output, run.entries, harness.now) == (True, 2, before)

    def test_an_event_at_the_deadline_from_a_timer_of_that_instant_is_late(
        self, harness, wait_for, on
    ):
        """A run that wakes at the deadline and sends finds the wait timed out."""
        wait_for("2s")

        @on("shop/checkout")
        async def pay(ctx):
            await ctx.step.sleep("nap", "2s")
            await ctx.step.send_event("send", Event(name="shop/paid"))

        run, _ = harness.send("shop/checkout").runs
        harness.fast_forward()

        assert run.output is False


@pytest.mark.rule("B10")
class TestTheWaysToSayIt:
    """A timeout is text, whole milliseconds, or a timedelta."""

    @pytest.mark.parametrize(
        ("timeout", "duration"),
        [
            ("1s", "1s"),
            ("1h30m", "1h 30m"),
            ("6d 23h", "6d 23h"),
            ("1w", "7d"),
            (1_000, "1s"),
            (90_000, "1m 30s"),
            (timedelta(days=7), "7d"),
            ("366d", "366d"),
        ],
    )
    def test_each_way_gives_the_same_kind_of_deadline(
        self, harness, wait_for, start, timeout, duration
    ):
        """The run goes on exactly when the timeout is over."""
        wait_for(timeout)
        run = start("shop/checkout")

        harness.fast_forward()

        assert (run.output, run.duration) == (False, duration)

    @pytest.mark.parametrize(
        ("timeout", "complaint"),
        [
            (100, "duration must be at least 1 second"),
            ("999ms", "duration must be at least 1 second"),
            (0, "duration must be at least 1 second"),
            (-1_000, "duration must be at least 1 second"),
            (timedelta(0), "duration must be at least 1 second"),
            ("1s 500ms", "duration must be a whole number of seconds"),
            (timedelta(seconds=2, microseconds=1), "duration must be a whole number"),
        ],
    )
    def test_below_a_second_or_a_fraction_raises_in_the_handler(
        self, on, start, timeout, complaint
    ):
        """The refusal is an exception at the await, and a try around it sees it."""
        log = []

        @on("shop/checkout", retries=0)
        async def checkout(ctx):
            try:
                await ctx.step.wait_for_event(
                    "paid", event="shop/paid", timeout=timeout
                )
            except Exception as error:  # noqa: BLE001 -- the scenario catches all
                log.append((type(error).__name__, str(error).startswith(complaint)))
                return "caught"
            return "no error"

        run = start("shop/checkout")

        assert (run.output, run.entries) == ("caught", 1)
        assert log == [("FunctionConfigInvalidError", True)]

    def test_the_refusal_retries_like_any_error_of_the_handler(
        self, harness, wait_for, start
    ):
        """Uncaught, it fails the run after its attempts, under the SDK's name."""
        wait_for(100, retries=1)
        run = start("shop/checkout")

        harness.fast_forward()

        assert (run.status, run.error.name, run.attempts) == (
            "Failed",
            "FunctionConfigInvalidError",
            2,
        )

    def test_more_than_366_days_fails_the_run_at_once(self, on, start):
        """Neither retries nor a try in the handler see it."""
        log = []

        @on("shop/checkout", retries=3)
        async def checkout(ctx):
            log.append(ctx.attempt)
            try:
                await ctx.step.wait_for_event(
                    "paid", event="shop/paid", timeout=timedelta(days=367)
                )
            except Exception:  # noqa: BLE001 -- nothing reaches it, which is the point
                log.append("caught")

        run = start("shop/checkout")

        assert (run.status, run.error.name, run.entries, log) == (
            "Failed",
            "InngestErrTimeoutTooLong",
            1,
            [0],
        )

    @pytest.mark.parametrize(
        ("timeout", "what"),
        [
            ("soon", "'soon' is not a duration"),
            ("3600", "'3600' is not a duration"),
            ("", "'' is not a duration"),
            ("-1s", "'-1s' is not a duration"),
            (None, "timeout must be text, a timedelta or whole milliseconds, not None"),
            (1.5, "timeout must be text, a timedelta or whole milliseconds, not 1.5"),
            (True, "timeout must be text, a timedelta or whole milliseconds, not True"),
        ],
    )
    def test_anything_else_is_a_mistake_of_the_handler(
        self, harness, wait_for, start, timeout, what
    ):
        """The finding quotes the value and shows how to write a duration."""
        wait_for(timeout, retries=0)

        run = start("shop/checkout")

        assert run.status == "Failed"
        assert [(f.code, f.message) for f in harness.findings] == [
            ("USAGE_ERROR", what)
        ]
        harness.allow("USAGE_ERROR", reason="the timeout is wrong on purpose")


def test_waits_end_in_the_order_of_their_deadlines(harness, on, start):
    """Of two waits opened together the shorter one ends first."""
    ended = []

    @on("shop/checkout")
    async def checkout(ctx):
        seconds = ctx.event.data["seconds"]
        await ctx.step.wait_for_event(
            "paid", event="shop/paid", timeout=timedelta(seconds=seconds)
        )
        ended.append((seconds, harness.now))

    begin = harness.now
    for seconds in (5, 2, 9):
        start("shop/checkout", {"seconds": seconds})
    harness.fast_forward()

    assert ended == [(s, begin + timedelta(seconds=s)) for s in (2, 5, 9)]


@pytest.mark.rule("I1")
def test_waits_of_one_deadline_end_in_the_order_of_opening(harness, on, start):
    """At one instant the wait that was opened first ends first."""
    ended = []

    @on("shop/checkout")
    async def checkout(ctx):
        await ctx.step.wait_for_event("paid", event="shop/paid", timeout="3s")
        ended.append(ctx.event.data["n"])

    for n in range(6):
        start("shop/checkout", {"n": n})
    harness.fast_forward()

    assert ended == [0, 1, 2, 3, 4, 5]
