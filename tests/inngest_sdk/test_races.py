"""Groups in the mode RACE: each branch goes on by itself, whatever its neighbours do."""

import datetime as dt

import inngest
import pytest

pytestmark = pytest.mark.rule("E1")

RACE, WAIT = inngest.ParallelMode.RACE, inngest.ParallelMode.WAIT
SECOND = dt.timedelta(seconds=1)


def settled(harness):
    """Return which steps had their result after how many seconds, in that order."""
    document = harness.timeline.to_json()
    done = ("SleepEnded", "StepCompleted", "StepFailed", "WaitMatched", "WaitTimedOut")
    return [
        (fact["at_us"] // 1_000_000, fact["step"]["id"])
        for fact in document["facts"]
        if fact["fact"] in done
    ]


@pytest.mark.parametrize(
    ("mode", "when"),
    [
        (WAIT, [(1, "a"), (10, "x"), (11, "b"), (20, "y")]),
        (RACE, [(1, "a"), (2, "b"), (10, "x"), (20, "y")]),
    ],
)
def test_a_branch_does_not_wait_for_its_neighbours(on, start, harness, mode, when):
    """In lock step each waits for the slowest at each step."""

    @on("order")
    async def ship(ctx):
        async def fast():
            await ctx.step.sleep("a", SECOND)
            await ctx.step.sleep("b", SECOND)
            return "fast"

        async def slow():
            await ctx.step.sleep("x", 10 * SECOND)
            await ctx.step.sleep("y", 10 * SECOND)
            return "slow"

        return await ctx.group.parallel((fast, slow), mode)

    run = start("order")
    harness.fast_forward()

    assert run.output == ["fast", "slow"]
    assert settled(harness) == when


def test_branches_of_plain_functions_race_too(on, start, harness):
    """Steps that are planned have entries of their own."""

    @on("order")
    def ship(ctx):
        def fast():
            ctx.step.run("a", int)
            return ctx.step.run("b", int)

        def slow():
            ctx.step.sleep("x", 10 * SECOND)
            return ctx.step.run("y", int)

        return ctx.group.parallel((fast, slow), RACE)

    run = start("order")
    harness.fast_forward()

    assert (run.status, run.output) == ("Completed", [0, 0])
    assert settled(harness) == [(0, "a"), (0, "b"), (10, "x"), (10, "y")]


def test_a_branch_is_retried_beside_the_others(on, start, harness):
    """The backoff of one does not hold its neighbour up, nor is it cut short."""
    calls = []

    @on("order")
    async def ship(ctx):
        async def fails():
            calls.append(harness.now.second)
            if len(calls) == 1:
                raise ValueError

        async def flaky():
            await ctx.step.run("flaky", fails)

        async def steady():
            await ctx.step.sleep("x", SECOND)
            await ctx.step.sleep("y", SECOND)

        await ctx.group.parallel((flaky, steady), RACE)

    run = start("order")
    harness.fast_forward()

    assert run.status == "Completed"
    assert calls == [0, 15]  # rule D1
    assert settled(harness) == [(1, "x"), (2, "y"), (15, "flaky")]


def test_one_event_for_two_branches(on, start, harness):
    """Both go on, and neither step behind them is done twice."""
    done = []

    @on("order")
    async def ship(ctx):
        async def hear(name):
            heard = await ctx.step.wait_for_event(
                name, event="paid", timeout=9 * SECOND
            )
            await ctx.step.run(f"{name} done", lambda: done.append(name))
            return heard.data["by"]

        both = (lambda: hear("one")), (lambda: hear("two"))
        return await ctx.group.parallel(both, RACE)

    run = start("order")
    harness.send("paid", {"by": "card"})

    assert (run.output, done) == (["card", "card"], ["one", "two"])


def test_invoked_functions_race(on, start, harness):
    """The branch of the one that answers first goes on at once."""

    @on("nap")
    async def nap(ctx):
        await ctx.step.sleep("nap", ctx.event.data["seconds"] * SECOND)

    @on("order")
    async def ship(ctx):
        async def call(seconds):
            await ctx.step.invoke(
                f"call {seconds}", function=nap, data={"seconds": seconds}
            )
            await ctx.step.run(f"after {seconds}", int)

        await ctx.group.parallel(((lambda: call(9)), (lambda: call(2))), RACE)

    run = start("order")
    harness.fast_forward()

    assert run.status == "Completed"
    assert settled(harness) == [(2, "nap"), (2, "after 2"), (9, "nap"), (9, "after 9")]


def test_groups_after_one_another(on, start, harness):
    """A group in the usual mode is in lock step again, also behind one that raced."""

    @on("order")
    async def ship(ctx):
        async def naps(name, seconds):
            await ctx.step.sleep(f"{name}1", seconds * SECOND)
            await ctx.step.sleep(f"{name}2", seconds * SECOND)

        await ctx.group.parallel(((lambda: naps("a", 1)), (lambda: naps("b", 4))), RACE)
        await ctx.group.parallel(((lambda: naps("c", 1)), (lambda: naps("d", 4))))

    start("order")
    harness.fast_forward()

    first = [(1, "a1"), (2, "a2"), (4, "b1"), (8, "b2")]
    second = [(9, "c1"), (12, "d1"), (13, "c2"), (16, "d2")]
    assert settled(harness) == first + second
