"""The standard job J(N): N deferred scorers, half of them answered after one hour.

An event starts a parent with one step, which defers a scorer; the scorer waits up to
seven days for a signal with its ticket id; even ids get it one virtual hour after their
start, odd ids never; the score lands on the parent. **burst**: all events at t = 0,
**spread**: event i at t = i s. Every figure is a ratio to a baseline that runs beside it
in the same process, because the clocks of machines cannot be compared.
"""

import gc
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

from .baselines import bare, minloop
from .table import show, table

SIZE = 1_000
ROUNDS = 7
GAPS = {"burst": 0, "spread": 1}
GOALS = {"bare": 40, "minloop": 12}
HOUR = 3_600

Job = Callable[[int, int], list[float]]


def build(**options: object) -> tuple[object, list[object]]:
    """Return the client and the functions of the job; *options* are the scorer's."""
    from scoretest import Client, Context, Score, TriggerEvent, create_scorer  # noqa: PLC0415 -- the baselines run without it

    client = Client(app_id="bench")

    async def answer(content: str) -> str:
        return f"Thanks for writing: {content}"

    @create_scorer(client, fn_id="scorer", **options)
    async def scorer(ctx: Context) -> Score:
        ticket = ctx.event.data["ticketId"]
        feedback = await ctx.step.wait_for_event(
            "wait",
            event="bench/feedback",
            timeout="7d",
            if_exp=f"async.data.ticketId == '{ticket}'",
        )
        return Score("feedback", 0.5 if feedback is None else 1)

    @client.create_function(fn_id="parent", trigger=TriggerEvent(event="bench/ticket"))
    async def parent(ctx: Context) -> dict[str, str]:
        ticket = ctx.event.data["ticketId"]
        response = await ctx.step.run("answer", answer, ticket)
        ctx.defer("score", function=scorer, data={"ticketId": ticket})
        return {"response": response}

    return client, [parent, scorer]


def script(size: int, gap: int) -> list[tuple[int, list[tuple[str, str]]]]:
    """Return (second, events to send as one request) in the order of time."""
    due: dict[int, list[tuple[str, str]]] = {}
    for ticket in range(size):
        due.setdefault(ticket * gap, []).append(("bench/ticket", f"t{ticket}"))
    for ticket in range(0, size, 2):
        second = ticket * gap + HOUR
        due.setdefault(second, []).append(("bench/feedback", f"t{ticket}"))
    return sorted(due.items())


def with_scoretest(size: int, gap: int, **options: object) -> list[float]:
    """Run the job on a harness, everything on, and return the scores."""
    from scoretest import Event, Harness  # noqa: PLC0415 -- the baselines run without it

    client, functions = build(**options)
    with Harness() as harness:
        harness.serve(client, functions=functions)
        now = 0
        for second, events in script(size, gap):
            if second > now:
                harness.advance(timedelta(seconds=second - now))
                now = second
            harness.send([Event(name=name, data={"ticketId": t}) for name, t in events])
        harness.advance("7d")
        assert all(score.run.function_id == "bench-parent" for score in harness.scores)
        return [score.value for score in harness.scores]


JOBS: dict[str, Job] = {"scoretest": with_scoretest, "bare": bare, "minloop": minloop}


def check(scores: list[float], size: int) -> None:
    """Stop if the job did not write one score per ticket, half of each kind."""
    seen = (len(scores), scores.count(1), scores.count(0.5))
    if seen != (size, size // 2, size // 2):
        message = f"the job wrote (all, answered, silent) = {seen}"
        raise SystemExit(message)


def timed(job: Job, size: int, gap: int) -> float:
    """Return how many milliseconds one run of *job* takes."""
    gc.collect()
    start = perf_counter()
    scores = job(size, gap)
    spent = perf_counter() - start
    check(scores, size)
    return spent * 1_000


def measure(size: int, gap: int, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds of every job in every round, the jobs interleaved."""
    for job in JOBS.values():
        timed(job, min(size, 20), gap)  # imports and caches
    spent: dict[str, list[float]] = {name: [] for name in JOBS}
    for _ in range(rounds):
        for name, job in JOBS.items():
            spent[name].append(timed(job, size, gap))
    return spent


def main(size: int = SIZE, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Print the times and the ratios of the job, and return them."""
    results, rows = {}, []
    for shape, gap in GAPS.items():
        spent = measure(size, gap, rounds)
        ours = spent["scoretest"]
        ratios = {
            base: median(a / b for a, b in zip(ours, spent[base], strict=True))
            for base in GOALS
        }
        results[shape] = {f"{name} ms": median(times) for name, times in spent.items()}
        results[shape] |= {f"x {base}": ratio for base, ratio in ratios.items()}
        rows.append(
            [
                shape,
                *(f"{median(spent[name]):.1f}" for name in JOBS),
                f"{median(ours) / size * 1_000:.0f}",
                *(f"{ratios[base]:.1f} (goal {GOALS[base]})" for base in GOALS),
            ]
        )
    head = ["job", *(f"{name} ms" for name in JOBS), "µs/job", "x bare", "x minloop"]
    show(table(f"J({size}), median of {rounds} interleaved rounds", head, rows))
    return results
