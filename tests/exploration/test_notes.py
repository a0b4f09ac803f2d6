"""Notes: what is worth knowing, and no mistake."""

import pytest

import scoretest
from scoretest import Client, Context, Event, Score, TriggerEvent, create_scorer

from .correct import ID, RIGHT

BY_NAME = {case.name: case for case in RIGHT}


def notes(built):
    """Return the codes of the notes on what is right otherwise."""
    found = scoretest.explore(*built.pop("functions"), **built)
    assert found.findings == ()
    return [note.code for note in found.notes]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("unequal", "EXPRESSION_ABSENT_UNEQUAL"),
        ("a_guarded_rating", "EXPRESSION_POLICY_WARNING"),
        ("not_for_free_plans", "SCORE_LEFT_OUT"),
        ("a_merged_ticket", "SCORE_LEFT_OUT"),
        ("a_review_with_scores_of_its_own", "SCORE_LEFT_OUT"),
        ("a_scoped_cancel", "CANCELLED_WITHOUT_SCORE"),
    ],
)
def test_what_is_right_may_be_worth_a_note(name, code):
    """And it has no finding."""
    assert code in notes(BY_NAME[name].build())


def waiting(client, make):
    """Return a function that waits for what *make* says of its first step."""

    @client.create_function(fn_id="parent", trigger=TriggerEvent(event="shop/go"))
    async def parent(ctx: Context):
        token = await ctx.step.run("token", lambda: "tok_123")
        await ctx.step.wait_for_event(
            "w", event="shop/done", timeout="1d", if_exp=make(token)
        )

    return parent


def test_a_value_of_a_step_in_an_expression_is_a_note():
    """It is memoised, so that it cannot change; quotes in it would be a mistake."""
    client = Client("shop")
    function = waiting(client, lambda token: f"async.data.token == '{token}'")

    assert notes({"functions": [function], "data": {}, "client": client}) == [
        "PASTED_STEP_VALUE"
    ]


def test_a_value_with_quotes_is_a_note():
    """The reference is right; this one value never matches."""
    client = Client("shop")
    function = waiting(client, lambda _: ID)
    data = {"ticketId": 'say "hi"'}

    found = notes({"functions": [function], "data": data, "client": client})

    assert found == ["EXPRESSION_VALUE_NEVER_MATCHES"]


def test_signals_before_the_parent_has_ended_are_a_note():
    """Nobody can hear them: deferred functions start when their parent ends."""
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context):
        heard = await ctx.step.wait_for_event(
            "w", event="shop/rated", timeout="1d", if_exp=ID
        )
        return Score("heard", heard is not None)

    @client.create_function(fn_id="parent", trigger=TriggerEvent(event="shop/go"))
    async def parent(ctx: Context):
        ctx.defer(
            "score", function=scorer, data={"ticketId": ctx.event.data["ticketId"]}
        )
        await ctx.step.sleep("nap", "1d")

    built = {"functions": [parent, scorer], "client": client}
    start = Event(name="shop/go", data={"ticketId": "tk_1"})

    assert notes(built | {"start": start}) == ["SIGNAL_BEFORE_RUN"]
