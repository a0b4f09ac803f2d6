"""The real package: bugs about when something happens, as recorded clocks tell it."""

import time
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from .real_kit import CREATED, ID, app, create_defer, scorer, wait
from .real_signals import quality

DAY_S = 86_400


@scorer("SCORE_NEVER_WRITTEN")
def a_slow_answer_without_a_score(client, fixed):
    async def handler(ctx):
        asked = await ctx.step.run("asked", lambda: time.time())  # noqa: PLW0108, TID251 -- as users write it
        feedback = await wait(ctx)
        heard = await ctx.step.run("heard", lambda: time.time())  # noqa: PLW0108, TID251 -- as above
        days = (heard - asked) / DAY_S
        if feedback is None:
            await quality(client, ctx, 0)
        elif days < 1:
            await quality(client, ctx, 1)
        elif days < 3 or fixed:
            await quality(client, ctx, 0.5)

    return handler


@scorer("SCORE_NEVER_WRITTEN")
def a_fast_answer_without_a_score(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        if feedback is None:
            await quality(client, ctx, 0)
        elif fixed or feedback.ts - ctx.event.ts > 10 * 60_000:
            await quality(client, ctx, 1)

    return handler


@scorer("SIGNAL_BEFORE_WAIT")
def a_pause_until_a_time_of_a_step(client, fixed):
    async def handler(ctx):
        now = await ctx.step.run("now", lambda: datetime.now(UTC).isoformat())  # noqa: TID251 -- as above
        if not fixed:
            later = datetime.fromisoformat(now) + timedelta(hours=3)
            await ctx.step.sleep_until("later", later)
        feedback = await wait(ctx)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("CROSS_TALK")
def the_wait_behind_an_answer_hears_everybody(client, fixed):
    async def handler(ctx):
        again = None
        if await wait(ctx) is not None:
            wrong = "async.data.stars > 3"
            again = await wait(ctx, "again", if_exp=ID if fixed else wrong)
        await quality(client, ctx, again is not None)

    return handler


@app("RUN_FAILED")
def a_field_that_the_parent_never_passes(client, fixed):
    class Order(BaseModel):
        ticketId: str  # noqa: N815 -- the event's key
        amount: int

    @create_defer(client, fn_id="scorer", retries=0)
    async def scorer_(ctx):
        order = Order.model_validate(dict(ctx.event.data))
        feedback = await wait(ctx)
        await quality(client, ctx, order.amount if feedback else 0)

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        data = {"ticketId": str(ctx.event.data["ticketId"])}
        if fixed:
            data["amount"] = 1
        ctx.defer("score", function=scorer_, data=data)

    return [parent_, scorer_]
