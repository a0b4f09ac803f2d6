"""The corpus: what the real server was seen to do, done here by the same functions.

The functions are written with the real package. Each scenario is played three times: as it is,
through the adapter, and with our own SDK in the package's place, whose functions are then
converted too and come back through the adapter. What the server does by
accident is played in a world that copies its accidents.
"""

from pathlib import Path

import pytest

NAMES = sorted(
    path.parent.name for path in Path(__file__).parent.glob("scenarios/*/scenario.json")
)
# counts with an event's `ts` as a number, where ours is a datetime
TYPED_OTHERWISE = "step__sleep_until"


def test_the_corpus_is_complete():
    """All 126 public scenarios are here."""
    assert len(NAMES) == 126


@pytest.mark.parametrize("sdk", ["real_sdk"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_scenario(name, player, sdk):
    """The harness does what the server was seen to do."""
    assert player.Player(name, sdk).play() == []


@pytest.mark.parametrize("sdk", ["own_sdk"], indirect=True)
@pytest.mark.parametrize("name", [name for name in NAMES if name != TYPED_OTHERWISE])
def test_scenario_with_our_sdk(name, player, sdk):
    """The same functions do the same when their import is ours."""
    assert player.Player(name, sdk).play() == []


@pytest.mark.parametrize("sdk", ["converted_sdk"], indirect=True)
@pytest.mark.parametrize("name", [name for name in NAMES if name != TYPED_OTHERWISE])
def test_scenario_with_our_sdk_converted(name, player, sdk):
    """Written with our SDK, the same functions do the same as functions of the package."""
    assert player.Player(name, sdk).play() == []
