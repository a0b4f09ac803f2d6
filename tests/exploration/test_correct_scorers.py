"""What is right is left alone: no finding of any code, whatever the timeline."""

import pytest

import scoretest

from .correct import RIGHT


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_what_is_right_is_left_alone(case):
    """Its sentence says what it does; the explorer has nothing to say."""
    built = case.build()
    found = scoretest.explore(*built.pop("functions"), **built)

    assert found.findings == (), case.sentence
    assert found.is_exhaustive
