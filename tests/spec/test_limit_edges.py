"""Every limit of the server: one below it, at it, and one above."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from scoretest import (
    Cancel,
    Client,
    Event,
    Harness,
    Limits,
    TriggerCron,
    TriggerEvent,
    UsageError,
    create_defer,
)
from scoretest.flow import Batch, Concurrency, Debounce

APP = Client(app_id="shop")
GO = TriggerEvent(event="shop/go")
DAILY = TriggerCron(cron="@daily")
MIB = 1024 * 1024
EDGES = pytest.mark.parametrize("over", [-1, 0, 1])


def ran(handler, *, limits=None, data=None, functions=(), **options):
    """Run a handler once, to its end; return its run, and what was found."""
    options = {"retries": 0, **options}
    function = APP.create_function(fn_id="work", trigger=GO, **options)(handler)
    with Harness(limits=limits, strict=False) as harness:
        harness.serve(APP, functions=[function, *functions])
        (run,) = harness.send("shop/go", data).runs
        harness.fast_forward()
        _ = run.status
        return run, [finding.code for finding in harness.findings]


def is_refused(make):
    """Say whether something that is declared or sent is refused."""
    try:
        make()
    except UsageError:
        return True
    return False


async def nothing(_):
    """Do nothing."""


def declared(**options):
    """Declare a function."""
    options = {"trigger": GO, **options}
    return APP.create_function(fn_id="work", **options)(nothing)


DECLARED = {
    "retries": (20, lambda n: declared(retries=n)),
    "cancels": (5, lambda n: declared(cancel=[Cancel(event="x")] * n)),
    "triggers": (10, lambda n: declared(trigger=[GO] * n)),
    "cron triggers": (10, lambda n: declared(trigger=[DAILY] * n)),
    "concurrency limits": (
        2,
        lambda n: declared(concurrency=[Concurrency(limit=1)] * n),
    ),
    "a batch": (500, lambda n: Batch(max_size=n)),
    "seconds of a batch": (600, lambda n: Batch(max_size=2, timeout=n * 1000)),
    "seconds of a debounce": (7 * 86_400, lambda n: Debounce(period=n * 1000)),
}


@EDGES
@pytest.mark.parametrize("name", DECLARED)
def test_what_is_declared(name, over):
    """The limits of a declaration are the server's constants."""
    most, make = DECLARED[name]

    assert is_refused(lambda: make(most + over)) is (over > 0)


@pytest.mark.parametrize("seconds", [0, 1, 2])
def test_the_shortest_debounce(seconds):
    """A debounce has a period of one second at least."""
    assert is_refused(lambda: Debounce(period=seconds * 1000)) is (seconds < 1)


@pytest.mark.rule("H3")
@EDGES
def test_an_event_s_name(harness, over):
    """It has at most 512 characters; one more is refused."""
    name = "n" * (512 + over)

    assert is_refused(lambda: harness.send(name)) is (over > 0)


@pytest.mark.rule("H3")
@pytest.mark.parametrize(("end", "inward"), [("1980-01-01", 1), ("2100-01-01", -1)])
@EDGES
def test_an_event_s_time(harness, end, inward, over):
    """From 1980 to 2100, to the millisecond."""
    ts = datetime.fromisoformat(end).replace(tzinfo=UTC)
    ts -= timedelta(milliseconds=over * inward)

    assert is_refused(lambda: harness.send("shop/go", ts=ts)) is (over > 0)


@EDGES
def test_an_event_s_size(harness, over):
    """Three MiB of JSON."""
    data = {"x": "x" * (3 * MIB - len('{"x":""}') + over)}

    assert is_refused(lambda: harness.send("shop/go", data)) is (over > 0)


@EDGES
def test_the_events_of_a_request(harness, over):
    """One request carries at most 5,000; one more is refused."""
    events = [Event(name="shop/go")] * (5_000 + over)

    assert is_refused(lambda: harness.send(events)) is (over > 0)


@EDGES
def test_the_output_of_a_step(over):
    """Four MiB; more fails the run."""
    text = "x" * (4 * MIB - 2 + over)

    async def work(ctx):
        return len(await ctx.step.run("a", lambda: text))

    run, _ = ran(work)

    assert run.error is None or run.error.name == "InngestErrStepOutputTooLarge"
    assert (run.error is not None) is (over > 0)


