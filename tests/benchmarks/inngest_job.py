"""The standard job with functions of the real package, beside the package's own mock.

The functions are those of `standard_job`, written with `inngest` and `create_defer`. The
mock raises at a defer and needs every wait stubbed, so it gets less to do: the parent
without its defer and the scorer with a stub for its wait, each triggered by itself.
Times are those of the processor, so that other work on the machine counts less.
"""

import gc
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import process_time
from typing import Any

import inngest
from inngest.experimental import create_defer, mocked

from scoretest import Event, Harness

from .standard_job import HOUR, check, script, with_scoretest
from .table import show, table

SIZE = 1_000
ROUNDS = 5
WEEK = timedelta(days=7)
GOAL = 350  # µs for each job, of either kind

Functions = tuple[inngest.Inngest, list[inngest.Function[Any]]]


def build_async() -> Functions:
    """Return the client and the functions of the job, as coroutines."""
    client = inngest.Inngest(app_id="bench", is_production=False)

    async def answer(content: str) -> str:
        return f"Thanks for writing: {content}"

    @create_defer(client, fn_id="scorer")
    async def scorer(ctx: inngest.Context) -> None:
        ticket = ctx.event.data["ticketId"]
        feedback = await ctx.step.wait_for_event(
            "wait",
            event="bench/feedback",
            timeout=WEEK,
            if_exp=f"async.data.ticketId == '{ticket}'",
        )
        value = 0.5 if feedback is None else 1
        run_id = ctx.parents[0].run_id
        await client.score(name="feedback", value=value, run_id=run_id)

    trigger = inngest.TriggerEvent(event="bench/ticket")

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent(ctx: inngest.Context) -> dict[str, str]:
        ticket = str(ctx.event.data["ticketId"])
        response = await ctx.step.run("answer", answer, ticket)
        ctx.defer("score", function=scorer, data={"ticketId": ticket})
        return {"response": response}

    return client, [parent, scorer]


def build_sync() -> Functions:
    """Return the client and the functions of the job, as ordinary functions."""
    client = inngest.Inngest(app_id="bench", is_production=False)

    def answer(content: str) -> str:
        return f"Thanks for writing: {content}"

    @create_defer(client, fn_id="scorer")
    def scorer(ctx: inngest.ContextSync) -> None:
        ticket = ctx.event.data["ticketId"]
        feedback = ctx.step.wait_for_event(
            "wait",
            event="bench/feedback",
            timeout=WEEK,
            if_exp=f"async.data.ticketId == '{ticket}'",
        )
        value = 0.5 if feedback is None else 1
        run_id = ctx.parents[0].run_id
        client.score_sync(name="feedback", value=value, run_id=run_id)

    trigger = inngest.TriggerEvent(event="bench/ticket")

    @client.create_function(fn_id="parent", trigger=trigger)
    def parent(ctx: inngest.ContextSync) -> dict[str, str]:
        ticket = str(ctx.event.data["ticketId"])
        response = ctx.step.run("answer", answer, ticket)
        ctx.defer("score", function=scorer, data={"ticketId": ticket})
        return {"response": response}

    return client, [parent, scorer]


def on_harness(functions: Functions) -> Callable[[int], list[float]]:
    """Return the job of *functions* on a harness, everything on."""

    def job(size: int) -> list[float]:
        with Harness() as harness:
            harness.serve(*functions)
            for second, events in script(size, 0):
                harness.advance(timedelta(seconds=HOUR) if second else timedelta())
                harness.send([Event(name=n, data={"ticketId": t}) for n, t in events])
            harness.advance("7d")
            return [float(score.value) for score in harness.scores]

    return job


def on_mock() -> Callable[[int], list[float]]:
    """Return what the package's mock can do of the job: neither defer nor clock."""
    client = mocked.Inngest(app_id="bench")

    @client.create_function(fn_id="p", trigger=inngest.TriggerEvent(event="ticket"))
    def parent(ctx: inngest.ContextSync) -> dict[str, str]:
        ticket = str(ctx.event.data["ticketId"])
        return {"response": ctx.step.run("answer", lambda: f"Thanks: {ticket}")}

    @client.create_function(fn_id="s", trigger=inngest.TriggerEvent(event="score"))
    def scorer(ctx: inngest.ContextSync) -> float:
        feedback = ctx.step.wait_for_event("wait", event="bench/feedback", timeout=WEEK)
        return 0.5 if feedback is None else 1

    def job(size: int) -> list[float]:
        scores = []
        for ticket in range(size):
            data = {"ticketId": f"t{ticket}"}
            mocked.trigger(parent, inngest.Event(name="ticket", data=data), client)
            answer = inngest.Event(name="bench/feedback", data=data)
            stub = mocked.Timeout if ticket % 2 else answer
            event = inngest.Event(name="score", data=data)
            done = mocked.trigger(scorer, event, client, step_stubs={"wait": stub})
            scores.append(float(str(done.output)))
        return scores

    return job


def timed(job: Callable[[int], list[float]], size: int) -> float:
    """Return how many microseconds one job of *size* takes."""
    gc.collect()
    start = process_time()
    scores = job(size)
    spent = process_time() - start
    check(scores, size)
    return spent * 1_000_000 / size


def main(size: int = SIZE, rounds: int = ROUNDS) -> dict[str, float]:
    """Print the microseconds of each kind of job, and return them."""
    jobs: dict[str, Callable[[int], list[float]]] = {
        "inngest, async": on_harness(build_async()),
        "inngest, sync": on_harness(build_sync()),
        "scoretest": lambda count: with_scoretest(count, 0),
        "mocked.trigger": on_mock(),
    }
    for job in jobs.values():
        timed(job, 20)  # imports and caches
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            spent[name].append(timed(job, size))
    results = {name: median(times) for name, times in spent.items()}
    rows = [
        [name, f"{time:.0f}", f"{GOAL}" if name.startswith("inngest") else ""]
        for name, time in results.items()
    ]
    title = f"J({size}) of the real package, median of {rounds} interleaved rounds"
    show(table(title, ["functions", "µs/job", "goal"], rows))
    return results
