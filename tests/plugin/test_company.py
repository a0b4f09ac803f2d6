"""The plugin beside other plugins: workers, other orders, Hypothesis, async tests."""

import re

import pytest

pytest_plugins = ["pytester"]

MIXED = """
def test_passes(harness):
    harness.serve(client, [order])
    run = harness.send("order", {"id": 7}).runs[0]
    harness.fast_forward()
    assert run.output == {"id": 7}

def test_finds(harness):
    harness.serve(client, [fail])
    harness.send("fail", {"id": 7})

def test_misuses(harness):
    harness.advance(5)

def test_indexes(harness):
    harness.send("nothing").runs[0]

def test_waits(harness):
    harness.serve(client, [order]).send("order")
    with harness.expect_failure(order):
        harness.fast_forward()
"""
OUTCOMES = [
    "FAILED test_it.py::test_finds - scoretest.errors.FindingsError: 1 finding th...",
    "FAILED test_it.py::test_indexes - scoretest.runtime.sent.NoRunError: the eve...",
    "FAILED test_it.py::test_misuses - scoretest.errors.UsageError: the time to a...",
    "FAILED test_it.py::test_waits - scoretest.errors.FindingsError: exactly one ...",
]


def outcomes(text):
    """Return the lines of the short summary, sorted, and the last line's counts."""
    failed = sorted(line for line in text.splitlines() if line.startswith("FAILED"))
    name = re.compile(r"FAILED \S+::")
    last = text.rstrip().splitlines()[-1]
    counts = re.findall(r"\d+ (?:passed|failed|errors?|warnings?)", last)
    return [name.sub("FAILED test_it.py::", line) for line in failed], sorted(counts)


def test_under_workers(outer):
    """Errors of every kind survive their way home from two worker processes."""
    pytest.importorskip("xdist")

    _, text = outer(MIXED, "-p", "xdist", "-p", "xdist.looponfail", "-n", "2", "-q")

    assert outcomes(text)[1] == ["1 passed", "4 failed"]
    assert text.count("scoretest timeline -") == 4
    assert "  fix:   give it a unit" in text


@pytest.mark.parametrize("order", ["reversed(items)", "items[2:] + items[:2]"])
def test_in_any_order(pytester, inner, order):
    """The order of the tests changes nothing."""
    pytester.makeconftest(
        f"def pytest_collection_modifyitems(items): items[:] = {order}"
    )

    result = inner(MIXED)

    result.assert_outcomes(passed=1, failed=4)


ASYNC = {
    "none": [],
    "asyncio": ["pytest_asyncio.plugin"],
    "anyio": ["anyio.pytest_plugin"],
    "both": ["pytest_asyncio.plugin", "anyio.pytest_plugin"],
}


@pytest.mark.parametrize("plugins", ASYNC.values(), ids=ASYNC)
def test_beside_the_plugins_for_async_tests(outer, plugins):
    """Sync tests run beside both plugins, with warnings as errors."""
    for plugin in plugins:
        pytest.importorskip(plugin)

    code, text = outer(
        MIXED.partition("def test_finds")[0],
        *(option for plugin in plugins for option in ("-p", plugin)),
        "-W",
        "error",
        *(
            ["-o", "asyncio_default_fixture_loop_scope=function"]
            if "pytest_asyncio.plugin" in plugins
            else []
        ),
    )

    assert (code, outcomes(text)) == (0, ([], ["1 passed"])), text


def test_without_a_cache_and_with_warnings_as_errors(outer):
    """Nothing that the plugin does needs the cache, or warns."""
    code, text = outer(MIXED, "-p", "no:cacheprovider", "-W", "error")

    assert code == 1
    assert outcomes(text)[1] == ["1 passed", "4 failed"]


def test_inside_an_async_test(outer):
    """The sync face in an async test is refused in words, and its twin is named."""
    pytest.importorskip("anyio")

    _, text = outer(
        """
@pytest.mark.anyio
async def test_it(harness):
    harness.send("order")

@pytest.fixture
def anyio_backend(): return "asyncio"
""",
        "-p",
        "anyio.pytest_plugin",
        "-W",
        "error",
    )

    assert "UsageError: harness.send was called inside a running event loop" in text
    assert "write `await harness.asend(...)`, and write in conftest.py" in text


PROPERTY = """
from hypothesis import given, settings, strategies as st
from scoretest import Harness

seen = []

@settings(max_examples=50, derandomize=True, database=None)
@given(number=st.integers(0, 1000))
def test_it({fixtures}number):
    with {world} as world:
        world.serve(client, [order])
        run = world.send("order", {{"id": number}}).runs[0]
        seen.append(len(world.runs))
        world.fast_forward()
        assert run.output == {{"id": number}}
        assert {law}

def test_each_example_had_a_world_of_its_own():
    assert set(seen) == {{1}}
"""
WAYS = {
    "the fixture": {"fixtures": "harnesses, ", "world": "harnesses()"},
    "the class": {"fixtures": "", "world": "Harness()"},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_property(outer, way):
    """A world for each example: no health check complains, nothing warns."""
    source = PROPERTY.format(law="number >= 0", **way)

    code, text = outer(source, "-p", "_hypothesis_pytestplugin", "-W", "error", "-q")

    assert (code, outcomes(text)) == (0, ([], ["2 passed"])), text


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_property_that_does_not_hold(outer, way):
    """The smallest example is shown; with the fixture, its world's timeline too."""
    source = PROPERTY.format(law="number < 10", **way)

    _, text = outer(source, "-p", "_hypothesis_pytestplugin", "-W", "error", "-q")

    assert outcomes(text)[1] == ["1 failed", "1 passed"]
    assert "number=10" in text
    assert "E           Timeline from 2025-01-01 00:00:00 UTC, 1h long\n" in text
    assert text.count("scoretest timeline:") == 1
    if way["fixtures"]:
        assert text.count('completed {"id": 10}') >= 1
        assert text.count("scoretest timeline") <= 3


def test_a_finding_in_an_example(outer):
    """An example that ends with a finding is a failing example."""
    _, text = outer(
        """
from hypothesis import given, settings, strategies as st

@settings(max_examples=20, derandomize=True, database=None)
@given(number=st.integers(0, 100))
def test_it(harnesses, number):
    with harnesses() as world:
        world.serve(client, [fail])
        if number > 4:
            world.send("fail", {"id": number})
""",
        "-p",
        "_hypothesis_pytestplugin",
        "-q",
    )

    assert "FindingsError: 1 finding that the test did not allow" in text
    assert "failed with LookupError: 5" in text
    assert "number=5" in text
    assert text.count("scoretest timeline:") == 1


def test_one_world_for_all_examples_is_refused_by_hypothesis(outer):
    """The fixture of a single test in a property is the mistake that it looks like."""
    _, text = outer(
        """
from hypothesis import given, strategies as st

@given(st.integers())
def test_it(harness, number): pass
""",
        "-p",
        "_hypothesis_pytestplugin",
        "-q",
    )

    assert "FailedHealthCheck" in text


def test_the_entry_point_is_declared():
    """An installed package brings the plugin by itself."""
    import tomllib  # noqa: PLC0415 -- only this test reads the file

    from .conftest import ROOT  # noqa: PLC0415 -- as above

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {
        "scoretest": "scoretest.pytest_plugin"
    }
