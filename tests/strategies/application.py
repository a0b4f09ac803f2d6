"""One small application: a parent, a scorer with two waits, and an interleaving bug."""

from dataclasses import dataclass

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from scoretest import Client, Score, TriggerEvent, create_scorer

client = Client(app_id="support")


class Feedback(BaseModel):
    """A pydantic schema with bounds."""

    ticket: str = Field(min_length=1)
    rating: int = Field(ge=1, le=5)


@dataclass
class Ticket:
    """A dataclass."""

    ticket: str


class Reopened(TypedDict):
    """A TypedDict."""

    ticket: str
    at: float


@create_scorer(client, fn_id="resolution")
async def resolution(ctx):
    """Score a ticket by its feedback and by what came after."""
    given = await ctx.step.wait_for_event(
        "feedback",
        event="ticket/feedback",
        timeout="7d",
        if_exp="async.data.ticket == event.data.ticket && async.data.rating > 2",
    )
    again = await ctx.step.wait_for_event(
        "reopened",
        event="ticket/reopened",
        timeout="1d",
        if_exp="async.data.ticket == event.data.ticket",
    )
    return Score("resolution", int(given is not None) - int(again is not None) / 2)


@client.create_function(fn_id="open", trigger=TriggerEvent(event="ticket/opened"))
async def open_ticket(ctx):
    """Answer, and score later."""
    await ctx.step.run("answer", str, ctx.event.data["ticket"])
    ctx.defer("score", function=resolution, data={"ticket": ctx.event.data["ticket"]})


FUNCTIONS = [open_ticket, resolution]
OPENED = {"ticket": "t1"}
