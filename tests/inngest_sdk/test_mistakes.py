"""Mistakes in functions of the real package: production's own end, and a finding."""

import asyncio

import inngest
import pytest

from scoretest.pytest_anyio import anyio_backend  # noqa: F401 -- a fixture


def codes(harness, reason="it is the subject"):
    """Return the codes of the findings so far, and let them pass."""
    found = [finding.code for finding in harness.findings]
    for code in found:
        harness.allow(code, reason=reason)
    return found


async def number():
    """Return one."""
    return 1


class TestInterrupts:
    """A handler is left at a step by a `BaseException`, which it must not catch."""

    def test_in_a_plain_handler(self, harness, on, start):
        """The step is forgotten, as in production, and the test hears of it."""

        @on("order")
        def ship(ctx):
            try:
                ctx.step.run("pack", int)
            except BaseException:  # noqa: BLE001 -- the mistake
                return "went on"

        assert start("order").output == "went on"
        assert codes(harness) == ["INTERRUPT_SWALLOWED"]

    def test_in_a_coroutine_that_defers(self, harness, on, deferred, start):
        """The same when defers go out with the end."""

        @deferred()
        async def scorer(ctx):
            pass

        @on("order")
        async def ship(ctx):
            ctx.defer("score", function=scorer, data={})
            try:
                await ctx.step.run("pack", number)
            except BaseException:  # noqa: BLE001 -- the mistake
                return "went on"

        assert start("order").output == "went on"
        assert codes(harness) == ["INTERRUPT_SWALLOWED"]

    def test_before_an_error(self, harness, on, deferred, start):
        """An error of its own does not hide that the handler held an interrupt back."""

        @deferred()
        def scorer(ctx):
            pass

        @on("order", retries=0)
        def ship(ctx):
            ctx.defer("score", function=scorer, data={})
            try:
                ctx.step.run("pack", int)
            finally:
                raise LookupError

        with harness.expect_failure(ship):
            start("order")

        assert codes(harness) == ["INTERRUPT_SWALLOWED", "DEFER_LOST"]

    def test_a_group_that_is_cut_short(self, harness, on, start):
        """An error in a branch of a group takes the other branches with it: no mistake."""

        @on("order", retries=0)
        def ship(ctx):
            ctx.group.parallel((lambda: ctx.step.run("pack", int), fail))

        def fail():
            raise LookupError

        with harness.expect_failure(ship):
            start("order")

        assert harness.findings == []


@pytest.mark.rule("E5")
class TestSteps:
    """Steps that are called in the wrong place, or not at all."""

    def test_inside_a_step(self, harness, on, start):
        """A nested step fails its run, in the package's words."""

        @on("order", retries=0)
        async def ship(ctx):
            async def outer():
                return await ctx.step.run("inner", number)

            await ctx.step.run("outer", outer)

        with harness.expect_failure(ship) as failing:
            start("order")

        assert failing.run.error.message == "Nested steps are not supported."
        assert codes(harness) == ["NESTED_STEP"]

    def test_never_awaited(self, harness, on, start):
        """A call that nobody awaits never runs; the finding has the call to write."""

        @on("order")
        async def ship(ctx):
            ctx.step.run("pack", number)

        start("order")

        (finding,) = harness.findings
        assert finding.fix == "write `await ctx.step.run('pack', ...)`"
        assert codes(harness) == ["STEP_NOT_AWAITED"]

    def test_in_a_task_group(self, harness, on, start):
        """An interrupt out of a task group is an error to the package, and to us."""

        @on("order", retries=0)
        async def ship(ctx):
            async with asyncio.TaskGroup() as group:
                group.create_task(ctx.step.run("pack", number))

        with harness.expect_failure(ship) as failing:
            start("order")

        assert failing.run.error.name == "BaseExceptionGroup"


class TestEnds:
    """Ends of a handler that the package does not answer for."""

    def test_a_cancelled_handler(self, harness, on, start):
        """A handler that cancels itself fails, and may be tried again."""

        @on("order", retries=0)
        async def ship(_):
            raise asyncio.CancelledError

        with harness.expect_failure(ship) as failing:
            start("order")

        assert failing.run.error.name == "CancelledError"

    @pytest.mark.parametrize("is_async", [True, False])
    def test_an_error_that_cannot_be_told(self, harness, on, start, is_async):
        """The package stumbles over its text; a server gets an answer of 500 then."""

        class UnreadableError(Exception):
            def __str__(self):
                raise RuntimeError("no text")

        async def in_coroutine(_):
            raise UnreadableError

        def plain(_):
            raise UnreadableError

        ship = on("order", retries=0)(in_coroutine if is_async else plain)

        with harness.expect_failure(ship) as failing:
            start("order")

        error = failing.run.error
        assert (error.name, error.message) == ("RuntimeError", "no text")

    @pytest.mark.parametrize("kind", [SystemExit, GeneratorExit])
    @pytest.mark.parametrize("is_async", [True, False])
    def test_the_end_of_the_test(self, on, start, kind, is_async):
        """What ends a process ends the test, not the run."""

        async def in_coroutine(_):
            raise kind

        def plain(_):
            raise kind

        on("order")(in_coroutine if is_async else plain)

        with pytest.raises(kind):
            start("order")


class TestWorlds:
    """The same functions in several worlds, and in an async test."""

    def test_two_worlds_of_one_seed_are_alike(self, harnesses, app):
        """Everything that happens is the same, identifiers included."""
        trigger = inngest.TriggerEvent(event="order")

        @app.create_function(fn_id="ship", trigger=trigger, retries=1)
        async def ship(ctx):
            await ctx.group.parallel(
                tuple(
                    lambda name=name: ctx.step.run(name, number)
                    for name in ("a", "b", "c")
                )
            )
            await ctx.step.sleep("nap", 90_000)
            return ctx.run_id

        def told():
            harness = harnesses(seed=3)
            harness.serve(app, functions=[ship])
            harness.send("order", {"id": 7})
            harness.fast_forward()
            return str(harness.timeline), harness.runs[0].output

        assert told() == told()

    @pytest.mark.anyio
    async def test_an_async_test(self, harness, app, on):
        """The async face moves a world of the package's functions, too."""

        @on("order")
        async def ship(ctx):
            return await ctx.step.run("pack", asyncio.sleep, 60, "box")

        ids = await app.send(inngest.Event(name="order"))
        await harness.aadvance("1m")

        assert len(ids) == 1
        assert harness.run(ship).output == "box"
