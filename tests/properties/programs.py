"""Twenty-six programs, each a small world from its first event to its end.

Every program takes a fresh harness and `finish`, which lets time pass until nothing is
pending. None reads a clock, chance or the environment. Run as a script, this file plays
them all and prints a digest of each timeline and trace; `test_determinism.py` does that
in interpreters of their own.
"""

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import anyio

from scoretest import (
    Cancel,
    Client,
    Event,
    Harness,
    NonRetriableError,
    RetryAfterError,
    Score,
    Singleton,
    StepError,
    Timeouts,
    TriggerEvent,
    create_defer,
    create_scorer,
    experiment,
    flow,
)

Finish: TypeAlias = Callable[[Harness], object]
Program: TypeAlias = Callable[[Harness, Finish], object]

PROGRAMS: dict[str, Program] = {}


def program(play: Program) -> Program:
    """Add *play* to the programs."""
    PROGRAMS[play.__name__] = play
    return play


class App:
    """A client and its functions, as short as a program needs them."""

    def __init__(self) -> None:
        self.client = Client(app_id="app")
        self.functions = []

    def on(self, event, **options):
        """Make a function: ``@app.on("a/b")``; its id is the handler's name."""

        def decorate(handler):
            trigger = TriggerEvent(event=event)
            make = self.client.create_function(
                fn_id=handler.__name__, trigger=trigger, **options
            )
            self.functions.append(make(handler))
            return self.functions[-1]

        return decorate

    def add(self, function):
        """Serve a deferred function or a scorer too."""
        self.functions.append(function)
        return function

    def serve(self, world):
        """Let *world* serve everything that was made."""
        world.serve(self.client, functions=self.functions)


@dataclass
class Ticket:
    """What a scorer of tickets is given."""

    ticket: str


def support() -> App:
    """Return the chain of the demonstration: a parent, its scorer, a signal."""
    app = App()

    @app.add
    @create_scorer(app.client, fn_id="feedback", schema=Ticket)
    async def feedback(ctx):
        signal = await ctx.step.wait_for_event(
            "wait",
            event="ticket/feedback",
            timeout="7d",
            if_exp=f"async.data.ticket == '{ctx.input.ticket}'",
        )
        if signal is None:
            return Score("user-feedback", 0.5)
        return Score("user-feedback", 1 if signal.data["helpful"] else 0)

    @app.on("ticket/created")
    async def answer(ctx):
        text = await ctx.step.run("answer", "Re: {}".format, ctx.event.data["ticket"])
        ctx.defer("score", function=feedback, data={"ticket": ctx.event.data["ticket"]})
        return {"answer": text}

    return app


@program
def one_ticket_with_feedback(world, finish):
    """A ticket is answered, and a customer says that it helped."""
    support().serve(world)
    world.send("ticket/created", {"ticket": "t1"})
    world.advance("1h")
    world.send("ticket/feedback", {"ticket": "t1", "helpful": True})
    finish(world)


@program
def three_tickets(world, finish):
    """One customer is happy, one is not, and one is silent."""
    support().serve(world)
    for name in ("happy", "unhappy", "silent"):
        world.send("ticket/created", {"ticket": name})
    world.advance("6d 23h")
    world.send("ticket/feedback", {"ticket": "unhappy", "helpful": False})
    world.send("ticket/feedback", {"ticket": "happy", "helpful": True})
    world.send("ticket/feedback", {"ticket": "stranger", "helpful": True})
    finish(world)


@program
def many_tickets_in_one_request(world, finish):
    """Forty tickets, and feedback for every third in reverse order."""
    support().serve(world)
    names = [f"t{n}" for n in range(40)]
    world.send([Event(name="ticket/created", data={"ticket": name}) for name in names])
    world.advance("2d")
    world.send(
        [
            Event(name="ticket/feedback", data={"ticket": name, "helpful": True})
            for name in reversed(names[::3])
        ]
    )
    finish(world)


