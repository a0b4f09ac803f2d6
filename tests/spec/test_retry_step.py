"""Attempts of a step: counted for each step, remembered, and told to the handler."""

from datetime import UTC, datetime

import pytest

from scoretest import NonRetriableError, StepError

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.rule("D2")
class TestAttemptsOfASteps:
    """Every step has attempts of its own, and so has the code after the last one."""

    @pytest.fixture
    def log(self, harness):
        """What the handler reported, with the seconds of virtual time."""

        class Log(list):
            def note(self, word, attempt):
                seconds = (harness.now - START).total_seconds()
                self.append((seconds, word, attempt))

        return Log()

    def test_each_unit_counts_from_zero(self, harness, on, start, log):
        """Two flaky steps and a flaky body: eight entries, and the backoff restarts."""

        @on("shop/order", retries=2)
        async def order(ctx):
            log.note("enter", ctx.attempt)

            async def flaky(name):
                log.note(name, ctx.attempt)
                if ctx.attempt < 2:
                    raise ValueError(name)

            await ctx.step.run("first", flaky, "first")
            await ctx.step.run("second", flaky, "second")
            if ctx.attempt < 1:
                raise ValueError("body")
            return "ok"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.entries, run.attempts) == ("ok", 8, 2)
        assert log == [
            (0, "enter", 0),
            (0, "first", 0),
            (15, "enter", 1),
            (15, "first", 1),
            (45, "enter", 2),
            (45, "first", 2),
            (45, "enter", 0),
            (45, "second", 0),
            (60, "enter", 1),
            (60, "second", 1),
            (90, "enter", 2),
            (90, "second", 2),
            (90, "enter", 0),
            (105, "enter", 1),
        ]
        assert [(s.id, s.status, s.attempts, s.error) for s in run.steps] == [
            ("first", "Completed", 3, None),
            ("second", "Completed", 3, None),
        ]

    def test_a_sync_handlers_steps_count_alike(self, harness, on, start, log):
        """The instants of a sync handler's retries are those of the table."""

        @on("shop/order", retries=2)
        def order(ctx):
            def flaky():
                log.note("flaky", ctx.attempt)
                if ctx.attempt < 2:
                    raise ValueError("flaky")
                return "ok"

            return ctx.step.run("flaky", flaky)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, log) == (
            "ok",
            [(0, "flaky", 0), (15, "flaky", 1), (45, "flaky", 2)],
        )

    def test_a_step_between_attempts_is_shown(self, on, start):
        """While a step waits for its next attempt its error and count can be read."""

        @on("shop/order")
        async def order(ctx):
            def charge():
                raise ValueError("card declined")

            await ctx.step.run("charge", charge)

        run = start("shop/order")

        (step,) = run.steps
        assert (step.status, step.attempts, step.error.message) == (
            "Retrying",
            1,
            "card declined",
        )
        assert (run.status, run.waiting_for) == ("Running", "step 'charge' (Retrying)")


@pytest.mark.rule("D3")
class TestAStepThatFailsForGood:
    """After its last attempt a step's error is remembered and raised as StepError."""

    def test_it_can_be_caught_and_later_steps_work(self, harness, on, start):
        """The handler catches StepError with the original's name, text and stack."""
        caught = []

        @on("shop/order", retries=1)
        async def order(ctx):
            def charge():
                raise KeyError("k")

            try:
                await ctx.step.run("charge", charge)
            except StepError as error:
                caught.append((error.name, error.message, "in charge" in error.stack))
            return await ctx.step.run("refund", lambda: "refunded")

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.entries) == ("refunded", 4)
        assert caught == [("KeyError", "'k'", True)] * 2
        assert [(s.id, s.status, s.attempts) for s in run.steps] == [
            ("charge", "Failed", 2),
            ("refund", "Completed", 1),
        ]
        assert (run.steps[0].error.name, run.steps[0].output) == ("KeyError", None)

    def test_uncaught_it_fails_the_run_without_another_retry(self, harness, on, start):
        """The step is tried three times; the function that lets it pass, never again."""
        attempts = []

        @on("shop/order", retries=2)
        async def order(ctx):
            def charge():
                attempts.append(ctx.attempt)
                raise KeyError("k")

            await ctx.step.run("charge", charge)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.message, run.entries) == ("Failed", "'k'", 4)
        assert (attempts, run.duration) == ([0, 1, 2], "45s")

    def test_a_sync_handler_can_catch_it_too(self, on, start):
        """The memoised error is raised at the call."""

        @on("shop/order", retries=0)
        def order(ctx):
            def charge():
                raise KeyError("k")

            try:
                ctx.step.run("charge", charge)
            except StepError as error:
                return [error.name, error.message]

        assert start("shop/order").output == ["KeyError", "'k'"]

    def test_a_result_that_json_cannot_carry_fails_the_step(self, harness, on, start):
        """The step is tried again like any that raised, and its error can be caught."""

        @on("shop/order", retries=1)
        async def order(ctx):
            try:
                await ctx.step.run("load", lambda: {1, 2})
            except StepError as error:
                return error.name

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.steps[0].attempts) == ("OutputUnserializableError", 2)


@pytest.mark.rule("D4")
class TestNonRetriableInAStep:
    """NonRetriableError in a step belongs to the function: raised there, unremembered."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_uncaught_it_fails_the_run_at_once(self, on, start, kind):
        """One entry, one call of the step, no retry."""
        attempts = []

        def call():
            attempts.append("call")
            raise NonRetriableError("stop in step")

        if kind == "async":

            @on("shop/order", retries=4)
            async def order(ctx):
                await ctx.step.run("call", call)

        else:

            @on("shop/order", retries=4)
            def order(ctx):
                ctx.step.run("call", call)

        run = start("shop/order")

        assert (run.status, run.entries, attempts) == ("Failed", 1, ["call"])
        assert (run.error.name, run.error.message) == (
            "NonRetriableError",
            "stop in step",
        )

    def test_a_try_in_the_handler_swallows_it(self, on, start):
        """Caught in the same entry, it leaves no trace of the step."""

        @on("shop/order")
        async def order(ctx):
            def call():
                raise NonRetriableError("stop in step")

            try:
                await ctx.step.run("call", call)
            except NonRetriableError as error:
                return str(error)

        run = start("shop/order")

        assert (run.status, run.output, run.entries) == ("Completed", "stop in step", 1)
        assert run.steps == []


@pytest.mark.rule("D3", "E1")
def test_only_the_failing_member_of_a_group_is_retried(harness, on, start):
    """The good step runs once; the handler goes on when the whole group has settled."""
    log = []

    @on("shop/order", retries=1)
    async def order(ctx):
        async def good():
            log.append(("good", ctx.attempt))

        async def bad():
            log.append(("bad", ctx.attempt))
            raise ValueError("bad")

        try:
            await ctx.group.parallel(
                (lambda: ctx.step.run("good", good), lambda: ctx.step.run("bad", bad))
            )
        except StepError as error:
            return error.message

    run = start("shop/order")
    harness.fast_forward()

    assert (run.output, run.entries, run.duration) == ("bad", 5, "15s")
    assert log == [("good", 0), ("bad", 0), ("bad", 1)]
