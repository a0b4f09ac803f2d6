"""Every bug is found with the real package, too, and its fixed twin is left alone."""

import pytest

pytest.importorskip("inngest.experimental.deferred")

import scoretest
from scoretest.exploration import Exploration

from . import (
    real_entries,
    real_expressions,
    real_handlers,
    real_scores,
    real_signals,
    real_times,
)
from .real_kit import PAIRS

KEPT = (
    *(real_entries, real_expressions, real_handlers),
    *(real_scores, real_signals, real_times),
)


def explored(pair, *, fixed) -> Exploration:
    """Explore one of a pair, with the default settings and nothing else."""
    return scoretest.explore(*pair.build(fixed))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_bug_is_found(pair):
    """By the code that the pair names, on a timeline of at most four signals."""
    exploration = explored(pair, fixed=False)

    found = [f for f in exploration.findings if f.code == pair.code]
    assert found, exploration.findings
    assert len(found[0].timeline) <= 4


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_fixed_twin_is_left_alone(pair):
    """What is right gives no finding of any code."""
    exploration = explored(pair, fixed=True)

    assert exploration.findings == ()
    assert exploration.is_exhaustive
