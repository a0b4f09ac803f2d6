"""The same program is the same story: bytes, in every interpreter and at every time."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import scoretest
from scoretest import Harness
from scoretest._core.memos import STEP_TRANSITIONS, StepState
from scoretest._core.runs import RUN_TRANSITIONS, RunState
from scoretest._core.waits import WAIT_TRANSITIONS, WaitState
from scoretest.reports.timeline import Timeline

from .programs import PROGRAMS, digests, play

START = datetime(2025, 1, 1, tzinfo=UTC)
ULID = re.compile(r"\b0[0-9A-HJKMNP-TV-Z]{25}\b")
UNEVEN = ("1ms", "999ms", "7s 300ms", "1m", "14m 59s", "3h", "1d 1h", "5d")


def trace_of(name, finish=Harness.fast_forward, **choices):
    """Play a program and return its trace document."""
    with Harness(strict=False, **choices) as world:
        PROGRAMS[name](world, finish)
        return world.timeline.to_json()


@pytest.fixture(scope="module")
def expected():
    """The digests of this interpreter."""
    return digests()


@pytest.mark.parametrize("seed", range(8))
def test_hash_seeds_change_nothing(expected, monkeypatch, seed):
    """In a fresh interpreter every timeline and trace has the same bytes."""
    package = Path(scoretest.__file__).parents[1]
    # this process plays the same programs, so a measurement would learn nothing
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)
    done = subprocess.run(  # noqa: S603 -- our own programs
        [sys.executable, Path(__file__).with_name("programs.py")],
        check=True,
        capture_output=True,
        env={
            **os.environ,
            "PYTHONHASHSEED": str(seed),
            "PYTHONPATH": str(package),
            "TZ": ("UTC", "America/New_York", "Pacific/Apia")[seed % 3],
        },
    )

    assert json.loads(done.stdout) == expected


def test_there_are_twenty_seven_programs():
    """The demonstration's chain and twenty-six more are compared."""
    assert len(PROGRAMS) == 27


@pytest.mark.parametrize("name", PROGRAMS)
def test_memory_changes_nothing(name):
    """Repeated in one process, with allocations between, a program stays the same."""
    first = play(name)

    for lap in range(1, 5):
        clutter = [[object() for _ in range(n * 37 % 200)] for n in range(lap * 13)]
        del clutter[::2]

        assert play(name) == first


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_start_shifts_the_trace(name):
    """Shifting the start by d shifts every time by d and changes nothing else."""
    shift = timedelta(days=411, hours=5, seconds=7)

    here, there = trace_of(name), trace_of(name, start=START + shift)

    assert neutral(there, START + shift) == neutral(here, START)


def neutral(document, start):
    """Return the facts of a trace with ids numbered and times counted from *start*."""
    numbers: dict[str, str] = {}
    begin_ms = round(start.timestamp() * 1_000)

    def number(match):
        return numbers.setdefault(match[0], f"id {len(numbers)}")

    def offset(match):
        return f'"{match[1]}": {int(match[2]) - begin_ms}'

    text = re.sub(r'"(ts|expire)": (\d+)', offset, json.dumps(document["facts"]))
    text = re.sub(r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "(a time)", text)
    return json.loads(ULID.sub(number, text))


@pytest.mark.parametrize("name", PROGRAMS)
def test_pieces_of_time_are_time_at_once(name):
    """Advancing bit by bit leaves the same trace as going from timer to timer."""

    def bit_by_bit(world):
        for piece in UNEVEN * 3:
            world.advance(piece)

    at_once = trace_of(name, lambda world: world.advance_to(world.now + total()))

    assert trace_of(name, bit_by_bit) == at_once


def total():
    """Return the sum of the uneven pieces, three times."""
    with Harness() as world:
        for piece in UNEVEN * 3:
            world.advance(piece)
        return world.now - START


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_seed_changes_ids_alone(name):
    """With another seed only the identifiers differ."""
    assert neutral(trace_of(name, seed=7), START) == neutral(trace_of(name), START)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_document_holds_the_whole_story(name):
    """A timeline that is read back from its JSON is the same text and the same JSON."""
    with Harness(strict=False) as world:
        PROGRAMS[name](world, Harness.fast_forward)
        document = json.loads(json.dumps(world.timeline.to_json()))
        again = Timeline.from_json(document)

        assert (str(again), again.to_json()) == (str(world.timeline), document)


@pytest.mark.parametrize("name", PROGRAMS)
def test_facts_rebuild_the_state(name):
    """Folding the facts over the tables gives the runs, steps and waits that there are."""
    with Harness(strict=False) as world:
        PROGRAMS[name](world, lambda _: None)
        for _ in range(3):
            assert folded(world.timeline) == shown(world)
            world.fast_forward("1h")
        world.fast_forward()

        assert folded(world.timeline) == shown(world)


def folded(entries):
    """Return status, entries, output and steps of every run, and the open waits."""
    runs, counts, outputs, steps, waits = {}, {}, {}, {}, {}
    for _, _, fact in entries:
        kind, run = type(fact), getattr(fact, "run_id", "")
        if any(kind is known for _, known in RUN_TRANSITIONS):
            runs[run] = RUN_TRANSITIONS[runs.get(run, RunState.NEW), kind]
            counts[run] = getattr(fact, "entry", counts.get(run, 0))
            outputs[run] = getattr(fact, "output", None)
        elif any(kind is known for _, known in STEP_TRANSITIONS):
            key = (run, str(fact.step))
            steps[key] = STEP_TRANSITIONS[steps.get(key, StepState.NEW), kind]
            if any(kind is known for _, known in WAIT_TRANSITIONS):
                waits[key] = WAIT_TRANSITIONS[waits.get(key, WaitState.NEW), kind]
    return (
        {run: (words(state), counts[run], outputs[run]) for run, state in runs.items()},
        {key: state.value for key, state in steps.items()},
        [key for key, state in waits.items() if state is WaitState.OPEN],
    )


def words(state):
    """Return the server's word for a run's state."""
    ends = (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)
    return state.value if state in ends else "Running"


def shown(world):
    """Return the same from the views that a test reads."""
    return (
        {run.id: (str(run.status), run.entries, run.output) for run in world.runs},
        {
            (run.id, step.id): step.status
            for run in world.runs
            for step in run.steps
            if step.status != "New"
        },
        [(wait.run.id, wait.step_id) for wait in world.waits],
    )
