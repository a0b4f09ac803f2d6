"""Copies of records, field by field: what forks of a world are made of.

`dataclasses.replace` looks at the fields each time; here that is done once for a kind.
"""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import TypeVar

__all__ = ["copier"]

T = TypeVar("T")


def copier(kind: type[T]) -> Callable[[T], T]:
    """Return what copies a record of *kind*, a dataclass all of whose fields are given."""
    read = attrgetter(*(field.name for field in fields(kind)))  # type: ignore[arg-type]  # a dataclass, as said
    return lambda record: kind(*read(record))
