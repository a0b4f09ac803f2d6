"""The backoff as a pure schedule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.retries import backoff, clamp_retry_after
from scoretest._model.limits import Limits
from scoretest.times import DAY, HOUR, MINUTE, SECOND


@pytest.mark.rule("D1")
def test_the_table_is_the_servers_without_jitter():
    """15 s, 30 s, 1, 2, 5, 10, 20, 40 min, 1 h, 2 h, and so on at 2 h."""
    assert [backoff(attempt) for attempt in range(13)] == [
        15 * SECOND,
        30 * SECOND,
        *(minutes * MINUTE for minutes in (1, 2, 5, 10, 20, 40)),
        HOUR,
        *[2 * HOUR] * 4,
    ]


@pytest.mark.rule("D5")
@given(asked=st.integers(-10 * DAY, 10 * DAY))
def test_a_wish_becomes_whole_seconds_between_one_and_a_day(asked):
    """The delay is cut down to whole seconds, then to the server's bounds."""
    delay = clamp_retry_after(asked, Limits())

    assert delay % SECOND == 0
    assert SECOND <= delay <= DAY
    if SECOND <= asked <= DAY:
        assert 0 <= asked - delay < SECOND


@pytest.mark.rule("D5")
@pytest.mark.parametrize(
    ("asked", "delay"),
    [
        (0, SECOND),
        (SECOND - 1, SECOND),
        (2 * SECOND - 1, SECOND),
        (2 * SECOND, 2 * SECOND),
        (DAY, DAY),
        (DAY + SECOND, DAY),
    ],
)
def test_the_bounds_of_a_wish(asked, delay):
    """Both bounds are kept exactly."""
    assert clamp_retry_after(asked, Limits()) == delay
