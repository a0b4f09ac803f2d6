"""Findings about handlers: each says what, where and how to mend; good code has none."""

import asyncio
import inspect
import re
from contextlib import suppress

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

PLACE = re.compile(
    r"^function 'shop-order' \(spec/test_finding_handlers\.py:(\d+)\), "
    r"run 01[0-9A-Z]{24}(, step '[^']+')?, virtual time 2025-01-01T[0-9:.]+Z$"
)


@pytest.fixture
def only(harness):
    """Return the only finding of a code, its place checked, and let it pass."""

    def take(code):
        (finding,) = (found for found in harness.findings if found.code == code)
        assert PLACE.match(finding.where), finding.where
        harness.allow(code, reason="the mistake is the point")
        return finding

    return take


class TestNondeterministic:
    """NONDETERMINISTIC: a handler reaches other steps than on its earlier entry."""

    def test_a_step_that_is_not_reached_again(self, on, start, only):
        """A step id made of a counter differs on the next entry; both lists are shown."""
        entries = []

        @on("shop/order")
        async def order(ctx):
            entries.append(1)
            await ctx.step.run(f"load {min(len(entries), 2)}", int)

        run = start("shop/order")

        finding = only("NONDETERMINISTIC")
        assert run.status == "Completed"
        assert finding.message == (
            "the steps ['load 1'] were done on an earlier entry and not reached on "
            "this one, which reached ['load 2']"
        )
        assert finding.fix.startswith("let the same code reach the same steps")

    def test_a_step_that_changed_its_kind(self, harness, on, start, only):
        """A call that is a sleep on the next entry is told, with both kinds."""
        entries = []

        @on("shop/order")
        async def order(ctx):
            entries.append(1)
            if len(entries) == 1:
                await ctx.step.run("x", int)
            else:
                await ctx.step.sleep("x", "1s")

        start("shop/order")
        harness.fast_forward()

        finding = only("NONDETERMINISTIC")
        assert finding.message == (
            "step 'x' was a StepRun on an earlier entry and is a Sleep now"
        )

    def test_a_target_that_is_not_reached(self, harness, on, start):
        """A planned member that its own entry does not find is passed over and told."""
        entries = []

        @on("shop/order", retries=0)
        async def order(ctx):
            entries.append(1)
            name = "a" if len(entries) == 1 else "b"
            await ctx.group.parallel((lambda: ctx.step.run(name, int),))

        run = start("shop/order")

        assert run.status == "Completed"
        assert [finding.message for finding in harness.findings] == [
            "the entry for step 'a' did not reach it"
        ]
        harness.allow("NONDETERMINISTIC", reason="the mistake is the point")

    def test_a_target_behind_a_step_that_is_new(self, harness, on, start):
        """An entry that stops at another step outside the group fails."""
        entries = []

        @on("shop/order", retries=0)
        async def order(ctx):
            entries.append(1)
            if len(entries) > 1:
                await ctx.step.run("b", int)
            await ctx.group.parallel((lambda: ctx.step.run("a", int),))

        run = start("shop/order")

        assert (run.status, run.error.message) == (
            "Failed",
            'found step "b" when targeting a different step',
        )
        harness.allow("NONDETERMINISTIC", reason="the mistake is the point")

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_branching_on_results_and_events_is_fine(self, harness, on, start, kind):
        """Steps that depend on memoised results are the same on every entry."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                if await ctx.step.run("check", bool, 1):
                    await ctx.step.run("yes", int)
                else:
                    await ctx.step.run("no", int)

        else:

            @on("shop/order")
            def order(ctx):
                if ctx.step.run("check", bool, 1):
                    ctx.step.run("yes", int)
                else:
                    ctx.step.run("no", int)

        run = start("shop/order")

        assert (run.status, harness.findings) == ("Completed", [])

    def test_a_failing_member_hides_its_neighbours_without_a_finding(
        self, harness, on, start
    ):
        """Behind a member that raises, the rest of a group is not reached: no finding."""

        @on("shop/order", retries=0)
        async def order(ctx):
            def bad():
                raise ValueError("bad")

            try:
                await ctx.group.parallel(
                    (
                        lambda: ctx.step.run("bad", bad),
                        lambda: ctx.step.run("good", int),
                    )
                )
            except Exception:  # noqa: BLE001 -- whatever it is, the handler goes on
                return "caught"

        run = start("shop/order")

        assert (run.output, harness.findings) == ("caught", [])


class TestNestedStep:
    """NESTED_STEP: a step called inside a step."""

    @pytest.mark.rule("E5")
    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_it_fails_the_run(self, on, start, only, kind):
        """The outer step fails for good in the server's words; the inner never runs."""
        log = []
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                async def outer():
                    return await ctx.step.run("inner", log.append, 1)

                return await ctx.step.run("outer", outer)

        else:

            @on("shop/order")
            def order(ctx):
                def outer():
                    return ctx.step.run("inner", log.append, 1)

                return ctx.step.run("outer", outer)

        run = start("shop/order")

        finding = only("NESTED_STEP")
        assert (run.status, run.error.message, run.entries, log) == (
            "Failed",
            "Nested steps are not supported.",
            2,
            [],
        )
        assert finding.message == "step 'inner' was called inside step 'outer'"
        assert "step 'outer'" in finding.where
        assert finding.fix.startswith("call it before or after the outer step")

    def test_it_is_seen_through_tasks_and_threads(self, on, start, only):
        """A step called by a child task of a callback is nested as well."""

        @on("shop/order")
        async def order(ctx):
            async def outer():
                await asyncio.gather(ctx.step.run("inner", int))

            await ctx.step.run("outer", outer)

        run = start("shop/order")

        assert run.status == "Failed"
        assert only("NESTED_STEP").message == (
            "step 'inner' was called inside step 'outer'"
        )

    def test_the_line_is_the_users_when_anyio_makes_the_call(self, on, start, only):
        """Through `anyio.from_thread.run` the place is the line that waits in the thread."""
        lines = []

        @on("shop/order")
        async def order(ctx):
            def in_thread():
                lines.append(inspect.currentframe().f_lineno + 1)
                return anyio.from_thread.run(ctx.step.run, "inner", int)

            await ctx.step.run("outer", anyio.to_thread.run_sync, in_thread)

        run = start("shop/order")

        assert run.status == "Failed"
        place = f"(spec/test_finding_handlers.py:{lines[0]})"
        assert place in only("NESTED_STEP").where

    def test_the_line_is_the_users_when_asyncio_makes_the_call(self, on, start, only):
        """Through `run_coroutine_threadsafe` the place is the line of the call."""
        lines = []

        @on("shop/order")
        async def order(ctx):
            loop = asyncio.get_running_loop()

            def in_thread():
                lines.append(inspect.currentframe().f_lineno + 1)
                call = ctx.step.run("inner", int)
                return asyncio.run_coroutine_threadsafe(call, loop).result()

            await ctx.step.run("outer", asyncio.to_thread, in_thread)

        run = start("shop/order")

        assert run.status == "Failed"
        place = f"(spec/test_finding_handlers.py:{lines[0]})"
        assert place in only("NESTED_STEP").where

    def test_steps_side_by_side_are_not_nested(self, harness, on, start):
        """A callback that is awaited beside another step is no nesting."""

        @on("shop/order")
        async def order(ctx):
            async def slow():
                await asyncio.sleep(1)

            await asyncio.gather(ctx.step.run("a", slow), ctx.step.run("b", slow))

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, harness.findings) == ("Completed", [])


