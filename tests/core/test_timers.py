"""The timer queue against a sorted list: the same order, whatever is cancelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.timers import Alarm, AlarmKind, TimerQueue


def alarm(name):
    """Return an alarm that is told from others by its run."""
    return Alarm(AlarmKind.SLEEP, name)


def drain(queue, now):
    """Return the runs of all alarms that are due at *now*, in the queue's order."""
    runs = []
    while (due := queue.pop(now)) is not None:
        runs.append(due.run_id)
    return runs


@pytest.mark.rule("I1")
@given(
    dues=st.lists(st.integers(0, 5), max_size=30),
    cancelled=st.sets(st.integers(0, 29)),
    now=st.integers(0, 6),
)
def test_timers_come_out_by_due_and_then_by_setting(dues, cancelled, now):
    """The order is (due, sequence), and a cancelled timer never comes out."""
    queue = TimerQueue()
    numbers = [queue.set(due, alarm(str(n))) for n, due in enumerate(dues)]
    for index in cancelled & set(range(len(dues))):
        queue.cancel(numbers[index])

    live = [(due, n) for n, due in enumerate(dues) if n not in cancelled]

    assert queue.next_due() == min((due for due, _ in live), default=None)
    assert drain(queue, now) == [str(n) for due, n in sorted(live) if due <= now]
    assert queue.next_due() == min((due for due, _ in live if due > now), default=None)


def test_what_is_set_while_draining_comes_in_its_turn():
    """A timer set for the present instant fires after those that were set before."""
    queue = TimerQueue()
    queue.set(1, alarm("a"))
    queue.set(1, alarm("b"))

    first = queue.pop(1)
    queue.set(1, alarm("c"))
    queue.set(0, alarm("late"))

    assert (first.run_id, drain(queue, 1)) == ("a", ["late", "b", "c"])


def test_cancelling_twice_and_after_firing_is_ignored():
    """A number that is gone may be cancelled again."""
    queue = TimerQueue()
    fired, cancelled = queue.set(1, alarm("a")), queue.set(2, alarm("b"))

    queue.pop(1)
    for number in (fired, cancelled, cancelled, 99):
        queue.cancel(number)

    assert (queue.next_due(), queue.pop(9)) == (None, None)


def test_nothing_is_due_before_its_time():
    """A timer at 5 stays where it is at 4."""
    queue = TimerQueue()
    queue.set(5, alarm("a"))

    assert (queue.pop(4), queue.next_due(), queue.pop(5)) == (None, 5, alarm("a"))
