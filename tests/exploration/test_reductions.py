"""The law of the search: what it leaves out would have changed no outcome.

``python -m tests.exploration.law`` compares 500 scorers on timelines of three signals; here
are as many as fit into a few seconds.
"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import Client, Context, Score, create_scorer, explore
from scoretest.exploration.search import Bounds

from .law import STEPS, compare, made, main, outcomes, programs


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3))
def test_the_reductions_lose_no_outcome(steps):
    """With all of them, and with none."""
    small, large = compare(tuple(steps), max_signals=2)

    assert small <= large


@pytest.mark.parametrize(
    "reduction",
    [{"merges_states": False}, {"skips_no_ops": False}, {"merges_routes": False}],
)
def test_each_reduction_can_be_switched_off_alone(reduction):
    """And nothing else comes of a scorer then."""
    for program in itertools.islice(programs(), 12, 24):
        reduced, _ = outcomes(program, Bounds())
        assert outcomes(program, Bounds(**reduction))[0] == reduced


def test_the_law_is_told_with_its_sizes(capsys):
    """What a person who runs it sees."""
    main(1, 12)

    told = capsys.readouterr().out
    assert told == "1 scorers agree: 14 worlds in place of 39\n"


def test_worlds_of_one_route_are_entered_twice_only_at_first():
    """A state that is hidden shows all the same, at the latest by another route."""
    (program,) = itertools.islice(programs(), 20, 21)
    hidden: list[int] = []
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> Score:
        heard = await ctx.step.wait_for_event("paid", event="shop/paid", timeout="1d")
        if heard and heard.data["level"] == 5:
            hidden.append(1)
            await ctx.step.run(f"level-{len(hidden)}", lambda: 1)
        return Score("heard", heard is not None)

    found = [
        {f.code for f in explore(s, values=values, merge_routes=merges).findings}
        for s in (scorer, made(program))
        for values in ({"level": [1, 2, 3, 4, 5]},)
        for merges in (True, False)
    ]

    assert found[0] >= {"NONDETERMINISTIC"}
    assert found[1] >= {"NONDETERMINISTIC"}
    assert found[2] == found[3]


def test_a_run_that_is_never_the_same_is_left_soon():
    """A step of another name on each entry would have another one for ever."""
    entries: list[int] = []
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> Score:
        entries.append(1)
        await ctx.step.run(f"entry {len(entries)}", int)
        return Score("score", 1)

    found = explore(scorer)

    codes = [finding.code for finding in found.findings]
    assert codes == ["NONDETERMINISTIC", "EFFECT_REPEATED"]  # of the list
    assert len(entries) < 60
