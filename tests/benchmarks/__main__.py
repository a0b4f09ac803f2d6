"""Run the benchmarks, print their tables and write benchmarks.json.

``python -m tests.benchmarks`` runs all of them, ``python -m tests.benchmarks hang_guard``
only the named ones. A benchmark is a module of this folder with a ``main()`` that prints
a table; what it returns, if anything, goes into the JSON file under the module's name.
"""

import importlib
import json
import platform
import sys
from importlib.util import find_spec
from pathlib import Path

from .table import show

BENCHMARKS = (
    "standard_job",
    "flow_control",
    "inngest_job",
    "expressions",
    "wait_index",
    "state_machine",
    "hang_guard",
    "exploration",
    "import_cost",
)
RESULTS = Path(__file__).parents[2] / "benchmarks.json"


def main(names: list[str]) -> int:
    """Run the benchmarks of these *names*, or all that are there."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        show(f"no benchmark {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
        return 2
    results: dict[str, object] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for name in names or BENCHMARKS:
        if find_spec(f"{__package__}.{name}") is not None:
            module = importlib.import_module(f"{__package__}.{name}")
            results[name] = module.main()
            show()
    RESULTS.write_text(json.dumps(results, indent=2, default=str) + "\n", "utf-8")
    show(f"written: {RESULTS.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
