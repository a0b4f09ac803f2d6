"""Liveness: once faults are off, every run of every scenario comes to its end (R9)."""

from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from scoretest import UsageError

NAMES = sorted(
    path.parent.name for path in Path(__file__).parent.glob("scenarios/*/scenario.json")
)
NEVER = 2**62


def crashed(player, sdk, name, point):
    """Play a scenario with a crash at a point; return how many points were passed."""
    played = player.Player(name, sdk)
    client = sdk.client(player.APP)
    with sdk.imported():
        module = player.load(played.folder / "functions.py")
    functions = module.build(client, played.note)
    harness = played.harness
    try:
        sdk.serve(harness, client, functions)
        harness.faults.crash_at(point)
        for item in played.scenario["script"]:
            # what is to be cancelled may have ended already
            with suppress(UsageError) if "cancel_run" in item else nullcontext():
                played._item(player.compare.subst(item, player.APP))  # noqa: SLF001 -- the player's own script
        points = harness.faults.points
        harness.faults.recover()
    finally:
        harness.abandon()
    return points


@pytest.mark.parametrize("sdk", ["real_sdk"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_every_run_ends_when_faults_are_off(name, player, sdk):
    """Whatever the point at which the worker went away."""
    points = crashed(player, sdk, name, NEVER)

    for point in range(1, points + 1):
        assert crashed(player, sdk, name, point) >= point
