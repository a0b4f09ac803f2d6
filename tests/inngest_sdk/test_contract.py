"""One contract for both ways: our functions as they are, and converted to the package.

The programs are those whose determinism is tested. Each is played in two worlds; what
the runs, the scores and the findings are must not depend on the way.
"""

import json
import re
from collections import Counter

import inngest
import pytest

from scoretest import Harness
from scoretest.adapters.inngest_sdk import to_inngest
from tests.properties.programs import PROGRAMS

# steps side by side outside a group, which the package cannot do
GATHERING = {"gathered_steps", "task_groups", "worker_threads", "experiments"}
# the package has no eye for these mistakes, and other words for some
ITS_OWN_FINDINGS = {"mistakes"}

HEADING = re.compile(r"\S+ #\d+$")


class Converting:
    """A harness that converts what it is to serve."""

    def __init__(self, harness):
        self._harness = harness
        self._apps = {}

    def __getattr__(self, name):
        return getattr(self._harness, name)

    def serve(self, client, functions):
        """Serve what the functions become for the package."""
        app = self._apps.setdefault(client, inngest.Inngest(app_id=client.app_id))
        self._harness.serve(app, functions=to_inngest(client, functions, app))


def play(name, way):
    """Play a program and return the world that it left."""
    with Harness(strict=False) as world:
        PROGRAMS[name](way(world), lambda _: world.fast_forward())
        return world


def as_is(world):
    """Serve functions as they are."""
    return world


def runs_of(world):
    """Return what can be known of each run."""
    return [
        (
            run.id,
            run.function_id,
            run.status,
            run.output,
            run.error and (run.error.name, run.error.message),
            (run.entries, run.attempts),
            (run.started_at, run.ended_at),
            [child.id for child in run.deferred],
            [
                (step.id, step.op, step.status, step.output, step.attempts)
                for step in run.steps
            ],
        )
        for run in world.runs
    ]


def events_of(world):
    """Return all events; within one instant there is no order."""
    return Counter(
        (event.ts, event.name, json.dumps(without_stacks(event.data)))
        for event in world.events
    )


def without_stacks(value):
    """Return JSON without what depends on the way: tracebacks, and ids from counters."""
    if isinstance(value, list):
        return [without_stacks(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_stacks(item)
        for key, item in value.items()
        if key not in ("stack", "id")
    }


def lines_of(world):
    """Return what the timeline tells, whatever the order within one instant."""
    text = world.timeline.render(400, fold=False)
    lines = (line[6:].strip() for line in text.splitlines())
    return Counter(
        line
        for line in lines
        if not line.startswith("at ") and not HEADING.search(line)
    )


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - GATHERING))
def test_the_same_facts(name):
    """Runs, steps, outputs, errors, scores and findings are the same, whole."""
    own, converted = play(name, as_is), play(name, Converting)

    assert runs_of(converted) == runs_of(own)
    assert str(converted.scores) == str(own.scores)
    assert events_of(converted) == events_of(own)
    if name not in ITS_OWN_FINDINGS:
        assert converted.findings == own.findings
        assert lines_of(converted) == lines_of(own)


@pytest.mark.parametrize("name", sorted(GATHERING))
def test_steps_side_by_side_are_refused(name):
    """A gather of steps ends its run, before one of the steps has run."""
    converted = play(name, Converting)

    refused = [run for run in converted.runs if run.status == "Failed"]
    assert refused
    assert {run.error.name for run in refused} == {"NotBuiltError"}
    assert {finding.code for finding in converted.findings} == {"USAGE_ERROR"}
