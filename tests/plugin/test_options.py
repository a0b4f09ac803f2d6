"""The options of a session: flags and ini lines, and what they change."""

import pytest

pytest_plugins = ["pytester"]

PASSES = """
def test_passes(harness):
    harness.send("order")
"""
FAILS = """
def test_fails(harness):
    harness.send("order")
    assert False
"""
SECTION = "- scoretest timeline -"


@pytest.mark.parametrize("way", ["--scoretest-timeline={}", "scoretest_timeline={}"])
@pytest.mark.parametrize(
    ("when", "of_a_failure", "of_a_success"),
    [("failed", 1, 0), ("always", 1, 1), ("never", 0, 0)],
)
def test_whose_timelines_are_shown(inner, way, when, of_a_failure, of_a_success):
    """By flag or by ini line: those of failed tests, all of them, or none."""
    option = way.format(when)
    options = [option] if option.startswith("--") else ["-o", option]

    failed = inner(FAILS, *options).stdout.str()
    passed = inner(PASSES, "-rP", *options).stdout.str()

    assert failed.count(SECTION) == of_a_failure
    assert passed.count(SECTION) == of_a_success


def test_the_flag_overrules_the_ini_line(inner):
    """Who types the flag wants something else today."""
    result = inner(
        FAILS, "-o", "scoretest_timeline=never", "--scoretest-timeline=always"
    )

    assert SECTION in result.stdout.str()


def test_the_seed_of_a_session(inner):
    """It is the seed of every world that chooses none, and the header tells it."""
    result = inner(
        """
from scoretest import Harness

def id_of(world): return world.send("order").ids

with Harness(seed=7) as seven, Harness(seed=9) as nine:
    SEVEN, NINE = id_of(seven), id_of(nine)

def test_fixtures(harness, harnesses):
    assert id_of(harness) == SEVEN == id_of(harnesses())

def test_a_choice_of_its_own(harnesses):
    assert id_of(harnesses(seed=9)) == NINE

@pytest.mark.scoretest(seed=9)
def test_a_marker(harness, harnesses):
    assert id_of(harness) == NINE == id_of(harnesses())
""",
        "--scoretest-seed=7",
    )

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["scoretest seed: 7"])


def test_how_often_the_clock_may_move(inner):
    """scoretest_max_jumps bounds every operation of every world of a fixture."""
    result = inner(
        """
import asyncio

@client.create_function(fn_id="endless", trigger=TriggerEvent(event="go"))
async def endless(ctx):
    while True:
        await asyncio.sleep(1)

def test_it(harness):
    harness.serve(client, [endless]).send("go")
    harness.fast_forward()
""",
        "-o",
        "scoretest_max_jumps=17",
    )

    result.stdout.fnmatch_lines(
        [
            "E   *LivelockError: the clock has moved 17 times and timers are still pending"
        ]
    )


WRONG = {
    "scoretest_timeline=sometimes": (
        "scoretest_timeline must be failed, always or never, not 'sometimes'"
    ),
    "scoretest_wall_clock=sundial": (
        "scoretest_wall_clock must be freezegun or time-machine, not 'sundial'"
    ),
    "scoretest_reentry=always": (
        "scoretest_reentry must be step, wait or never, not 'always'"
    ),
    "scoretest_max_jumps=0": (
        "scoretest_max_jumps must be a whole number above zero, not '0'"
    ),
    "scoretest_max_jumps=many": (
        "scoretest_max_jumps must be a whole number above zero, not 'many'"
    ),
}


@pytest.mark.parametrize(("line", "text"), WRONG.items(), ids=WRONG)
def test_an_ini_line_that_is_wrong(inner, line, text):
    """The session does not begin, and the message has the name and the values."""
    result = inner(PASSES, "-o", line)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == f"ERROR: {text}"


def test_the_options_are_listed(inner):
    """`pytest --help` explains the flags and the ini lines."""
    text = inner(PASSES, "--help").stdout.str()

    listed = ["--scoretest-timeline", "--scoretest-seed", "scoretest_wall_clock"]
    listed += ["scoretest_max_jumps", "scoretest_timeline", "scoretest_reentry"]
    assert [name for name in listed if name not in text] == []


CLOCKED = """
from datetime import UTC, datetime
import time

@client.create_function(fn_id="look", trigger=TriggerEvent(event="look"))
async def look(ctx):
    await ctx.step.sleep("a day", "1d")
    return [datetime.now(UTC).isoformat(), time.time()]
"""
LOOKS = """
def test_it(harness):
    run = harness.serve(client, [look]).send("look").runs[0]
    harness.fast_forward()
    assert run.output == ["2025-01-02T00:00:00+00:00", 1735776000.0]

def test_after():
    assert datetime.now(UTC).year > 2025
"""


@pytest.mark.parametrize("kind", ["freezegun", "time-machine"])
@pytest.mark.parametrize("way", ["ini", "marker"])
def test_a_wall_clock_for_a_session_or_a_test(inner, kind, way):
    """The ini line is for all tests with a harness, the marker for one of them."""
    mark = f'@pytest.mark.scoretest(wall_clock="{kind}")' if way == "marker" else ""
    options = ["-o", f"scoretest_wall_clock={kind}"] if way == "ini" else []

    result = inner(CLOCKED + mark + LOOKS, *options)

    result.assert_outcomes(passed=2)


