"""Records are compared, hashed and shown as the dataclasses that they are."""

from dataclasses import dataclass, replace

from scoretest._model.record import record


@record
class Pair:
    """Two values."""

    one: int
    other: object = "none"


@record
class Twin:
    """Has the same fields."""

    one: int
    other: object = "none"


@record
class Nothing:
    """Has no fields."""


@record
class Shown:
    """Shows itself in its own way."""

    one: int

    def __repr__(self) -> str:
        return "as it likes"


@dataclass(frozen=True)
class Plain:
    """What `dataclass` makes by itself."""

    one: int
    other: object = "none"


def test_records_are_equal_by_their_fields():
    """Those of another class never are."""
    assert Pair(1) == Pair(1, "none")
    assert Pair(1) != Pair(2)
    assert Pair(1) != Twin(1)
    assert Pair(1) != (1, "none")
    assert Nothing() == Nothing()


def test_equal_records_have_one_hash():
    """So they can be keys."""
    assert {Pair(1): "a", Pair(1, "none"): "b"} == {Pair(1): "b"}
    assert len({Nothing(), Nothing()}) == 1


def test_a_record_shows_its_fields():
    """As a dataclass does, unless it says otherwise."""
    assert repr(Pair(1, ["x"])) == repr(Plain(1, ["x"])).replace("Plain", "Pair")
    assert repr(Nothing()) == "Nothing()"
    assert repr(Shown(1)) == "as it likes"


def test_a_record_can_be_replaced():
    """With some of its fields changed."""
    assert replace(Pair(1), other=2) == Pair(1, 2)


def test_a_record_has_slots():
    """There is no room for more."""
    assert not hasattr(Pair(1), "__dict__")
