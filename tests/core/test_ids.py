"""Identifiers: from one seed, the same everywhere, and never twice."""

import re
from hashlib import sha1

from hypothesis import given
from hypothesis import strategies as st

from scoretest._ids import IdSource, derived_ulid, hash_id
from scoretest.times import MILLISECOND, Instant

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
KINDS = st.sampled_from(["run", "event"])
# the time part of a ULID has 48 bits of milliseconds
TIMES = st.integers(0, 2**48 - 1).map(lambda ms: Instant(ms * MILLISECOND))
DRAWS = st.lists(st.tuples(KINDS, TIMES), max_size=20)


@given(seed=st.integers(), draws=DRAWS)
def test_same_seed_same_ids(seed, draws):
    """Two sources of one seed that are asked the same give the same."""
    first, second = IdSource(seed), IdSource(seed)

    assert [first.ulid(*d) for d in draws] == [second.ulid(*d) for d in draws]


@given(seed=st.integers(), draws=DRAWS)
def test_kinds_do_not_disturb_each_other(seed, draws):
    """How many events there are has no say in the ids of the runs."""
    mixed, alone = IdSource(seed), IdSource(seed)

    runs = [mixed.ulid(*d) for d in draws if d[0] == "run" or mixed.ulid(*d) is None]

    assert runs == [alone.ulid(*d) for d in draws if d[0] == "run"]


@given(seed=st.integers(), draws=DRAWS)
def test_every_id_is_a_ulid(seed, draws):
    """An id is 26 characters of Crockford's alphabet."""
    source = IdSource(seed)

    assert all(ULID.fullmatch(source.ulid(*draw)) for draw in draws)


def test_no_id_twice():
    """Ten thousand ids of one instant are all different."""
    source = IdSource(0)

    assert len({source.ulid("run", Instant(0)) for _ in range(10_000)}) == 10_000


def test_other_seeds_other_ids():
    """A hundred seeds begin with a hundred different ids."""
    assert len({IdSource(n).ulid("run", Instant(0)) for n in range(100)}) == 100


@given(a=TIMES, b=TIMES)
def test_ids_sort_by_time(a, b):
    """The time comes first, so that ids of different milliseconds sort by it."""
    early, late = sorted([a, b])
    first = derived_ulid(early, "x")[:10]
    second = IdSource(7).ulid("run", late)[:10]

    assert (first < second) == (early < late)


def test_the_time_part_is_that_of_ulids():
    """The example of the ULID specification has its time part here as well."""
    at = Instant(1_469_918_176_385 * MILLISECOND)

    assert derived_ulid(at, "x")[:10] == "01ARYZ6S41"


@given(at=TIMES, parts=st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_derived_id_depends_on_its_parts_only(at, parts):
    """The same time and parts give the same ULID, another part another one."""
    made = derived_ulid(at, *parts)

    assert ULID.fullmatch(made)
    assert made == derived_ulid(at, *parts)
    assert made != derived_ulid(at, *parts, "more")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_step_is_known_by_its_sha1(text):
    """The wire's name of a step or defer is the SHA-1 of its id, in hexadecimal."""
    assert hash_id(text) == sha1(text.encode()).hexdigest()  # noqa: S324 -- the wire's hash


def test_known_ids():
    """The first ids of seed 0 stay what they are from release to release."""
    source, at = IdSource(0), Instant(1_735_689_600_000_000)

    assert [source.ulid("run", at) for _ in range(2)] == [
        "01JGFJJZ0070D92C9528B72F6F",
        "01JGFJJZ000F10A64EA801AB84",
    ]
