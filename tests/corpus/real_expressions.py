"""The real package: bugs about match expressions, and those behind what they ask for."""

from functools import partial

from .real_kit import CREATED, ID, app, create_defer, scorer, wait
from .real_scores import writer
from .real_signals import quality


def condition(code, wrong, right):
    """Keep a scorer whose wait has one condition more than the ticket's id."""

    def make(client, fixed):
        async def handler(ctx):
            feedback = await wait(ctx, if_exp=f"{ID} && {right if fixed else wrong}")
            await quality(client, ctx, feedback is not None)

        return handler

    make.__name__ = f"{code.lower()}_{len(wrong)}"
    scorer(code)(make)


condition(
    "EXPRESSION_ABSENT_ORDER",
    "async.data.rating <= 2",
    "has(async.data.rating) && async.data.rating <= 2",
)
condition(
    "EXPRESSION_ABSENT_ORDER",
    "async.data.rating < 3 && async.data.stars > 0",
    "async.data.rating > 0 && async.data.rating < 3",
)
condition(
    "EXPRESSION_NEVER_TRUE",
    "async.data.state == 'closed' && async.data.state == 'merged'",
    "(async.data.state == 'closed' || async.data.state == 'merged')",
)
condition(
    "EXPRESSION_UNKNOWN_FIELD", "async.kind == 'final'", "async.data.kind == 'final'"
)
condition(
    "EXPRESSION_NEGATED_ABSENCE", "!has(async.data.error)", "async.data.error == null"
)
condition(
    "EXPRESSION_INT_ARITHMETIC", "async.data.turn - 1 == 3", "async.data.turn == 4"
)
condition(
    "EXPRESSION_ESCAPE_IN_LITERAL",
    r'async.data.label == "say \"yes\""',
    "async.data.label == 'say \"yes\"'",
)
condition(
    "EXPRESSION_SPECIAL_LITERAL",
    "async.data.state == '''done'''",
    "async.data.state == 'done'",
)


@scorer("EXPRESSION_BRACKETED_EVENT")
def a_trigger_in_brackets(client, fixed):
    async def handler(ctx):
        ticket = "event.data.ticketId" if fixed else 'event["data"].ticketId'
        feedback = await wait(ctx, if_exp=f"async.data.ticketId == {ticket}")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("EXPRESSION_DECIDED_BY_TRIGGER")
def the_trigger_compared_with_itself(client, fixed):
    async def handler(ctx):
        wrong = "event.data.ticketId == event.data.ticketId"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("EXPRESSION_NEVER_A_BOOL")
def a_ternary_of_words(client, fixed):
    async def handler(ctx):
        yes, no = ("true", "false") if fixed else ("'yes'", "'no'")
        feedback = await wait(ctx, if_exp=f"{ID} ? {yes} : {no}")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("INVALID_EXPRESSION")
def python_in_place_of_the_dialect(client, fixed):
    async def handler(ctx):
        word = "&&" if fixed else "and"
        feedback = await wait(ctx, if_exp=f"{ID} {word} async.data.ok == true")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("CROSS_TALK")
def the_signal_compared_with_itself(client, fixed):
    async def handler(ctx):
        wrong = "async.data.ticketId == async.data.ticketId"
        feedback = await wait(ctx, if_exp=ID if fixed else wrong)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("CROSS_TALK")
def a_scorer_that_reads_nothing_of_its_ticket(client, fixed):
    async def handler(ctx):
        feedback = await wait(ctx, if_exp=ID if fixed else None)
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("CROSS_TALK")
def every_run_of_some_states(client, fixed):
    async def handler(ctx):
        states = "async.data.state in ['closed', 'merged']"
        feedback = await wait(ctx, if_exp=f"{ID} && {states}" if fixed else states)
        await quality(client, ctx, feedback is not None)

    return handler


@app("CROSS_TALK")
def the_part_is_not_asked_for(client, fixed):
    @create_defer(client, fn_id="scorer")
    async def scorer_(ctx):
        part = ctx.event.data["part"]
        asked = "event.data.part" if fixed else "null"
        same = "==" if fixed else "!="
        feedback = await wait(ctx, if_exp=f"{ID} && async.data.part {same} {asked}")
        name = f"quality-{part}"
        value = feedback is not None
        await client.score(name=name, value=value, run_id=ctx.parents[0].run_id)

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        for part in ("speed", "tone"):
            data = {"ticketId": ctx.event.data["ticketId"], "part": part}
            ctx.defer(f"score-{part}", function=scorer_, data=data)

    return [parent_, scorer_]


@scorer("INJECTABLE")
def an_id_without_quotes(client, fixed):
    async def handler(ctx):
        ticket = ctx.event.data["ticketId"]
        number = int(ticket) if fixed else ticket
        feedback = await wait(ctx, if_exp=f"async.data.ticketId == {number}")
        await quality(client, ctx, feedback is not None)

    return handler


@scorer("SCORE_NEVER_WRITTEN")
def a_branch_behind_a_value_that_has_to_be_there(client, fixed):
    async def handler(ctx):
        write = partial(ctx.step.run, "score")
        got = await wait(ctx, if_exp=f"{ID} && has(async.data.reason)")
        if got is None:
            await write(partial(writer(client, ctx), value=0))
        elif got.data["reason"] == "fraud" or fixed:
            await write(partial(writer(client, ctx), value=1))

    return handler


@scorer("SCORED_TWICE")
def a_second_score_behind_a_size(client, fixed):
    async def handler(ctx):
        if not fixed:
            await ctx.step.run("first", partial(writer(client, ctx), value=0))
        got = await wait(ctx, if_exp=f"{ID} && size(async.data.comments) >= 3")
        if got is not None:
            await ctx.step.run("last", partial(writer(client, ctx), value=1))
        elif fixed:
            await ctx.step.run("none", partial(writer(client, ctx), value=0))

    return handler


@scorer("RUN_FAILED", retries=0)
def a_failure_behind_a_list(client, fixed):
    async def handler(ctx):
        got = await wait(ctx, if_exp="event.data.ticketId in async.data.tickets")
        members = 1 if fixed else got.data.tickets if got else 0
        await quality(client, ctx, members)

    return handler


@app("PATH_NOT_IN_TRIGGER")
def a_path_as_the_signal_spells_it(client, fixed):
    @create_defer(client, fn_id="scorer")
    async def scorer_(ctx):
        path = "ticketId" if fixed else "ticket_id"
        same = f"async.data.ticket_id == event.data.{path}"
        await quality(client, ctx, await wait(ctx, if_exp=same) is not None)

    @client.create_function(fn_id="parent", trigger=CREATED)
    async def parent_(ctx):
        data = {"ticketId": ctx.event.data["ticketId"]}
        ctx.defer("score", function=scorer_, data=data)

    return [parent_, scorer_]
