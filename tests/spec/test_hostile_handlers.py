"""Handlers that do their worst: the harness survives, and so does the next test."""

import asyncio
import gc
import subprocess
import sys
from contextlib import suppress

import anyio
import pytest

from scoretest import StepError, TriggerEvent


@pytest.fixture
def well(on, start):
    """Check that the same world still runs an ordinary function."""

    @on("shop/well")
    async def well(ctx):
        return await ctx.step.run("a", lambda: "well")

    def check():
        return start("shop/well").output == "well"

    return check


class TestSignalsOfTheInterpreter:
    """KeyboardInterrupt, SystemExit and MemoryError are not a run's failure."""

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
    @pytest.mark.parametrize("where", ["body", "step", "task"])
    def test_they_end_the_verb_unchanged(self, harness, on, error, where):
        """The very exception that the handler raised comes out of `send`."""
        raised = error("from the handler")

        def fail():
            raise raised

        async def fail_later():
            fail()

        @on("shop/order")
        async def order(ctx):
            match where:
                case "body":
                    fail()
                case "step":
                    await ctx.step.run("a", fail)
                case "task":
                    await asyncio.create_task(fail_later())

        with pytest.raises(error) as info:
            harness.send("shop/order")

        assert info.value is raised

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
    def test_they_leave_a_sync_handler_unchanged(self, harness, on, error):
        """An ordinary function is no exception."""
        raised = error("from the handler")

        @on("shop/order")
        def order(_ctx):
            raise raised

        with pytest.raises(error) as info:
            harness.send("shop/order")

        assert info.value is raised

    def test_generator_exit_ends_the_verb_too(self, harness, on):
        """A handler that raises GeneratorExit raises it in the test."""

        @on("shop/order")
        async def order(_ctx):
            raise GeneratorExit

        with pytest.raises(GeneratorExit):
            harness.send("shop/order")


class EvilError(Exception):
    """An error that cannot be shown."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class TestEvilObjects:
    """Objects that cannot be printed, compared or hashed."""

    @pytest.mark.parametrize("where", ["body", "step"])
    def test_an_error_without_a_text(self, on, start, where):
        """The run keeps the error's class and says that its text cannot be read."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def fail():
                raise EvilError

            if where == "body":
                fail()
            await ctx.step.run("a", fail)

        run = start("shop/order")

        assert (run.error.name, run.error.message) == (
            "EvilError",
            "(its text cannot be read)",
        )

    def test_a_result_without_a_repr(self, on, start):
        """An object that JSON cannot carry is named by its type."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            class Silent:
                def __repr__(self):
                    raise RuntimeError("no text")

            return {"deep": [Silent()]}

        run = start("shop/order")

        assert run.error.name == "OutputUnserializableError"
        assert "an object of type Silent" in run.error.message

    def test_an_argument_without_a_repr(self, harness, on, start):
        """A wrong argument that cannot be shown is named by its type."""

        class Silent:
            def __repr__(self):
                raise RuntimeError("no text")

        @on("shop/order", retries=0)
        async def order(ctx):
            await ctx.step.run(Silent(), int)

        run = start("shop/order")

        assert "an object of type Silent" in run.error.message
        harness.allow("USAGE_ERROR", reason="the id is wrong on purpose")

    @pytest.mark.parametrize(
        "text", ["nul \0", "lone \ud800", "esc \x1b[31m", "☃" * 99]
    )
    def test_strange_texts_in_errors(self, harness, on, start, text):
        """Control characters and surrogates in a message crash nothing."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            raise ValueError(text)

        run = start("shop/order")

        assert run.error.message == text.encode("utf-8", "replace").decode()
        assert "\x1b" not in str(harness.timeline)
        str(harness.timeline).encode()


