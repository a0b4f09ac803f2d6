"""The ledger of scores, against a plain model of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest._core.ledger import ScoreLedger
from scoretest._model.limits import Limits
from scoretest._model.score import ScoreEntry
from scoretest.times import Instant

ENTRIES = st.lists(
    st.builds(
        ScoreEntry,
        name=st.sampled_from(["a", "b"]),
        value=st.booleans() | st.integers(0, 3) | st.floats(0, 1),
        run_id=st.sampled_from(["r1", "r2"]),
        step_id=st.sampled_from([None, "s", ""]),
        writer=st.sampled_from(["", "w"]),
        at=st.integers(0, 9).map(Instant),
    ),
    max_size=12,
)


def target(entry):
    """Return what a score replaces: its name on its target."""
    return (entry.run_id, entry.step_id, entry.name)


@pytest.mark.rule("G2")
@given(ENTRIES)
def test_the_last_write_of_a_name_on_a_target_stands(entries):
    """What stands is the last write of each name on each target, in order of writing."""
    ledger = ScoreLedger()
    for entry in entries:
        ledger.write(entry, Limits())

    last = [
        entry
        for place, entry in enumerate(entries)
        if target(entry) not in map(target, entries[place + 1 :])
    ]
    assert list(ledger.current) == last


@given(ENTRIES)
def test_no_write_is_forgotten(entries):
    """The history has every write, oldest first, the very same object."""
    ledger = ScoreLedger()
    for entry in entries:
        ledger.write(entry, Limits())

    assert all(a is b for a, b in zip(ledger.history, entries, strict=True))


def test_a_bool_stays_a_bool():
    """The value is not touched, and its type may change from write to write."""
    ledger = ScoreLedger()
    for value in (1, True, 1.0):
        ledger.write(ScoreEntry("a", value, "r", None, "", Instant(0)), Limits())

    assert [type(entry.value) for entry in ledger.history] == [int, bool, float]
    assert [type(entry.value) for entry in ledger.current] == [float]
