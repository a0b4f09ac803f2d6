"""What a harness does with its findings: `allow`, `strict`, `expect_failure`."""

import asyncio

import pytest

from scoretest import Client, FindingsError, TriggerEvent, UsageError

client = Client(app_id="shop")


@client.create_function(
    fn_id="order", trigger=TriggerEvent(event="shop/order"), retries=0
)
async def order(ctx):
    """Fail, unless told otherwise."""
    if ctx.event.data.get("fail", True):
        raise ValueError("broken")


@client.create_function(
    fn_id="flaky", trigger=TriggerEvent(event="shop/flaky"), retries=1
)
async def flaky(_ctx):
    """Fail twice, fifteen seconds apart."""
    raise KeyError("k")


@pytest.fixture
def world(harnesses):
    """A harness that serves both functions; the test closes it."""
    return harnesses().serve(client, functions=[order, flaky])


class TestClose:
    """Closing raises what was found."""

    def test_one_error_holds_all_findings(self, world):
        """Each finding stands in the text with its code, place and fix."""
        world.send("shop/order")
        world.send("shop/order")

        with pytest.raises(FindingsError) as info:
            world.close()

        text = str(info.value)
        assert text.startswith("2 findings that the test did not allow\n\nRUN_FAILED: ")
        assert text.count("RUN_FAILED: a run of 'shop-order' failed with") == 2
        assert 'harness.allow("CODE", reason="...")' in text

    def test_it_raises_once(self, world):
        """A second close has nothing more to say."""
        world.send("shop/order")

        with pytest.raises(FindingsError):
            world.close()
        world.close()

        assert world.is_closed

    def test_a_lax_harness_raises_nothing(self, harnesses):
        """`strict=False` keeps the findings to be read."""
        world = harnesses(strict=False).serve(client, functions=[order])
        world.send("shop/order")

        world.close()

        assert [finding.code for finding in world.findings] == ["RUN_FAILED"]

    def test_the_block_of_with_is_judged_at_its_end(self, harnesses):
        """A `with` block closes the harness and raises its findings."""
        with pytest.raises(FindingsError, match="1 finding"), harnesses() as world:
            world.serve(client, functions=[order]).send("shop/order")

    def test_an_exception_of_the_block_is_never_hidden(self, harnesses):
        """What the test itself raised is the news; findings stay silent."""
        with pytest.raises(ZeroDivisionError), harnesses() as world:  # noqa: PT012 -- the block raises at its end
            world.serve(client, functions=[order]).send("shop/order")
            1 / 0  # noqa: B018 -- the exception is wanted

        assert world.is_closed

    def test_closing_cancels_what_is_under_way_and_records_nothing(self, harnesses):
        """The story of a world ends with its close."""
        ended = []

        @client.create_function(fn_id="nap", trigger=TriggerEvent(event="shop/nap"))
        async def nap(ctx):
            try:
                await asyncio.sleep(3_600)
            finally:
                ended.append(ctx.event.data["n"])

        world = harnesses().serve(client, functions=[nap])
        for n in range(3):
            world.send("shop/nap", {"n": n})
        before = str(world.timeline)

        world.close()

        assert (ended, str(world.timeline)) == ([0, 1, 2], before)


class TestAllow:
    """`allow` lets one code pass, for a reason."""

    def test_an_allowed_code_is_no_finding(self, world):
        """It passes whether it was allowed before or after it was found."""
        world.send("shop/order")

        world.allow("RUN_FAILED", reason="the failure is the point")

        assert world.findings == []
        world.close()

    @pytest.mark.parametrize(
        ("code", "reason", "what"),
        [
            ("RUN_FAILD", "why", "there is no finding 'RUN_FAILD'; did you mean"),
            (7, "why", "there is no finding 7"),
            ("RUN_FAILED", "", "allow('RUN_FAILED') needs a reason, not ''"),
            ("RUN_FAILED", None, "allow('RUN_FAILED') needs a reason, not None"),
        ],
    )
    def test_code_and_reason_have_to_make_sense(self, world, code, reason, what):
        """An unknown code and an empty reason are refused."""
        with pytest.raises(UsageError) as info:
            world.allow(code, reason=reason)

        assert info.value.what.startswith(what)


class TestExpectFailure:
    """`expect_failure` requires exactly one failed run of a function."""

    def test_the_failed_run_is_handed_out(self, world):
        """It counts as looked at."""
        with world.expect_failure(order) as failure:
            sent = world.send("shop/order")

        assert (failure.run, failure.run.error.message) == (sent.runs[0], "broken")
        assert world.findings == []

    def test_a_run_that_started_before_may_fail_inside(self, world):
        """Only the moment of failing counts."""
        world.send("shop/flaky")

        with world.expect_failure(flaky) as failure:
            world.fast_forward()

        assert (failure.run.attempts, failure.run.error.name) == (2, "KeyError")

    def test_no_failure_is_an_error(self, world):
        """The error shows the run that there was."""
        with (
            pytest.raises(FindingsError) as info,
            world.expect_failure(flaky),
        ):
            run = world.send("shop/flaky").runs[0]

        assert info.value.what == (
            "exactly one run of 'shop-flaky' was expected to fail, and no run did"
        )
        assert info.value.seen == repr(run)
        assert info.value.fix.startswith("let fast_forward() go through its retries")

    def test_two_failures_are_an_error(self, world):
        """Each failure has a block of its own."""
        with (
            pytest.raises(FindingsError, match="and 2 runs did") as info,
            world.expect_failure(order),
        ):
            runs = [world.send("shop/order").runs[0] for _ in range(2)]

        assert info.value.seen == "; ".join(map(repr, runs))

    def test_the_failure_of_another_function_does_not_count(self, world):
        """It stays a finding of its own."""
        with world.expect_failure(order):
            world.send("shop/order")
            world.send("shop/flaky")
            world.fast_forward()

        assert [finding.message for finding in world.findings] == [
            "a run of 'shop-flaky' failed with KeyError: 'k'"
        ]
        world.allow("RUN_FAILED", reason="the other failure is the point")

    def test_the_blocks_own_exception_passes(self, world):
        """When the block raises, nothing is required of runs."""
        with pytest.raises(ZeroDivisionError), world.expect_failure(order):
            1 / 0  # noqa: B018 -- the exception is wanted

        assert world.findings == []

    def test_reading_the_run_too_early_is_refused(self, world):
        """Inside the block, before the failure, there is no run yet."""
        with (
            pytest.raises(UsageError, match="no run of 'shop-order' has failed in"),
            world.expect_failure(order) as failure,
        ):
            failure.run  # noqa: B018 -- the property raises

    def test_only_served_functions_can_be_expected_to_fail(self, world):
        """Anything else is refused, with what is served."""
        with pytest.raises(UsageError) as info:
            world.expect_failure(len)

        assert (
            info.value.what == "<built-in function len> is not served by this harness"
        )
        assert info.value.seen == "served: shop-flaky, shop-order"
