"""The law of the search: what it leaves out would have changed no outcome."""

from hypothesis import given, settings
from hypothesis import strategies as st

import scoretest
from scoretest import Client, Context, Score, create_scorer

EVENTS = ("shop/paid", "shop/rated")
CONDITIONS = (
    None,
    "async.data.ticketId == event.data.ticketId",
    "async.data.ticketId != event.data.ticketId",
    "async.data.level == 2",
)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("wait"),
            st.sampled_from(EVENTS),
            st.sampled_from(CONDITIONS),
            st.sampled_from(["1d", "2d"]),
        ),
        st.tuples(st.just("sleep"), st.sampled_from(["1h", "1d"])),
        st.tuples(st.just("run")),
    ),
    min_size=1,
    max_size=3,
)


def made(steps):
    """Return a scorer that takes *steps*, and counts what it hears."""
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context):
        heard = 0
        for number, (kind, *what) in enumerate(steps):
            if kind == "wait":
                event, condition, timeout = what
                found = await ctx.step.wait_for_event(
                    f"s{number}", event=event, if_exp=condition, timeout=timeout
                )
                heard = heard * 2 + (found is not None)
            elif kind == "sleep":
                await ctx.step.sleep(f"s{number}", what[0])
            else:
                await ctx.step.run(f"s{number}", lambda: 1)
        return Score("heard", heard)

    return scorer


def outcomes(scorer, **reductions):
    """Return every set of scores that a timeline can end with."""
    found = scoretest.explore(
        scorer, data={"ticketId": "tk_1"}, max_signals=2, **reductions
    )
    assert found.is_exhaustive
    return {
        tuple((score.name, score.value) for score in leaf.engine.scores)
        for leaf in found.leaves
    }


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_the_reductions_lose_no_outcome(steps):
    """With them, and without each of them."""
    scorer = made(steps)
    reduced = outcomes(scorer)

    assert outcomes(scorer, merge_states=False) == reduced
    assert outcomes(scorer, skip_no_ops=False) == reduced
