"""Attempts of a handler that raises: how many, when, and how the run ends."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from scoretest import Event, NonRetriableError, RetryAfterError, UsageError

START = datetime(2025, 1, 1, tzinfo=UTC)
BACKOFF_S = (15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200)


@pytest.fixture
def instants(harness):
    """The seconds since the start at which a test said `instants.append(harness.now)`."""

    class Instants(list):
        def note(self):
            self.append((harness.now - START).total_seconds())

    return Instants()


@pytest.mark.rule("D1")
class TestTheNumberOfAttempts:
    """A function has one attempt more than its retries."""

    def test_four_retries_are_the_default(self, harness, on, start, instants):
        """Without `retries` there are five attempts, 15, 30, 60 and 120 s apart."""

        @on("shop/order")
        async def order(_ctx):
            instants.note()
            raise ValueError("always")

        run = start("shop/order")
        harness.fast_forward()

        assert instants == [0, 15, 45, 105, 225]
        assert (run.status, run.attempts, run.entries) == ("Failed", 5, 5)
        assert (run.error.name, run.error.message) == ("ValueError", "always")

    @pytest.mark.parametrize("retries", [0, 1, 3])
    def test_retries_are_what_follows_the_first_attempt(
        self, harness, on, start, retries
    ):
        """`retries=n` means n + 1 attempts, and `ctx.attempt` counts them from zero."""
        seen = []

        @on("shop/order", retries=retries)
        async def order(ctx):
            seen.append(ctx.attempt)
            raise ValueError("always")

        run = start("shop/order")
        harness.fast_forward()

        assert seen == list(range(retries + 1))
        assert (run.status, run.attempts) == ("Failed", retries + 1)

    def test_the_whole_backoff_table_is_gone_through(
        self, harness, on, start, instants
    ):
        """Twenty retries follow the server's table and then stay at its last delay."""

        @on("shop/order", retries=20)
        async def order(_ctx):
            instants.note()
            raise ValueError("always")

        run = start("shop/order")
        harness.fast_forward()

        assert [b - a for a, b in pairwise(instants)] == [*BACKOFF_S, *[7_200] * 10]
        assert (run.status, run.attempts) == ("Failed", 21)

    def test_a_later_attempt_may_succeed(self, harness, on, start):
        """A function that fails twice and then returns is Completed, without an error."""

        @on("shop/order", retries=3)
        async def order(ctx):
            if ctx.attempt < 2:
                raise ValueError("flaky")
            return ctx.attempt

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.output, run.error) == ("Completed", 2, None)
        assert (run.attempts, run.entries, run.duration) == (3, 3, "45s")

    def test_a_sync_handler_is_retried_alike(self, harness, on, start, instants):
        """The handler's kind changes nothing about its attempts."""

        @on("shop/order", retries=2)
        def order(ctx):
            instants.note()
            if ctx.attempt < 2:
                raise ValueError("flaky")
            return ctx.attempt

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, instants) == (2, [0, 15, 45])


@pytest.mark.rule("D4")
class TestNonRetriable:
    """NonRetriableError ends a run at once."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_it_fails_the_run_without_a_retry(self, on, start, kind):
        """Four retries are allowed and none is taken."""
        seen = []

        if kind == "async":

            @on("shop/order", retries=4)
            async def order(ctx):
                seen.append(ctx.attempt)
                raise NonRetriableError("stop")

        else:

            @on("shop/order", retries=4)
            def order(ctx):
                seen.append(ctx.attempt)
                raise NonRetriableError("stop")

        run = start("shop/order")

        assert (run.status, run.entries, seen) == ("Failed", 1, [0])
        assert (run.error.name, run.error.message) == ("NonRetriableError", "stop")

    def test_the_failed_event_names_it(self, harness, on, start):
        """inngest/function.failed says NonRetriableError instead of a status code."""

        @on("shop/order")
        async def order(_ctx):
            raise NonRetriableError("stop")

        with harness.expect_failure(order):
            start("shop/order")

        (failed,) = (e for e in harness.events if e.name == "inngest/function.failed")
        error = {k: v for k, v in failed.data["error"].items() if k != "stack"}
        assert error == {
            "error": "NonRetriableError",
            "name": "NonRetriableError",
            "message": "stop",
        }
        assert failed.data["_inngest"] == {"status": "Failed"}


@pytest.mark.rule("D5")
class TestRetryAfter:
    """RetryAfterError chooses when the next attempt begins."""

    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [
            (3_000, 3),
            (6_000, 6),
            (timedelta(seconds=4), 4),
            (START + timedelta(seconds=90), 90),
            (2_999, 2),
            (timedelta(seconds=1, microseconds=999_999), 1),
            (100, 1),
            (0, 1),
            (-5_000, 1),
            (START - timedelta(days=1), 1),
            (timedelta(hours=24), 86_400),
            (timedelta(days=30), 86_400),
        ],
    )
    def test_the_delay_is_cut_to_seconds_between_one_and_a_day(
        self, harness, on, start, instants, asked, seconds
    ):
        """Milliseconds, a timedelta and a datetime are honoured in whole seconds."""

        @on("shop/order")
        async def order(ctx):
            instants.note()
            if ctx.attempt == 0:
                raise RetryAfterError("later", asked)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, instants) == ("Completed", [0, seconds])

    def test_it_counts_as_an_attempt(self, harness, on, start, instants):
        """A run that only ever asks for later fails after its attempts."""

        @on("shop/order", retries=2)
        async def order(_ctx):
            instants.note()
            raise RetryAfterError("later", 5_000)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.name, instants) == (
            "Failed",
            "RetryAfterError",
            [0, 5, 10],
        )

    def test_delays_of_both_kinds_mix(self, harness, on, start, instants):
        """An attempt without a wish of its own takes the table's delay."""

        @on("shop/order", retries=3)
        async def order(ctx):
            instants.note()
            if ctx.attempt == 0:
                raise RetryAfterError("later", 6_000)
            if ctx.attempt == 1:
                raise ValueError("plain")
            return "ok"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, instants) == ("ok", [0, 6, 36])

    def test_raised_in_a_step_it_retries_the_function(
        self, harness, on, start, instants
    ):
        """A step's RetryAfterError is an error of the function and keeps its delay."""

        @on("shop/order", retries=1)
        async def order(ctx):
            def charge():
                instants.note()
                if ctx.attempt == 0:
                    raise RetryAfterError("later", 7_000)
                return "charged"

            return await ctx.step.run("charge", charge)

        run = start("shop/order")

        assert run.error is None

        harness.fast_forward()

        assert (run.output, instants) == ("charged", [0, 7])
        assert [(s.id, s.attempts) for s in run.steps] == [("charge", 1)]

    @pytest.mark.parametrize("asked", ["5s", 1.5, None, True])
    def test_anything_else_is_refused_where_it_is_written(self, asked):
        """The constructor says what a delay may be."""
        with pytest.raises(UsageError, match="retry_after must be milliseconds"):
            RetryAfterError("later", asked)


