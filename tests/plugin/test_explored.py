"""Explored tests: one item, every timeline, and each failure with its code."""

import re

import pytest

import scoretest.exploration.explored  # kept by pytester, as those of conftest.py
import scoretest.pytest_plugin

HEAD = """
import scoretest
from scoretest import Client, Score, TriggerEvent, create_scorer

client = Client(app_id="app")


@create_scorer(client, fn_id="rate")
async def rate(ctx):
    same = "async.data.t == event.data.t"
    vote = await ctx.step.wait_for_event(
        "vote", event="voted", timeout="1h", if_exp=same
    )
    again = await ctx.step.wait_for_event(
        "again", event="opened", timeout="1h", if_exp=same
    )
    return Score("votes", (vote is not None) + 2 * (again is not None))


def on_all(test):
    return scoretest.explored(rate, data={"t": "t1"}, client=client)(test)

"""


@pytest.fixture(name="run")
def run_fixture(pytester, alone):  # noqa: ARG001 -- for what it does
    """Return what runs a test file with these tests."""

    def run(body, *options):
        pytester.makepyfile(body if body is TWO else HEAD + body)
        return pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", *options, plugins=[scoretest.pytest_plugin]
        )

    return run


def test_a_claim_that_holds_passes_as_one_test(run):
    """However many timelines there are, the item is one."""
    result = run(
        """
@on_all
def test_scored(harness):
    assert len(harness.scores) == 1
    harness.always(harness.scores, "there is a score")
    harness.sometimes(harness.scores["votes"].value == 3, "both come")
"""
    )

    result.assert_outcomes(passed=1)


def test_every_failing_timeline_is_told(run):
    """Each with its signals, its code and its story; the others go on."""
    result = run(
        """
@on_all
def test_good(harness):
    assert harness.scores["votes"].value == 1
"""
    )
    text = result.stdout.str()

    result.assert_outcomes(failed=1)
    assert "3 of 4 timelines fail" in text
    assert text.count("on the timeline: ") == 3
    assert "on the timeline: no signal" in text
    assert "Timeline from 2025-01-01" in text


def test_a_code_runs_its_timeline_alone(run):
    """--scoretest-replay takes what the failure has printed."""
    body = """
@on_all
def test_good(harness):
    assert harness.scores["votes"].value == 1
"""
    text = run(body).stdout.str()
    codes = re.findall(r"--scoretest-replay=(st1\.\w+)", text)
    again = run(body, f"--scoretest-replay={codes[-1]}")

    again.assert_outcomes(failed=1)
    assert again.stdout.str().count("on the timeline: ") == 1


def test_a_code_of_something_else_is_refused(run):
    """It never plays another timeline."""
    result = run("@on_all\ndef test_it(harness): pass\n", "--scoretest-replay=st1.abc")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the replay code 'st1.abc' is damaged*"])


def test_what_never_holds_fails(run):
    """sometimes() is a promise that a timeline leads there."""
    result = run(
        """
@on_all
def test_reached(harness):
    harness.sometimes(False, "the moon is reached")
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*'the moon is reached' never holds, on none of 4 timelines*"]
    )


def test_what_does_not_always_hold_fails(run):
    """With the name of the claim."""
    result = run(
        """
@on_all
def test_reached(harness):
    vote = harness.run(rate).step("vote").output
    harness.always(vote is not None, "somebody votes")
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*'somebody votes' does not hold on this timeline*"])


def test_fixtures_and_parameters_go_through(run):
    """The decorator takes the harness only."""
    result = run(
        """
import pytest


@pytest.fixture
def least():
    return 1


@pytest.mark.parametrize("name", ["votes"])
@on_all
def test_scored(harness, name, least):
    assert len(harness.scores.named(name)) == least
"""
    )

    result.assert_outcomes(passed=1)


def test_a_coroutine_runs_in_virtual_time(run):
    """After the timeline, on the harness's own loop."""
    result = run(
        """
import asyncio


@on_all
async def test_later(harness):
    before = harness.now
    await asyncio.sleep(3600)
    assert (harness.now - before).total_seconds() == 3600
"""
    )

    result.assert_outcomes(passed=1)


def test_a_finding_of_the_harness_is_a_failure(run):
    """As under the fixture."""
    result = run(
        """
@on_all
def test_fault(harness):
    harness.faults.crash_after(rate, "nothing")
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*FAULT_UNUSED*"])


def test_the_seed_of_the_session_holds(run):
    """--scoretest-seed reaches every timeline's world."""
    body = """
ids = []


@on_all
def test_ids(harness):
    ids.append(harness.runs[0].id)


def test_told():
    print("first id", ids[0])
"""
    outputs = [
        run(body, "-s", *options).stdout.str()
        for options in ([], ["--scoretest-seed=7"], ["--scoretest-seed=7"])
    ]
    (one,), (two,), (three,) = (re.findall("first id (.*)", out) for out in outputs)

    assert one != two == three


def test_a_test_without_a_harness_is_refused(run):
    """It could not say anything about a timeline."""
    result = run("@on_all\ndef test_it(): pass\n")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the explored test * takes no harness*"])


def test_a_skip_skips(run):
    """What is no failure goes through at once."""
    result = run(
        """
import pytest


@on_all
def test_skipped(harness):
    pytest.skip("not today")
"""
    )

    result.assert_outcomes(skipped=1)


TWO = """
import scoretest
from scoretest import Client, TriggerEvent

client = Client(app_id="app")


@client.create_function(fn_id="open", trigger=TriggerEvent(event="opened"))
async def opened(ctx):
    vote = await ctx.step.wait_for_event("vote", event="voted", timeout="1h")
    return vote is not None


@client.create_function(fn_id="close", trigger=TriggerEvent(event="closed"))
async def closed(ctx):
    return await ctx.step.run("one", lambda: 1)


@scoretest.explored(opened, closed)
def test_ends(harness):
    slugs = [run.function_id for run in harness.runs]
    harness.sometimes(slugs == ["app-open"], "the first trigger")
    harness.sometimes(slugs == ["app-close"], "the other trigger")
    assert slugs != ["app-close"]
"""


def test_functions_of_several_triggers(run):
    """Each trigger begins timelines of its own, which can be asked for alone."""
    failing = run(TWO)
    text = failing.stdout.str()
    code = re.search(r"--scoretest-replay=(\S+)", text)[1]

    again = run(TWO, f"--scoretest-replay={code}")

    failing.assert_outcomes(failed=1)
    assert "on the timeline: no signal" in text
    again.assert_outcomes(failed=1)
