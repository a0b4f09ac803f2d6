"""Bugs about signals and time: crossing, lost, shared, mistaken."""

import itertools

from scoretest import Context, Score

from .kit import ID, pair, parent, scorer, wait


@pair("CROSS_TALK")
def no_condition_at_all(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx, if_exp=ID if fixed else None)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("CROSS_TALK")
def the_plan_in_place_of_the_ticket(fixed):
    async def handler(ctx: Context):
        other = "async.data.plan == 'pro'"
        feedback = await wait(ctx, if_exp=ID if fixed else other)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("CROSS_TALK")
def the_second_wait_has_no_condition(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        reopened = await wait(ctx, "reopened", if_exp=ID if fixed else None)
        return Score("quality", (feedback is not None) + (reopened is None))

    return scorer(handler)


@pair("CROSS_TALK")
def any_of_two_where_all_was_meant(fixed):
    async def handler(ctx: Context):
        word = "&&" if fixed else "||"
        feedback = await wait(ctx, if_exp=f"{ID} {word} async.data.kind == 'final'")
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("SIGNAL_BEFORE_WAIT")
def a_nap_before_the_wait(fixed):
    async def handler(ctx: Context):
        if not fixed:
            await ctx.step.sleep("let-them-read", "1d")
        feedback = await wait(ctx)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("SIGNAL_BEFORE_WAIT")
def a_nap_between_two_waits(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx)
        if not fixed:
            await ctx.step.sleep("pause", "2h")
        reopened = await wait(ctx, "reopened")
        return Score("quality", (feedback is not None) + (reopened is None))

    return scorer(handler)


@pair("ONE_SIGNAL_TWO_WAITS")
def both_questions_hear_one_answer(fixed):
    async def handler(ctx: Context):
        async def ask(question):
            mine = f"{ID} && async.data.question == '{question}'" if fixed else ID
            return await ctx.step.wait_for_event(
                question, event="shop/answer", timeout="1d", if_exp=mine
            )

        answers = await ctx.group.parallel((lambda: ask("speed"), lambda: ask("tone")))
        return Score("answers", sum(answer is not None for answer in answers))

    return scorer(handler)


@pair("NONDETERMINISTIC")
def a_counter_in_a_step_id(fixed):
    counter = itertools.count()

    async def handler(ctx: Context):
        name = "ask" if fixed else f"ask-{next(counter)}"
        feedback = await ctx.step.wait_for_event(
            name, event="shop/feedback", timeout="1d", if_exp=ID
        )
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("NONDETERMINISTIC")
def a_module_variable_that_decides(fixed):
    seen: list[str] = []

    async def handler(ctx: Context):
        seen.append(ctx.run_id)
        timeout = "1d" if fixed or len(seen) % 2 else "2d"
        feedback = await wait(ctx, timeout=timeout)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("DATA_KEY_ABSENT")
def a_key_in_another_spelling(fixed):
    async def handler(ctx: Context):
        ticket = ctx.event.data.get("ticketId" if fixed else "ticket_id")
        return await ctx.step.run("answer", lambda: f"ticket {ticket}")

    return parent(handler)


@pair("INJECTABLE")
def an_id_in_an_f_string(fixed):
    async def handler(ctx: Context):
        pasted = f"async.data.ticketId == '{ctx.event.data['ticketId']}'"
        feedback = await wait(ctx, if_exp=ID if fixed else pasted)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("PATH_NOT_IN_TRIGGER")
def a_path_that_the_event_lacks(fixed):
    async def handler(ctx: Context):
        wrong = "async.data.ticketId == event.data.ticket.id"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("EXPRESSION_NEVER_A_BOOL")
def a_condition_without_a_comparison(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx, if_exp=ID if fixed else "'yes'")
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("INVALID_EXPRESSION")
def one_equals_sign(fixed):
    async def handler(ctx: Context):
        wrong = "async.data.ticketId = event.data.ticketId"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        return Score("quality", feedback is not None)

    return scorer(handler)


@pair("WAIT_TOO_LONG")
def two_years(fixed):
    async def handler(ctx: Context):
        feedback = await wait(ctx, timeout="366d" if fixed else "730d")
        return Score("quality", feedback is not None)

    return scorer(handler)
