"""What an import brings: the plugin is loaded in every session of everybody."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"inngest", "pydantic", "hypothesis", "freezegun", "httpx", "pytest", "rich"}


def brought(*imports):
    """Return the modules that a fresh interpreter has after each of the imports."""
    lines = "\n".join(f"{line}; seen.append(sorted(sys.modules))" for line in imports)
    code = f"import json, sys\nseen = []\n{lines}\nprint(json.dumps(seen))"
    done = subprocess.run(  # noqa: S603 -- our own lines
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return [set(modules) for modules in json.loads(done.stdout)]


def test_the_plugin_brings_only_pytest():
    """Beside pytest itself, the plugin costs two modules: its own and the package's."""
    before, after = brought("import pytest", "import scoretest.pytest_plugin")

    assert after - before == {"scoretest", "scoretest.pytest_plugin"}


@pytest.mark.parametrize("name", ["pytest_anyio", "pytest_asyncio"])
def test_an_opt_in_brings_nothing_else(name):
    """A conftest.py that opts in costs one module, and asyncio, until a test asks."""
    before, after = brought(
        "import pytest, asyncio, scoretest", f"import scoretest.{name}"
    )

    assert after - before == {f"scoretest.{name}"}


def test_a_session_without_a_harness_stays_light(pytester, monkeypatch):
    """Only a test that asks for a world pays for it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("""
        import sys

        def test_it():
            assert "scoretest.pytest_plugin" in sys.modules
            assert "scoretest.runtime" not in sys.modules
            assert "anyio" not in sys.modules
            assert "freezegun" not in sys.modules
            assert "time_machine" not in sys.modules
            assert [1] != [2] and "scoretest.assertions" not in sys.modules
    """)

    result = pytester.runpytest_subprocess("-p", "scoretest.pytest_plugin")

    result.assert_outcomes(passed=1)


def test_a_session_of_our_own_functions_brings_no_other_package(pytester, monkeypatch):
    """Who serves no functions of the real package, and no schemas, never imports them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("""
        import sys
        from scoretest import Client, TriggerEvent

        client = Client(app_id="shop")

        @client.create_function(fn_id="ship", trigger=TriggerEvent(event="order"))
        async def ship(ctx):
            return await ctx.step.run("pack", lambda: "box")

        def test_it(harness):
            harness.serve(client, functions=[ship])
            assert harness.send("order").runs[0].output == "box"
            assert not {"inngest", "httpx", "pydantic"} & {*sys.modules}
    """)

    result = pytester.runpytest_subprocess("-p", "scoretest.pytest_plugin")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "line",
    ["import scoretest", "from scoretest import *", "import scoretest.runtime.harness"],
)
def test_the_package_brings_nothing_heavy(line):
    """Neither the root nor the whole of it needs a third party to be imported."""
    (modules,) = brought(line)

    assert {name.partition(".")[0] for name in modules} & HEAVY == set()


def test_a_name_of_the_root_brings_its_own_part():
    """Code that declares functions, in production, has no use for the harness."""
    (modules,) = brought("from scoretest import Client, TriggerEvent, create_scorer")

    ours = {name for name in modules if name.startswith("scoretest.")}
    assert "scoretest.sdk.client" in ours
    assert not {name for name in ours if name.startswith("scoretest.runtime")}


def test_a_name_that_the_root_does_not_have():
    """An unknown name is an AttributeError, as of any module."""
    import scoretest  # noqa: PLC0415 -- its root is the subject

    with pytest.raises(AttributeError) as caught:
        _ = scoretest.Harnes

    assert str(caught.value) == "module 'scoretest' has no attribute 'Harnes'"
    assert {*scoretest.__all__} <= {*dir(scoretest)}


pytest_plugins = ["pytester"]
