"""Everything that leaves a handler goes through JSON; what changes on the way is told."""

from collections import OrderedDict, namedtuple
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum

import pytest

from scoretest import UsageError

Point = namedtuple("Point", "x y")  # noqa: PYI024 -- the untyped kind is meant


class Mood(Enum):
    """A word that is no text."""

    GOOD = "good"


class Level(IntEnum):
    """A number with a name."""

    HIGH = 3


class Name(str):
    """A text with a type of its own."""

    __slots__ = ()


# what arrives, and what the finding says of the place `v`
LOSSY = {
    "tuple": ((1, 2), [1, 2], "tuple became a list"),
    "namedtuple": (Point(1, 2), [1, 2], "Point became a list"),
    "integer key": ({1: "a"}, {"1": "a"}, "the key 1 became '1'"),
    "bool key": ({True: "a"}, {"true": "a"}, "the key True became 'true'"),
    "null key": ({None: "a"}, {"null": "a"}, "the key None became 'null'"),
    "above 2**53": (
        2**53 + 1,
        2**53 + 1,
        "an integer above 2**53 is inexact for other readers",
    ),
    "above 2**64": (2**70, 2**70, "an integer above 2**53 is inexact"),
    "IntEnum": (Level.HIGH, 3, "Level became a plain int"),
    "str subclass": (Name("a"), "a", "Name became a plain str"),
}
# what the error says of the place `v`
IMPOSSIBLE = {
    "nan": (float("nan"), "nan"),
    "infinity": (float("inf"), "inf"),
    "set": ({1}, "an object of type set"),
    "bytes": (b"x", "an object of type bytes"),
    "datetime": (datetime(2025, 1, 1, tzinfo=UTC), "an object of type datetime"),
    "date": (date(2025, 1, 1), "an object of type date"),
    "Decimal": (Decimal(1), "an object of type Decimal"),
    "Enum": (Mood.GOOD, "an object of type Mood"),
    "object": (object(), "an object of type object"),
    "complex": (1j, "an object of type complex"),
    "lone surrogate": ("\ud800", "a lone surrogate"),
    "tuple key": ({(1, 2): 3}, "a key of type tuple"),
}

lossy = pytest.mark.parametrize(("value", "arrives", "told"), LOSSY.values(), ids=LOSSY)
impossible = pytest.mark.parametrize(
    ("value", "found"), IMPOSSIBLE.values(), ids=IMPOSSIBLE
)


@pytest.fixture
def losses(harness):
    """Return the messages of all LOSSY_OUTPUT findings, and let them pass."""

    def take():
        found = [f.message for f in harness.findings if f.code == "LOSSY_OUTPUT"]
        harness.allow("LOSSY_OUTPUT", reason="the loss is the point")
        return found

    return take


class TestLossy:
    """Data that comes back different is what the handler gets, and a finding."""

    @pytest.mark.rule("E1")
    @lossy
    def test_a_steps_result(self, on, start, losses, value, arrives, told):
        """The code behind a step sees what later entries see; the loss is told once."""
        seen = []

        @on("shop/order")
        async def order(ctx):
            seen.append((await ctx.step.run("load", lambda: {"v": value}))["v"])
            await ctx.step.run("charge", int)

        start("shop/order")

        assert (seen, [type(v) for v in seen]) == ([arrives] * 2, [type(arrives)] * 2)
        (message,) = losses()
        assert message.startswith(f"the result of step 'load' at v: {told}")

    @lossy
    def test_a_handlers_result(self, on, start, losses, value, arrives, told):
        """A run's output is what JSON makes of it."""

        @on("shop/order")
        def order(_ctx):
            return {"v": value}

        run = start("shop/order")

        assert run.output == {"v": arrives}
        (message,) = losses()
        assert message.startswith(f"the handler's result at v: {told}")

    @lossy
    def test_an_events_data(self, harness, on, losses, value, arrives, told):
        """A handler sees an event's data as it came over the wire."""

        @on("shop/order")
        async def order(ctx):
            return ctx.event.data["v"] == arrives

        (run,) = harness.send("shop/order", {"v": value}).runs

        assert run.output is True
        (message,) = losses()
        assert message.startswith(f"the data of event 'shop/order' at v: {told}")

    @lossy
    def test_a_defers_data(self, on, deferred, start, losses, value, arrives, told):  # noqa: PLR0913, PLR0917 -- three columns
        """A deferred function sees its payload as it came over the wire."""

        @deferred()
        async def audit(ctx):
            return ctx.input["v"] == arrives

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"v": value})

        run = start("shop/order")

        assert [child.output for child in run.deferred] == [True]
        (message,) = losses()
        assert message.startswith(f"data.v of defer 'audit': {told}")

    def test_where_it_is(self, harness, on, start, losses):
        """The path leads through lists and maps to the place that changed."""

        @on("shop/order")
        async def order(_ctx):
            return {"lines": [{"size": 1}, {"size": (1, 2)}]}

        start("shop/order")

        assert losses() == [
            "the handler's result at lines[1].size: tuple became a list"
        ]
        assert harness.findings == []

    def test_keys_that_meet(self, on, start, losses):
        """Of two keys that are the same text on the wire, the later one stays."""

        @on("shop/order")
        async def order(_ctx):
            return {1: "a", "1": "b"}

        run = start("shop/order")

        assert run.output == {"1": "b"}
        assert losses() == [
            "the handler's result: the key 1 became '1'",
            "the handler's result: two keys became '1'; the later one stayed",
        ]

    def test_what_stays_the_same(self, harness, on, start):
        """Plain data of every kind arrives as it is, without a word."""
        plain = {
            "": None,
            "b": [True, False],
            "n": [0, -1, 2**53, -(2**53), 1.5, -0.0, 1e300],
            "t": ["", "é", "\U0001f600", "\x00", "' || true"],
            "deep": {"a": {"b": [[]]}},
        }

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run("load", lambda: plain)
            return ctx.event.data

        run = start("shop/order", plain)

        assert run.output == plain
        assert (run.step("load").output, harness.findings) == (plain, [])

    def test_a_dict_of_another_class(self, harness, on, start):
        """An ordered dict is an object as any other."""

        @on("shop/order")
        async def order(_ctx):
            return OrderedDict(b=1, a=2)

        run = start("shop/order")

        assert (run.output, list(run.output)) == ({"b": 1, "a": 2}, ["b", "a"])
        assert harness.findings == []