class TestStepNotAwaited:
    """STEP_NOT_AWAITED: a step that was called and forgotten."""

    @pytest.mark.parametrize("tool", ["run", "sleep", "wait_for_event", "send_event"])
    def test_the_place_of_the_call_is_named(self, on, start, only, tool):
        """The run completes without the step, and the finding shows the missing word."""

        @on("shop/order")
        async def order(ctx):
            match tool:
                case "run":
                    ctx.step.run("forgotten", int)
                case "sleep":
                    ctx.step.sleep("forgotten", "1s")
                case "wait_for_event":
                    ctx.step.wait_for_event("forgotten", event="x", timeout="1s")
                case "send_event":
                    ctx.step.send_event("forgotten", [])
            return "done"

        run = start("shop/order")

        finding = only("STEP_NOT_AWAITED")
        assert (run.output, run.steps) == ("done", [])
        assert finding.message == (
            "step 'forgotten' was called and never awaited, so it never ran"
        )
        assert finding.fix == f"write `await ctx.step.{tool}('forgotten', ...)`"

    def test_awaiting_later_is_fine(self, harness, on, start):
        """A call that is kept and awaited afterwards is an ordinary step."""

        @on("shop/order")
        async def order(ctx):
            call = ctx.step.run("later", int)
            first = await ctx.step.run("first", int)
            return [first, await call]

        run = start("shop/order")

        assert (run.output, harness.findings) == ([0, 0], [])


