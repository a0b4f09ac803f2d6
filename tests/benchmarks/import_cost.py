"""What ``import scoretest`` costs, beside the part of the library that it stands on."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from .table import show, table

ROOT = Path(__file__).parents[2]
ROUNDS = 7
GOAL_RATIO = 1.5
BASELINE = "asyncio, json, heapq, dataclasses, hashlib"
SUBJECTS = {
    "baseline": BASELINE,
    # the root imports a name when it is used, so its whole is asked for
    "scoretest": "scoretest.runtime.harness, scoretest.sdk.scorer",
    "pytest plugin": "pytest, scoretest.pytest_plugin",
    "pytest alone": "pytest",
}
ABSENT = ("inngest", "pydantic", "hypothesis", "freezegun", "httpx", "pytest")
_PROBE = """
import sys, time
before, start = set(sys.modules), time.perf_counter()
import {imported}
spent = time.perf_counter() - start
import json
loaded = sorted(set(sys.modules) - before)
print(json.dumps({{"ms": spent * 1000, "modules": loaded}}))
"""


def probe(imported: str) -> dict[str, object]:
    """Import something in a fresh interpreter; return milliseconds and new modules."""
    done = subprocess.run(  # noqa: S603 -- a fixed program
        [sys.executable, "-c", _PROBE.format(imported=imported)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main(rounds: int = ROUNDS) -> dict[str, object]:
    """Print the cost of the imports, and return it."""
    probes: dict[str, list[dict[str, object]]] = {name: [] for name in SUBJECTS}
    for _ in range(rounds):
        for name, imported in SUBJECTS.items():
            probes[name].append(probe(imported))
    times = {name: median(p["ms"] for p in found) for name, found in probes.items()}
    ratio = median(
        ours["ms"] / base["ms"]
        for ours, base in zip(probes["scoretest"], probes["baseline"], strict=True)
    )
    loaded = {name: found[-1]["modules"] for name, found in probes.items()}
    present = [name for name in ABSENT if name in loaded["scoretest"]]
    rows = [[name, f"{times[name]:.1f}", len(loaded[name])] for name in SUBJECTS]
    title = f"Import cost, median of {rounds} fresh interpreters"
    show(table(title, ["import", "ms", "modules"], rows))
    show(f"scoretest / baseline: {ratio:.2f} (goal {GOAL_RATIO})")
    show(f"loaded although unused: {', '.join(present) or 'nothing'} (goal: nothing)")
    return {
        "ms": times,
        "modules": {name: len(names) for name, names in loaded.items()},
        "ratio": ratio,
        "loaded although unused": present,
    }
