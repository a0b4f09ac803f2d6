"""The clocks of the application follow the worlds that are explored."""

# ruff: noqa: TID251 -- these clocks are what is tested

import time
from datetime import UTC, datetime

import pytest
from freezegun import freeze_time

import scoretest
from scoretest import Client, Context, Harness, Score, create_scorer

DATA = {"ticketId": "tk_1"}
ID = "async.data.ticketId == event.data.ticketId"
HOUR = 3_600
RATED = 'ticket/rated(ticketId="tk_1")'


def now():
    """Return what the clock on the wall shows."""
    return datetime.now(UTC).timestamp()


def scorer_by(clock):
    """Return a scorer that tells by *clock* how many hours an answer has taken."""

    @create_scorer(Client("support"), fn_id="speed")
    async def speed(ctx: Context) -> Score:
        asked = await ctx.step.run("asked", clock)
        rated = await ctx.step.wait_for_event(
            "rated", event="ticket/rated", timeout="7d", if_exp=ID
        )
        answered = await ctx.step.run("answered", clock)
        hours = round((answered - asked) / HOUR, 1)
        return Score("hours", -1 if rated is None else hours)

    return speed


def rows(exploration):
    """Return the signals and the scores of every timeline."""
    return [(*row.signals, *row.scores) for row in exploration.table().rows]


@pytest.mark.parametrize(
    "clock",
    [
        now,
        lambda: time.time(),  # noqa: PLW0108 -- the name is looked up in the step
        lambda: time.monotonic(),  # noqa: PLW0108 -- as above
        lambda: time.perf_counter_ns() / 1e9,
    ],
    ids=["now", "time", "monotonic", "perf_counter_ns"],
)
def test_a_step_is_told_the_time_of_its_world(clock):
    """An answer comes fast, slowly, and at the last moment."""
    found = scoretest.explore(scorer_by(clock), data=DATA)

    assert found.findings == ()
    assert rows(found) == [
        ("hours=-1",),
        (f"+1m {RATED}", "hours=0.0"),
        (f"+30m {RATED}", "hours=0.5"),
        (f"+6h {RATED}", "hours=6.0"),
        (f"+2d {RATED}", "hours=48.0"),
        (f"+3d 12h {RATED}", "hours=84.0"),
        (f"+6d 23h 59m 59s 999ms {RATED}", "hours=168.0"),
    ]


def test_what_is_played_again_has_the_same_clock():
    """A code leads to the same scores, on any day."""
    found = scoretest.explore(bounded(), data=DATA)
    (silent,) = found.findings

    assert [signal.name for signal in silent.timeline] == ["ticket/rated"]
    assert "hours" not in str(found.replay(silent.replay))


def bounded():
    """Return a scorer that scores only what was answered within a day."""

    @create_scorer(Client("support"), fn_id="bounded")
    async def scorer(ctx: Context) -> Score | None:
        score = None
        asked = await ctx.step.run("asked", now)
        rated = await ctx.step.wait_for_event(
            "rated", event="ticket/rated", timeout="7d", if_exp=ID
        )
        answered = await ctx.step.run("answered", now)
        if rated is None:
            score = Score("hours", -1)
        elif answered - asked < 24 * HOUR:
            score = Score("hours", (answered - asked) // HOUR)
        return score

    return scorer


def test_the_test_to_paste_asks_for_the_clock():
    """It fails until the scorer is mended, whatever day it is."""
    found = scoretest.explore(bounded(), data=DATA)
    (silent,) = found.findings
    text = found.regression_test(silent, "import scoretest")
    names: dict = {"scorer": found.scenario.deferred}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes
    test = names["test_support_bounded_score_never_written"]
    (mark,) = test.pytestmark

    assert text.startswith("import pytest\nimport scoretest\n")
    assert (mark.name, mark.kwargs) == ("scoretest", {"wall_clock": "freezegun"})
    with Harness(strict=False, **mark.kwargs) as harness, pytest.raises(AssertionError):
        test(harness)


def test_a_test_on_every_timeline_has_that_clock():
    """Its body reads the time of its world, too."""
    looks = []

    @scoretest.explored(scorer_by(now), data=DATA)
    def test(harness):
        looks.append(now() == harness.now.timestamp())

    test()

    assert looks == [True] * 7


def test_a_clock_that_the_caller_has_frozen_stays():
    """Whoever freezes the clock knows why."""
    with freeze_time("2001-02-03"):
        found = scoretest.explore(scorer_by(now), data=DATA)

    assert {row[-1] for row in rows(found)} == {"hours=-1", "hours=0.0"}


def test_no_two_looks_are_at_the_same_time():
    """A step may divide by how long something has taken."""

    @create_scorer(Client("support"), fn_id="rate")
    async def rate(ctx: Context) -> Score:
        def judged() -> bool:
            begun, watch = time.time(), time.perf_counter()
            return 1 / (time.time() - begun) > 0 < 1 / (time.perf_counter() - watch)

        return Score("fast", await ctx.step.run("judge", judged))

    found = scoretest.explore(rate, data=DATA)

    assert (found.findings, rows(found)) == ((), [("fast=True",)])


@pytest.mark.parametrize(
    "clock",
    [lambda: time.time(), lambda: time.monotonic()],  # noqa: PLW0108 -- as above
    ids=["time", "monotonic"],
)
def test_who_polls_a_clock_comes_to_an_end(clock):
    """It goes on faster with every look."""

    @create_scorer(Client("support"), fn_id="patient")
    async def patient(ctx: Context) -> Score:
        def poll() -> int:
            begun, looks = clock(), 0
            while clock() < begun + 5:
                looks += 1
            return looks

        return Score("looks", await ctx.step.run("poll", poll))

    found = scoretest.explore(patient, data=DATA)

    assert (found.findings, rows(found)) == ((), [("looks=138",)])


def test_afterwards_the_clock_is_the_machines_own():
    """Nothing stays behind."""
    before = time.time
    scoretest.explore(scorer_by(now), data=DATA)

    assert time.time is before
    assert datetime.__module__ == "datetime"
