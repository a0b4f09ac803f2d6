"""Steps under `asyncio.gather` and in task groups: the ordinary Python ways."""

import asyncio

import anyio
import pytest

from scoretest import StepError


@pytest.fixture
def log():
    """What callbacks reported, in order."""
    return []


@pytest.mark.rule("E1")
class TestGather:
    """`asyncio.gather` of steps runs them side by side."""

    def test_all_steps_run_once_and_keep_their_places(self, on, start, log):
        """Three steps settle in one entry; the second entry returns their results."""

        @on("shop/order")
        async def order(ctx):
            async def body(n):
                log.append(n)
                return n

            return await asyncio.gather(
                *(ctx.step.run(f"s{n}", body, n) for n in range(3))
            )

        run = start("shop/order")

        assert (run.output, run.entries, log) == ([0, 1, 2], 2, [0, 1, 2])

    def test_chains_of_steps_are_gathered(self, on, start, log):
        """Two coroutines with two steps each move on together."""

        @on("shop/order")
        async def order(ctx):
            async def chain(name):
                for n in (1, 2):
                    await ctx.step.run(f"{name}{n}", log.append, f"{name}{n}")
                return name

            return await asyncio.gather(chain("a"), chain("b"))

        run = start("shop/order")

        assert (run.output, log) == (["a", "b"], ["a1", "b1", "a2", "b2"])

    @pytest.mark.rule("B2")
    def test_waits_are_open_at_once(self, harness, on, start):
        """Two gathered waits are both satisfied by their events, in any order."""

        @on("shop/order")
        async def order(ctx):
            first, second = await asyncio.gather(
                ctx.step.wait_for_event("a", event="shop/a", timeout="1h"),
                ctx.step.wait_for_event("b", event="shop/b", timeout="1h"),
            )
            return [first.name, second.name]

        run = start("shop/order")

        assert [wait.step_id for wait in harness.waits] == ["a", "b"]

        harness.send("shop/b")
        harness.send("shop/a")

        assert (run.output, run.entries) == (["shop/a", "shop/b"], 2)

    @pytest.mark.rule("D2", "D3")
    def test_only_the_failing_step_is_retried(self, harness, on, start, log):
        """The good one runs once; the bad one three times, then its error is raised."""

        @on("shop/order", retries=2)
        async def order(ctx):
            def bad():
                log.append("bad")
                raise ValueError("bad")

            try:
                await asyncio.gather(
                    ctx.step.run("good", log.append, "good"), ctx.step.run("bad", bad)
                )
            except StepError as error:
                return error.message

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("bad", "45s")
        assert log == ["good", "bad", "bad", "bad"]

    def test_a_step_beside_a_sleep_of_the_body_is_no_race(self, harness, on, start):
        """The handler is left for the step although the body also sleeps."""

        @on("shop/order")
        async def order(ctx):
            _, value = await asyncio.gather(
                asyncio.sleep(5), ctx.step.run("a", lambda: 1)
            )
            return value

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.entries, run.duration) == (1, 2, "5s")

    def test_gather_inside_a_group_member_finds_all_steps(self, on, start, log):
        """A member of a group may gather steps itself."""

        @on("shop/order")
        async def order(ctx):
            def step(name):
                return ctx.step.run(name, log.append, name)

            async def member():
                await asyncio.gather(step("a"), step("b"))
                return "both"

            return list(await ctx.group.parallel((member, lambda: step("c"))))

        run = start("shop/order")

        assert (run.output, sorted(log)) == (["both", None], ["a", "b", "c"])


@pytest.mark.rule("E1")
class TestTaskGroups:
    """Task groups of asyncio and anyio run steps side by side too."""

    def test_an_asyncio_task_group(self, on, start):
        """Both tasks' steps run once, and their results are those of the memo."""

        @on("shop/order")
        async def order(ctx):
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(ctx.step.run(name, str.upper, name))
                    for name in "ab"
                ]
            return [task.result() for task in tasks]

        run = start("shop/order")

        assert (run.output, run.entries) == (["A", "B"], 2)

    def test_an_anyio_task_group(self, on, start, log):
        """Steps started in an anyio task group are found and run once."""

        @on("shop/order")
        async def order(ctx):
            async def one(name):
                log.append(await ctx.step.run(name, str.upper, name))

            async with anyio.create_task_group() as group:
                group.start_soon(one, "a")
                group.start_soon(one, "b")
            return await ctx.step.run("after", lambda: "after")

        run = start("shop/order")

        assert (run.output, run.entries) == ("after", 3)
        assert log == ["A", "B"] * 2

    @pytest.mark.rule("B7")
    def test_a_group_of_waits_under_a_task_group(self, harness, on, start):
        """A parallel group in a task of its own settles beside a plain wait."""

        @on("shop/order")
        async def order(ctx):
            def wait(name):
                return ctx.step.wait_for_event(name, event=name, timeout="1h")

            async def pair():
                pair = await ctx.group.parallel((lambda: wait("a"), lambda: wait("b")))
                return [event.name for event in pair]

            async with asyncio.TaskGroup() as group:
                both = group.create_task(pair())
                third = group.create_task(wait("c"))
            return [*both.result(), third.result().name]

        run = start("shop/order")
        for name in "cab":
            harness.send(name)

        assert (run.output, run.entries) == (["a", "b", "c"], 2)

    def test_a_task_group_inside_a_group_member(self, on, start, log):
        """A member of a group may open a task group of steps itself."""

        @on("shop/order")
        async def order(ctx):
            def step(name):
                return ctx.step.run(name, log.append, name)

            async def member():
                async with anyio.create_task_group() as group:
                    group.start_soon(step, "a")
                    group.start_soon(step, "b")
                return "both"

            return list(await ctx.group.parallel((member, lambda: step("c"))))

        run = start("shop/order")

        assert (run.output, sorted(log)) == (["both", None], ["a", "b", "c"])

    @pytest.mark.rule("D3")
    def test_a_failing_step_is_raised_in_a_group_of_exceptions(
        self, harness, on, start
    ):
        """`except*` finds the StepError that a task group carries."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def bad():
                raise ValueError("bad")

            caught = []
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(ctx.step.run("bad", bad))
                    group.create_task(ctx.step.run("good", lambda: 1))
            except* StepError as errors:
                caught += [error.message for error in errors.exceptions]
            return caught

        run = start("shop/order")
        harness.fast_forward()

        assert run.output == ["bad"]


class TestTimeouts:
    """Timeouts of asyncio and anyio cut what runs, not what the server waits for."""

    @pytest.mark.parametrize("within", [anyio.fail_after, asyncio.timeout])
    def test_a_durable_sleep_is_not_cut(self, harness, on, start, within):
        """A sleep of five days inside a timeout of ten seconds lasts five days."""

        @on("shop/order")
        async def order(ctx):
            with_timeout = within(10)
            if within is asyncio.timeout:
                async with with_timeout:
                    await ctx.step.sleep("nap", "5d")
            else:
                with with_timeout:
                    await ctx.step.sleep("nap", "5d")
            return "slept"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("slept", "5d")

    def test_a_callback_is_cut(self, harness, on, start):
        """A callback that sleeps an hour is ended after ten virtual seconds."""

        @on("shop/order", retries=0)
        async def order(ctx):
            try:
                async with asyncio.timeout(10):
                    await ctx.step.run("slow", asyncio.sleep, 3_600)
            except TimeoutError:
                return "cut"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == ("cut", "10s")
