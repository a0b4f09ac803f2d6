"""Debounces and batches lose no event and keep to their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.gathering import Batches, Debounces
from scoretest._model.event import ReceivedEvent

arrivals = st.lists(st.integers(0, 60), min_size=1, max_size=20).map(sorted)


def event(number, at=0):
    """Return an event received at *at*."""
    wire = {"name": "x", "data": {"n": number}, "id": str(number), "ts": 0}
    return ReceivedEvent(str(number), wire, at)


def delivered(times, period, timeout):
    """Return (event, at) of each run that a debounce of these events starts."""
    debounces, runs, due = Debounces(), [], None
    for number, at in enumerate(times):
        if due is not None and due <= at:
            runs.append((debounces.end("k").id, due))
        due = debounces.keep("k", event(number, at), period, timeout).due
    return [*runs, (debounces.end("k").id, due)]


@pytest.mark.rule("F6", "X1")
class TestDebounce:
    """A debounce makes one run of events that do not pause."""

    @given(arrivals, st.integers(1, 20), st.none() | st.integers(1, 40))
    def test_every_burst_is_delivered_exactly_once(self, times, period, timeout):
        """A run ends the burst before it, and takes the last event of it."""
        runs = delivered(times, period, timeout)

        ends = [int(last) for last, _ in runs]
        assert ends == sorted(set(ends))
        assert ends[-1] == len(times) - 1
        begins = [0, *(end + 1 for end in ends[:-1])]
        for begin, (last, due) in zip(begins, runs, strict=True):
            cap = due if timeout is None else times[begin] + timeout
            assert due == min(times[int(last)] + period, cap)

    def test_another_key_is_another_burst(self):
        """Each key has its own last event."""
        debounces = Debounces()
        debounces.keep("a", event(0), 5, None)
        debounces.keep("b", event(1), 5, None)

        assert [debounces.end(key).id for key in "ab"] == ["0", "1"]


@pytest.mark.rule("F7")
class TestBatch:
    """A batch takes events in the order of arrival, up to its size."""

    @given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 5))
    def test_every_event_is_in_one_batch_and_no_batch_is_too_large(self, sizes, most):
        """Neither the number of events nor that of bytes is ever exceeded."""
        batches, runs = Batches(), []
        for number, size in enumerate(sizes):
            if not batches.has_room("k", size, 12):
                runs.append(batches.end("k"))
            batch = batches.keep("k", event(number), size, 60)
            if len(batch.events) == most:
                runs.append(batches.end("k"))
        rest = [] if not runs or runs[-1].events[-1:] == batch.events[-1:] else [batch]
        runs += rest if runs else [batch] if sizes else []

        numbers = [int(e.id) for run in runs for e in run.events]
        assert numbers == list(range(len(sizes)))
        assert all(len(run.events) <= most and run.size <= 12 for run in runs)

    def test_the_timeout_counts_from_the_first_event(self):
        """A later event does not put the run off."""
        batches = Batches()
        batches.keep("k", event(0, at=10), 1, 60)

        assert batches.keep("k", event(1, at=50), 1, 60).due == 70

    @pytest.mark.parametrize(("size", "fits"), [(4, True), (5, True), (6, False)])
    def test_bytes_have_a_limit(self, size, fits):
        """What would exceed the limit has no room; what just reaches it has."""
        batches = Batches()
        batches.keep("k", event(0), 5, 60)

        assert batches.has_room("k", size, 10) == fits
