"""The same facts are the same text, in every process."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from scoretest import Harness
from scoretest.demo import play
from scoretest.reports.timeline import Timeline

with Harness() as harness:
    play(harness)
    print(harness.timeline)
    print(json.dumps(harness.timeline.to_json()))
"""


def run(seed: str) -> bytes:
    """Return what a fresh interpreter prints, by the seed of its hashes."""
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
    )
    return done.stdout


@pytest.fixture(scope="module")
def expected() -> bytes:
    """Return the output of one interpreter."""
    return run("0")


@pytest.mark.parametrize("seed", ["1", "2", "3", "31337"])
def test_hash_seeds_change_nothing(expected, seed):
    """Timeline and trace of the demo are byte-identical in fresh interpreters."""
    assert run(seed) == expected


def test_drawing_twice_changes_nothing(world):
    """A timeline has no memory of having been drawn."""
    timeline = world.event("ticket").queued().timeline

    assert timeline.render() == timeline.render(fold=True) == str(timeline)