def test_a_marker_overrules_the_wall_clock_of_the_session(inner):
    """One test can leave the wall clock alone."""
    result = inner(
        CLOCKED
        + """
@pytest.mark.scoretest(wall_clock=None)
def test_it(harness):
    assert datetime.now(UTC).year > 2025
""",
        "-o",
        "scoretest_wall_clock=freezegun",
    )

    result.assert_outcomes(passed=1)


def test_a_test_that_fails_lets_the_clock_go(inner):
    """However a test ends, the next one has the real time; so do the reports."""
    result = inner(
        CLOCKED
        + """
def test_fails(harness): assert 0
def test_finds(harness): harness.serve(client, [fail]).send("fail", {"id": 1})

@pytest.fixture
def broken(harness): raise LookupError

def test_errs(broken): pass
def test_after():
    assert datetime.now(UTC).year > 2025
    assert time.monotonic.__module__ == "time"
""",
        "-o",
        "scoretest_wall_clock=freezegun",
        "--durations=3",
        "-vv",
    )

    result.assert_outcomes(passed=1, failed=2, errors=1)
    assert "19e" not in result.stdout.str().partition("slowest")[2]


PROPERTY = """
from hypothesis import given, settings, strategies as st
from scoretest.runtime.wall_clock import wall_clock

starts = []

@pytest.mark.scoretest(wall_clock="freezegun", start="2040-05-06T00:00:00Z")
@settings(deadline=200, max_examples=40, database=None)
@given(days=st.integers(0, 365))
def test_it(harnesses, days):
    with harnesses() as world:
        starts.append(datetime.now(UTC).isoformat())
        world.advance(f"{days}d")
        assert datetime.now(UTC) == world.now
        assert wall_clock("freezegun").is_started

def test_after():
    assert set(starts) == {"2040-05-06T00:00:00+00:00"}
    assert datetime.now(UTC).year < 2040
    assert not wall_clock("freezegun").is_started
"""


def test_a_property_with_a_wall_clock(outer):
    """One patch for all examples: a deadline of 200 ms holds, and each starts anew."""
    code, text = outer(
        CLOCKED + PROPERTY, "-p", "_hypothesis_pytestplugin", "-W", "error", "-q"
    )

    assert (code, "2 passed" in text) == (0, True), text


NOTE = """\
note: the wall clock was held by freezegun, at 2001-02-03T00:00:00; it did not follow \
harness.now.
Let it follow: leave that out, and write \
@pytest.mark.scoretest(wall_clock="freezegun").
"""


def test_a_foreign_frozen_clock_is_explained(inner):
    """A failing test whose author froze the wall clock learns that it stood still."""
    result = inner("""
import freezegun

@freezegun.freeze_time("2001-02-03")
def test_it(harness):
    harness.advance("1d")
    assert False
""")

    assert NOTE in result.stdout.str()


def test_a_freeze_of_the_users_own_fixture(inner):
    """A fixture's freeze around ours is refused; inside ours it wins, and ends cleanly."""
    result = inner(
        CLOCKED
        + """
import freezegun

@pytest.fixture
def frozen():
    with freezegun.freeze_time("2001-02-03"):
        yield

@pytest.mark.scoretest(wall_clock="freezegun")
def test_around(frozen, request):
    request.getfixturevalue("harness")

@pytest.mark.scoretest(wall_clock="freezegun")
def test_inside(harness, frozen):
    harness.advance("1d")
    assert datetime.now(UTC).year == 2001

def test_after():
    assert datetime.now(UTC).year > 2025
"""
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*the wall clock is held by freezegun, at 2001-02-03T00:00:00 already"]
    )


KEEPING = """
from scoretest import Client, TriggerEvent

def test_it(harness):
    visits, client = [], Client("app")

    @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
    async def f(ctx):
        visits.append(1)
        await ctx.step.run("a", lambda: 1)
        await ctx.step.sleep("b", "1h")

    harness.serve(client, [f])
    harness.send("go")
    harness.advance("1h")
    assert len(visits) == VISITS
"""


@pytest.mark.parametrize(("choice", "visits"), [("step", 3), ("wait", 2), ("never", 1)])
def test_when_handlers_are_entered_again(inner, choice, visits):
    """An ini line says it for every test."""
    program = KEEPING.replace("VISITS", str(visits))

    inner(program, "-o", f"scoretest_reentry={choice}").assert_outcomes(passed=1)


@pytest.mark.parametrize("order", ["items.sort(key=str)", "items.reverse()"])
def test_in_any_order(inner, pytester, order):
    """Each test has a world of its own, whichever ran before it."""
    pytester.makeconftest(f"def pytest_collection_modifyitems(items): {order}")

    result = inner(
        """
@pytest.mark.parametrize("number", range(3))
def test_it(harness, number):
    run = harness.serve(client, [order]).send("order", {"n": number}).runs[0]
    harness.fast_forward()
    assert (run.output, len(harness.runs)) == ({"n": number}, 1)
    assert run.id == "01JGFJJZ00" + run.id[10:] and harness.now.hour == 1
"""
    )

    result.assert_outcomes(passed=3)
