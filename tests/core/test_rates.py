"""Throttles and rate limits admit what the formula admits, exactly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.rates import Rate, RateBook, burst_of_rate_limit
from scoretest.times import SECOND

rates = st.builds(Rate, st.integers(1, 7), st.integers(1, 60), st.integers(0, 3))


def admitted(rate, arrivals):
    """Return which of *arrivals* a fresh book admits."""
    book = RateBook()
    return [at for at in arrivals if book.admit("k", rate, at)]


@pytest.mark.rule("F5")
class TestRates:
    """Admissions are spread over the period, not counted in a window."""

    @given(rates, st.lists(st.integers(0, 200), max_size=40).map(sorted))
    def test_what_is_admitted_is_what_the_formula_admits(self, rate, arrivals):
        """The theoretical arrival time in exact fractions gives the same answers."""
        interval, expected, theory = Fraction(rate.period, rate.limit), [], Fraction(0)
        for at in arrivals:
            if theory - at <= rate.burst * interval:
                expected.append(at)
                theory = max(theory, Fraction(at)) + interval

        assert admitted(rate, arrivals) == expected

    @given(rates, st.lists(st.integers(0, 200), max_size=20).map(sorted))
    def test_the_next_time_is_the_first_that_is_admitted(self, rate, arrivals):
        """Nothing is admitted an instant before `next_at`, and at it something is."""
        book = RateBook()
        for at in arrivals:
            book.admit("k", rate, at)

        due = book.next_at("k", rate, arrivals[-1] if arrivals else 0)

        if due > (arrivals[-1] if arrivals else 0):
            assert not book.admit("k", rate, due - 1)
        assert book.admit("k", rate, due)

    def test_a_burst_of_one_lets_two_go_at_once(self):
        """One in 4 s: two start at once, then one every 4 s."""
        rate, book, starts, now = Rate(1, 4 * SECOND, 1), RateBook(), [], 0

        for _ in range(5):
            now = book.next_at("k", rate, now)
            book.admit("k", rate, now)
            starts.append(now // SECOND)

        assert starts == [0, 0, 4, 8, 12]

    def test_two_in_ten_seconds_are_one_every_five(self):
        """Of events at 0, 1, 5 and 10 s the second is not admitted."""
        rate = Rate(2, 10 * SECOND, burst_of_rate_limit(2))

        let_in = admitted(rate, [n * SECOND for n in (0, 1, 5, 10)])

        assert let_in == [0, 5 * SECOND, 10 * SECOND]

    def test_twenty_in_ten_seconds_let_four_of_thirty_in(self):
        """A large limit has a burst: of 30 events within 0.7 s, 4 are admitted."""
        rate = Rate(20, 10 * SECOND, burst_of_rate_limit(20))

        let_in = admitted(rate, [n * SECOND * 7 // 290 for n in range(30)])

        assert len(let_in) == 4

    @pytest.mark.parametrize(("limit", "burst"), [(9, 0), (10, 1), (11, 1)])
    def test_ten_of_a_rate_limit_give_one_of_burst(self, limit, burst):
        """The burst grows by one with every ten."""
        assert burst_of_rate_limit(limit) == burst

    def test_keys_do_not_disturb_each_other(self):
        """What one key has used up, another has still."""
        rate, book = Rate(1, 10, 0), RateBook()

        answers = [book.admit(key, rate, 0) for key in ("a", "b", "a")]

        assert answers == [True, True, False]
