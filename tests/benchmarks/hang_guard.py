"""Programs that never end must end: within two seconds, with run and step named.

Each program runs in an interpreter of its own under a time-out, because a guard that
fails would otherwise hang the benchmark.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from .table import show, table

ROOT = Path(__file__).parents[2]
GOAL_SECONDS = 2.0
PATIENCE_SECONDS = 30
FUNCTION = "stuck"
STEP = "hold-on"


def _serve(handler: Callable[..., object]) -> object:
    """Return a harness that serves *handler*, triggered by "go"."""
    from scoretest import Client, Harness, TriggerEvent  # noqa: PLC0415 -- only in the child

    client = Client(app_id="guard")
    trigger = TriggerEvent(event="go")
    function = client.create_function(fn_id=FUNCTION, trigger=trigger)(handler)
    harness = Harness()
    harness.serve(client, functions=[function])
    return harness


def deadlock() -> None:
    """A step awaits a future that nobody holds."""
    import asyncio  # noqa: PLC0415 -- only in the child

    async def nobody() -> None:
        await asyncio.get_running_loop().create_future()

    async def handler(ctx: object) -> None:
        await ctx.step.run(STEP, nobody)

    with _serve(handler) as harness:
        harness.send("go")


def endless_sleeper() -> None:
    """A step sleeps again and again, on asyncio's clock."""
    import asyncio  # noqa: PLC0415 -- only in the child

    async def again() -> None:
        while True:  # noqa: ASYNC110 -- that it never ends is the point
            await asyncio.sleep(3_600)

    async def handler(ctx: object) -> None:
        await ctx.step.run(STEP, again)

    with _serve(handler) as harness:
        harness.send("go")
        harness.fast_forward()


def endless_steps() -> None:
    """A handler sleeps durably for ever."""

    async def handler(ctx: object) -> None:
        while True:
            await ctx.step.sleep(STEP, "1h")

    with _serve(handler) as harness:
        harness.send("go")
        harness.fast_forward()


def spinning_handler() -> None:
    """A step gives way to the loop for ever and virtual time never moves."""
    import asyncio  # noqa: PLC0415 -- only in the child

    async def spin() -> None:
        while True:  # noqa: ASYNC110 -- that it never ends is the point
            await asyncio.sleep(0)

    async def handler(ctx: object) -> None:
        await ctx.step.run(STEP, spin)

    with _serve(handler) as harness:
        harness.send("go")


PROGRAMS: dict[str, Callable[[], None]] = {
    "deadlock": deadlock,
    "endless sleeper": endless_sleeper,
    "endless steps": endless_steps,
    "spinning handler": spinning_handler,
}


def child(name: str) -> None:
    """Run one program and print as JSON how it ended."""
    import scoretest  # noqa: F401, PLC0415 -- the import is not what is measured

    start = perf_counter()
    text = "it ended as if nothing had happened"
    kind = "nothing"
    try:
        PROGRAMS[name]()
    except BaseException as error:  # noqa: BLE001 -- whatever ends it is the result
        kind, text = type(error).__name__, str(error)
    spent = perf_counter() - start
    show(json.dumps({"seconds": spent, "error": kind, "text": text}))


def end_of(name: str) -> dict[str, object]:
    """Run one program in a fresh interpreter and return how it ended."""
    try:
        done = subprocess.run(  # noqa: S603 -- this module itself
            [sys.executable, "-m", __spec__.name, name],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return {"seconds": None, "error": "HANGS", "text": ""}
    if done.returncode:
        return {"seconds": None, "error": "CRASHED", "text": done.stderr[-2_000:]}
    return json.loads(done.stdout.splitlines()[-1])


def main() -> dict[str, dict[str, object]]:
    """Print how each endless program ends, and return it."""
    results = {name: end_of(name) for name in PROGRAMS}
    rows = []
    for name, end in results.items():
        seconds, text = end["seconds"], str(end["text"])
        end["names run and step"] = FUNCTION in text and STEP in text
        rows.append(
            [
                name,
                end["error"],
                "-" if seconds is None else f"{seconds:.2f} (goal {GOAL_SECONDS:.0f})",
                "yes" if end["names run and step"] else "no",
            ]
        )
    head = ["program", "ends with", "seconds", "names run and step"]
    show(table("Hang guard, one interpreter each", head, rows))
    return results


if __name__ == "__main__":
    child(sys.argv[1])
