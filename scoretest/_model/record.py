"""Records that the engine makes by the thousand."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, TypeVar, dataclass_transform

__all__ = ["record"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=True)
def record(cls: type[T]) -> type[T]:
    """Make *cls* a dataclass with slots that nobody may change.

    The type checker holds it frozen. At run time it is an ordinary one, because a
    frozen dataclass takes four times as long to make, and a fifth of a job went there.
    What most records are never asked for they have in common: each method that
    `dataclass` writes for a class adds to the time of an import.
    """
    for name, method in _IN_COMMON.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    made = dataclass(slots=True, eq=False, repr=False)(cls)
    names = [field.name for field in fields(made)]  # type: ignore[arg-type]  # it is a dataclass now
    _NAMES[made], _VALUES[made] = names, attrgetter(*names) if names else _nothing
    return made


_NAMES: Final[dict[type, list[str]]] = {}
_VALUES: Final[dict[type, Callable[[object], object]]] = {}


def _nothing(_: object) -> tuple[()]:
    return ()


def _is_equal(self: object, other: object) -> bool:
    if type(self) is not type(other):
        return NotImplemented  # type: ignore[no-any-return]  # Python's way to say so
    values = _VALUES[type(self)]
    return values(self) == values(other)


def _hashed(self: object) -> int:
    return hash(_VALUES[type(self)](self))


def _shown(self: object) -> str:
    kind = type(self)
    told = [f"{name}={getattr(self, name)!r}" for name in _NAMES[kind]]
    return f"{kind.__qualname__}({', '.join(told)})"


_IN_COMMON: Final = {"__eq__": _is_equal, "__hash__": _hashed, "__repr__": _shown}
