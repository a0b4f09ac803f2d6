"""The record of facts: in order, and never back in time."""

import pytest

from scoretest._core.trace import Trace
from scoretest._model.fact import RunCompleted, RunFailed, TraceEntry
from scoretest._model.operation import ErrorInfo
from scoretest.errors import InternalError

FIRST, SECOND = RunCompleted("01", 1), RunCompleted("02", 2)


def test_facts_are_numbered_in_their_order():
    """The sequence number of a fact is its place in the list."""
    trace = Trace()

    for at, fact in ((5, FIRST), (5, SECOND), (7, FIRST)):
        trace.record(at, fact)

    entries = [
        TraceEntry(0, 5, FIRST),
        TraceEntry(1, 5, SECOND),
        TraceEntry(2, 7, FIRST),
    ]
    assert list(trace) == trace[:] == [trace[n] for n in range(3)] == entries
    assert (len(trace), trace[-1], trace[1:]) == (3, entries[2], entries[1:])


def test_facts_of_one_kind_are_found_with_their_time():
    """`facts_of` leaves the other kinds out and keeps the order."""
    trace, ended = Trace(), RunFailed("01", ErrorInfo(name="E", message="m"))
    for at, fact in ((1, FIRST), (2, ended), (3, SECOND)):
        trace.record(at, fact)

    assert trace.facts_of(RunCompleted) == [(1, FIRST), (3, SECOND)]
    assert trace.facts_of(RunFailed) == [(2, ended)]


def test_time_never_goes_back():
    """A fact from before the last one is our own mistake, and nothing is recorded."""
    trace = Trace()
    trace.record(5_000_000, FIRST)

    with pytest.raises(
        InternalError, match=r"a fact at 1970-01-01T00:00:04\.000Z came"
    ):
        trace.record(4_000_000, SECOND)

    assert len(trace) == 1
