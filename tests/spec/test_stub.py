"""Stubs stand in for the callbacks of steps."""

from traceback import walk_tb

import pytest

from scoretest import (
    FindingsError,
    NonRetriableError,
    StepError,
    UsageError,
    create_defer,
)


@pytest.fixture
def calls():
    """What the real callback was called for."""
    return []


@pytest.fixture
def order(on, calls):
    """A function with two steps, the first of which should not be called for real."""

    @on("shop/order", retries=2)
    async def order(ctx):
        reply = await ctx.step.run("ask-model", calls.append, "asked")
        await ctx.step.run("ship", int)
        return reply

    return order


class TestStandingIn:
    """A stub yields, raises or calls something in the callback's place."""

    @pytest.mark.parametrize("value", ["Hi", None, {"a": [1]}, False])
    def test_returns(self, harness, start, calls, order, value):
        """The step yields the value, None included; its callback is never called."""
        stub = harness.stub(order, "ask-model", returns=value)

        run = start("shop/order")

        assert (run.output, calls, stub.used) == (value, [], 1)

    def test_a_plain_handler(self, harness, on, start, calls):
        """Steps of ordinary functions are stubbed as well."""

        @on("shop/order")
        def order(ctx):
            return ctx.step.run("ask-model", calls.append, "asked")

        harness.stub(order, "ask-model", returns="Hi")

        run = start("shop/order")

        assert (run.output, calls) == ("Hi", [])

    def test_calls(self, harness, start, calls, order):
        """A function is called instead, once for each attempt, and may be a coroutine."""
        played = []

        async def play():
            played.append(1)
            return len(played)

        harness.stub(order, "ask-model", calls=play)

        run = start("shop/order")

        assert (run.output, played, calls) == (1, [1], [])

    def test_raises(self, harness, start, calls, order):
        """The step fails with the error, and is retried like any other."""
        harness.stub(order, "ask-model", raises=TimeoutError("slow"))

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.error.name, run.error.message) == (
            "Failed",
            "TimeoutError",
            "slow",
        )
        assert (run.step("ask-model").attempts, calls) == (3, [])

    def test_raises_the_same_error_again(self, harness, start, order):
        """Each time it is raised afresh: its traceback does not grow."""
        error = TimeoutError("slow")
        harness.stub(order, "ask-model", raises=error)
        lengths = []

        for _ in range(2):
            with harness.expect_failure(order):
                start("shop/order")
                harness.fast_forward()
            lengths.append(len(list(walk_tb(error.__traceback__))))

        assert lengths[0] == lengths[1] > 0

    def test_raises_a_class(self, harness, on, start):
        """An exception's class is raised as it is; the handler may catch the failure."""

        @on("shop/order", retries=0)
        async def order(ctx):
            try:
                await ctx.step.run("ask-model", int)
            except StepError as error:
                return error.name

        harness.stub(order, "ask-model", raises=KeyError)

        assert start("shop/order").output == "KeyError"

    @pytest.mark.rule("D4")
    def test_raises_something_final(self, harness, start, order):
        """A stub's NonRetriableError ends the run at once, as a callback's would."""
        harness.stub(order, "ask-model", raises=NonRetriableError("no"))

        run = start("shop/order")

        assert (run.status, run.entries) == ("Failed", 1)

    def test_times(self, harness, start, calls, order):
        """A stub for two attempts makes way for the callback at the third."""
        stub = harness.stub(order, "ask-model", raises=OSError("down"), times=2)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, stub.used, calls) == ("Completed", 2, ["asked"])
        assert run.duration == "45s"

    def test_one_after_the_other(self, harness, start, calls, order):
        """Several stubs of a step stand in one after the other, in order of making."""
        harness.stub(order, "ask-model", raises=OSError, times=1)
        harness.stub(order, "ask-model", returns="Hi")

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, calls) == ("Hi", [])

    def test_every_use_of_the_id(self, harness, on, start):
        """A stub stands in for every step that is written with its id."""

        @on("shop/order")
        async def order(ctx):
            return [await ctx.step.run("ask-model", int) for _ in range(3)]

        harness.stub(order, "ask-model", returns=7)

        assert start("shop/order").output == [7, 7, 7]

    def test_only_its_own_function(self, harness, on, start, order):
        """A step of the same id in another function is left alone."""

        @on("shop/other")
        async def other(ctx):
            return await ctx.step.run("ask-model", int, 1)

        harness.stub(order, "ask-model", returns=2)

        assert (start("shop/other").output, start("shop/order").output) == (1, 2)

    def test_what_it_returns_goes_through_json(self, harness, start, order):
        """A stub's tuple is a list to the code behind the step, and told as a loss."""
        harness.stub(order, "ask-model", returns=(1, 2))

        run = start("shop/order")

        assert run.output == [1, 2]
        assert [finding.code for finding in harness.findings] == ["LOSSY_OUTPUT"]
        harness.allow("LOSSY_OUTPUT", reason="the loss is the point")

    @pytest.mark.rule("E3")
    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_of_an_invoke(self, harness, on, start, kind):
        """It stands for the invoked function, which does not run."""

        @on("shop/price")
        async def price(_):
            return 30

        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                first = await ctx.step.invoke("price", function=price)
                await ctx.step.sleep("a", "1s")
                again = await ctx.step.invoke_by_id("price", function_id="price")
                return [first, again]
        else:

            @on("shop/order")
            def order(ctx):
                first = ctx.step.invoke("price", function=price)
                ctx.step.sleep("a", "1s")
                return [first, ctx.step.invoke_by_id("price", function_id="price")]

        stub = harness.stub(order, "price", returns=7, times=1)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, stub.used) == ([7, 30], 1)
        assert [step.op for step in run.steps] == [
            "InvokeFunction",
            "Sleep",
            "InvokeFunction",
        ]
        assert len(harness.runs) == 2

    @pytest.mark.rule("E3")
    @pytest.mark.parametrize(
        ("raises", "name"), [(KeyError("x"), "KeyError"), (NonRetriableError, "")]
    )
    def test_of_an_invoke_that_fails(self, harness, on, start, raises, name):
        """What it raises is the invoked function's failure; nobody tries again."""

        @on("shop/price")
        async def price(_):
            return 30

        @on("shop/order")
        async def order(ctx):
            try:
                await ctx.step.invoke("price", function=price)
            except StepError as error:
                return error.name

        stub = harness.stub(order, "price", raises=raises)

        run = start("shop/order")

        assert (run.output, stub.used) == (name or "NonRetriableError", 1)
        assert run.step("price").status == "Failed"

    def test_of_an_invoke_that_calls_a_coroutine(self, harness, on, start):
        """The invoked function is not run, so that there is nothing to await."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.invoke_by_id("price", function_id="x")

        async def later():
            pass

        harness.stub(order, "price", calls=later)

        run = start("shop/order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert run.error.message == (
            "the stub of step 'price', which invokes, returned a coroutine"
        )

    def test_in_a_parallel_group(self, harness, on, start):
        """A member of a group is stubbed in the entry that runs it."""

        @on("shop/order")
        async def order(ctx):
            both = (
                lambda: ctx.step.run("left", int, 1),
                lambda: ctx.step.run("right", int, 2),
            )
            return list(await ctx.group.parallel(both))

        stub = harness.stub(order, "left", returns=9)

        assert (start("shop/order").output, stub.used) == ([9, 2], 1)


class TestUnused:
    """STUB_UNUSED: a stub that never stood in is a finding when the world closes."""

    @pytest.mark.parametrize(
        ("step_id", "hint"),
        [("ask-modle", "; did you mean 'ask-model'?"), ("zzz", "")],
    )
    def test_the_nearest_step_is_named(self, harness, start, order, step_id, hint):
        """The message shows the step that may be meant, and the steps that ran."""
        harness.stub(order, step_id, returns=1)
        start("shop/order")

        with pytest.raises(FindingsError) as failure:
            harness.close()

        line = self.test_the_nearest_step_is_named.__code__.co_firstlineno + 6
        assert (
            f"STUB_UNUSED: the stub of step {step_id!r} of 'shop-order' was never "
            f"used{hint}\n"
            f"  where: spec/test_stub.py:{line}\n"
            "  fix:   stub one of the steps that ran, ['ask-model', 'ship']\n"
        ) in str(failure.value)

    def test_a_function_that_never_ran(self, harness, order):
        """Without any run the advice is to start the function."""
        harness.stub(order, "ask-model", returns=1)

        with pytest.raises(FindingsError, match="start the function, or remove the"):
            harness.close()

    def test_it_is_told_at_the_end_only(self, harness, start, order):
        """Before the world closes, a stub may still be used."""
        harness.stub(order, "ask-model", returns=1)
        early = harness.findings
        start("shop/order")

        harness.close()

        assert early == []

    def test_a_stub_behind_a_stub_that_never_ends(self, harness, start, order):
        """A second stub that the first leaves no room for is unused."""
        harness.stub(order, "ask-model", returns=1)
        harness.stub(order, "ask-model", returns=2)
        start("shop/order")

        with pytest.raises(FindingsError, match="STUB_UNUSED") as failure:
            harness.close()

        assert "did you mean" not in str(failure.value)

    def test_it_can_be_allowed(self, harness, order):
        """A test that names the code lets unused stubs pass."""
        harness.stub(order, "ask-model", returns=1)
        harness.allow("STUB_UNUSED", reason="shared by several tests")

        harness.close()


class TestArguments:
    """A stub that makes no sense is refused where it is made."""

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({}, "needs exactly one of returns=, raises= and calls="),
            ({"returns": 1, "raises": OSError}, "needs exactly one of"),
            ({"returns": None, "calls": int}, "needs exactly one of"),
            ({"raises": "boom"}, "cannot raise 'boom'"),
            ({"raises": int}, "cannot raise <class 'int'>"),
            ({"calls": 7}, "cannot call 7"),
            ({"returns": 1, "times": 0}, "must be a whole number from 1 on, not 0"),
            ({"returns": 1, "times": True}, "whole number from 1 on, not True"),
            ({"returns": 1, "times": 1.5}, "whole number from 1 on, not 1.5"),
        ],
    )
    def test_refused(self, harness, order, arguments, message):
        """The message shows the value."""
        with pytest.raises(UsageError, match=message):
            harness.stub(order, "ask-model", **arguments)

    def test_a_step_that_is_no_text(self, harness, order):
        """A step is named by its id."""
        with pytest.raises(UsageError, match="must be named by text, not 7"):
            harness.stub(order, 7, returns=1)

    def test_a_function_that_is_not_served(self, harness, client):
        """Another function than those of the harness is refused."""
        audit = create_defer(client, fn_id="audit")(print)

        with pytest.raises(UsageError, match="is not served by this harness"):
            harness.stub(audit, "ask-model", returns=1)