@program
def retries_to_the_end(world, finish):
    """A function that always fails, and one that gets through in the end."""
    app = App()

    @app.on("go")
    async def hopeless(ctx):
        raise ValueError(f"attempt {ctx.attempt}")

    @app.on("go", retries=3)
    def flaky(ctx):
        if ctx.attempt < 3:
            raise OSError("not yet")
        return ctx.attempt

    app.serve(world)
    world.send("go")
    finish(world)


@program
def retries_of_steps(world, finish):
    """Steps with attempts of their own, one of them asking for later."""
    app = App()

    @app.on("go", retries=2)
    async def order(ctx):
        def late():
            if ctx.attempt == 0:
                raise RetryAfterError("busy", timedelta(minutes=5))
            return "charged"

        def never():
            raise KeyError("card")

        charged = await ctx.step.run("charge", late)
        try:
            await ctx.step.run("never", never)
        except StepError as error:
            return [charged, error.name, error.message]

    app.serve(world)
    world.send("go")
    finish(world)


@program
def a_parallel_group(world, finish):
    """Chains, a sleep, a wait and a failing member side by side."""
    app = App()

    @app.on("go", retries=1)
    async def order(ctx):
        async def chain(name):
            first = await ctx.step.run(f"{name}1", str.upper, name)
            await ctx.step.sleep(f"{name}2", "3s")
            return first + await ctx.step.run(f"{name}3", str.lower, name)

        def bad():
            raise ValueError("bad")

        values = await ctx.group.parallel(
            (
                lambda: chain("a"),
                lambda: ctx.step.wait_for_event("w", event="paid", timeout="1h"),
                lambda: chain("b"),
            )
        )
        try:
            await ctx.group.parallel(
                (
                    lambda: ctx.step.run("good", int),
                    lambda: ctx.step.run("bad", bad),
                )
            )
        except StepError as error:
            return [values[0], values[2], error.message]

    app.serve(world)
    world.send("go")
    world.advance("2s")
    world.send("paid", {"n": 1})
    finish(world)


@program
def gathered_steps(world, finish):
    """Thirty steps under one gather, some of which sleep by themselves."""
    app = App()

    @app.on("go")
    async def order(ctx):
        async def body(n):
            await asyncio.sleep(n % 7)
            return n

        return await asyncio.gather(
            *(ctx.step.run(f"s{n}", body, n) for n in range(30))
        )

    app.serve(world)
    world.send("go")
    finish(world)


@program
def task_groups(world, finish):
    """Steps in task groups of asyncio and of anyio."""
    app = App()

    @app.on("go")
    async def order(ctx):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ctx.step.run(f"t{n}", int, n)) for n in range(9)]
        async with anyio.create_task_group() as scope:
            for n in range(5):
                scope.start_soon(ctx.step.sleep, f"nap{n}", 1_000 * (5 - n))
        return [task.result() for task in tasks]

    app.serve(world)
    world.send("go")
    finish(world)


@program
def worker_threads(world, finish):
    """Callbacks that use threads, one after the other and together."""
    app = App()

    @app.on("go")
    async def order(ctx):
        async def work(n):
            return await anyio.to_thread.run_sync(pow, n, 2)

        first = await ctx.step.run("first", work, 3)
        both = await asyncio.gather(
            ctx.step.run("a", work, 4), ctx.step.run("b", work, 5)
        )
        return [first, *both]

    app.serve(world)
    world.send("go")
    finish(world)


@program
def completed_and_unordered_tasks(world, finish):
    """A callback that waits for the first of several tasks by their sleeps."""
    app = App()

    @app.on("go")
    async def order(ctx):
        async def race():
            naps = [asyncio.sleep(9 - n, result=n) for n in range(9)]
            return [await nap for nap in asyncio.as_completed(naps)]

        return await ctx.step.run("race", race)

    app.serve(world)
    world.send("go")
    finish(world)


