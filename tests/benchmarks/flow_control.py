"""The standard job with a concurrency limit on its scorer, against the job without one.

In the burst a thousand scorers ask for ten places at one instant, and stand in line.
"""

from statistics import median

from .standard_job import GAPS, ROUNDS, SIZE, timed, with_scoretest
from .table import show, table

LIMIT = 10
GOAL = 1.5


def limited(size: int, gap: int) -> list[float]:
    """Run the job with a limit on the scorer, and return the scores."""
    from scoretest.flow import Concurrency  # noqa: PLC0415 -- the baselines run without it

    return with_scoretest(size, gap, concurrency=[Concurrency(limit=LIMIT)])


def main(size: int = SIZE, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Print the times and their ratio, and return them."""
    results, rows = {}, []
    for shape, gap in GAPS.items():
        for job in (with_scoretest, limited):
            timed(job, min(size, 20), gap)  # imports and caches
        pairs = [
            (timed(with_scoretest, size, gap), timed(limited, size, gap))
            for _ in range(rounds)
        ]
        without, with_limit = (median(times) for times in zip(*pairs, strict=True))
        ratio = median(b / a for a, b in pairs)
        results[shape] = {"ms": without, "limited ms": with_limit, "ratio": ratio}
        row = (f"{without:.1f}", f"{with_limit:.1f}", f"{ratio:.2f} (goal {GOAL})")
        rows.append([shape, *row])
    head = ["job", "without ms", f"limit {LIMIT} ms", "ratio"]
    show(table(f"J({size}), median of {rounds} interleaved rounds", head, rows))
    return results
