"""Calls of defer that the server would never see."""

import pytest

from scoretest import NotBuiltError, UsageError, create_defer


@pytest.fixture
def audit(deferred):
    """A deferred function that returns its data."""

    @deferred(retries=0)
    async def audit(ctx):
        return ctx.input

    return audit


def handler(_ctx):
    """Something that is no deferred function."""


@pytest.mark.rule("A12")
class TestSkipped:
    """An invalid call is skipped and told; the parent goes on."""

    @pytest.mark.parametrize(
        ("defer_id", "data", "why"),
        [
            (
                "x",
                {"n": 1, "_inngest": {}},
                "its data holds the reserved key '_inngest'",
            ),
            (
                "x",
                {"_inngestExperiment": 1},
                "its data holds the reserved key '_inngestExperiment'",
            ),
            ("x", {"n": float("nan")}, "data.n holds nan, which JSON cannot carry"),
            (
                "x",
                {"n": {"m": [float("-inf")]}},
                "data.n.m[0] holds -inf, which JSON cannot carry",
            ),
            (
                "x",
                {"n": object()},
                "data.n holds an object of type object, which JSON cannot carry",
            ),
            ("", {"n": 1}, "a defer's id must be text, not ''"),
            (None, {"n": 1}, "a defer's id must be text, not None"),
            ("x", [1], "its data must be an object with text keys, not [1]"),
            ("x", None, "its data must be an object with text keys, not None"),
            ("x", {1: 2}, "its data must be an object with text keys, not {1: 2}"),
        ],
    )
    def test_the_call(self, harness, on, audit, defer_id, data, why):
        """The finding says what is wrong with the call and where it stands."""

        @on("shop/order")
        async def order(ctx):
            ctx.defer(defer_id, function=audit, data=data)
            ctx.defer("good", function=audit, data={"n": 2})
            return "ok"

        (run,) = harness.send("shop/order").runs

        assert (run.status, run.output) == ("Completed", "ok")
        assert [child.output for child in run.deferred] == [{"n": 2}]
        (finding,) = harness.findings
        line = order.handler.__code__.co_firstlineno + 2
        assert finding.code == "DEFER_SKIPPED"
        assert finding.message == f"the defer {defer_id!r} was skipped: {why}"
        assert f"(spec/test_defer_invalid.py:{line})" in finding.where
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")

    @pytest.mark.parametrize("kind", ["handler", "function", "text"])
    def test_the_target(self, harness, on, start, kind):
        """Only what `create_defer` or `create_scorer` made can be deferred."""

        @on("shop/plain")
        async def plain(_ctx):
            return "never"

        target = {"handler": handler, "function": plain, "text": "shop-audit"}[kind]

        @on("shop/order")
        async def order(ctx):
            ctx.defer("x", function=target, data={})
            return "ok"

        run = start("shop/order")

        assert (run.output, run.deferred, len(harness.runs)) == ("ok", [], 1)
        (finding,) = harness.findings
        assert finding.code == "DEFER_SKIPPED"
        assert finding.message.endswith("is no deferred function")
        assert finding.fix == "make it with create_defer or create_scorer"
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")

    def test_outside_the_running_handler(self, harness, on, start, audit):
        """A context that is used after its handler has ended defers nothing."""
        contexts = []

        @on("shop/order")
        async def order(ctx):
            contexts.append(ctx)

        run = start("shop/order")
        contexts[0].defer("audit", function=audit, data={}).abort()
        harness.fast_forward()

        assert run.deferred == []
        (finding,) = harness.findings
        assert finding.message == (
            "the defer 'audit' was skipped: a defer needs the handler whose context it "
            "belongs to, and that is not running here"
        )
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")

    def test_a_plain_handler_goes_on_as_well(self, harness, on, start, audit):
        """A parent that is an ordinary function is not harmed either."""

        @on("shop/order")
        def order(ctx):
            ctx.defer("x", function=audit, data={"n": {1, 2}})
            return "ok"

        run = start("shop/order")

        assert (run.output, run.deferred) == ("ok", [])
        assert [finding.code for finding in harness.findings] == ["DEFER_SKIPPED"]
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


class TestNotBuilt:
    """What later issues bring is refused by name."""

    def test_an_option_of_the_deferred_function(self, client):
        """Options that a deferred function cannot have yet are refused."""
        with pytest.raises(NotBuiltError, match="middleware"):
            create_defer(client, fn_id="audit", middleware=[])

    def test_an_unknown_option(self, client):
        """An option that no version has is a mistake, not a thing to come."""
        with pytest.raises(UsageError, match="retires"):
            create_defer(client, fn_id="audit", retires=1)
