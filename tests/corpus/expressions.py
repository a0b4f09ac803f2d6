"""Bugs about match expressions that register, and do not say what was meant."""

from scoretest import Cancel, Context, Event, Score

from .kit import ID, TICKET, pair, parent, scorer, wait


def waiting(wrong: str, right: str, **data):
    """Return what builds a scorer with one of two conditions."""

    def build(fixed):
        async def handler(ctx: Context):
            feedback = await wait(ctx, if_exp=right if fixed else wrong)
            return Score("quality", feedback is not None)

        return scorer(handler, TICKET | data)

    return build


@pair("EXPRESSION_NEGATED_ABSENCE")
def not_spam(fixed):
    return waiting(f"{ID} && !async.data.spam", f"{ID} && async.data.spam != true")(
        fixed
    )


@pair("EXPRESSION_NEGATED_ABSENCE")
def no_reply_to(fixed):
    return waiting(
        f"{ID} && !has(async.data.replyTo)", f"{ID} && async.data.replyTo == null"
    )(fixed)


@pair("EXPRESSION_ABSENT_ORDER")
def a_low_rating(fixed):
    low = "async.data.rating < 3"
    return waiting(f"{ID} && {low}", f"{ID} && has(async.data.rating) && {low}")(fixed)


@pair("EXPRESSION_INT_ARITHMETIC")
def one_more(fixed):
    return waiting(f"{ID} && async.data.n + 1 == 2", f"{ID} && async.data.n == 1")(
        fixed
    )


@pair("EXPRESSION_ESCAPE_IN_LITERAL")
def an_escaped_quote(fixed):
    return waiting(
        f"{ID} && async.data.answer == 'it\\'s'",
        f'{ID} && async.data.answer == "it\'s"',
    )(fixed)


@pair("EXPRESSION_SPECIAL_LITERAL")
def a_raw_literal(fixed):
    return waiting(
        f"{ID} && async.data.answer == r'yes'", f"{ID} && async.data.answer == 'yes'"
    )(fixed)


@pair("EXPRESSION_BRACKETED_EVENT")
def an_event_in_brackets(fixed):
    return waiting("async.data.ticketId == event['data']['ticketId']", ID)(fixed)


@pair("EXPRESSION_DECIDED_BY_TRIGGER")
def the_event_compared_with_itself(fixed):
    return waiting("event.data.ticketId == event.data.ticketId", ID)(fixed)


@pair("PATH_NOT_IN_TRIGGER")
def a_cancel_by_a_path_that_is_not_there(fixed):
    wrong = "async.data.ticketId == event.data.ticket_id"

    async def handler(ctx: Context):
        await ctx.step.sleep("nap", "1d")
        return Score("slept", value=True)

    cancel = Cancel(event="shop/gone", if_exp=ID if fixed else wrong)
    return scorer(handler, cancel=[cancel])


@pair("SIGNAL_BEFORE_WAIT")
def an_event_sent_before_its_wait(fixed):
    async def handler(ctx: Context):
        asked = Event(name="shop/asked", data={"ticketId": "tk_1"})

        async def send():
            return await ctx.step.send_event("ask", asked)

        async def hear():
            return await wait(ctx, "asked")

        if fixed:
            await ctx.group.parallel((hear, send))
        else:
            await send()
            await hear()

    return parent(handler)