@pytest.mark.rule("D1", "D6")
class TestTheEventsOfAFailure:
    """A failed run is told by function.failed and by function.finished."""

    def test_both_events_carry_the_error_and_the_trigger(self, harness, on, start):
        """function.failed has the run's id and the error, function.finished as well."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            raise ValueError("broken")

        run = start("shop/order", {"k": 1})
        failed, finished = harness.events[1:]

        assert (failed.name, failed.id, finished.name) == (
            "inngest/function.failed",
            run.id,
            "inngest/function.finished",
        )
        trigger = {
            "name": "shop/order",
            "data": {"k": 1},
            "id": harness.events[0].id,
            "ts": 1_735_689_600_000,
            "user": {},
        }
        told = {
            "error": "invalid status code: 500",
            "name": "ValueError",
            "message": "broken",
            "stack": run.error.stack,
        }
        about = {
            "_inngest": {"status": "Failed"},
            "error": told,
            "event": trigger,
            "events": [trigger],
            "function_id": "shop-order",
            "run_id": run.id,
        }
        assert failed.data == {**about, "result": told}
        assert finished.data == about

    def test_a_function_may_listen_to_failures(self, harness, on, start):
        """A function on inngest/function.failed runs once, and its own end is quiet."""
        alarms = []

        @on("inngest/function.failed")
        async def alarm(ctx):
            alarms.append(ctx.event.data["error"]["message"])

        @on("shop/order", retries=1)
        async def order(_ctx):
            raise ValueError("two is bad")

        with harness.expect_failure(order):
            start("shop/order")
            harness.fast_forward()

        assert alarms == ["two is bad"]
        assert [event.name for event in harness.events] == [
            "shop/order",
            "inngest/function.failed",
            "inngest/function.finished",
        ]


@pytest.mark.rule("X3")
@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"bytes"])
def test_a_result_that_json_cannot_carry_is_retried(harness, on, start, value):
    """The attempts are used up, and the error has the real SDK's name."""

    @on("shop/order", retries=3)
    async def order(_ctx):
        return value

    run = start("shop/order")
    harness.fast_forward()

    assert (run.status, run.error.name, run.entries) == (
        "Failed",
        "OutputUnserializableError",
        4,
    )


@pytest.mark.rule("D1")
def test_waiting_for_a_retry_is_shown(harness, on, start):
    """Between two attempts the run says what it is waiting for."""

    @on("shop/order")
    async def order(_ctx):
        raise ValueError("flaky")

    run = start("shop/order")
    harness.advance("20s")

    assert (run.status, run.attempts, run.error) == ("Running", 2, None)
    assert run.waiting_for == "attempt 3 after ValueError: flaky"

    harness.fast_forward()

    assert (run.status, run.waiting_for) == ("Failed", None)


@pytest.mark.rule("E4")
def test_what_the_body_sends_is_sent_by_every_attempt(harness, client, on):
    """client.send in a handler is no step: each entry sends again."""
    received = []

    @on("shop/note")
    async def note(ctx):
        received.append(ctx.event.data["attempt"])

    @on("shop/order", retries=2)
    async def order(ctx):
        data = {"attempt": ctx.attempt}
        await client.send(Event(name="shop/note", data=data))
        if ctx.attempt < 2:
            raise ValueError("flaky")

    harness.send("shop/order")
    harness.fast_forward()

    assert received == [0, 1, 2]
