"""How many defers a run may have, and how large they may be."""

import pytest

from scoretest import Client, Limits, TriggerEvent, create_defer

pytestmark = pytest.mark.rule("A7")

EMPTY = len('{"blob":""}')
# from this size on the harness measures JSON exactly
LARGE = 70_000


@pytest.fixture
def settled(harnesses):
    """Return a function that runs a parent with some defers, under some limits."""

    def settle(payloads, **limits):
        client = Client(app_id="shop")

        @create_defer(client, fn_id="audit")
        async def audit(_ctx):
            return "audited"

        @client.create_function(fn_id="order", trigger=TriggerEvent(event="shop/order"))
        async def order(ctx):
            for number, data in enumerate(payloads):
                ctx.defer(f"audit-{number}", function=audit, data=data)
            await ctx.step.run("charge", int)
            return "done"

        world = harnesses(limits=Limits(**limits))
        world.serve(client, functions=[order, audit])
        run = world.send("shop/order").runs[0]
        rejected = [f.message for f in world.findings if f.code == "DEFER_LIMIT"]
        world.allow("DEFER_LIMIT", reason="the limit is the point")
        return run, rejected

    return settle


def blob(size):
    """Return data that is *size* bytes of JSON."""
    return {"blob": "x" * (size - EMPTY)}


@pytest.mark.parametrize("count", [19, 20, 21, 25])
def test_a_run_has_at_most_twenty_defers(settled, count):
    """The first twenty defers of a run are kept, the others rejected and told."""
    run, rejected = settled([{}] * count)

    assert (run.output, len(run.deferred)) == ("done", min(count, 20))
    assert rejected == [
        f"the defer 'audit-{n}' was rejected: a run has at most 20 defers"
        for n in range(20, count)
    ]


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_the_data_of_one_defer_is_bounded(settled, extra):
    """Data of exactly the limit is kept, one byte more is rejected."""
    size = LARGE + extra

    run, rejected = settled([blob(size), {}], defer_input_bytes=LARGE)

    assert (run.output, len(run.deferred)) == ("done", 2 if extra < 1 else 1)
    assert rejected == [
        f"the defer 'audit-0' was rejected: its data has {size} bytes, over {LARGE}"
    ] * (extra == 1)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_the_data_of_all_defers_is_bounded(settled, extra):
    """Two defers that are small enough alone may be too large together."""
    payloads = [blob(LARGE), blob(LARGE + extra)]

    run, rejected = settled(payloads, defer_total_bytes=2 * LARGE)

    assert (run.output, len(run.deferred)) == ("done", 2 if extra < 1 else 1)
    why = f"the run's defers have {2 * LARGE + 1} bytes together, over {2 * LARGE}"
    assert rejected == [f"the defer 'audit-1' was rejected: {why}"] * (extra == 1)


def test_the_server_allows_four_mebibytes(settled):
    """Without other limits, four MiB is the most that one defer carries."""
    most = 4 * 1024 * 1024

    kept, none_rejected = settled([blob(most)])
    lost, one_rejected = settled([blob(most + 1)])

    assert (len(kept.deferred), none_rejected) == (1, [])
    assert (lost.status, lost.deferred, len(one_rejected)) == ("Completed", [], 1)


@pytest.fixture
def settled_with_abort(harnesses):
    """A run with two places, one of them aborted before the third call."""
    client = Client(app_id="shop")

    @create_defer(client, fn_id="audit")
    async def audit(_ctx):
        return "audited"

    @client.create_function(fn_id="order", trigger=TriggerEvent(event="shop/order"))
    async def order(ctx):
        first = ctx.defer("first", function=audit, data={"n": 0})
        ctx.defer("second", function=audit, data={"n": 1})
        await ctx.step.run("charge", int)
        first.abort()
        await ctx.step.run("ship", int)
        ctx.defer("third", function=audit, data={"n": 2})

    world = harnesses(limits=Limits(defers_per_run=2))
    world.serve(client, functions=[order, audit])
    world.allow("DEFER_LIMIT", reason="the third has no place")
    return world.send("shop/order").runs[0]


def test_aborted_defers_count(settled_with_abort):
    """A defer that the server accepted and took back has used a place."""
    run = settled_with_abort

    assert [child.event.data["n"] for child in run.deferred] == [1]