@program
def sync_handlers(world, finish):
    """Ordinary functions with calls, sleeps, waits and groups."""
    app = App()

    @app.on("go")
    def order(ctx):
        shelf = ctx.step.run("reserve", dict, {"shelf": 7})
        ctx.step.sleep("settle", "90m")
        both = ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event("w", event="paid", timeout="1d"),
                lambda: ctx.step.run("pack", str.upper, "box"),
            )
        )
        ctx.step.send_event("ship", Event(name="ship", data={"box": both[1]}))
        return [shelf, both[0] is None]

    @app.on("ship")
    def ship(ctx):
        return ctx.event.data["box"]

    app.serve(world)
    world.send("go")
    world.advance("2h")
    world.send("paid")
    world.send("go")
    finish(world)


@program
def fan_out(world, finish):
    """One event starts five functions; each sends on and waits for an answer."""
    app = App()

    for number in range(5):

        async def member(ctx, number=number):
            await ctx.step.send_event(
                "ask", Event(name="ask", data={"from": number}, id=f"ask-{number}")
            )
            answer = await ctx.step.wait_for_event(
                "answer", event="answer", timeout="1m", if_exp="async.data.ok == true"
            )
            return None if answer is None else answer.data["to"]

        member.__name__ = f"member{number}"
        app.on("go")(member)

    @app.on("ask")
    async def reply(ctx):
        await ctx.step.sleep("think", timedelta(seconds=ctx.event.data["from"]))
        data = {"to": ctx.event.data["from"], "ok": ctx.event.data["from"] == 3}
        await ctx.step.send_event("answer", Event(name="answer", data=data))

    app.serve(world)
    world.send("go")
    finish(world)


@program
def timers_of_one_instant(world, finish):
    """Sleeps, waits and retries that all end at the same second."""
    app = App()

    @app.on("go", retries=1)
    async def sleeper(ctx):
        await ctx.step.sleep("nap", "15s")
        return ctx.event.data["n"]

    @app.on("go", retries=1)
    async def waiter(ctx):
        await ctx.step.wait_for_event("w", event="never", timeout="15s")
        return ctx.event.data["n"]

    @app.on("go", retries=1)
    async def retrier(ctx):
        if ctx.attempt == 0:
            raise ValueError("first")
        return ctx.event.data["n"]

    app.serve(world)
    for n in range(4):
        world.send("go", {"n": n})
    finish(world)


@program
def future_and_repeated_events(world, finish):
    """Events with a time to come, with times past, and with ids seen before."""
    app = App()

    @app.on("go")
    async def order(ctx):
        return ctx.event.data

    app.serve(world)
    for seconds in (30, -30, 10, 0):
        ts = world.now + timedelta(seconds=seconds)
        world.send("go", {"s": seconds}, id=f"id-{abs(seconds)}", ts=ts)
    finish(world)
    world.advance("1d")
    world.send("go", {"s": "again"}, id="id-30")
    finish(world)


@program
def failures_of_all_kinds(world, finish):
    """Non-retriable, unserialisable, too long, uncaught, and one that listens."""
    app = App()

    @app.on("stop")
    async def stop(_ctx):
        raise NonRetriableError("stop")

    @app.on("set", retries=1)
    async def unserialisable(_ctx):
        return {"a", "b", "c"}

    @app.on("long")
    async def long(ctx):
        await ctx.step.sleep("long", timedelta(days=400))

    @app.on("uncaught", retries=1)
    async def uncaught(ctx):
        def fail():
            raise LookupError(f"{object()} is not in {ctx.run_id}")

        await ctx.step.run("fail", fail)

    @app.on("inngest/function.failed")
    async def alarm(ctx):
        return [ctx.event.data["function_id"], ctx.event.data["error"]["name"]]

    app.serve(world)
    for name in ("stop", "set", "long", "uncaught"):
        world.send(name)
    finish(world)


