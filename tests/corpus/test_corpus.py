"""Every bug of the corpus is found by default, and its fixed twin is left alone."""

import pytest

import scoretest

from . import handlers, scores, signals
from .kit import PAIRS

assert all((handlers, scores, signals))  # their pairs are kept by the import


def explored(pair, *, fixed):
    """Explore one of a pair, with the default settings."""
    built = pair.build(fixed)
    return scoretest.explore(*built.pop("functions"), **built)


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
