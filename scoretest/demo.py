"""A support desk that learns how good its answers were, days after it gave them.

`handle_support_ticket` answers a ticket and ends. `feedback_scorer` then waits up to a
week for the customer's verdict and scores the answer. `play` lets that week pass for
three customers: one is happy, one is not, and one never says a word.
"""

from pydantic import BaseModel

from scoretest import Client, Context, Harness, Score, TriggerEvent, create_scorer

client = Client(app_id="support")

TICKETS = {
    "tk_happy": "my printer is on fire",
    "tk_cross": "the fire is still there",
    "tk_quiet": "where do I find the manual?",
}


class FeedbackInput(BaseModel):
    """What the scorer has to know of the answer that it scores."""

    ticketId: str  # noqa: N815 -- the name that it has in the events
    runId: str  # noqa: N815 -- the same


async def generate_ai_response(content: str) -> str:
    """Stand in for the model."""
    return f"Thanks for writing: {content}"


@create_scorer(client, fn_id="feedback-scorer", schema=FeedbackInput)
async def feedback_scorer(ctx: Context) -> Score:
    """Wait a week for feedback, and score the answer."""
    feedback = await ctx.step.wait_for_event(
        "wait-for-feedback",
        event="support/feedback.received",
        timeout="7d",
        if_exp=f"async.data.ticketId == '{ctx.event.data['input']['ticketId']}'",
    )
    if feedback is None:
        return Score("user-feedback", 0.5)
    return Score("user-feedback", 1 if feedback.data["helpful"] else 0)


@client.create_function(
    fn_id="handle-support-ticket",
    trigger=TriggerEvent(event="support/ticket.created"),
)
async def handle_support_ticket(ctx: Context) -> dict[str, str]:
    """Answer a ticket, and leave its score to the scorer."""
    response = await ctx.step.run(
        "generate-response", generate_ai_response, ctx.event.data["content"]
    )
    ctx.defer(
        "score-feedback",
        function=feedback_scorer,
        data={"ticketId": ctx.event.data["ticketId"], "runId": ctx.run_id},
    )
    return {"response": response}


def play(harness: Harness) -> None:
    """Let a week pass at the support desk, in virtual time."""
    harness.serve(client, functions=[handle_support_ticket, feedback_scorer])

    for ticket, content in TICKETS.items():
        harness.send("support/ticket.created", {"ticketId": ticket, "content": content})

    harness.advance("1h")
    harness.send("support/feedback.received", {"ticketId": "tk_happy", "helpful": True})

    harness.advance("6d 22h")
    harness.send(
        "support/feedback.received", {"ticketId": "tk_cross", "helpful": False}
    )

    harness.fast_forward()
