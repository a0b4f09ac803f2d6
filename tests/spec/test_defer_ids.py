"""Two calls of one id, and calls that are taken back."""

import pytest

pytestmark = pytest.mark.rule("A6")


@pytest.fixture
def audit(deferred):
    """A deferred function that returns its data."""

    @deferred(retries=0)
    async def audit(ctx):
        return ctx.input

    return audit


@pytest.fixture
def skipped(harness):
    """Return the messages of all DEFER_SKIPPED findings, and let them pass."""

    def take():
        found = [f.message for f in harness.findings if f.code == "DEFER_SKIPPED"]
        harness.allow("DEFER_SKIPPED", reason="the skipped call is the point")
        return found

    return take


def outputs(run):
    """Return what the deferred runs of a run returned."""
    return [child.output for child in run.deferred]


TWICE = ("the defer 'audit' was skipped: its id 'audit' was used before in this run",)
ELSEWHERE = (
    "the abort of defer 'audit' was skipped: step '{}' aborts what was not deferred "
    "in it"
)


class TestTheSameId:
    """A second call of one id is skipped; the first call's data is used."""

    def test_the_first_call_wins(self, on, start, audit, skipped):
        """Two calls of one id in one entry give one run, with the first data."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            ctx.defer("audit", function=audit, data={"n": 2})
            return await ctx.step.run("charge", int, 1)

        run = start("shop/order")

        assert (run.output, run.entries, outputs(run)) == (1, 2, [{"n": 1}])
        assert skipped() == [*TWICE]

    def test_in_the_body_and_in_a_step(self, on, start, audit, skipped):
        """A step's callback shares its ids with the handler's body."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run(
                "charge", lambda: ctx.defer("audit", function=audit, data={}) and None
            )

        run = start("shop/order")

        assert outputs(run) == [{"n": 1}]
        assert skipped() == [*TWICE]

    def test_an_invalid_call_does_not_use_up_its_id(self, on, start, audit, skipped):
        """A call that was skipped for its data leaves its id to the next call."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data=[1])
            ctx.defer("audit", function=audit, data={"n": 2})

        run = start("shop/order")

        assert outputs(run) == [{"n": 2}]
        assert len(skipped()) == 1


class TestAbort:
    """A defer that is taken back before its parent's end never runs."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_before_it_is_sent(self, harness, on, start, audit, kind):
        """A call and its abort in one entry send nothing."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1}).abort()
                return await ctx.step.run("charge", int)

        else:

            @on("shop/order")
            def order(ctx):
                ctx.defer("audit", function=audit, data={"n": 1}).abort()
                return ctx.step.run("charge", int)

        run = start("shop/order")

        assert (run.output, outputs(run)) == (0, [])
        assert "inngest/deferred.schedule" not in [e.name for e in harness.events]

    def test_after_a_step(self, on, start, audit):
        """An abort reaches the server with the next step."""

        @on("shop/order")
        async def order(ctx):
            handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            handle.abort()
            await ctx.step.run("ship", int)
            return "done"

        run = start("shop/order")

        assert (run.output, run.entries, outputs(run)) == ("done", 3, [])

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_just_before_the_return(self, harness, on, start, audit, kind):
        """An abort in the last entry, with no step after it, is still in time."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                handle = ctx.defer("audit", function=audit, data={"n": 1})
                await ctx.step.run("charge", int)
                handle.abort()
                return "done"

        else:

            @on("shop/order")
            def order(ctx):
                handle = ctx.defer("audit", function=audit, data={"n": 1})
                ctx.step.run("charge", int)
                handle.abort()
                return "done"

        run = start("shop/order")

        assert (run.output, run.entries, outputs(run)) == ("done", 2, [])
        assert "inngest/deferred.schedule" not in [e.name for e in harness.events]

    def test_deferring_again_does_not_revive_it(self, on, start, audit, skipped):
        """After an accepted abort a new call of the id, even alone, starts nothing."""
        passes = []

        @on("shop/order")
        async def order(ctx):
            passes.append(1)
            if len(passes) <= 2:
                handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            if len(passes) == 2:
                handle.abort()
            await ctx.step.run("ship", int)
            ctx.defer("audit", function=audit, data={"n": 2})
            return "done"

        run = start("shop/order")

        assert (run.output, run.entries, outputs(run)) == ("done", 3, [])
        assert skipped() == []

    def test_deferring_again_in_the_same_entry(self, on, start, audit, skipped):
        """An aborted call has used its id: a second call in that entry is skipped."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"n": 1}).abort()
            ctx.defer("audit", function=audit, data={"n": 2})

        run = start("shop/order")

        assert outputs(run) == []
        assert skipped() == [*TWICE]

    def test_twice_is_once(self, harness, on, start, audit):
        """A second abort of the same defer changes nothing and is no mistake."""

        @on("shop/order")
        async def order(ctx):
            handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            handle.abort()
            handle.abort()
            await ctx.step.run("ship", int)

        run = start("shop/order")

        assert (outputs(run), harness.findings) == ([], [])

    def test_others_stay(self, on, start, audit):
        """An abort takes back its own defer and no other."""

        @on("shop/order")
        async def order(ctx):
            handles = [
                ctx.defer(f"audit-{n}", function=audit, data={"n": n}) for n in range(3)
            ]
            await ctx.step.run("charge", int)
            handles[1].abort()

        run = start("shop/order")

        assert outputs(run) == [{"n": 0}, {"n": 2}]

    def test_in_the_callback_that_deferred(self, on, start, audit):
        """A step's callback may take back what it has itself deferred."""

        @on("shop/order")
        async def order(ctx):
            def charge():
                ctx.defer("audit", function=audit, data={"n": 1}).abort()

            await ctx.step.run("charge", charge)
            await ctx.step.run("ship", int)

        run = start("shop/order")

        assert outputs(run) == []

    def test_in_a_callback_of_what_the_body_deferred(self, on, start, audit, skipped):
        """A callback cannot abort the body's defer: replay would call it again."""

        @on("shop/order")
        async def order(ctx):
            handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", handle.abort)

        run = start("shop/order")

        assert outputs(run) == [{"n": 1}]
        assert skipped() == [ELSEWHERE.format("charge")]

    def test_in_a_later_step_of_an_accepted_defer(self, on, start, audit, skipped):
        """A callback cannot abort what the server has already accepted."""

        @on("shop/order")
        async def order(ctx):
            handle = ctx.defer("audit", function=audit, data={"n": 1})
            await ctx.step.run("charge", int)
            await ctx.step.run("ship", handle.abort)

        run = start("shop/order")

        assert outputs(run) == [{"n": 1}]
        assert skipped() == [ELSEWHERE.format("ship")]

    def test_after_the_parent_has_ended(self, on, start, audit, skipped):
        """An abort from outside the running handler is skipped and told."""
        kept = []

        @on("shop/order")
        async def order(ctx):
            kept.append(ctx.defer("audit", function=audit, data={"n": 1}))

        run = start("shop/order")
        kept[0].abort()

        assert outputs(run) == [{"n": 1}]
        (message,) = skipped()
        assert message == (
            "the abort of defer 'audit' was skipped: an abort needs the handler whose "
            "context it belongs to, and that is not running here"
        )

    def test_of_a_skipped_call(self, on, start, audit, skipped):
        """The handle of a call that was skipped does nothing, without a second word."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data=None).abort()
            return "done"

        run = start("shop/order")

        assert (run.output, outputs(run)) == ("done", [])
        assert len(skipped()) == 1