class TestInterruptSwallowed:
    """INTERRUPT_SWALLOWED: a handler catches what leaves it at a step."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_the_step_is_forgotten_and_the_run_completes(self, on, start, only, kind):
        """As in production the handler's own return counts; the test is told."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                try:
                    await ctx.step.run("charge", int)
                except BaseException:  # noqa: BLE001 -- the mistake itself
                    return "swallowed"

        else:

            @on("shop/order")
            def order(ctx):
                try:
                    ctx.step.run("charge", int)
                except BaseException:  # noqa: BLE001 -- the mistake itself
                    return "swallowed"

        run = start("shop/order")

        finding = only("INTERRUPT_SWALLOWED")
        assert (run.status, run.output, run.steps) == ("Completed", "swallowed", [])
        assert finding.message.startswith(
            "the handler caught the signal that leaves it"
        )
        assert finding.fix.startswith("catch Exception, or name the errors")

    def test_collecting_interrupts_as_results_is_swallowing_too(self, on, start, only):
        """A gather in a group's member that returns exceptions hides the steps' own."""

        @on("shop/order")
        async def order(ctx):
            async def member():
                await asyncio.gather(
                    ctx.step.run("a", int),
                    ctx.step.run("b", int),
                    return_exceptions=True,
                )

            await ctx.group.parallel((member,))
            return "end"

        run = start("shop/order")

        assert (run.output, run.steps) == ("end", [])
        only("INTERRUPT_SWALLOWED")

    def test_a_later_step_is_named(self, on, start, only):
        """A step after the swallowed one is reached and told by its id."""

        @on("shop/order")
        async def order(ctx):
            with suppress(BaseException):
                await ctx.step.run("first", int)
            return await ctx.step.run("second", str)

        start("shop/order")

        assert only("INTERRUPT_SWALLOWED").message == (
            "step 'second' was called after the handler should have been left"
        )

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_except_exception_and_finally_are_fine(self, harness, on, start, kind):
        """`except Exception` never sees the interrupt; `finally` runs in each entry."""
        log = []
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                try:
                    await ctx.step.run("charge", int)
                except Exception:  # noqa: BLE001 -- nothing reaches it
                    log.append("except")
                finally:
                    log.append("finally")

        else:

            @on("shop/order")
            def order(ctx):
                try:
                    ctx.step.run("charge", int)
                except Exception:  # noqa: BLE001 -- nothing reaches it
                    log.append("except")
                finally:
                    log.append("finally")

        run = start("shop/order")

        assert (run.status, log, harness.findings) == (
            "Completed",
            ["finally", "finally"],
            [],
        )


