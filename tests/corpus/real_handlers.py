"""The real package: bugs about handlers and defers."""

import inngest
from inngest.experimental import experiment

from .real_kit import CREATED, app, parent, simple


def deferring(make):
    """Return an app in which a parent defers a scorer in its own way."""

    def build(client, fixed):
        scored = simple(client)
        handler = make(scored, fixed)
        parent_ = client.create_function(fn_id="parent", trigger=CREATED)(handler)
        return [parent_, scored]

    build.__name__ = make.__name__
    return build


@parent("INTERRUPT_SWALLOWED")
def a_bare_except_around_a_step(_, fixed):
    async def answer():
        return "hello"

    async def handler(ctx):
        kinds = Exception if fixed else BaseException
        try:
            return await ctx.step.run("answer", answer)
        except kinds:
            return "sorry"

    return handler


@parent("NESTED_STEP", retries=0)
def a_step_in_a_step(_, fixed):
    async def handler(ctx):
        async def innermost():
            return "hi"

        async def inner():
            return "hi" if fixed else await ctx.step.run("inner", innermost)

        return await ctx.step.run("outer", inner)

    return handler


@parent("STEP_NOT_AWAITED")
def a_forgotten_await(_, fixed):
    async def notify():
        return None

    async def handler(ctx):
        call = ctx.step.run("notify", notify)
        if fixed:
            await call
        return "done"

    return handler


@app("DEFER_SKIPPED")
@deferring
def data_that_json_cannot_carry(scored, fixed):
    async def handler(ctx):
        data = {"ticketId": "tk_1", "when": "now" if fixed else object()}
        ctx.defer("score", function=scored, data=data)

    return handler


@app("DEFER_SKIPPED")
@deferring
def one_id_for_two_defers(scored, fixed):
    async def handler(ctx):
        for number in range(2):
            name = f"score-{number}" if fixed else "score"
            ctx.defer(name, function=scored, data={"ticketId": f"tk_{number}"})

    return handler


@app("DEFER_LIMIT")
@deferring
def more_defers_than_the_server_takes(scored, fixed):
    async def handler(ctx):
        for number in range(3 if fixed else 21):
            data = {"ticketId": f"tk_{number}"}
            ctx.defer(f"score-{number}", function=scored, data=data)

    return handler


@app("DEFER_LOST")
def a_scorer_that_nobody_serves(client, fixed):
    @deferring
    def make(scored, _):
        async def handler(ctx):
            ctx.defer("score", function=scored, data={"ticketId": "tk_1"})

        return handler

    functions = make(client, fixed)
    return functions if fixed else functions[:1]


@app("DEFER_LOST")
@deferring
def a_failure_behind_the_defer(scored, fixed):
    async def handler(ctx):
        ctx.defer("score", function=scored, data={"ticketId": "tk_1"})
        if not fixed:
            raise inngest.NonRetriableError("no answer")

    return handler


@app("EXPERIMENT_NOT_ATTRIBUTED")
def a_defer_without_its_experiment(client, fixed):
    @deferring
    def make(scored, _):
        async def short():
            return "hi"

        async def long():
            return "hello there"

        async def handler(ctx):
            chosen = await ctx.group.experiment(
                "prompt",
                variants={
                    "short": lambda: ctx.step.run("short", short),
                    "long": lambda: ctx.step.run("long", long),
                },
                select=experiment.fixed("short"),
            )
            ref = chosen.experiment_ref if fixed else None
            data = {"ticketId": "tk_1"}
            ctx.defer("score", function=scored, data=data, experiment=ref)

        return handler

    return make(client, fixed)


@app("RUN_FAILED")
def a_failure_handler_that_mistakes_its_event(client, fixed):
    async def on_failure(ctx):
        data = ctx.event.data["event"]["data"] if fixed else ctx.event.data

        async def tell():
            return f"no answer for {data['ticketId']}"

        return await ctx.step.run("tell", tell)

    @client.create_function(fn_id="parent", trigger=CREATED, on_failure=on_failure)
    async def parent_(ctx):
        async def answer():
            return f"about {ctx.event.data['ticketId']}"

        return await ctx.step.run("answer", answer)

    return [parent_]
