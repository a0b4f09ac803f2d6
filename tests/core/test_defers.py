"""The book of a run's defers, against a plain model of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.defers import DEFER_TRANSITIONS, DeferBook, DeferState
from scoretest._model.fact import (
    DeferAborted,
    DeferAdded,
    DeferRejected,
    DeferScheduled,
)
from scoretest._model.limits import Limits
from scoretest._model.operation import DeferAbort, DeferAdd

LIMITS = Limits(defers_per_run=3, defer_input_bytes=10, defer_total_bytes=20)
IDS = st.sampled_from("abcde")


def call(name, size=1):
    """Return a call of defer."""
    return DeferAdd(
        id=name, hashed=f"#{name}", function="shop-audit", data={"n": size}, size=size
    )


CALLS = st.lists(
    st.builds(call, IDS, st.sampled_from([1, 9, 10, 11]))
    | IDS.map(lambda name: DeferAbort(f"#{name}")),
    max_size=12,
)


def book(*operations, limits=LIMITS):
    """Return a book in which *operations* were noted, and the facts they made."""
    made = DeferBook("r", limits)
    facts = [
        made.add(op) if isinstance(op, DeferAdd) else made.abort(op)
        for op in operations
    ]
    return made, facts


@pytest.mark.rule("A1", "A4", "A6", "A7")
@given(CALLS)
def test_defers_are_released_exactly_once(operations):
    """The first accepted call of each id is released unless aborted, and only once."""
    made, facts = book(*operations)
    accepted = [
        op
        for op, fact in zip(operations, facts, strict=True)
        if isinstance(fact, DeferAdded)
    ]
    aborted = {op.hashed for op in operations if isinstance(op, DeferAbort)}

    released = made.release()

    assert [c.hashed for c in released] == [
        c.hashed for c in accepted if c.hashed not in aborted
    ]
    assert all(c in accepted for c in released)
    assert made.release() == ()


@given(CALLS)
def test_limits_hold_whatever_is_called(operations):
    """A book never holds more than its limits allow."""
    made, _ = book(*operations)

    kept = [made._calls[hashed] for hashed in made.known]  # noqa: SLF001 -- the sizes are nowhere else

    assert len(kept) <= LIMITS.defers_per_run
    assert all(c.size <= LIMITS.defer_input_bytes for c in kept)
    assert sum(c.size for c in kept) <= LIMITS.defer_total_bytes


@given(CALLS)
def test_every_fact_is_an_edge(operations):
    """What is recorded is what the table of transitions allows, each id by itself."""
    _, facts = book(*operations)
    states = {}
    for operation, fact in zip(operations, facts, strict=True):
        if fact is not None:
            state = states.get(operation.hashed, DeferState.ABSENT)
            states[operation.hashed] = DEFER_TRANSITIONS[state, type(fact)]


@pytest.mark.rule("A4")
def test_the_first_call_of_an_id_wins():
    """A second call of an accepted id is no fact and changes nothing."""
    first, second = call("a", 1), call("a", 2)

    made, facts = book(first, second)

    assert facts == [
        DeferAdded(run_id="r", defer="a", function="shop-audit"),
        None,
    ]
    assert made.release() == (first,)


@pytest.mark.rule("A6")
class TestAbort:
    """An abort is final."""

    def test_after_the_call(self):
        """An accepted defer is taken back under its own id, and stays known."""
        made, facts = book(call("a"), DeferAbort("#a"))

        assert facts[1] == DeferAborted("r", "a")
        assert (made.known, made.release()) == ({"#a": False}, ())

    def test_before_the_call(self):
        """An abort that overtakes its call keeps it out."""
        made, facts = book(DeferAbort("#a"), call("a"))

        assert facts == [DeferAborted("r", "#a"), None]
        assert (made.known, made.release()) == ({}, ())

    def test_twice(self):
        """A second abort is no fact."""
        _, facts = book(call("a"), DeferAbort("#a"), DeferAbort("#a"))

        assert facts[2] is None

    def test_of_a_rejected_call(self):
        """What was rejected cannot be taken back."""
        _, facts = book(call("a", 11), DeferAbort("#a"))

        assert facts[1] is None

    def test_after_the_release(self):
        """What has been released runs, whatever comes afterwards."""
        made, _ = book(call("a"))
        made.release()

        assert made.abort(DeferAbort("#a")) is None
        assert made.known == {"#a": False}


@pytest.mark.rule("A7")
@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ([call("a", 10)], ""),
        ([call("a", 11)], "its data has 11 bytes, over 10"),
        ([call("a", 10), call("b", 10)], ""),
        (
            [call("a", 10), call("b", 10), call("c", 1)],
            "the run's defers have 21 bytes together, over 20",
        ),
        ([call(name) for name in "abc"], ""),
        ([call(name) for name in "abcd"], "a run has at most 3 defers"),
    ],
)
def test_limits(operations, reason):
    """The last call is accepted at the limit and rejected, with a reason, beyond it."""
    _, facts = book(*operations)

    last = operations[-1].id
    assert facts[-1] == (
        DeferRejected("r", last, reason)
        if reason
        else DeferAdded(run_id="r", defer=last, function="shop-audit")
    )


def test_a_rejected_id_stays_rejected():
    """A second call of a rejected id, even a small one, is no fact."""
    made, facts = book(call("a", 11), call("a", 1))

    assert (facts[1], made.known, made.ids) == (None, {}, ())


def test_what_is_known():
    """A book knows the accepted ids, as users wrote them and as the wire does."""
    made, _ = book(call("a"), call("b"), DeferAbort("#a"))

    assert made.known == {"#a": False, "#b": True}
    assert made.ids == ("a", "b")


def test_every_edge_leads_somewhere():
    """The table names every state, and only released defers are never left."""
    reached = {DeferState.ABSENT, *DEFER_TRANSITIONS.values()}

    assert reached == set(DeferState)
    assert {fact for _, fact in DEFER_TRANSITIONS} == {
        DeferAdded,
        DeferAborted,
        DeferRejected,
        DeferScheduled,
    }
