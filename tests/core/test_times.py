"""Durations at the edges of what can be written."""

import pytest

from scoretest import UsageError
from scoretest.times import to_duration


def test_milliseconds_beyond_the_calendar_are_refused():
    """A number of milliseconds that no calendar holds is an error, not an overflow."""
    with pytest.raises(UsageError, match="longer than 3,000 years"):
        to_duration(10**30, what="duration", bare_ms=True)