@pytest.mark.rule("E3")
@EDGES
def test_the_data_of_an_invoke(over):
    """Four MiB; more fails the step."""

    @APP.create_function(fn_id="add", trigger=TriggerEvent(event="shop/add"))
    async def add(_):
        return 1

    async def work(ctx):
        data = {"x": "x" * (4 * MIB - len('{"x":""}') + over)}
        return await ctx.step.invoke("add", function=add, data=data)

    run, _ = ran(work, functions=[add])

    assert (run.output == 1) is (over < 1)
    assert (
        over < 1
        or run.error.message == f"its data has {4 * MIB + 1} bytes, over {4 * MIB}"
    )


@EDGES
def test_the_answer_of_an_entry(over):
    """Eight MiB; more fails the run at once."""

    async def work(_):
        return "x" * (8 * MIB - 2 + over)

    run, _ = ran(work, retries=4)

    assert run.error is None or run.error.name == "InngestErrOutputTooLarge"
    assert (str(run.status), run.entries) == ("Failed" if over > 0 else "Completed", 1)


@EDGES
def test_the_state_of_a_run(over):
    """All step outputs together; 32 MiB of the server, a thousand bytes here."""

    async def work(ctx):
        for n in range(10):
            await ctx.step.run(
                f"s{n}", lambda n=n: "x" * (98 + (over if n == 9 else 0))
            )

    run, _ = ran(work, limits=Limits(run_state_bytes=1_000))

    assert run.error is None or run.error.name == "InngestErrStateOverflowed"
    assert (run.error is not None) is (over > 0)
    assert Limits().run_state_bytes == 32 * MIB


@pytest.mark.rule("E5")
@EDGES
def test_the_steps_of_a_run(over):
    """A thousand of the server; one more than the limit fails the run."""

    async def work(ctx):
        for n in range(50 + over):
            await ctx.step.run(f"s{n}", int)

    run, _ = ran(work, limits=Limits(steps_per_run=50))

    assert run.error is None or run.error.name == "InngestErrFunctionOverflowed"
    assert (run.error is not None) is (over > 0)
    assert Limits().steps_per_run == 1_000


@pytest.mark.rule("G4")
@EDGES
def test_the_name_of_a_score(over):
    """128 bytes; more is refused."""

    async def work(ctx):
        await ctx.step.score("rate", name="n" * (128 + over), value=1)

    run, codes = ran(work)

    assert len(run.scores) == (0 if over > 0 else 1)
    assert ("SCORE_INVALID" in codes) is (over > 0)


@pytest.mark.rule("G1")
@pytest.mark.parametrize("of", ["target", "run"])
@EDGES
def test_the_room_for_scores(of, over):
    """64 KiB for a run or a step, one MiB for all of a run; a write too much fails."""

    async def work(ctx):
        for n in range(4):
            step = f"s{n}" if of == "run" else None
            name = "n" * (6 + (over if n == 3 else 0)) + str(n)
            await ctx.step.score(f"w{n}", name=name, value=1, target_step_id=step)
        # a write of the same name takes no more room
        await ctx.step.score("w", name="nnnnnn0", value=2, target_step_id=step and "s0")

    # each is 22 bytes: its name in quotes, its value, and what stands around them
    run, _ = ran(work, limits=Limits(**{f"score_bytes_per_{of}": 88}))

    assert len(run.scores) == (3 if over > 0 else 4)
    assert over < 1 or run.error.message == (
        f"the scores of this {of} have 89 bytes with 'nnnnnnn3', over 88"
    )
    assert (Limits().score_bytes_per_target, Limits().score_bytes_per_run) == (
        64 * 1024,
        MIB,
    )


@EDGES
def test_the_time_of_an_entry(over):
    """Two hours; later the server has given the request up, and tries again."""

    async def work(ctx):
        if ctx.attempt == 0:
            await asyncio.sleep(7_200 + over)
        return ctx.attempt

    run, _ = ran(work, retries=1)

    assert run.output == (1 if over > 0 else 0)


def test_what_is_said_of_a_late_answer():
    """What it wanted deferred is lost with it."""

    @create_defer(APP, fn_id="late")
    async def late(_):
        pass

    async def work(ctx):
        ctx.defer("late", function=late, data={})
        await asyncio.sleep(7_201)

    run, codes = ran(work, functions=[late])

    assert run.error.message == "the request took 2h 1s, over 2h"
    assert codes == ["DEFER_LOST"]


