"""How long a match expression takes: one evaluation, and one compilation.

Run `python tests/benchmarks/expressions.py`; it prints a table of microseconds, the
best of several rounds.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from functools import partial

from scoretest.expr import (
    ExpressionError,
    _expression,
    compile,  # noqa: A004 -- the API's own name
)

ROUNDS = 9
SMALL = {"name": "x", "ts": 1, "data": {"ticketId": "tk_1", "n": 5}}
LARGE = {
    "name": "x",
    "ts": 1,
    "data": {**SMALL["data"], "l": [{"id": i} for i in range(500)]},
}
TRIGGER = {"name": "start", "data": {"ticketId": "tk_1"}}
EXPRESSIONS = (
    "async.data.ticketId == 'tk_1'",
    "async.data.ticketId == 'tk_1' && async.data.n > 3",
    "async.data.ticketId in ['tk_1', 'tk_2'] || async.data.n == 5",
)
ATTACKS = {
    "3 nested macros over 300": "async.data.l.all(a, async.data.l.all(b, async.data.l.all(c, true)))",
    "49,000 parentheses": "(" * 49_000 + "true" + ")" * 49_000,
    "99,000 negations": "!" * 99_000 + "true",
    "5,000 conditions": "true" + " && true" * 5_000,
    "60 chained macros": "async.data.l" + ".map(x, x)" * 60 + " == []",
    "a 100,000 character comment": "true //" + "x" * 99_000,
    "99,000 open quotes": "'" * 99_001,
}


def best(work: Callable[[], object], times: int) -> float:
    """Return the microseconds that *work* takes, the best of several rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - start) / times)
    return min(found) * 1e6


def forget() -> None:
    """Empty the caches of compiled expressions."""
    for cache in (_expression._checked, _expression._registers, _expression._program):  # noqa: SLF001 -- cold is the point
        cache.cache_clear()


def cold(text: str, **options: object) -> None:
    """Compile *text* as if for the first time."""
    forget()
    compile(text, **options)


def attack(text: str) -> None:
    """Compile and ask, whatever comes of it."""
    forget()
    with contextlib.suppress(ExpressionError):
        compile(text).matches({"data": {"l": list(range(300))}})


def evaluations() -> list[tuple[str, float]]:
    """Time one evaluation on a small event and on one of 500 items."""
    rows = []
    for text in EXPRESSIONS:
        matches = compile(text).matches
        rows += [
            (f"evaluate, small event: {text}", best(partial(matches, SMALL), 5_000)),
            (f"evaluate, 500 items: {text}", best(partial(matches, LARGE), 5_000)),
        ]
    return rows


def compilations() -> list[tuple[str, float]]:
    """Time compilation, cold and with what the caches remember."""
    plain, join = EXPRESSIONS[0], "async.data.ticketId == event.data.ticketId"
    ids = iter(range(10**9))
    return [
        ("compile, cold", best(partial(cold, plain), 500)),
        (
            "compile, cold, with a trigger",
            best(partial(cold, join, trigger=TRIGGER), 500),
        ),
        (
            "compile, a new id",
            best(lambda: compile(f"async.data.x == 'tk_{next(ids)}'"), 500),
        ),
        ("compile, a new trigger", best(partial(compile, join, trigger=TRIGGER), 500)),
    ]


def main() -> None:
    """Print the table."""
    attacks = [
        (f"attack: {n}", best(partial(attack, t), 1)) for n, t in ATTACKS.items()
    ]
    for name, micros in [*evaluations(), *compilations(), *attacks]:
        sys.stdout.write(f"{micros:>12,.1f} µs  {name}\n")


if __name__ == "__main__":
    main()
