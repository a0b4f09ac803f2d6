"""How a finding fails its test, and what it never does to the test's own failure."""

import re
from inspect import cleandoc

pytest_plugins = ["pytester"]

_ULID = re.compile(r"\b01[0-9A-HJKMNP-TV-Z]{24}\b")
LOSES = """
def lose(world):
    world.serve(client, [fail])
    world.send("fail", {"id": 7})
"""
VERDICT = """
1 finding that the test did not allow

RUN_FAILED: a run of 'shop-fail' failed with LookupError: 7
  where: function 'shop-fail' ({folder}/app.py:14), run RUN, virtual time 2025-01-01T00:00:00.000Z
  fix:   mend the handler, look at the run's .error, or expect it with `with harness.expect_failure(function):`

  fix:   mend it, or let it pass with harness.allow("CODE", reason="...")
"""


def shown(result, test):
    """Return what the report of a failing test says, without its sections."""
    text = result.stdout.str()
    body = re.split(rf"_+ {test} _+\n", text, maxsplit=1)[1]
    return _ULID.sub("RUN", re.split(r"\n[-_=]{10,}", body, maxsplit=1)[0])


def test_a_finding_fails_the_test(pytester, inner):
    """It is a failure of the call, not an error of the teardown; the text is whole."""
    result = inner(LOSES + "def test_it(harness): lose(harness)")

    result.assert_outcomes(failed=1)
    text = cleandoc(VERDICT).format(folder=pytester.path.name)
    assert shown(result, "test_it") == text
    result.stdout.fnmatch_lines(["FAILED *::test_it - scoretest.errors.FindingsE*"])


def test_every_world_is_judged(pytester, inner):
    """The findings of a second world are shown below those of the first."""
    result = inner(
        LOSES
        + """
def test_it(harness, harnesses):
    lose(harness)
    lose(harnesses())
"""
    )

    result.assert_outcomes(failed=1)
    text = cleandoc(VERDICT).format(folder=pytester.path.name)
    assert shown(result, "test_it") == (
        f"2 worlds of this test were found wrong\n\n{text}\n\n{text}"
    )


def test_a_finding_that_is_allowed_or_not_strict(inner):
    """allow() by name, a marker, and a look at the run each let the test pass."""
    result = inner(
        LOSES
        + """
def test_allowed(harness):
    lose(harness)
    harness.allow("RUN_FAILED", reason="it is the point")

@pytest.mark.scoretest(strict=False)
def test_lax(harness):
    lose(harness)

def test_looked_at(harness):
    lose(harness)
    assert harness.run(fail).error.name == "LookupError"
"""
    )

    result.assert_outcomes(passed=3)


def test_the_failure_of_the_body_is_never_masked(inner):
    """When the test fails by itself, the findings stay silent."""
    result = inner(
        LOSES
        + """
def test_it(harness):
    lose(harness)
    assert harness.now is None, "mine"
"""
    )

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       AssertionError: mine"])
    result.stdout.no_fnmatch_line("*RUN_FAILED*")


def test_a_test_that_ends_early_is_not_judged(inner):
    """A skip and an expected failure of the body are what they are."""
    result = inner(
        LOSES
        + """
def test_skips(harness):
    lose(harness)
    pytest.skip("no")

@pytest.mark.xfail(strict=True)
def test_fails_as_expected(harness):
    lose(harness)
    assert False
"""
    )

    result.assert_outcomes(skipped=1, xfailed=1)


def test_a_finding_may_be_the_expected_failure(inner):
    """The mark xfail covers the verdict, because it belongs to the call."""
    result = inner(
        LOSES
        + """
@pytest.mark.xfail(strict=True)
def test_it(harness): lose(harness)
"""
    )

    result.assert_outcomes(xfailed=1)


def test_a_fixtures_teardown_still_runs(inner):
    """After a verdict the test's other fixtures are finished as always."""
    result = inner(
        LOSES
        + """
done = []

@pytest.fixture
def mine():
    yield
    done.append(1)

def test_it(mine, harness): lose(harness)
def test_after(): assert done == [1]
"""
    )

    result.assert_outcomes(failed=1, passed=1)


def test_a_unittest_case_is_judged_too(inner):
    """A world that comes to a TestCase by an autouse fixture is closed with it."""
    result = inner(
        LOSES
        + """
import unittest

class TestOld(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def world(self, harness):
        self.harness = harness

    def test_it(self): lose(self.harness)
"""
    )

    result.assert_outcomes(failed=1)


REFUSED = """
def test_it(harness):
    harness.send("inngest/x")
"""


def test_only_the_users_frames_are_shown(inner):
    """A mistake in a call points at the call; our own code is no help there."""
    result = inner(REFUSED)

    result.assert_outcomes(failed=1)
    lines = shown(result, "test_it").splitlines()
    assert [line for line in lines if line.startswith(">")] == [
        '>       harness.send("inngest/x")'
    ]
    assert not [line for line in lines if "runtime" in line]


def test_all_frames_are_shown_on_request(inner):
    """`--full-trace` shows ours as well."""
    result = inner(REFUSED, "--full-trace")

    result.stdout.fnmatch_lines(["*runtime/harness.py:*"])


def test_a_bug_of_ours_shows_where_it_is(inner):
    """An error that is our fault keeps our frames, for the report that it asks for."""
    result = inner("""
from scoretest._core.trace import Trace
from scoretest._model.fact import RunCompleted

def test_it():
    trace = Trace()
    trace.record(5, RunCompleted("01", 1))
    trace.record(4, RunCompleted("02", 1))
""")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*_core/trace.py:*: InternalError"])


def test_an_error_of_the_application_keeps_its_frames(inner):
    """What application code raises through harness.call is shown where it was raised."""
    result = inner("""
async def broken(): return {}["id"]

def test_it(harness): harness.call(broken)
""")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E   KeyError: 'id'"])
    assert "runtime/travel.py" not in result.stdout.str()