@program
def defers_of_every_fate(world, finish):
    """Kept, aborted, repeated, skipped, lost and never served."""
    app = App()

    @create_defer(app.client, fn_id="unserved")
    async def unserved(_ctx):
        return None

    @app.add
    @create_defer(app.client, fn_id="later", retries=0)
    async def later(ctx):
        if ctx.event.data["n"] == 3:
            raise ValueError("three")
        return ctx.event.data["n"]

    @app.on("go", retries=0)
    async def order(ctx):
        for n in range(5):
            ctx.defer(f"d{n}", function=later, data={"n": n})
        ctx.defer("d0", function=later, data={"n": "again"})
        ctx.defer("d1", function=later, data={"n": 1}).abort()
        ctx.defer("bad", function=later, data={"n": float("nan")})
        ctx.defer("gone", function=unserved, data={})
        await ctx.step.sleep("nap", "1m")
        ctx.defer("lost", function=later, data={"n": "lost"})
        raise ValueError("the parent fails")

    app.serve(world)
    world.send("go")
    finish(world)


@program
def nested_defers(world, finish):
    """A deferred function that defers, and scores that replace each other."""
    app = App()

    @app.add
    @create_scorer(app.client, fn_id="deep")
    async def deep(_ctx):
        return [Score("depth", 2), Score("fine", value=True)]

    @app.add
    @create_scorer(app.client, fn_id="shallow")
    async def shallow(ctx):
        ctx.defer("deeper", function=deep, data={})
        await ctx.step.sleep("nap", "1h")
        return {"name": "depth", "value": 1}

    @app.on("go")
    async def order(ctx):
        await ctx.step.score("own", name="depth", value=0)
        ctx.defer("score", function=shallow, data={"for": ctx.run_id})

    app.serve(world)
    world.send("go")
    finish(world)
    world.send("go")
    finish(world)


@program
def repeated_step_ids(world, finish):
    """One id for steps of every kind, in a loop."""
    app = App()

    @app.on("go")
    async def order(ctx):
        got = []
        for n in range(6):
            got.append(await ctx.step.run("same", int, n))
            await ctx.step.sleep("same", "1s 500ms")
        return got

    app.serve(world)
    world.send("go")
    finish(world)


@program
def mistakes(world, finish):  # noqa: C901 -- one handler for each mistake
    """Handlers that earn a finding of almost every code."""
    app = App()
    entries = []

    @app.on("go")
    async def nondeterministic(ctx):
        entries.append(1)
        await ctx.step.run(f"load {min(len(entries), 2)}", tuple, "ab")

    @app.on("go", retries=0)
    async def nested(ctx):
        await ctx.step.run("outer", lambda: ctx.step.run("inner", int))

    @app.on("go")
    async def forgotten(ctx):
        ctx.step.run("forgotten", int)

    @app.on("go")
    async def swallowing(ctx):
        try:
            await ctx.step.run("charge", int)
        except BaseException:  # noqa: BLE001 -- the mistake itself
            return "swallowed"

    @app.on("go")
    async def leaking(_ctx):
        leaking.task = asyncio.create_task(asyncio.sleep(3_600))

    @app.on("go", retries=0)
    async def misusing(ctx):
        await ctx.step.sleep("nap", "soon")

    @app.on("go")
    async def misspelling(ctx):
        await ctx.step.wait_for_event("w", event="x", timeout="1s", if_exp="a === 1")

    app.serve(world)
    world.send("go")
    finish(world)


@program
def an_application_around_it(world, finish):
    """The application's own coroutine sends through the client and reads the clock."""
    app = App()

    @app.on("go")
    async def order(ctx):
        await app.client.send(Event(name="note", data={"n": ctx.event.data["n"]}))
        await ctx.step.sleep("nap", "1s")
        return world.now.second % 60 >= 0

    @app.on("note")
    async def note(ctx):
        return ctx.event.data["n"]

    app.serve(world)

    async def click():
        for n in range(3):
            await asyncio.sleep(0.25)
            await app.client.send(Event(name="go", data={"n": n}))

    world.call(click)
    app.client.send_sync(Event(name="go", data={"n": "sync"}))
    finish(world)


