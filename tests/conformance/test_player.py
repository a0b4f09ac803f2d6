"""The player itself: scenarios made up here, because no public one has a cron."""

import json

import pytest

CRON = """
import inngest


def build(client, log):
    @client.create_function(
        fn_id="tick", trigger=inngest.TriggerCron(cron="* * * * *")
    )
    async def tick(ctx):
        log("tick", name=ctx.event.name, keys=sorted(ctx.event.data))

    return [tick]
"""


@pytest.mark.parametrize("sdk", ["real_sdk", "own_sdk"], indirect=True)
@pytest.mark.parametrize(
    "start_at", ["2026-11-22T14:17:50Z", "2026-11-22T14:17:50", "14:17:50", 50]
)
def test_a_cron_fires_at_the_next_minute(player, sdk, tmp_path, start_at):
    """H2: the script begins at its second of the minute."""
    seen = {"kind": "tick", "name": "inngest/scheduled.timer"}
    scenario = {
        "start_at": start_at,
        "script": [{"advance": 9}, {"advance": 2}, {"finish": 30}],
        "expect": {
            "runs": [{"function": "tick", "status": "Completed", "entries": 1}],
            "log": [{**seen, "keys": ["cron", "fireAt", "scheduledAt"]}],
            "virtual_seconds": [
                {"between": [9.9, 10.1], "from": {"script": 0}, "to": {"kind": "tick"}}
            ],
        },
    }
    (tmp_path / "functions.py").write_text(CRON)
    (tmp_path / "scenario.json").write_text(json.dumps(scenario))

    assert player.Player(tmp_path, sdk).play() == []
