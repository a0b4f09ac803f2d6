"""Values of Python to values of the strict dialect, and back.

Source: CEL specification, "Values"; API of ``compile(text, dialect="cel")``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ..errors import UsageError
from ._time import from_datetime, from_timedelta, to_datetime
from ._values import CelList, CelMap, CelType, Elapsed, Moment, UInt, Value

__all__ = ["from_cel", "to_cel"]

_MINE: Final = frozenset(
    {type(None), bool, int, UInt, float, str, bytes, CelType, CelList, CelMap}
)


def to_cel(value: object) -> Value:
    """Convert a Python value to a value of the strict dialect, deeply.

    Raises:
        UsageError: CEL has no such value.
    """
    if isinstance(value, list | tuple):
        return CelList(map(to_cel, value))
    if isinstance(value, Mapping):
        return CelMap((to_cel(k), to_cel(v)) for k, v in value.items())
    if type(value) in _MINE:
        return value
    return _to_time(value)


def _to_time(value: object) -> Value:
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, timedelta):
        return from_timedelta(value)
    fix = (
        "pass None, bool, int, UInt, float, str, bytes, list, dict, datetime, timedelta"
    )
    raise UsageError(f"CEL has no value like {value!r}", fix=fix)


def from_cel(value: Value) -> object:
    """Convert a value of the strict dialect to a Python value, deeply."""
    match value:
        case list():
            return [from_cel(item) for item in value]
        case dict():
            return {from_cel(k): from_cel(v) for k, v in value.items()}
        case Moment():
            return to_datetime(value)
        case Elapsed():
            return timedelta(microseconds=value.ns // 1_000)
        case _:
            return value
