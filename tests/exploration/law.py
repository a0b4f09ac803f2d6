"""The law of the search, for scorers that are made by counting: no chance, no shrinking.

Run ``python -m tests.exploration.law [COUNT] [FIRST]`` from the root of a clone. It searches
each scorer with the reductions and without any, and compares what can come of it.
"""

import itertools
import sys
from collections.abc import Iterator
from typing import Any, Final

from scoretest import Client, Context, Score, create_scorer
from scoretest._core.waits import Wait, Watch
from scoretest._engine import Engine
from scoretest.exploration.alphabet import matchings
from scoretest.exploration.scenario import make_plan
from scoretest.exploration.search import Bounds, Search
from scoretest.exploration.stage import Letter, Move, Stage

CONDITIONS: Final = (
    None,
    "async.data.ticketId == event.data.ticketId",
    "async.data.ticketId != event.data.ticketId",
    "async.data.level == 2",
)
WAITS: Final = tuple(
    ("wait", event, condition, timeout)
    for event in ("shop/paid", "shop/rated")
    for condition in CONDITIONS
    for timeout in ("1d", "2d")
)
STEPS: Final = (*WAITS, ("sleep", "1h"), ("sleep", "1d"), ("run",))
_EVERY: Final = 7_919  # steps through all programs without keeping near ones together

Program = tuple[tuple[Any, ...], ...]


def programs() -> Iterator[Program]:
    """Yield every program of one to three steps, the short ones mixed with the long."""
    every = [
        program
        for length in (1, 2, 3)
        for program in itertools.product(STEPS, repeat=length)
    ]
    for number in range(len(every)):
        yield every[number * _EVERY % len(every)]


def made(steps: Program) -> Any:
    """Return a scorer that takes *steps*, and counts what it hears."""
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> Score:
        heard = 0
        for number, (kind, *what) in enumerate(steps):
            if kind == "wait":
                event, condition, timeout = what
                found = await ctx.step.wait_for_event(
                    f"s{number}", event=event, if_exp=condition, timeout=timeout
                )
                heard = heard * 2 + (found is not None)
            elif kind == "sleep":
                await ctx.step.sleep(f"s{number}", what[0])
            else:
                await ctx.step.run(f"s{number}", lambda: 1)
        return Score("heard", heard)

    return scorer


def outcomes(program: Program, bounds: Bounds) -> tuple[set[Any], int]:
    """Return what can come of a program, and how many worlds were looked at."""
    plan = make_plan([made(program)], None, {"ticketId": "tk_1"}, None, ())
    stage = Stage(plan.first.apps)
    try:
        search = Search(stage, bounds, _matches, lambda _: None)
        search.run([Move(stage.root.now, start) for start in plan.first.starts])
    finally:
        stage.close()
    assert not search.left_out, program
    ends = {
        tuple((score.name, score.value) for score in leaf.engine.scores)
        for leaf in search.leaves
    }
    return ends, search.nodes


def _matches(_: Engine, listener: Wait | Watch) -> list[Letter]:
    found = matchings(listener.predicate)
    return [Letter(listener.event, data, "match") for data in found]


def compare(program: Program, max_signals: int = 3) -> tuple[int, int]:
    """Search a program with all reductions and with none; return the two sizes.

    Raises:
        AssertionError: Something else can come of it.
    """
    far = {"max_signals": max_signals, "max_nodes": 10_000_000}
    reduced, small = outcomes(program, Bounds(**far))
    whole = Bounds(**far, merges_states=False, skips_no_ops=False)
    unreduced, large = outcomes(program, whole)
    assert reduced == unreduced, (program, reduced, unreduced)
    return small, large


def main(count: int = 500, first: int = 0) -> None:
    """Compare *count* programs, and tell how much smaller the reduced searches were."""
    small = large = 0
    for program in itertools.islice(programs(), first, first + count):
        reduced, whole = compare(program)
        small, large = small + reduced, large + whole
    sys.stdout.write(f"{count} scorers agree: {small} worlds in place of {large}\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
