"""Slots are held all or none, and a line keeps its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.slots import Lines, Need, Slots


def need(key, limit):
    """Return a need of one slot."""
    return Need(key, limit, f"limit {limit}")


@pytest.mark.rule("F4")
class TestSlots:
    """Of each key no more slots are held than the limit says."""

    @pytest.mark.parametrize(("held", "is_full"), [(1, False), (2, True), (3, True)])
    def test_a_key_is_full_at_its_limit(self, held, is_full):
        """One below the limit there is room; at the limit there is none."""
        slots = Slots()
        for _ in range(held):
            slots.take((need("a", 9),))

        assert slots.is_full(need("a", 2)) == is_full

    @given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=40))
    def test_what_is_given_back_is_free_again(self, moves):
        """The slots that are held are those taken and not given back."""
        slots, held = Slots(), {"a": 0, "b": 0}
        for key, takes in moves:
            if takes:
                slots.take((need(key, 1),))
                held[key] += 1
            elif held[key]:
                slots.give((need(key, 1),))
                held[key] -= 1

        for key, count in held.items():
            assert not slots.is_full(need(key, count + 1))
            assert slots.is_full(need(key, count))


@given(st.lists(st.integers(0, 5), max_size=20))
def test_a_line_is_left_in_the_order_of_rank(times):
    """Who is first is the one of the lowest rank, whatever the order of joining."""
    lines, left = Lines(), []
    ranks = [(at, number, 0) for number, at in enumerate(times)]
    for rank in reversed(ranks):
        lines.join("a", rank, str(rank))

    assert [lines.ahead("a", rank) for rank in sorted(ranks)] == list(range(len(ranks)))
    while (first := lines.first("a")) is not None:
        left.append(first)
        lines.leave("a", first[0])
    assert left == [(rank, str(rank)) for rank in sorted(ranks)]


@given(st.lists(st.booleans(), max_size=12))
def test_who_leaves_from_the_middle_is_not_counted(stays):
    """Those who stay are asked in their order, and count only each other."""
    lines, ranks = Lines(), [(number, 0, 0) for number in range(len(stays))]
    for rank in ranks:
        lines.join("a", rank, rank)
    for rank, does_stay in zip(ranks, stays, strict=True):
        if not does_stay:
            lines.leave("a", rank)

    left = [rank for rank, does_stay in zip(ranks, stays, strict=True) if does_stay]
    for number, rank in enumerate(left):
        assert lines.ahead("a", left[-1]) == len(left) - 1 - number
        assert lines.first("a") == (rank, rank)
        lines.leave("a", rank)
    assert lines.first("a") is None
