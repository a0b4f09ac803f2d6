"""An app of the real SDK, as a module that is looked at whole."""

from datetime import timedelta

import inngest
from inngest.experimental.deferred import create_defer

client = inngest.Inngest(app_id="support", is_production=False)
START = inngest.Event(
    name="support/ticket.created", data={"ticketId": "tk_1", "content": "Help!"}
)


@create_defer(client, fn_id="feedback", concurrency=[inngest.Concurrency(limit=5)])
async def feedback(ctx):
    """Score what the customer says, or does not say."""
    heard = await ctx.step.wait_for_event(
        "wait",
        event="support/feedback",
        timeout=timedelta(days=7),
        if_exp="async.data.ticketId == event.data.ticketId",
    )
    if heard is not None:
        await client.score(
            name="helpful",
            value=bool(heard.data["helpful"]),
            run_id=ctx.parents[0].run_id,
        )


@client.create_function(
    fn_id="answer", trigger=inngest.TriggerEvent(event="support/ticket.created")
)
async def answer(ctx):
    """Answer, and let a scorer follow."""
    ctx.defer(
        "feedback", function=feedback, data={"ticketId": ctx.event.data["ticketId"]}
    )
    return ctx.event.data["content"]


@client.create_function(
    fn_id="digest", trigger=inngest.TriggerCron(cron="0 8 * * *"), retries=0
)
def digest(ctx):
    """Wait for a report, and take for granted that it comes."""
    report = ctx.step.wait_for_event(
        "report", event="support/report", timeout=timedelta(hours=1)
    )
    return report.data


APP = [answer, feedback]