@pytest.mark.rule("E2", "B10")
@pytest.mark.parametrize("tool", ["sleep", "wait", "invoke"])
@EDGES
def test_the_longest_pause(tool, over):
    """366 days; a second more fails the run."""

    @APP.create_function(fn_id="add", trigger=TriggerEvent(event="shop/add"))
    async def add(_):
        return 1

    async def work(ctx):
        pause = timedelta(days=366, seconds=over)
        if tool == "sleep":
            await ctx.step.sleep("a", pause)
        elif tool == "wait":
            await ctx.step.wait_for_event("a", event="shop/x", timeout=pause)
        else:
            await ctx.step.invoke("a", function=add, timeout=pause)

    run, _ = ran(work, functions=[add])

    assert run.error is None or run.error.name == "InngestErrTimeoutTooLong"
    assert (run.error is not None) is (over > 0)


@pytest.mark.rule("A7")
@EDGES
def test_the_defers_of_a_run(over):
    """Twenty; more are rejected."""

    @create_defer(APP, fn_id="late")
    async def late(_):
        pass

    async def work(ctx):
        for n in range(20 + over):
            ctx.defer(f"d{n}", function=late, data={})

    run, codes = ran(work, functions=[late])

    assert len(run.deferred) == 20 + min(over, 0)
    assert codes == ["DEFER_LIMIT"] * (over > 0)


@pytest.mark.rule("F3")
@pytest.mark.parametrize("kind", ["key", "id"])
@EDGES
def test_the_day_of_a_key(harness, on, kind, over):
    """After 24 hours it is new again; at the millisecond before it is not."""

    @on("shop/paid", idempotency="event.data.k" if kind == "key" else None)
    async def paid(_):
        pass

    one = {"id": "x"} if kind == "id" else {}
    harness.send("shop/paid", {"k": 1}, **one)
    harness.advance(timedelta(days=1, milliseconds=over))
    harness.send("shop/paid", {"k": 1}, **one)

    assert len(harness.runs) == (1 if over < 0 else 2)


@pytest.mark.rule("F1")
@EDGES
def test_the_life_of_a_cancel(harness, on, over):
    """365 days after the run was queued an event cancels no more."""

    @on("shop/go", cancel=[Cancel(event="shop/stop")])
    async def work(ctx):
        await ctx.step.sleep("a", "366d")

    (run,) = harness.send("shop/go").runs
    harness.advance(timedelta(days=365, milliseconds=over))
    harness.send("shop/stop")

    assert (str(run.status) == "Cancelled") is (over < 1)


@EDGES
def test_the_bytes_of_a_batch(over):
    """Ten MiB of the server; what is over begins a batch of its own."""

    @APP.create_function(
        fn_id="work", trigger=GO, batch_events=Batch(max_size=5, timeout="5s")
    )
    async def work(ctx):
        return len(ctx.events)

    with Harness(limits=Limits(batch_bytes=2_000)) as harness:
        harness.serve(APP, functions=[work])
        harness.send("shop/go", {"x": ""})
        empty = len(json.dumps(_wire(harness)))
        harness.advance("5s")
        for more in (0, over):
            harness.send("shop/go", {"x": "x" * (1_000 - empty + more)})
        harness.advance("5s")

        outputs = [run.output for run in harness.runs[1:]]

    assert outputs == ([1, 1] if over > 0 else [2])
    assert Limits().batch_bytes == 10 * MIB


def _wire(harness):
    event = harness.events[0]
    ts = int(event.ts.timestamp() * 1000)
    return {
        "name": event.name,
        "data": event.data,
        "id": event.id,
        "ts": ts,
        "user": {},
    }


@EDGES
def test_the_length_of_an_expression(harness, on, over):
    """C8: 100,000 code points; more is none."""
    text = f"async.data.x == '{'x' * (100_000 - len('async.data.x == ') - 2 + over)}'"

    @on("shop/go")
    async def work(ctx):
        await ctx.step.wait_for_event("a", event="x", timeout="1s", if_exp=text)

    (run,) = harness.send("shop/go").runs
    harness.fast_forward()
    harness.allow("INVALID_EXPRESSION", reason="it is the subject")

    assert (run.error is not None) is (over > 0)
