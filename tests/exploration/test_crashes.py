"""Faults on timelines: a worker goes away after a step, and the run goes on."""

import pytest

import scoretest
from scoretest import Client, Harness, Score, UsageError, create_scorer
from scoretest.exploration.timelines import CRASH


def scorer(handler, **options):
    """Return a client and a scorer with *handler*."""
    client = Client(app_id="app")
    return client, create_scorer(client, fn_id="rate", **options)(handler)


async def gives_up(ctx):
    """Believe that a second attempt has asked already."""
    vote = await ctx.step.run("ask", lambda: None if ctx.attempt else 1)
    return None if vote is None else Score("vote", vote)


async def cannot_repeat(ctx):
    """Do what can be done once only."""

    def insert():
        if ctx.attempt:
            raise scoretest.NonRetriableError("the row is there already")

    await ctx.step.run("insert", insert)
    heard = await ctx.step.wait_for_event("vote", event="voted", timeout="1h")
    return Score("heard", heard is not None)


def changes_its_mind(client):
    """Return a handler that scores in a step whose value depends on the attempt."""

    async def rate(ctx):
        parent = ctx.parents[0].run_id

        async def write():
            await client.score(name="try", value=ctx.attempt, run_id=parent)

        await ctx.step.run("write", write)

    return rate


async def keeps_on(ctx):
    """Score however often its step was done."""
    return Score("vote", await ctx.step.run("ask", lambda: 1))


def found(client, function, **options):
    """Return what is found, by code, with the names of what is on the timeline."""
    explored = scoretest.explore(function, data={}, client=client, **options)
    return {f.code: [s.name for s in f.timeline] for f in explored.findings}


def test_a_scorer_that_gives_up_after_a_crash_is_found():
    """SCORE_NEVER_WRITTEN, with the crash on the timeline."""
    assert found(*scorer(gives_up)) == {"SCORE_NEVER_WRITTEN": [CRASH]}


def test_a_step_that_cannot_be_repeated_is_found():
    """RUN_FAILED, by the error of the second try."""
    assert found(*scorer(cannot_repeat)) == {"RUN_FAILED": [CRASH]}


def test_a_score_of_each_try_is_found():
    """SCORED_TWICE: the first write was kept although nobody knew."""
    client = Client(app_id="app")
    made = create_scorer(client, fn_id="rate")(changes_its_mind(client))

    assert found(client, made)["SCORED_TWICE"] == [CRASH]


def test_a_scorer_that_keeps_on_is_left_alone():
    """At least once is enough for it."""
    assert found(*scorer(keeps_on)) == {}


def test_a_run_without_retries_is_left_alone():
    """It fails by the crash alone, and its author asked for that."""
    assert found(*scorer(gives_up, retries=0)) == {}


async def gives_up_late(ctx):
    """Stand one crash of each step, and no two of them."""
    vote = await ctx.step.run("ask", lambda: ctx.attempt)
    await ctx.step.run("thank", lambda: None)
    return Score("vote", vote) if vote < 2 else None


@pytest.mark.parametrize(("most", "codes"), [(1, {}), (2, {"ask": 2})])
def test_several_crashes_on_one_timeline(most, codes):
    """One after the other, also of the same step."""
    client, function = scorer(gives_up_late)
    explored = scoretest.explore(function, data={}, client=client, max_faults=most)

    steps = [s.data["step"] for f in explored.findings for s in f.timeline]
    assert {step: steps.count(step) for step in steps} == codes
    assert [f.message for f in explored.findings] == [
        "the scorer ends without a score, after crashes of the steps 'ask' and 'ask'"
    ] * len(codes)


def test_several_crashes_are_played_again():
    """By the replay code, and by the test to paste."""
    client, function = scorer(gives_up_late)
    explored = scoretest.explore(function, data={}, client=client, max_faults=2)
    (finding,) = explored.findings
    story = str(explored.replay(finding.replay))
    text = explored.regression_test(finding, "import scoretest")

    assert story.count("fault     crash after: ask") == len(finding.timeline)
    assert text.count("harness.faults.crash_after(gives_up_late, 'ask')") == 2


def test_no_fault_is_tried_unasked():
    """max_faults=0 looks at what signals and time can do."""
    assert found(*scorer(gives_up), max_faults=0) == {}


def test_the_sentence_names_the_step():
    """So does the timeline of the finding."""
    client, function = scorer(gives_up)
    (finding,) = scoretest.explore(function, data={}, client=client).findings

    assert finding.message == (
        "the scorer ends without a score, after a crash of step 'ask'"
    )
    assert "timeline: crash after step 'ask' of app-rate; replay: st1." in str(finding)


def test_a_replay_crashes_again():
    """The code holds the fault, and the harness plays it."""
    client, function = scorer(gives_up)
    explored = scoretest.explore(function, data={}, client=client)
    story = str(explored.replay(explored.findings[0].replay))

    assert "fault     crash after: ask" in story
    assert "score" not in story.splitlines()[1]


@pytest.mark.parametrize(("handler", "passes"), [(gives_up, False), (keeps_on, True)])
def test_the_pasted_test_crashes_too(handler, passes):
    """It fails on what was found, and passes on what is mended."""
    client, function = scorer(gives_up)
    explored = scoretest.explore(function, data={}, client=client)
    text = explored.regression_test(explored.findings[0], "import scoretest")
    _, mended = scorer(handler)
    space = {"gives_up": mended, "client": client}
    exec(text, space)  # noqa: S102 -- the test that was made

    assert "    harness.faults.crash_after(gives_up, 'ask')\n" in text
    harness = Harness(strict=False)
    try:
        if passes:
            space["test_app_rate_score_never_written"](harness)
            return
        with pytest.raises(AssertionError):
            space["test_app_rate_score_never_written"](harness)
    finally:
        harness.abandon()


@pytest.mark.parametrize(
    ("most", "message"),
    [(-1, "max_faults is a whole number from 0 on, not -1"), (True, "not True")],
)
def test_other_numbers_of_faults_are_refused(most, message):
    """They are counted from 0 on."""
    with pytest.raises(UsageError, match=message):
        found(*scorer(keeps_on), max_faults=most)
