"""Every bug of the corpus is found by default, and its fixed twin is left alone."""

from inspect import signature

import pytest

import scoretest
from scoretest import Harness

from . import effects, expressions, handlers, scores, signals
from .kit import PAIRS

assert all(
    (effects, expressions, handlers, scores, signals)
)  # their pairs are kept by the import


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


def pasted(exploration, code):
    """Run the pasted test of a finding against one of the pair."""
    (client, functions), *_ = exploration.scenario.apps
    names: dict = {f.handler.__name__: f for f in functions}
    exec(code, names)  # noqa: S102 -- the text is what a user pastes
    test = next(names[name] for name in names if name.startswith("test_"))
    if not signature(test).parameters:  # it explores again
        test()
        return
    with Harness(strict=False) as harness:
        if not exploration.scenario.by_parent:
            harness.serve(client, functions)
        test(harness)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_pasted_test_fails_on_the_bug_and_passes_on_its_fixed_twin(pair):
    """What the explorer writes is a regression test."""
    wrong, right = explored(pair, fixed=False), explored(pair, fixed=True)
    found = next(f for f in wrong.findings if f.code == pair.code)
    code = wrong.regression_test(found, "import scoretest")

    with pytest.raises(AssertionError):
        pasted(wrong, code)
    pasted(right, code)