@program
def experiments(world, finish):
    """Variants by every strategy, with steps side by side, scored at once and later."""
    app = App()

    @app.add
    @create_scorer(app.client, fn_id="judge")
    async def judge(ctx):
        await ctx.step.sleep("ponder", "1h")
        return [Score("n", ctx.input["n"]), Score("good", ctx.input["n"] % 2 == 0)]

    @app.on("go")
    async def order(ctx):
        n = ctx.event.data["n"]

        async def pair():
            return await asyncio.gather(
                *(ctx.step.run(f"half {half}", int, half) for half in range(2))
            )

        chosen = await ctx.group.experiment(
            "way",
            variants={"one": lambda: ctx.step.run("whole", int, n), "two": pair},
            select=(
                experiment.bucket(f"user-{n}"),
                experiment.custom(lambda: "two"),
                # the chance of a run is in its id, and that begins with the time
                experiment.weighted({"one": 0, "two": 1}),
            )[n % 3],
        )
        ref = chosen.experiment_ref
        ctx.defer("judge", function=judge, data={"n": n}, experiment=ref)
        return chosen.result

    app.serve(world)
    for n in range(9):
        world.send("go", {"n": n})
    finish(world)
    run_id = world.runs[0].id
    ref = experiment.ExperimentRef(experiment_name="way", variant="other")
    app.client.score_experiment_sync(experiment=ref, name="n", value=0.5, run_id=run_id)


def jobs() -> App:
    """Return jobs that may be cancelled, with all that watches them."""
    app = App()

    @app.add
    @create_defer(app.client, fn_id="audit", cancel=[Cancel(event="audit/stop")])
    async def audit(ctx):
        await ctx.step.sleep("nap", "2h")
        return ctx.event.data["n"]

    def apologise(ctx):
        ctx.defer("audit", function=audit, data={"n": ctx.event.data["function_id"]})
        return ctx.event.data["error"]["message"]

    mine = "async.data.n == event.data.n"

    @app.on(
        "job/start",
        retries=1,
        on_failure=apologise,
        cancel=[
            Cancel(event="job/*", if_exp=mine),
            Cancel(event="job/stop", if_exp=mine),
        ],
        timeouts=Timeouts(start="3h", finish="1d"),
        idempotency="event.data.request",
        singleton=Singleton(mode="cancel", key="event.data.user"),
    )
    def job(ctx):
        n = ctx.event.data["n"]
        ctx.defer("audit", function=audit, data={"n": n})
        ctx.step.sleep("nap", f"{n + 1}h")
        if n % 5 == 0:
            raise ValueError(n)
        ctx.step.wait_for_event("done", event="job/done", timeout="30h", if_exp=mine)
        return n

    @app.on("inngest/function.cancelled")
    def cleanup(ctx):
        return ctx.event.data["run_id"]

    @app.on("job/*", singleton=Singleton(mode="skip"))
    async def watch(ctx):
        await ctx.step.sleep("look", "45m")

    return app


