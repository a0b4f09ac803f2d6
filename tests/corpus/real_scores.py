"""The real package: bugs about scores."""

import math
from functools import partial

from inngest.experimental import experiment

from .real_kit import CREATED, DAY, app, create_defer, parent, scorer, wait


def writer(client, ctx, name="quality", run_id=None):
    """Return what writes a score of the parent's run."""
    return partial(client.score, name=name, run_id=run_id or ctx.parents[0].run_id)


@scorer("SCORE_NEVER_WRITTEN")
def nothing_at_the_timeout(client, fixed):
    async def handler(ctx):
        write = writer(client, ctx)
        feedback = await wait(ctx)
        if feedback is None:
            if fixed:
                await ctx.step.run("score", partial(write, value=0.5))
            return
        value = 1 if feedback.data["helpful"] else 0
        await ctx.step.run("score", partial(write, value=value))

    return handler


@scorer("SCORE_NEVER_WRITTEN")
def a_branch_without_a_score(client, fixed):
    async def handler(ctx):
        write = writer(client, ctx)
        feedback = await wait(ctx)
        if feedback is None or (fixed and feedback.data["rating"] == 3):
            await write(value=0)
        elif feedback.data["rating"] >= 4:
            await write(value=1)
        elif feedback.data["rating"] < 3:
            await write(value=0)

    return handler


@scorer("SCORE_NEVER_WRITTEN")
def a_second_wait_that_times_out(client, fixed):
    async def handler(ctx):
        write = writer(client, ctx)
        if await wait(ctx) is not None:
            await ctx.step.run("helpful", partial(write, value=1))
        elif await wait(ctx, "reopened", timeout=DAY) is not None or fixed:
            await ctx.step.run("reopened", partial(write, value=0))

    return handler


@scorer("SCORED_TWICE")
def a_correction_of_the_same_name(client, fixed):
    async def handler(ctx):
        await ctx.step.run("first", partial(writer(client, ctx), value=1))
        if await wait(ctx, "reopened") is not None:
            name = "reopened" if fixed else "quality"
            await ctx.step.run("again", partial(writer(client, ctx, name), value=0))

    return handler


@scorer("SCORED_TWICE")
def two_scores_under_one_name(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        await ctx.step.run("first", partial(writer(client, ctx), value=0.5))
        write = writer(client, ctx, "helpful" if fixed else "quality")
        await ctx.step.run("second", partial(write, value=feedback is not None))

    return handler


@scorer("SCORE_INVALID")
def a_mean_of_nothing(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        nothing = 0 if fixed else math.nan
        value = nothing if feedback is None else 1
        await ctx.step.run("score", partial(writer(client, ctx), value=value))

    return handler


@scorer("SCORE_INVALID")
def a_quote_in_the_name(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        write = writer(client, ctx, "quality" if fixed else "user's quality")
        await ctx.step.run("score", partial(write, value=feedback is not None))

    return handler


@scorer("SCORE_WRONG_RUN")
def the_scorer_scores_itself(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        write = writer(client, ctx, run_id=None if fixed else ctx.run_id)
        await ctx.step.run("score", partial(write, value=feedback is not None))

    return handler


@scorer("SCORE_INVALID")
def the_ticket_taken_for_the_run(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        ticket = ctx.event.data["ticketId"]
        write = writer(client, ctx, run_id=None if fixed else ticket)
        await ctx.step.run("score", partial(write, value=feedback is not None))

    return handler


@scorer("RUN_FAILED")
def the_timeout_is_read_as_an_event(client, fixed):
    async def handler(ctx):
        write = writer(client, ctx)
        feedback = await wait(ctx)
        if fixed and feedback is None:
            await write(value=0)
        else:
            await write(value=1 if feedback.data["helpful"] else 0)

    return handler


@scorer("RUN_FAILED")
def the_second_timeout_is_read_as_an_event(client, fixed):
    async def handler(ctx):
        write = writer(client, ctx)
        first = await wait(ctx)
        second = await wait(ctx, "reopened")
        if first is None or (fixed and second is None):
            await write(value=0)
        else:
            await write(value=len(second.data))

    return handler


@parent("LOSSY_OUTPUT")
def a_step_that_returns_a_tuple(_, fixed):
    async def handler(ctx):
        async def count():
            return [1, 2] if fixed else (1, 2)

        return {"total": len(await ctx.step.run("count", count))}

    return handler


@app("DATA_KEY_ABSENT")
def a_key_that_the_parent_does_not_pass(client, fixed):
    @create_defer(client, fn_id="scorer")
    async def scorer_(ctx):
        tier = ctx.event.data.get("tier")
        feedback = await wait(ctx)
        await client.score(
            name=f"quality-{tier}",
            value=feedback is not None,
            run_id=ctx.parents[0].run_id,
        )

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        data = {"ticketId": ctx.event.data["ticketId"]}
        if fixed:
            data["tier"] = ctx.event.data["tier"]
        ctx.defer("score", function=scorer_, data=data)

    return [parent_, scorer_]


@app("SCORE_NEVER_WRITTEN")
def a_rare_variant_without_a_score(client, fixed):
    @create_defer(client, fn_id="scorer")
    async def scorer_(ctx):
        feedback = await wait(ctx)
        taken = ctx.parents[0].experiment
        if taken.variant == "current" or fixed:
            await client.score_experiment(
                experiment=taken,
                name="quality",
                value=feedback is not None,
                run_id=ctx.parents[0].run_id,
            )

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        async def answer():
            return "hello"

        chosen = await ctx.group.experiment(
            "style",
            variants={
                "current": lambda: ctx.step.run("answer-current", answer),
                "rewrite": lambda: ctx.step.run("answer-rewrite", answer),
            },
            select=experiment.bucket(ctx.run_id, weights={"current": 99, "rewrite": 1}),
        )
        data = {"ticketId": ctx.event.data["ticketId"]}
        ref = chosen.experiment_ref
        ctx.defer("score", function=scorer_, data=data, experiment=ref)

    return [parent_, scorer_]
