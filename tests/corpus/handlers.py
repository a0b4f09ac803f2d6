"""Bugs about handlers and defers: swallowed, nested, forgotten, lost."""

from scoretest import Client, Context, TriggerEvent, experiment

from .kit import TICKET, pair, parent, simple


def deferring(handler, fixed):
    """Return a parent that defers a scorer in its own way."""
    client = Client("shop")
    scored = simple(client)
    trigger = TriggerEvent(event="shop/ticket.created")

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent_(ctx: Context):
        return await handler(ctx, scored, fixed)

    return {"functions": [parent_, scored], "data": TICKET, "client": client}


@pair("INTERRUPT_SWALLOWED")
def a_bare_except_around_a_step(fixed):
    async def handler(ctx: Context):
        kinds = Exception if fixed else BaseException
        try:
            return await ctx.step.run("answer", lambda: "hello")
        except kinds:
            return "sorry"

    return parent(handler)


@pair("NESTED_STEP")
def a_step_in_a_step(fixed):
    async def handler(ctx: Context):
        async def inner():
            return "hi" if fixed else await ctx.step.run("inner", lambda: "hi")

        return await ctx.step.run("outer", inner)

    return parent(handler, retries=0)


@pair("STEP_NOT_AWAITED")
def a_forgotten_await(fixed):
    async def handler(ctx: Context):
        call = ctx.step.run("notify", lambda: None)
        if fixed:
            await call
        return "done"

    return parent(handler)


@pair("DEFER_SKIPPED")
def data_that_json_cannot_carry(fixed):
    async def handler(ctx, scored, fixed):
        data = {"ticketId": "tk_1", "when": "now" if fixed else object()}
        ctx.defer("score", function=scored, data=data)

    return deferring(handler, fixed)


@pair("DEFER_SKIPPED")
def one_id_for_two_defers(fixed):
    async def handler(ctx, scored, fixed):
        for number in range(2):
            name = f"score-{number}" if fixed else "score"
            data = {"ticketId": f"tk_{number}"}
            ctx.defer(name, function=scored, data=data)

    return deferring(handler, fixed)


@pair("DEFER_LIMIT")
def more_defers_than_the_server_takes(fixed):
    async def handler(ctx, scored, fixed):
        for number in range(3 if fixed else 21):
            data = {"ticketId": f"tk_{number}"}
            ctx.defer(f"score-{number}", function=scored, data=data)

    return deferring(handler, fixed)


@pair("DEFER_LOST")
def a_scorer_that_nobody_serves(fixed):
    async def handler(ctx, scored, _):
        ctx.defer("score", function=scored, data={"ticketId": "tk_1"})

    built = deferring(handler, fixed)
    return built if fixed else built | {"functions": built["functions"][:1]}


@pair("DEFER_LOST")
def a_failure_behind_the_defer(fixed):
    async def handler(ctx, scored, fixed):
        ctx.defer("score", function=scored, data={"ticketId": "tk_1"})
        if not fixed:
            raise ValueError("no answer")

    return deferring(handler, fixed)


@pair("EXPERIMENT_NOT_ATTRIBUTED")
def a_defer_without_its_experiment(fixed):
    async def handler(ctx, scored, fixed):
        chosen = await ctx.group.experiment(
            "prompt",
            variants={
                "short": lambda: ctx.step.run("short", lambda: "hi"),
                "long": lambda: ctx.step.run("long", lambda: "hello there"),
            },
            select=experiment.fixed("short"),
        )
        ref = chosen.experiment_ref if fixed else None
        ctx.defer("score", function=scored, data={"ticketId": "tk_1"}, experiment=ref)

    return deferring(handler, fixed)
