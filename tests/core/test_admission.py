"""The keys that runs use up, and hold."""

import pytest

from scoretest._core.admission import Admission
from scoretest.times import DAY

A, B = ("shop-work", "a"), ("shop-work", "b")


@pytest.fixture
def admission():
    """No key is used, and none is held."""
    return Admission()


@pytest.mark.rule("F3")
class TestUse:
    """A key is used up for 24 hours."""

    def test_once_a_day(self, admission):
        """The day counts from the use that was let in, not from later tries."""
        assert admission.use(A, 0)
        assert not admission.use(A, DAY - 1)
        assert admission.use(A, DAY)
        assert not admission.use(A, 2 * DAY - 1)

    def test_each_key_alone(self, admission):
        """Another value, or another function, is another key."""
        assert admission.use(A, 0)
        assert admission.use(B, 0)
        assert admission.use(("shop-other", "a"), 0)


@pytest.mark.rule("F9")
class TestHold:
    """A key is held by one run."""

    def test_until_it_is_released(self, admission):
        """Then it is free, and the other keys are not touched."""
        admission.hold(A, "1")
        admission.hold(B, "2")
        assert (admission.holder(A), admission.holder(B)) == ("1", "2")

        admission.release("1")

        assert (admission.holder(A), admission.holder(B)) == ("", "2")

    def test_releasing_nothing_does_nothing(self, admission):
        """A run that holds no key ends like any other."""
        admission.hold(A, "1")

        admission.release("2")

        assert admission.holder(A) == "1"
