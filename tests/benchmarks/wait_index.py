"""What one event costs against many waits, each of which asks for a key of its own.

``python -m tests.benchmarks wait_index``; the wait index is asked as the engine asks it:
the candidates, and of each whether it accepts the event.
"""

import gc
import time
from collections.abc import Callable
from functools import partial

from scoretest._core.waits import Wait, WaitIndex
from scoretest._model.event import ReceivedEvent
from scoretest._model.fact import WaitOpened
from scoretest._model.operation import StepName
from scoretest.expr import compile as compile_expression

from .table import show, table

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LINEAR_UP_TO = 10_000  # asking each wait one by one takes long
ROUNDS, TIMES = 40, 50
GOAL_SIZE, GOAL_MICROS, GOAL_GROWTH = 100_000, 15, 2.5
OTHER_SHAPES = (
    "async.data.ticketId == '{}' && async.data.rating > 3",
    "async.data.ticketId in ['{}', 'other']",
)


def event(name: str, ticket: str) -> ReceivedEvent:
    """Return an event about one ticket, as the engine hands it on."""
    wire = {"name": name, "data": {"ticketId": ticket, "rating": 5}, "id": "", "ts": 0}
    return ReceivedEvent("internal", wire, 0)


def opened(number: int, condition: str) -> Wait:
    """Return an open wait with a compiled condition of its own."""
    step = StepName(f"wait-{number}", 0, f"wait-{number}")
    predicate = compile_expression(condition)
    wait = Wait(f"run-{number}", step, "rated", predicate, opened_at=0, expires=1)
    wait.move(WaitOpened, number)
    return wait


def filled(
    count: int, shape: str = "async.data.ticketId == '{}'"
) -> tuple[WaitIndex, float]:
    """Return an index of *count* waits, and the microseconds that each one took."""
    index = WaitIndex()
    start = time.perf_counter()
    for number in range(count):
        index.open(opened(number, shape.format(f"tk_{number}")))
    return index, (time.perf_counter() - start) / count * 1e6


def woken(index: WaitIndex, received: ReceivedEvent) -> list[Wait]:
    """Return the waits that one event wakes, as the engine finds them."""
    return [w for w in index.candidates(received) if w.accepts(received.wire)]


def scanned(index: WaitIndex, received: ReceivedEvent) -> list[Wait]:
    """Return the same, asking every open wait."""
    return [
        w
        for w in index.all_open()
        if w.event == received.name and w.accepts(received.wire)
    ]


def best(work: Callable[[], object], times: int = TIMES, rounds: int = ROUNDS) -> float:
    """Return the microseconds that *work* takes, the best of several rounds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - start) / times)
    return min(found) * 1e6


def measure(count: int) -> dict[str, float | None]:
    """Return what events cost against *count* open waits, in microseconds."""
    index, each = filled(count)
    hit, miss = event("rated", f"tk_{count // 2}"), event("rated", "nobody")
    assert len(woken(index, hit)) == 1
    assert not woken(index, miss)
    linear = None
    if count <= LINEAR_UP_TO:
        linear = best(partial(scanned, index, hit), times=1, rounds=3)
    return {
        "wakes one": best(partial(woken, index, hit)),
        "wakes none": best(partial(woken, index, miss)),
        "another name": best(partial(woken, index, event("closed", "tk_1"))),
        "one by one": linear,
        "opening one": each,
    }


def shapes(count: int) -> dict[str, float]:
    """Return what an event that wakes one costs for longer conditions."""
    found = {}
    for shape in OTHER_SHAPES:
        index, _ = filled(count, shape)
        found[shape] = best(partial(woken, index, event("rated", "tk_7")))
    return found


def main() -> dict[str, object]:
    """Print the table, and return its figures."""
    found = {count: measure(count) for count in SIZES}
    gc.collect()
    others = shapes(SIZES[2])
    head = ["waits", *found[SIZES[0]]]
    rows = [
        [f"{count:,}", *("-" if v is None else f"{v:,.2f}" for v in row.values())]
        for count, row in found.items()
    ]
    show(table("One event against waits for a key each, in µs", head, rows))
    for shape, micros in others.items():
        show(f"{micros:.2f} µs wakes one of {SIZES[2]:,}: {shape}")
    growth = found[SIZES[-1]]["wakes one"] / found[SIZES[0]]["wakes one"]
    goal = found[GOAL_SIZE]["wakes one"]
    show(f"at {GOAL_SIZE:,} waits: {goal:.1f} µs (goal {GOAL_MICROS})")
    show(f"from {SIZES[0]} to {SIZES[-1]:,}: {growth:.2f} times (goal {GOAL_GROWTH})")
    return {
        "micros": {str(count): row for count, row in found.items()},
        "other conditions": others,
        "growth": growth,
    }
