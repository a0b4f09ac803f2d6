"""What a fact looks like in writing, worked out from the annotations of its record.

So a new kind of fact is part of the JSON trace as soon as it is part of the union
`Fact`, and a field can only be written as what it is declared to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from .._model.fact import Fact
from ..times import Duration, Instant

__all__ = ["AT", "KINDS", "LONGEST_BITS", "SEQUENCE", "Field", "fields_of"]

KINDS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Fact)}

_SCALARS: Final[dict[object, str]] = {
    str: "text",
    float: "a number",
    int: "an integer",
    bool: "a bool",
    NoneType: "null",
}
_NAMES: Final = {**_SCALARS, dict: "an object"}
LONGEST_BITS: Final = 63  # of a time, a count, a number of an attempt


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record.

    Attributes:
        name: Its name in the record.
        key: Its key in the document; a time has its unit in it.
        record: The record that it holds, or None.
        types: The types of its value in writing; empty for JSON of any shape.
        is_instant: Whether it is written as an offset from the start.
    """

    name: str
    key: str
    record: type[Any] | None
    types: frozenset[object]
    is_instant: bool

    @property
    def expected(self) -> str:
        """What the field must hold, in words."""
        shown = self.types - {int} if float in self.types else self.types
        return " or ".join(name for kind, name in _NAMES.items() if kind in shown)

    def fits(self, value: object) -> bool:
        """Say whether *value* is of one of the types; a bool is no integer."""
        if not self.types:
            return True
        is_long = type(value) is int and value.bit_length() > LONGEST_BITS
        return type(value) in self.types and (not is_long or float in self.types)


_INT: Final[frozenset[object]] = frozenset({int})
# the fields of an entry, beside those of its fact
SEQUENCE: Final = Field("sequence", "sequence", None, _INT, is_instant=False)
AT: Final = Field("at", "at_us", None, _INT, is_instant=True)


def fields_of(kind: type[Any]) -> tuple[Field, ...]:
    """Return the fields of a record in the order of their declaration."""
    return _all_fields()[kind]


@cache
def _all_fields() -> dict[type[Any], tuple[Field, ...]]:
    return {kind: fields for top in KINDS.values() for kind, fields in _walk(top)}


def _walk(kind: type[Any]) -> Iterator[tuple[type[Any], tuple[Field, ...]]]:
    hints = get_type_hints(kind)
    found = tuple(_field(field.name, hints[field.name]) for field in fields(kind))
    yield kind, found
    for field in found:
        if field.record is not None:
            yield from _walk(field.record)


def _field(name: str, hint: Any) -> Field:
    if isinstance(hint, type) and is_dataclass(hint):
        return Field(name, name, hint, frozenset(), is_instant=False)
    members = {dict} if get_origin(hint) is dict else set(get_args(hint)) or {hint}
    is_time = bool(members & {Instant, Duration})
    types = {int if kind in (Instant, Duration) else kind for kind in members}
    types |= {int} if float in types else set()
    return Field(
        name,
        f"{name}_us" if is_time else name,
        None,
        frozenset(types if types <= _NAMES.keys() else ()),
        is_instant=Instant in members,
    )
