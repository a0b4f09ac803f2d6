"""Bugs about scores: never written, written twice, refused, on the wrong run."""

import math

from scoretest import Context, Score

from .kit import pair, parent, scorer, wait


@pair("SCORE_NEVER_WRITTEN")
def nothing_at_the_timeout(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        if feedback is None:
            return Score("quality", 0.5) if fixed else None
        return Score("quality", 1 if feedback.data["helpful"] else 0)

    return scorer(handler)


@pair("SCORE_NEVER_WRITTEN")
def a_branch_without_a_score(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        if feedback is None:
            return Score("quality", 0)
        if feedback.data["rating"] >= 4:
            return Score("quality", 1)
        if fixed or feedback.data["rating"] < 2:
            return Score("quality", 0)
        return None

    return scorer(handler)


@pair("SCORE_NEVER_WRITTEN")
def a_second_wait_that_times_out(fixed):
    async def handler(ctx: Context):
        if await wait(ctx) is not None:
            return Score("quality", 1)
        if await wait(ctx, "reopened", timeout="24h") is not None or fixed:
            return Score("quality", 0)
        return None

    return scorer(handler)


@pair("SCORED_TWICE")
def a_correction_of_the_same_name(fixed):
    async def handler(ctx: Context):
        run_id = ctx.parents[0].run_id
        await ctx.step.score("first", name="quality", value=1, run_id=run_id)
        if await wait(ctx, "reopened") is None:
            return Score("kept", value=True)
        return Score("reopened" if fixed else "quality", 0)

    return scorer(handler)


@pair("SCORED_TWICE")
def two_scores_in_one_list(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        second = "helpful" if fixed else "quality"
        return [Score("quality", 0.5), Score(second, feedback is not None)]

    return scorer(handler)


@pair("SCORE_INVALID")
def a_mean_of_nothing(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        if feedback is None:
            return Score("quality", 0 if fixed else math.nan)
        return Score("quality", 1)

    return scorer(handler)


@pair("RUN_FAILED")
def a_share_of_no_votes(fixed):
    async def handler(ctx: Context):
        votes = await wait(ctx)
        if votes is None or (fixed and not votes.data["all"]):
            return Score("share", 0)
        return Score("share", votes.data["up"] / votes.data["all"])

    return scorer(handler, retries=0)


@pair("SCORE_INVALID")
def nothing_is_not_a_number(fixed):
    async def handler(ctx: Context):
        votes = await wait(ctx)
        if votes is None:
            return Score("share", 0)
        every = votes.data["all"]
        nothing = 0.0 if fixed else math.nan
        return Score("share", votes.data["up"] / every if every else nothing)

    return scorer(handler)


@pair("SCORE_INVALID")
def a_quote_in_the_name(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        return Score("quality" if fixed else "user's quality", feedback is not None)

    return scorer(handler)


@pair("SCORE_WRONG_RUN")
def the_scorer_scores_itself(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        run_id = ctx.parents[0].run_id if fixed else None
        await ctx.step.score(
            "score-it", name="quality", value=feedback is not None, run_id=run_id
        )
        return Score("seen", value=True)

    return scorer(handler)


@pair("SCORE_INVALID")
def the_ticket_taken_for_the_run(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        run_id = ctx.parents[0].run_id if fixed else ctx.event.data["ticketId"]
        await ctx.step.score(
            "score-it", name="quality", value=feedback is not None, run_id=run_id
        )
        return Score("seen", value=True)

    return scorer(handler)


@pair("RUN_FAILED")
def the_timeout_is_read_as_an_event(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        if fixed and feedback is None:
            return Score("quality", 0)
        return Score("quality", 1 if feedback.data["helpful"] else 0)

    return scorer(handler)


@pair("RUN_FAILED")
def the_second_timeout_is_read_as_an_event(fixed):
    async def handler(ctx: Context):
        first = await wait(ctx)
        second = await wait(ctx, "reopened")
        if first is None or (fixed and second is None):
            return Score("quality", 0)
        return Score("quality", len(second.data))

    return scorer(handler)


@pair("LOSSY_OUTPUT")
def a_step_that_returns_a_tuple(fixed):
    async def handler(ctx: Context):
        pair_ = await ctx.step.run("count", lambda: [1, 2] if fixed else (1, 2))
        return {"total": len(pair_)}

    return parent(handler)
