"""Which call of a defer counts when its parent is entered again."""

import pytest

from scoretest import FindingsError, NonRetriableError


@pytest.fixture
def audit(deferred):
    """A deferred function that returns its data."""

    @deferred(retries=0)
    async def audit(ctx):
        return ctx.input

    return audit


def outputs(run):
    """Return what the deferred runs of a run returned."""
    return [child.output for child in run.deferred]


@pytest.mark.rule("A3")
class TestLost:
    """What the server has not accepted is lost with the failure of the entry."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_defer_before_a_failure_without_a_step(
        self, harness, on, start, audit, kind
    ):
        """A handler that raises in the entry that deferred loses the defer."""
        if kind == "async":

            @on("shop/order", retries=0)
            async def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1})
                raise ValueError("boom")

        else:

            @on("shop/order", retries=0)
            def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1})
                raise ValueError("boom")

        run = start("shop/order")

        assert (run.status, outputs(run)) == ("Failed", [])
        (finding,) = harness.findings
        assert (finding.code, finding.run_id) == ("DEFER_LOST", run.id)
        assert finding.message == (
            "the defer 'audit' was never sent: the handler failed in the entry that "
            "called it"
        )
        assert finding.fix == (
            "put a step between the defer and what can fail, or defer in a step"
        )
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_a_defer_in_a_step_that_is_not_retriable(self, harness, on, start, audit):
        """A callback that raises NonRetriableError fails the function with its defer."""

        @on("shop/order")
        async def order(ctx):
            def charge():
                ctx.defer("audit", function=audit, data={"n": 1})
                raise NonRetriableError("no")

            await ctx.step.run("charge", charge)

        run = start("shop/order")

        assert (run.status, outputs(run)) == ("Failed", [])
        assert [finding.code for finding in harness.findings] == ["DEFER_LOST"]
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_an_unsent_abort_is_lost_as_well(self, on, start, audit):
        """An abort in the entry that fails is never sent, so the defer runs."""

        @on("shop/order", retries=0)
        async def order(ctx):
            handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            handle.abort()
            raise ValueError("boom")

        run = start("shop/order")

        assert (run.status, outputs(run)) == ("Failed", [{"n": 1}])

    def test_each_lost_defer_is_told_once(self, harness, on, start, audit):
        """Five attempts that lose the same two defers make two findings."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("first", function=audit, data={"n": 1})
            ctx.defer("second", function=audit, data={"n": 2})
            raise ValueError("boom")

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.entries) == ("Failed", 5)
        told = [(f.code, f.message.split("'")[1]) for f in harness.findings]
        assert told == [("DEFER_LOST", "first"), ("DEFER_LOST", "second")]
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_a_loss_fails_the_test(self, harness, on, start, audit):
        """A lost defer that the test does not allow is raised when the world closes."""

        @on("shop/order", retries=0)
        async def order(ctx):
            ctx.defer("audit", function=audit, data={})
            raise ValueError("boom")

        assert start("shop/order").status == "Failed"

        with pytest.raises(FindingsError, match="DEFER_LOST: the defer 'audit'"):
            harness.close()


@pytest.mark.rule("X3", "A3")
class TestUnserialisableResult:
    """A result that JSON cannot carry fails the entry like any other error."""

    def test_it_is_retried(self, harness, on, start):
        """A handler that returns an object is tried again, to the last attempt."""

        @on("shop/order", retries=3)
        async def order(_ctx):
            return object()

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.entries) == ("Failed", 4)
        assert run.error.name == "OutputUnserializableError"

    def test_the_defer_of_that_entry_is_lost(self, harness, on, start, audit):
        """A defer before a result that JSON cannot carry never starts."""

        @on("shop/order", retries=0)
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            return object()

        run = start("shop/order")

        assert (run.status, run.entries, outputs(run)) == ("Failed", 1, [])
        assert "inngest/deferred.schedule" not in [e.name for e in harness.events]
        assert [finding.code for finding in harness.findings] == ["DEFER_LOST"]
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_with_a_defer_there_is_no_other_attempt(self, harness, on, start, audit):
        """What takes a defer down with it ends the run at once, as in the package."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": ctx.attempt})
            return {1, 2} if ctx.attempt == 0 else [1, 2]

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.entries, outputs(run)) == ("Failed", 1, [])
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_a_defer_that_was_accepted_before_is_kept(self, harness, on, start, audit):
        """Behind a step the server has the defer, and the result is tried again."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("ship", lambda: None)
            return {1, 2} if ctx.attempt == 0 else [1, 2]

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, outputs(run)) == ([1, 2], [{"n": 1}])


@pytest.mark.rule("A4")
class TestRetried:
    """A retried parent: the data that the server accepted first is the data used."""

    def test_without_a_step_the_successful_attempt_counts(
        self, harness, on, start, audit
    ):
        """The attempt that succeeds sends its own data; the lost one is forgotten."""

        @on("shop/order", retries=2)
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": ctx.attempt})
            if ctx.attempt < 1:
                raise ValueError("flaky")
            return "ok"

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.entries) == ("ok", 2)
        assert outputs(run) == [{"n": 1}]

    def test_after_a_step_the_first_data_stays(self, harness, on, start, audit):
        """Data that went with a step is not replaced by a later attempt's."""
        passes = []

        @on("shop/order", retries=2)
        async def order(ctx):
            passes.append(1)
            ctx.defer("audit", function=audit, data={"n": len(passes)})
            await ctx.step.run("charge", int)
            if ctx.attempt < 1:
                raise ValueError("flaky")
            return len(passes)

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, outputs(run)) == (3, [{"n": 1}])

    def test_later_entries_do_not_overwrite(self, on, start, audit):
        """A defer that is called again in each entry keeps the data of the first."""
        passes = []

        @on("shop/order")
        async def order(ctx):
            passes.append(1)
            ctx.defer("audit", function=audit, data={"n": len(passes)})
            await ctx.step.run("charge", int)
            await ctx.step.run("ship", int)
            return len(passes)

        run = start("shop/order")

        assert (run.output, run.entries, outputs(run)) == (3, 3, [{"n": 1}])

    def test_later_data_is_not_even_checked(self, on, start, audit):
        """What a later entry passes for an accepted defer does not matter at all."""
        passes = []

        @on("shop/order")
        async def order(ctx):
            passes.append(1)
            data = {"n": 1} if len(passes) == 1 else {"n": object()}
            ctx.defer("audit", function=audit, data=data)
            await ctx.step.run("charge", int)

        run = start("shop/order")

        assert outputs(run) == [{"n": 1}]

    def test_a_defer_that_is_not_called_again_stays(self, on, start, audit):
        """A defer accepted in one entry runs, although later entries skip the call."""
        passes = []

        @on("shop/order")
        async def order(ctx):
            passes.append(1)
            if len(passes) == 1:
                ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)

        run = start("shop/order")

        assert outputs(run) == [{"n": 1}]
