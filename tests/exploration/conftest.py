"""A scorer with two waits, as the explorer's tests share it."""

import pytest

import scoretest
from scoretest import Client, Context, Score, create_scorer

DATA = {"ticketId": "tk_1"}
ID = "async.data.ticketId == event.data.ticketId"


@pytest.fixture
def resolution():
    """A scorer that forgets to score when nobody answers."""
    client = Client("support")

    @create_scorer(client, fn_id="resolution")
    async def scorer(ctx: Context):
        feedback = await ctx.step.wait_for_event(
            "fb", event="ticket/feedback", timeout="7d", if_exp=ID
        )
        if feedback is not None:
            return Score("resolution", 1 if feedback.data["rating"] >= 4 else 0.2)
        reopened = await ctx.step.wait_for_event(
            "re", event="ticket/reopened", timeout="24h", if_exp=ID
        )
        return None if reopened is None else Score("resolution", 0)

    return scorer


@pytest.fixture
def explored(resolution):
    """What came of exploring it."""
    return scoretest.explore(resolution, data=DATA, values={"rating": [5, 1]})


@pytest.fixture
def noted():
    """What came of exploring a scorer that is right, and worth a note."""
    client = Client("support")

    @create_scorer(client, fn_id="noted")
    async def scorer(ctx: Context):
        same = f"async.data.by != 'bot' && {ID}"
        heard = await ctx.step.wait_for_event(
            "fb", event="ticket/feedback", timeout="7d", if_exp=same
        )
        return Score("heard", heard is not None)

    return scoretest.explore(scorer, data=DATA)