class TestDeepAndWide:
    """Values and calls without a bottom."""

    @pytest.mark.parametrize("where", ["body", "step"])
    def test_endless_recursion_is_an_ordinary_failure(self, on, start, where, well):
        """RecursionError fails the run; the next run is fine."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def deeper():
                return deeper()

            if where == "body":
                deeper()
            await ctx.step.run("a", deeper)

        run = start("shop/order")

        assert (run.status, run.error.name) == ("Failed", "RecursionError")
        assert well()

    def test_a_very_deep_result_is_refused_by_depth(self, on, start, well):
        """A list nested 100,000 times names the limit."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            nested = []
            for _ in range(100_000):
                nested = [nested]
            return nested

        run = start("shop/order")

        assert run.error.message.startswith(
            "the handler's result is nested deeper than 400 levels"
        )
        assert well()

    def test_a_value_that_contains_itself_is_refused_by_depth(self, on, start):
        """A list that is its own element has no end."""

        @on("shop/order", retries=0)
        async def order(ctx):
            endless = []
            endless.append(endless)
            return await ctx.step.run("a", lambda: endless)

        run = start("shop/order")

        assert run.error.message.startswith(
            "the result of step 'a' is nested deeper than 400 levels"
        )

    def test_a_very_large_result_is_refused_by_size(self, on, start):
        """Five megabytes in one step are over the server's limit of four."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run("a", lambda: "x" * (5 * 1024 * 1024))

        run = start("shop/order")

        assert (run.error.name, run.error.message) == (
            "InngestErrStepOutputTooLarge",
            "step a returned 5242882 bytes, over 4194304",
        )


class TestExceptionGroups:
    """Errors that are several."""

    def test_a_group_fails_the_run_under_its_own_name(self, on, start):
        """The group's message is the run's."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            raise ExceptionGroup("two", [ValueError("a"), KeyError("b")])

        run = start("shop/order")

        assert (run.error.name, run.error.message) == (
            "ExceptionGroup",
            "two (2 sub-exceptions)",
        )

    def test_a_group_in_a_step_is_a_step_error(self, on, start):
        """The handler catches one StepError with the group's name."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def fail():
                raise ExceptionGroup("two", [ValueError("a")])

            try:
                await ctx.step.run("a", fail)
            except StepError as error:
                return error.name

        assert start("shop/order").output == "ExceptionGroup"


class TestCancellation:
    """Handlers that cancel, or are cancelled by themselves."""

    def test_a_handler_that_cancels_itself_fails(self, harness, on, start):
        """Cancelling the current task is the run's own failure."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            asyncio.current_task().cancel()
            await asyncio.sleep(1)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.name) == ("Failed", "CancelledError")

    def test_a_cancel_scope_is_the_handlers_own(self, on, start, well):
        """A cancelled scope ends with its block; the run goes on."""

        @on("shop/order")
        async def order(ctx):
            with anyio.CancelScope() as scope:
                scope.cancel()
                await anyio.sleep(1)
            return await ctx.step.run("a", lambda: "after")

        run = start("shop/order")

        assert run.output == "after"
        assert well()

    def test_a_task_group_that_fails_cancels_only_its_tasks(self, on, start, well):
        """The exception group fails the run; another run is untouched."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            async def fail():
                raise ValueError("bad")

            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(60))
                group.create_task(fail())

        run = start("shop/order")

        assert (run.status, run.error.name) == ("Failed", "ExceptionGroup")
        assert well()


class TestLeftovers:
    """What a handler leaves behind does not reach the next world."""

    def test_an_open_async_generator(self, on, start, well):
        """A generator that was not exhausted is closed without a word."""

        @on("shop/order")
        async def order(_ctx):
            async def numbers():
                try:
                    yield 1
                    yield 2
                finally:
                    await asyncio.sleep(0)

            async for number in numbers():
                return number
            return 0

        run = start("shop/order")
        gc.collect()

        assert run.output == 1
        assert well()

    def test_tasks_of_a_closed_world(self, harnesses, client):
        """Closing a world with a hundred sleeping handlers leaves nothing to warn of."""

        @client.create_function(fn_id="nap", trigger=TriggerEvent(event="shop/nap"))
        async def nap(_ctx):
            await asyncio.sleep(3_600)

        with harnesses() as world:
            world.serve(client, functions=[nap])
            for _ in range(100):
                world.send("shop/nap")

        gc.collect()

    def test_a_handler_that_swallows_its_own_end(self, harness, on):
        """Even a handler that cannot be ended does not disturb a later collection."""

        @on("shop/order")
        async def order(_ctx):
            while True:
                with suppress(BaseException):
                    await asyncio.sleep(3_600)

        harness.send("shop/order")
        harness.close()

        gc.collect()

    def test_a_handler_that_swallows_everything_lets_python_end(self):
        """The collector closes it where no loop runs any more."""
        done = subprocess.run(  # noqa: S603 -- the program below
            [sys.executable, "-c", CLINGING],
            capture_output=True,
            check=False,
            timeout=60,
        )

        assert (done.returncode, done.stdout) == (0, b"the world is over\n")


CLINGING = """
from contextlib import suppress
from scoretest import Client, Harness, TriggerEvent
from scoretest.errors import LivelockError

client = Client(app_id="shop")

@client.create_function(fn_id="order", trigger=TriggerEvent(event="shop/order"))
async def order(ctx):
    while True:
        with suppress(BaseException):
            await ctx.step.run("a", int)

with Harness() as harness:
    harness.serve(client, functions=[order])
    harness.allow("INTERRUPT_SWALLOWED", reason="this is about it")
    with suppress(LivelockError):
        harness.send("shop/order")
print("the world is over")
"""


@pytest.mark.parametrize(
    "call",
    [
        lambda: asyncio.get_running_loop().stop(),
        lambda: asyncio.get_running_loop().close(),
        lambda: asyncio.get_running_loop().run_forever(),
    ],
    ids=["stop", "close", "run_forever"],
)
def test_a_handler_may_not_end_the_loop(harness, on, start, call, well):
    """The call is refused by name, and the world goes on."""

    @on("shop/order", retries=0)
    async def order(_ctx):
        call()

    run = start("shop/order")

    assert (run.status, run.error.name) == ("Failed", "UsageError")
    assert run.error.message.startswith("loop.")
    assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
    harness.allow("USAGE_ERROR", reason="the call is wrong on purpose")
    assert well()


def test_calling_a_function_directly_says_what_to_do(on):
    """A handler needs a run around it."""

    @on("shop/order")
    async def order(_ctx):
        return None

    with pytest.raises(Exception, match="function 'shop-order' was called directly"):
        order("anything")
