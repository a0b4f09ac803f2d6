"""The fixtures of the plugin, and the marker that chooses a test's world."""

from inspect import cleandoc

import pytest

pytest_plugins = ["pytester"]


def test_every_test_has_a_world_of_its_own(inner):
    """What one test does in its world is not seen by the next."""
    result = inner("""
def test_one(harness):
    harness.serve(client, [order])
    assert len(harness.send("order").runs) == 1
    harness.fast_forward()

def test_two(harness):
    assert (harness.runs, harness.events) == ([], [])
    assert harness.now.isoformat() == "2025-01-01T00:00:00+00:00"
""")

    result.assert_outcomes(passed=2)


def test_the_verbs_belong_to_the_world_of_the_test(inner):
    """send_event and fast_forward are the two verbs of this test's harness."""
    result = inner("""
def test_it(harness, send_event, fast_forward):
    harness.serve(client, [order])
    run = send_event("order", {"id": 7}).runs[0]
    assert fast_forward() is harness
    assert run.output == {"id": 7} and harness.runs == [run]
""")

    result.assert_outcomes(passed=1)


def test_several_worlds(inner):
    """The factory makes worlds that never meet, each with its own choices."""
    result = inner("""
def test_it(harnesses, harness):
    one, two = harnesses(start="2030-01-01T00:00:00Z"), harnesses(seed=1)
    one.serve(client, [order])
    one.send("order", {})
    two.serve(client, [order])
    assert [len(w.runs) for w in (one, two, harness)] == [1, 0, 0]
    assert one.now.year == 2030
    one.fast_forward()
""")

    result.assert_outcomes(passed=1)


def test_worlds_are_closed_with_their_test(inner):
    """A world ends when its test ends, whether the test passes or fails."""
    result = inner("""
worlds = []

def test_passes(harness, harnesses):
    worlds.extend([harness, harnesses(), harnesses()])

def test_fails(harness, harnesses):
    worlds.extend([harness, harnesses()])
    assert False

def test_all_are_closed():
    assert [w.is_closed for w in worlds] == [True] * 5
""")

    result.assert_outcomes(passed=2, failed=1)


def test_a_world_in_a_with_block_ends_there(inner):
    """Closing a world early is fine; it is not judged twice."""
    result = inner("""
def test_it(harnesses):
    with harnesses() as world:
        world.send("order")
    assert world.is_closed
""")

    result.assert_outcomes(passed=1)


def test_the_marker_chooses_the_world(inner):
    """Its keywords are those of Harness; of several marks the nearest counts."""
    result = inner(
        """
pytestmark = pytest.mark.scoretest(start="2030-01-01T00:00:00Z", strict=False)

def test_of_the_module(harness):
    assert harness.now.year == 2030

@pytest.mark.scoretest(start="2031-01-01T00:00:00Z")
def test_of_its_own(harness):
    assert harness.now.year == 2031
    harness.serve(client, [fail])
    harness.send("fail", {"id": 7})

@pytest.mark.scoretest(seed=7)
class TestThose:
    @pytest.mark.scoretest(start="2032-01-01T00:00:00Z")
    def test_of_a_class(self, harness, harnesses):
        assert harness.now.year == 2032
        assert harness.send("x").ids == harnesses(
            seed=7, start="2032-01-01T00:00:00Z"
        ).send("x").ids
""",
        "--strict-markers",
    )

    result.assert_outcomes(passed=3)


MARKS = {
    "a choice without its name": (
        '"2030-01-01T00:00:00Z"',
        """
        the marker scoretest takes its choices by name, not ('2030-01-01T00:00:00Z',)
          where: test_mark.py::test_it
          fix:   write @pytest.mark.scoretest(start="2025-03-30T00:00:00Z")
        """,
    ),
    "a choice that nobody has": (
        "sed=7",
        """
        the marker scoretest has no choice 'sed'; did you mean 'seed'?
          where: test_mark.py::test_it
          fix:   use one of start, seed, wall_clock, reentry, strict, quirks, io, limits
        """,
    ),
    "a value that cannot be": (
        'start="yesterday"',
        """
        start 'yesterday' is not an ISO 8601 time
          fix:   write it like "2025-01-01T00:00:00Z"
        """,
    ),
}


@pytest.mark.parametrize(("choice", "text"), MARKS.values(), ids=MARKS)
def test_a_marker_that_is_wrong(pytester, inner, choice, text):
    """The test errs at its set-up, and the report is the message and nothing else."""
    pytester.makepyfile(
        test_mark=f"import pytest\n@pytest.mark.scoretest({choice})\n"
        "def test_it(harness): pass\n"
    )

    result = inner("", "test_mark.py")

    result.assert_outcomes(errors=1)
    head = "*__ ERROR at setup of test_it __*"
    section = result.stdout.str().partition("==== ERRORS ====")[2]
    shown = section.partition("____\n")[2].partition("\n====")[0]
    assert shown.partition("\n----")[0] == cleandoc(text), head


def test_the_marker_is_listed(inner):
    """`pytest --markers` explains it."""
    result = inner("", "--markers")

    result.stdout.fnmatch_lines(
        ["@pytest.mark.scoretest(?*choices): the choices of this test's harness*"]
    )


def test_the_fixtures_are_listed(inner):
    """`pytest --fixtures` explains each."""
    result = inner("", "--fixtures")

    text = result.stdout.str()
    listed = [
        name
        for name in ("harness", "harnesses", "send_event", "fast_forward")
        if f"\n{name}" in text
    ]
    assert listed == ["harness", "harnesses", "send_event", "fast_forward"]
    assert "no docstring available" not in text.partition("scoretest.pytest_plugin")[2]
