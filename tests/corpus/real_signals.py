"""The real package: bugs about signals and time."""

import itertools
from datetime import timedelta

from .real_kit import CREATED, DAY, ID, app, create_defer, parent, scorer, simple, wait


def quality(client, ctx, value):
    """Score the parent's run."""
    return client.score(name="quality", value=value, run_id=ctx.parents[0].run_id)


@scorer("WAIT_FOR_OWN_RUN")
def the_run_that_is_none_of_the_users(client, fixed):
    async def handler(ctx):
        run_id = ctx.parents[0].run_id if fixed else ctx.run_id
        heard = await wait(ctx, if_exp=f"async.data.runId == '{run_id}'")
        await quality(client, ctx, heard is not None)

    return handler


@scorer("CROSS_TALK")
def no_condition_at_all(client, fixed):
    async def handler(ctx):
        ticket = ctx.event.data["ticketId"]
        feedback = await wait(ctx, if_exp=ID if fixed else None)
        await quality(client, ctx, feedback is not None)
        return ticket

    return handler


@scorer("CROSS_TALK")
def the_plan_in_place_of_the_ticket(client, fixed):
    async def handler(ctx):
        ticket = ctx.event.data["ticketId"]
        other = "async.data.plan == 'pro'"
        feedback = await wait(ctx, if_exp=ID if fixed else other)
        await quality(client, ctx, feedback is not None)
        return ticket

    return handler


@scorer("CROSS_TALK")
def the_second_wait_has_no_condition(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        reopened = await wait(ctx, "reopened", if_exp=ID if fixed else None)
        await quality(client, ctx, (feedback is not None) + (reopened is None))

    return handler


@scorer("CROSS_TALK")
def any_of_two_where_all_was_meant(client, fixed):
    async def handler(ctx):
        word = "&&" if fixed else "||"
        feedback = await wait(ctx, if_exp=f"{ID} {word} async.data.kind == 'final'")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("SIGNAL_BEFORE_WAIT")
def a_nap_before_the_wait(client, fixed):
    async def handler(ctx):
        if not fixed:
            await ctx.step.sleep("let-them-read", DAY)
        feedback = await wait(ctx)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("SIGNAL_BEFORE_WAIT")
def a_nap_between_two_waits(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx)
        if not fixed:
            await ctx.step.sleep("pause", timedelta(hours=2))
        reopened = await wait(ctx, "reopened")
        await quality(client, ctx, (feedback is not None) + (reopened is None))

    return handler


@scorer("ONE_SIGNAL_TWO_WAITS")
def both_questions_hear_one_answer(client, fixed):
    async def handler(ctx):
        def ask(question):
            mine = f"{ID} && async.data.question == '{question}'" if fixed else ID
            return ctx.step.wait_for_event(
                question, event="shop/answer", timeout=DAY, if_exp=mine
            )

        answers = await ctx.group.parallel((lambda: ask("speed"), lambda: ask("tone")))
        await quality(client, ctx, sum(answer is not None for answer in answers))

    return handler


@scorer("NONDETERMINISTIC")
def a_counter_in_a_step_id(client, fixed):
    counter = itertools.count()

    async def handler(ctx):
        name = "ask" if fixed else f"ask-{next(counter)}"
        feedback = await ctx.step.wait_for_event(
            name, event="shop/feedback", timeout=DAY, if_exp=ID
        )
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("NONDETERMINISTIC")
def a_module_variable_that_decides(client, fixed):
    seen: list[str] = []

    async def handler(ctx):
        if not fixed:
            seen.append(ctx.run_id)
        days = 1 if fixed or len(seen) % 2 else 2
        feedback = await wait(ctx, timeout=timedelta(days=days))
        await quality(client, ctx, feedback is not None)

    return handler


@app("DATA_KEY_ABSENT")
def a_key_in_another_spelling(client, fixed):
    scored = simple(client)

    @create_defer(client, fn_id="other")
    async def other(ctx):
        ticket = ctx.event.data.get("ticketId" if fixed else "ticket_id")
        feedback = await wait(ctx)
        await quality(client, ctx, feedback is not None)
        return ticket

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        data = {"ticketId": ctx.event.data["ticketId"]}
        ctx.defer("score", function=scored, data=data)
        ctx.defer("other", function=other, data=data)

    return [parent_, scored, other]


@scorer("INJECTABLE")
def an_id_in_an_f_string(client, fixed):
    async def handler(ctx):
        pasted = f"async.data.ticketId == '{ctx.event.data['ticketId']}'"
        feedback = await wait(ctx, if_exp=ID if fixed else pasted)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("PATH_NOT_IN_TRIGGER")
def a_path_that_the_event_lacks(client, fixed):
    async def handler(ctx):
        ticket = ctx.event.data["ticketId"]
        wrong = "async.data.ticketId == event.data.input.ticketId"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        await quality(client, ctx, feedback is not None)
        return ticket

    return handler


@scorer("EXPRESSION_NEVER_A_BOOL")
def a_condition_without_a_comparison(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx, if_exp=ID if fixed else "'yes'")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("INVALID_EXPRESSION")
def one_equals_sign(client, fixed):
    async def handler(ctx):
        wrong = "async.data.ticketId = event.data.ticketId"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("WAIT_TOO_LONG")
def two_years(client, fixed):
    async def handler(ctx):
        days = 366 if fixed else 730
        feedback = await wait(ctx, timeout=timedelta(days=days))
        await quality(client, ctx, feedback is not None)

    return handler


@parent("NONDETERMINISTIC")
def chance_in_a_step_id(_, fixed):
    chances = iter(range(1_000_000))

    async def handler(ctx):
        async def answer():
            return "hello"

        await ctx.step.run("answer" if fixed else f"answer-{next(chances)}", answer)
        await ctx.step.sleep("pause", DAY)

    return handler