class TestTaskLeaked:
    """TASK_LEAKED: a handler leaves a task behind."""

    def test_a_task_that_nobody_awaits_is_told(self, on, start, only):
        """The coroutine's name is shown, and the run completes."""

        @on("shop/order")
        async def order(_ctx):
            async def background():
                await asyncio.sleep(3_600)

            order.task = asyncio.create_task(background())
            return "done"

        run = start("shop/order")

        finding = only("TASK_LEAKED")
        assert run.output == "done"
        assert "background' was still running when its handler had" in finding.message
        assert finding.fix == "await it, or start it in a task group inside a step"

    def test_a_task_inside_a_callback_is_told_too(self, on, start, only):
        """A callback that returns before its task has ended leaks it."""

        @on("shop/order")
        async def order(ctx):
            async def work():
                order.task = asyncio.create_task(asyncio.sleep(3_600))

            await ctx.step.run("work", work)

        run = start("shop/order")

        assert run.status == "Completed"
        only("TASK_LEAKED")

    def test_tasks_that_are_awaited_are_fine(self, harness, on, start):
        """Tasks, gathers and task groups that end with the handler leak nothing."""

        @on("shop/order")
        async def order(ctx):
            async def work():
                task = asyncio.create_task(asyncio.sleep(1))
                async with anyio.create_task_group() as group:
                    group.start_soon(anyio.sleep, 2)
                await task

            await ctx.step.run("work", work)
            await asyncio.gather(asyncio.sleep(1), work())

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, harness.findings) == ("Completed", [])

    def test_a_cancelled_task_is_fine(self, harness, on, start):
        """A task that the handler cancels before it ends is not left behind."""

        @on("shop/order")
        async def order(_ctx):
            task = asyncio.create_task(asyncio.sleep(3_600))
            await asyncio.sleep(0)
            task.cancel()
            return "done"

        run = start("shop/order")

        assert (run.output, harness.findings) == ("done", [])


class TestRunFailed:
    """RUN_FAILED: a run failed and the test never looked."""

    @pytest.fixture
    def broken(self, on):
        """A function that fails at once."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            raise ValueError("broken")

        return order

    def test_an_unseen_failure_is_told_with_its_line(self, harness, broken):
        """The finding names the error and the line that raised it."""
        harness.send("shop/order")

        (finding,) = harness.findings
        raised_at = int(PLACE.match(finding.where)[1])
        assert (finding.code, finding.message) == (
            "RUN_FAILED",
            "a run of 'shop-order' failed with ValueError: broken",
        )
        assert raised_at == broken.handler.__code__.co_firstlineno + 2
        harness.allow("RUN_FAILED", reason="the failure is the point")

    @pytest.mark.parametrize("look", ["status", "error", "output"])
    @pytest.mark.usefixtures("broken")
    def test_looking_at_the_run_settles_it(self, harness, start, look):
        """Reading the status, the error or the output is enough."""
        run = start("shop/order")

        getattr(run, look)

        assert harness.findings == []

    def test_looking_before_it_failed_does_not(self, harness, on, start):
        """A status that was read while the run was retried says nothing of its end."""

        @on("shop/order", retries=1)
        async def order(_ctx):
            raise ValueError("broken")

        run = start("shop/order")
        assert run.status == "Running"

        harness.fast_forward()

        assert [finding.code for finding in harness.findings] == ["RUN_FAILED"]
        assert run.status == "Failed"

    @pytest.mark.usefixtures("broken")
    def test_other_attributes_do_not_count(self, harness, start):
        """Reading the id, the steps or the duration is not looking at the failure."""
        run = start("shop/order")

        assert (len(run.id), run.steps, run.duration, run.entries) == (26, [], "0s", 1)
        assert [finding.code for finding in harness.findings] == ["RUN_FAILED"]
        harness.allow("RUN_FAILED", reason="the failure is the point")


def test_a_finding_is_told_once_however_many_entries_repeat_it(harness, on):
    """The same mistake on ten entries is one finding of the run."""

    @on("shop/order")
    async def order(ctx):
        for n in range(10):
            await ctx.step.run(f"s{n}", lambda: (1, 2))

    harness.send("shop/order")
    harness.send("shop/order")

    assert len({finding.run_id for finding in harness.findings}) == 2
    assert len(harness.findings) == len({str(f) for f in harness.findings})
    harness.allow("LOSSY_OUTPUT", reason="the tuples are the point")