@program
def lives_cut_short(world, finish):
    """Cancels by event, timeout and hand; failure handlers, keys and singletons."""
    jobs().serve(world)
    for n in range(12):
        data = {"n": n, "request": n // 2 * 2, "user": n % 7}
        world.send("job/start", data, ts=world.now + timedelta(hours=n % 5))
        world.advance("10m")
    by_hand = next(run for run in world.runs if run.ended_at is None)
    world.cancel(by_hand)
    for n in (2, 4, 4):
        world.send("job/stop", {"n": n})
    world.send("audit/stop")
    world.advance("8h")
    world.send("job/done", {"n": 6})
    finish(world)


@program
def functions_that_call_each_other(world, finish):
    """Calls that return, fail, take too long, are refused, and lose their target."""
    app = App()

    @app.on("task", retries=1, cancel=[Cancel(event="task/stop")])
    async def task(ctx):
        n = ctx.event.data["n"]
        if n == 1:
            raise ValueError(n)
        await ctx.step.sleep("nap", f"{n}h")
        return {"n": n}

    @app.on("once", idempotency="event.data.key")
    def once(ctx):
        return ctx.event.data["key"]

    @app.on("go")
    async def call(ctx):
        async def tried(step, **more):
            try:
                return await ctx.step.invoke(step, **more)
            except StepError as error:
                return f"{error.name}: {error.message}"

        calls = [
            lambda n=n: tried(f"task-{n}", function=task, data={"n": n}, timeout="3h")
            for n in range(5)
        ]
        both = await ctx.group.parallel(tuple(calls))
        twice = [await tried("once", function=once, data={"key": "k"}) for _ in "ab"]
        lost = await ctx.step.run("lost", str, len(both))
        return [*map(sorted, both), *twice, lost]

    @app.on("strangers")
    def strangers(ctx):
        return ctx.step.invoke_by_id("call", function_id="nobody")

    app.serve(world)
    world.send("go")
    world.advance("90m")
    world.send("task/stop")
    world.send("strangers")
    finish(world)


@program
def runs_in_line(world, finish):
    """Runs that stand in lines, and start later or not at all."""
    app = App()

    async def busy(seconds):
        await asyncio.sleep(seconds)
        return seconds

    @app.on(
        "task",
        concurrency=[
            flow.Concurrency(limit=2, key="event.data.user"),
            flow.Concurrency(limit=3, key="'all'", scope="env"),
        ],
        priority=flow.Priority(run="int(event.data.p)"),
        retries=1,
    )
    async def queued(ctx):
        await ctx.step.run("first", busy, 20)
        if ctx.event.data["p"] == 3:
            raise RuntimeError("three")
        steps = (lambda n=n: ctx.step.run(f"s{n}", busy, n) for n in range(1, 4))
        return list(await ctx.group.parallel(tuple(steps)))

    @app.on(
        "task",
        throttle=flow.Throttle(limit=2, period="1m", key="event.data.user"),
        timeouts=Timeouts(start="2m"),
        concurrency=[flow.Concurrency(limit=2, key="'all'", scope="env")],
    )
    async def paced(ctx):
        return await ctx.step.run("work", busy, 7)

    app.serve(world)
    for n in range(24):
        world.send("task", {"user": f"u{n % 3}", "p": n * 5 % 7 - 2})
        world.advance(f"{n % 4}s")
    finish(world)


@program
def events_in_heaps(world, finish):
    """Events that are dropped, debounced and batched."""
    app = App()

    @app.on("task", rate_limit=flow.RateLimit(limit=3, period="1m"))
    def limited(ctx):
        return ctx.event.data["n"]

    @app.on("task", debounce=flow.Debounce(period="10s", timeout="25s"))
    def last(ctx):
        return ctx.event.data["n"]

    @app.on("task", batch_events=flow.Batch(max_size=4, key="event.data.user"))
    def together(ctx):
        return [event.data["n"] for event in ctx.events]

    app.serve(world)
    for n in range(24):
        world.send("task", {"n": n, "user": f"u{n % 3}"})
        world.advance(f"{n % 4}s")
    finish(world)


@program
def large_and_strange_data(world, finish):
    """Deep, wide and unusual JSON, with keys in no order."""
    app = App()

    @app.on("go")
    async def order(ctx):
        keys = await ctx.step.run("keys", sorted, list(ctx.event.data))
        ctx.logger.info("%d keys", len(keys))
        return dict(reversed(ctx.event.data.items()))

    app.serve(world)
    data = {f"k{n * 7 % 31}": [n, str(n), None, {"ü☃": n / 3}] for n in range(31)}
    world.send("go", data)
    world.send(
        "go", {"empty": {}, "": "", "esc": "\x1b[31m \u202e \\ \" '", "big": 2**53}
    )
    finish(world)


def play(name: str, *, seed: int = 0) -> tuple[str, str]:
    """Play a program in a fresh world; return its timeline and its trace as JSON."""
    with Harness(seed=seed, strict=False) as world:
        PROGRAMS[name](world, Harness.fast_forward)
        text = world.timeline.render(100, fold=False)
        return text + str(world.scores), json.dumps(world.timeline.to_json())


def digests() -> dict[str, str]:
    """Return a digest of everything that each program left behind."""
    return {
        name: hashlib.sha256("\0".join(play(name)).encode()).hexdigest()
        for name in PROGRAMS
    }


if __name__ == "__main__":
    json.dump(digests(), sys.stdout)