class TestImpossible:
    """Data that JSON cannot carry fails what wanted to send it."""

    @impossible
    def test_a_steps_result(self, harness, on, start, value, found):
        """The step fails, is retried, and fails its run."""

        @on("shop/order", retries=1)
        async def order(ctx):
            await ctx.step.run("load", lambda: {"v": value})

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.step("load").attempts) == ("Failed", 2)
        assert run.error.name == "OutputUnserializableError"
        assert run.error.message.startswith(
            f"the result of step 'load' at v holds {found}, which JSON cannot carry"
        )

    @pytest.mark.rule("X3")
    @impossible
    def test_a_handlers_result(self, harness, on, start, value, found):
        """The handler's entry fails like any other, and is retried."""

        @on("shop/order", retries=1)
        def order(_ctx):
            return {"v": value}

        run = start("shop/order")
        harness.fast_forward()

        assert (run.status, run.entries) == ("Failed", 2)
        assert run.error.message.startswith(f"the handler's result at v holds {found}")

    @impossible
    def test_an_events_data(self, harness, on, value, found):
        """The event is refused before anything starts."""

        @on("shop/order")
        async def order(_ctx):
            return "never"

        with pytest.raises(UsageError) as refusal:
            harness.send("shop/order", {"v": value})

        assert refusal.value.what == (
            f"the data of event 'shop/order' at v holds {found}, which JSON cannot carry"
        )
        assert (harness.events, harness.runs) == ([], [])

    @pytest.mark.rule("A12")
    @impossible
    def test_a_defers_data(self, harness, on, deferred, start, value, found):
        """The defer is skipped and told; its parent goes on."""

        @deferred()
        async def audit(_ctx):
            return "never"

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"v": value})
            return "ok"

        run = start("shop/order")

        assert (run.output, run.deferred) == ("ok", [])
        (finding,) = harness.findings
        assert finding.message == (
            f"the defer 'audit' was skipped: data.v holds {found}, which JSON cannot "
            "carry"
        )
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")

    def test_a_value_that_holds_itself(self, on, start):
        """A list inside itself is too deep, however much stack there is."""
        loop = []
        loop.append(loop)

        @on("shop/order", retries=0)
        async def order(_ctx):
            return loop

        run = start("shop/order")

        assert run.error.message.startswith(
            "the handler's result is nested deeper than 400 levels"
        )


def test_data_nested_too_deeply_is_named_in_full(harness):
    """The name of an event may hold dots, and stands in the message as it is."""
    data = {}
    for _ in range(401):
        data = {"in": (data,)}

    with pytest.raises(UsageError) as refusal:
        harness.send("shop/order.placed", data)

    assert refusal.value.what == (
        "the data of event 'shop/order.placed' is nested deeper than 400 levels"
    )


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_the_results_of_a_group_become_a_list_in_silence(harness, on, start, kind):
    """The tuple is the group's choice; a handler may return it as it is."""

    async def several(ctx):
        return {"all": await ctx.group.parallel((lambda: ctx.step.run("a", int),))}

    def several_sync(ctx):
        return {"all": ctx.group.parallel((lambda: ctx.step.run("a", int),))}

    on("shop/order")(several if kind == "async" else several_sync)

    assert start("shop/order").output == {"all": [0]}
    assert harness.findings == []
