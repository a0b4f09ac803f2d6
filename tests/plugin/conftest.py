"""Inner sessions of pytest, each with exactly the plugins that a test names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import scoretest.pytest_plugin

# all that an inner session in this process would import: pytester forgets new modules
import scoretest.runtime.harness
import scoretest.runtime.wall_freezegun
import scoretest.runtime.wall_time_machine
import scoretest.sdk.scorer

ROOT = Path(__file__).parents[2]
# what every inner session imports: an app with a function that works and one that fails
APP = """
from scoretest import Client, TriggerEvent

client = Client(app_id="shop")


@client.create_function(fn_id="order", trigger=TriggerEvent(event="order"))
async def order(ctx):
    await ctx.step.sleep("wait", "1h")
    return ctx.event.data


@client.create_function(fn_id="fail", trigger=TriggerEvent(event="fail"), retries=0)
async def fail(ctx):
    raise LookupError(ctx.event.data["id"])
"""


@pytest.fixture
def alone(monkeypatch):
    """Keep plugins away that happen to be installed, and options of the outer run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_ADDOPTS", "CI", "BUILD_NUMBER"):  # with CI nothing is cut
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    # pytest warns of an opt-in that it cannot rewrite because it is imported already
    monkeypatch.delitem(sys.modules, "scoretest.pytest_asyncio", raising=False)


@pytest.fixture
def inner(pytester, alone):  # noqa: ARG001 -- for what it does
    """Run a test file in this process, with the plugin and the app."""

    def run(source, *options):
        pytester.makepyfile(app=APP)
        pytester.makepyfile(f"import pytest\nfrom app import *\n{source}")
        return pytester.runpytest_inprocess(
            "-p", "no:cacheprovider", *options, plugins=[scoretest.pytest_plugin]
        )

    return run


@pytest.fixture
def outer(pytester, alone):  # noqa: ARG001 -- for what it does
    """Run a test file in a process of its own; return its exit code and its text."""

    def run(source, *options):
        pytester.makepyfile(app=APP)
        pytester.makepyfile(f"import pytest\nfrom app import *\n{source}")
        done = subprocess.run(  # noqa: S603 -- pytest itself, with our options
            [sys.executable, "-m", "pytest", "-p", "scoretest.pytest_plugin", *options],
            cwd=pytester.path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return run
