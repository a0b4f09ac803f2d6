"""What is explored: functions, their start, and what is made up about them."""

import pytest

import scoretest
from scoretest import (
    Client,
    Context,
    Event,
    Score,
    TriggerEvent,
    UsageError,
    create_scorer,
)
from scoretest.demo import client, feedback_scorer, handle_support_ticket
from scoretest.exploration import Exploration


def scores(exploration: Exploration) -> list[tuple[str, ...]]:
    """Return the scores of every row."""
    return [row.scores for row in exploration.table().rows]


def test_the_data_of_the_first_trigger_are_found_out():
    """From what the handlers ask the event for."""
    found = scoretest.explore(handle_support_ticket, feedback_scorer)

    assert dict(found.scenario.starts[0].data).keys() == {"ticketId", "content"}
    assert scores(found) == [
        ("user-feedback=0.5",),
        ("user-feedback=1",),
        ("user-feedback=0",),
    ]


def test_a_start_event_can_be_given():
    """One event, a list, or a name and data."""
    event = Event(name="support/ticket.created", data={"ticketId": "a", "content": "b"})
    functions = (handle_support_ticket, feedback_scorer)

    tables = [
        str(scoretest.explore(*functions, start=event, client=client).table()),
        str(scoretest.explore(*functions, start=[event]).table()),
        str(scoretest.explore(*functions, start=event.name, data=event.data).table()),
    ]

    assert len(set(tables)) == 1


def test_nothing_to_explore_is_refused():
    """The message says what to pass."""
    with pytest.raises(UsageError, match="no function to explore"):
        scoretest.explore()


def test_a_start_that_is_no_event_is_refused():
    """As the harness refuses to send it."""
    with pytest.raises(UsageError, match="start must be"):
        scoretest.explore(handle_support_ticket, start=[1])


def test_data_that_no_handler_can_live_with_are_refused():
    """Rather than to tell of failures that are the explorer's own."""
    other = Client("shop")

    @other.create_function(fn_id="strict", trigger=TriggerEvent(event="shop/x"))
    async def strict(ctx: Context):
        if ctx.event.data["code"] != "it is a secret":
            raise ValueError("wrong code")

    with pytest.raises(UsageError, match="no data were found"):
        scoretest.explore(strict)


def test_a_wait_on_an_id_in_a_nested_object_is_heard():
    """Signals are made from paths of any depth."""
    other = Client("shop")

    @create_scorer(other, fn_id="nested")
    async def nested(ctx: Context):
        found = await ctx.step.wait_for_event(
            "w",
            event="shop/x",
            timeout="1d",
            if_exp="async.data.ticket.id == event.data.ticketId && async.data.n >= 3",
        )
        return Score("heard", found is not None)

    found = scoretest.explore(nested, data={"ticketId": 7})

    assert scores(found) == [("heard=False",), ("heard=True",)]


def test_a_cancelled_run_has_no_score_by_design():
    """Its own scoped cancel ends it, and that is no finding."""
    other = Client("shop")
    cancel = scoretest.Cancel(
        event="shop/gone", if_exp="async.data.ticketId == event.data.ticketId"
    )

    @create_scorer(other, fn_id="scorer", cancel=[cancel])
    async def scorer(ctx: Context):
        await ctx.step.sleep("nap", "1d")
        return Score("slept", value=True)

    found = scoretest.explore(scorer, data={"ticketId": "a"})

    assert found.findings == ()
    assert scores(found) == [("slept=True",), ()]
