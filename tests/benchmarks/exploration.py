"""How many timelines a second: a scorer with three waits, five payloads for each.

The same scorer, with our SDK and with the real one: it waits for three signals one after
the other, each of them with one of five ratings or not at all, and scores their sum. Every
timeline ends in another way, so that none is left out: six times six times six. What is told is how
many of them are explored in a second of processor time, with the checks and all.
"""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

from .table import show, table

GOALS = {"scoretest": 1_500, "inngest": 500}
NAMES = ("answer", "tone", "speed")
ID = "async.data.ticketId == event.data.ticketId"
ROUNDS = 5
TIMELINES = 6**3

Build = Callable[[], Any]


def ours() -> Any:
    """Return the scorer, written with our SDK."""
    from scoretest import Client, Context, Score, create_scorer  # noqa: PLC0415 -- each SDK is imported where it is needed

    client = Client("bench")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> Score:
        total = 0
        for name in NAMES:
            heard = await ctx.step.wait_for_event(
                name, event=f"bench/{name}", timeout="1d", if_exp=ID
            )
            total = total * 6 + (heard.data["rating"] if heard else 0)
        return Score("total", total)

    return scorer


def theirs() -> Any:
    """Return the scorer, written with the real SDK."""
    import inngest  # noqa: PLC0415 -- as above
    from inngest.experimental.deferred import create_defer  # noqa: PLC0415 -- as above

    client = inngest.Inngest(app_id="bench", is_production=False)

    @create_defer(client, fn_id="scorer")
    async def scorer(ctx: inngest.Context) -> None:
        total = 0
        for name in NAMES:
            heard = await ctx.step.wait_for_event(
                name, event=f"bench/{name}", timeout=86_400_000, if_exp=ID
            )
            total = total * 6 + (int(str(heard.data["rating"])) if heard else 0)
        await client.score(name="total", value=total, run_id=ctx.parents[0].run_id)

    return scorer


SDKS: dict[str, Build] = {"scoretest": ours, "inngest": theirs}


def timed(build: Build) -> float:
    """Return how many timelines are explored in a second."""
    from scoretest import explore  # noqa: PLC0415 -- as above

    scorer = build()
    gc.collect()
    start = process_time()
    found = explore(
        scorer, data={"ticketId": "tk_1"}, values={"rating": [1, 2, 3, 4, 5]}
    )
    spent = process_time() - start
    scores = {leaf.engine.scores[0].value for leaf in found.leaves}
    if len(scores) != TIMELINES or found.findings:
        message = f"{len(scores)} timelines, {found.findings}"
        raise SystemExit(message)
    return len(found.leaves) / spent


def main(rounds: int = ROUNDS) -> dict[str, float]:
    """Print how many timelines are explored in a second, and return it."""
    results: dict[str, float] = {}
    rows = []
    for name, build in SDKS.items():
        timed(build)  # imports and caches
        results[name] = median(timed(build) for _ in range(rounds))
        rows.append([name, f"{results[name]:.0f}", str(GOALS[name])])
    show(table("exploration", ["SDK", "timelines/s", "goal"], rows))
    return results
