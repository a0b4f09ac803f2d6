"""The report section of a failing test: what happened in virtual time."""

import re

pytest_plugins = ["pytester"]

ORDERS = """
def go(world):
    world.serve(client, [order])
    world.send("order", {"id": 7})
"""
TIMELINE = """\
Timeline from 2025-01-01 00:00:00 UTC, 1h long
1 run (1 completed)

+0s  event     order {"id": 7}
     shop-order #1
       started   by order
       sleep     wait until +1h

+1h  shop-order #1
       woke      wait
       completed {"id": 7}"""
NOTHING = "Timeline from 2025-01-01 00:00:00 UTC: nothing happened"


def sections(result):
    """Return the title and the text of each section of ours."""
    found = re.split(r"-{5,} (scoretest timeline[ \d]*) -{5,}\n", result.stdout.str())
    ends = re.compile(r"\n[=_-]{5,}")
    return [
        (title, ends.split(text, maxsplit=1)[0].strip())
        for title, text in zip(found[1::2], found[2::2], strict=True)
    ]


def test_the_timeline_of_a_failing_test(inner):
    """The whole story, in virtual time, below the traceback."""
    result = inner(
        ORDERS
        + """
def test_it(harness):
    go(harness)
    harness.fast_forward()
    assert False
"""
    )

    assert sections(result) == [("scoretest timeline", TIMELINE)]


def test_no_timeline_of_a_passing_test(inner):
    """A test that passes shows nothing, even with -rA."""
    result = inner(
        ORDERS
        + """
def test_it(harness):
    go(harness)
    harness.fast_forward()
""",
        "-rA",
    )

    result.assert_outcomes(passed=1)
    assert sections(result) == []


def test_no_timeline_of_a_test_without_a_world(inner):
    """A test that fails without a harness is not our business."""
    result = inner("def test_before(harness): pass\ndef test_it(): assert False")

    result.assert_outcomes(passed=1, failed=1)
    assert sections(result) == []


def test_the_timeline_of_each_world(inner):
    """Several worlds are numbered in the order of their making, the last three only."""
    result = inner(
        ORDERS
        + """
def test_two(harnesses):
    one, two = harnesses(), harnesses()
    go(two)
    two.fast_forward()
    assert False

def test_five(harnesses):
    worlds = [harnesses(start=f"202{n}-01-01T00:00:00Z") for n in range(5)]
    assert False
"""
    )

    two, five = sections(result)[:2], sections(result)[2:]
    assert two == [("scoretest timeline", NOTHING), ("scoretest timeline 2", TIMELINE)]
    assert five == [
        (title, NOTHING.replace("2025", year))
        for title, year in (
            ("scoretest timeline", "2022"),
            ("scoretest timeline 2", "2023"),
            ("scoretest timeline 3", "2024"),
        )
    ]


def test_the_timeline_of_a_set_up_that_fails(inner):
    """A fixture that fails after it has used the world shows it as well."""
    result = inner(
        ORDERS
        + """
@pytest.fixture
def ordered(harness):
    go(harness)
    harness.fast_forward()
    raise LookupError

def test_it(ordered): pass
"""
    )

    result.assert_outcomes(errors=1)
    assert sections(result) == [("scoretest timeline", TIMELINE)]


def test_no_second_timeline_of_a_teardown(inner):
    """A teardown that fails belongs to no world."""
    result = inner(
        ORDERS
        + """
@pytest.fixture
def mine(harness):
    yield
    raise LookupError

def test_it(mine): pass
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    assert sections(result) == []


def test_a_verdict_has_its_timeline(inner):
    """A test that fails by a finding shows what happened."""
    result = inner("""
def test_it(harness):
    harness.serve(client, [fail])
    harness.send("fail", {"id": 7})
""")

    ((_, text),) = sections(result)
    assert text.startswith("Timeline from 2025-01-01 00:00:00 UTC, 0s long\n1 run (1 f")
