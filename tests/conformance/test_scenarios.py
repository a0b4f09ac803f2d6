"""The corpus: what the real server was seen to do, done here by the same functions.

The functions are written with the real package. Each is played twice: as it is, through
the adapter, and with our own SDK in the package's place. A scenario that needs what is
not built yet stands in `WAITING`, with the words of the refusal: when the feature comes,
its rows fail and have to go.
"""

from pathlib import Path

import pytest

from scoretest import NotBuiltError

NAMES = sorted(
    path.parent.name for path in Path(__file__).parent.glob("scenarios/*/scenario.json")
)
_EXACT = "Harness(quirks='exact') is not built yet"
WAITING = {
    "flow__batch_filled_slowly_runs_at_its_timeout": _EXACT,
    "flow__debounce_timeout_with_fast_events": _EXACT,
    "if_exp__fifty_waits_on_one_event_name": _EXACT,
    "trigger__wildcard_elsewhere_never_matches": _EXACT,
}
BUILT = [name for name in NAMES if name not in WAITING]


def test_the_corpus_is_complete():
    """All 126 public scenarios are here, and the table names no other."""
    assert len(NAMES) == 126
    assert set(WAITING) <= set(NAMES)


@pytest.mark.parametrize("sdk", ["real_sdk"], indirect=True)
@pytest.mark.parametrize("name", BUILT)
def test_scenario(name, player, sdk):
    """The harness does what the server was seen to do."""
    assert player.Player(name, sdk).play() == []


@pytest.mark.parametrize("sdk", ["own_sdk"], indirect=True)
@pytest.mark.parametrize(
    "name", [name for name in BUILT if name != "step__sleep_until"]
)
def test_scenario_with_our_sdk(name, player, sdk):
    """The same functions do the same when their import is ours."""
    assert player.Player(name, sdk).play() == []


@pytest.mark.parametrize("sdk", ["real_sdk"], indirect=True)
@pytest.mark.parametrize("name", WAITING)
def test_scenario_that_waits(name, player, sdk):
    """What is not built is refused by name, and plays nothing else in its place."""
    try:
        told = "\n".join(player.Player(name, sdk).play())
    except NotBuiltError as error:
        told = error.what

    assert WAITING[name] in told
    assert "not built yet" in told
