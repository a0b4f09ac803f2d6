"""Timestamps and durations in whole nanoseconds: reading, writing, parts.

Source: CEL specification, "Timestamps and durations"; Go's duration syntax.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

from ._values import Elapsed, Fault, Moment, Value

__all__ = [
    "GETTERS",
    "checked_elapsed",
    "checked_moment",
    "from_datetime",
    "from_timedelta",
    "read_elapsed",
    "read_moment",
    "to_datetime",
    "write_elapsed",
    "write_moment",
]

_SECOND: Final = 1_000_000_000
_DAY_SECONDS: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62_135_596_800 * _SECOND  # 0001-01-01T00:00:00Z
_LAST: Final = 253_402_300_800 * _SECOND - 1  # 9999-12-31T23:59:59.999999999Z
# the specification's range is ten thousand years; cel-go keeps a Go time.Duration
_LONGEST: Final = 2**63 - 1

_MOMENT: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9})[0-9]*)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_PART: Final = re.compile(r"([0-9]*)(?:\.([0-9]*))?(h|ms|m|s|us|µs|μs|ns)")
_UNITS: Final = {
    "h": 3_600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 1_000_000,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ns": 1,
}
_OFFSET: Final = re.compile(r"([+-]?)([0-9]{2}):([0-9]{2})")


def checked_moment(ns: int) -> Value:
    """Return a timestamp, or a `Fault` outside the years 1 to 9999."""
    return Moment(ns) if _FIRST <= ns <= _LAST else Fault("timestamp out of range")


def checked_elapsed(ns: int) -> Value:
    """Return a duration, or a `Fault` beyond what 64 bits of nanoseconds hold."""
    return (
        Elapsed(ns) if -_LONGEST <= ns <= _LONGEST else Fault("duration out of range")
    )


def read_moment(text: str) -> Value:
    """Read an RFC 3339 time, or return a `Fault`."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return Fault(f"{text[:40]!r} is not an RFC 3339 time")
    *parts, fraction, zone = match.groups()
    try:
        year, month, day, hour, minute, second = map(int, parts)
        clock = (hour, minute, second)
        moment = datetime(year, month, day, *clock, tzinfo=_offset(zone))
        seconds = (moment - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        return Fault(f"{text[:40]!r} names no time")
    return checked_moment(seconds * _SECOND + int((fraction or "").ljust(9, "0")))


def _offset(text: str) -> tzinfo:
    if text in ("Z", "z"):
        return UTC
    match = _OFFSET.fullmatch(text)
    if match is None:  # as int() and timedelta() say it, for one place to catch
        raise ValueError(text)
    sign = -1 if match[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))


def write_moment(value: Moment) -> str:
    """Write a timestamp as RFC 3339 in UTC, with the digits it needs."""
    seconds, rest = divmod(value.ns, _SECOND)
    whole = (_EPOCH + timedelta(seconds=seconds)).strftime("%m-%dT%H:%M:%S")
    year = (_EPOCH + timedelta(seconds=seconds)).year
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{year:04d}-{whole}{fraction}Z"


def read_elapsed(text: str) -> Value:
    """Read a Go duration such as ``1h30m`` or ``-1.5s``, or return a `Fault`."""
    wrong = Fault(f"{text[:40]!r} is not a duration")
    sign = -1 if text.startswith("-") else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return Elapsed(0)
    total, at = 0, 0
    while at < len(rest):
        match = _PART.match(rest, at)
        if match is None or not (match[1] or match[2]) or len(match[1]) > 19:  # noqa: PLR2004 -- digits of 64 bits
            return wrong
        unit = _UNITS[match[3]]
        fraction = (match[2] or "")[:18]
        total += int(match[1] or "0") * unit
        total += int(fraction or "0") * unit // 10 ** len(fraction)
        at = match.end()
    return checked_elapsed(sign * total) if rest else wrong


def write_elapsed(value: Elapsed) -> str:
    """Write a duration as seconds, ``90s`` or ``0.5s``."""
    sign = "-" if value.ns < 0 else ""
    seconds, rest = divmod(abs(value.ns), _SECOND)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{sign}{seconds}{fraction}s"


def from_datetime(value: datetime) -> Value:
    """Convert an aware datetime; a naive one is taken as UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return checked_moment((aware - _EPOCH) // timedelta(microseconds=1) * 1_000)


def from_timedelta(value: timedelta) -> Value:
    """Convert a timedelta."""
    return checked_elapsed(value // timedelta(microseconds=1) * 1_000)


def to_datetime(value: Moment) -> datetime:
    """Convert to an aware datetime, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=value.ns // 1_000)


def _zone(name: str) -> tzinfo | None:
    try:
        return _offset(name)
    except ValueError:
        pass
    import zoneinfo  # noqa: PLC0415 -- most expressions name no zone

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _local(value: Moment, zone: str | None) -> datetime | Fault:
    found = UTC if zone is None else _zone(zone)
    if found is None:
        return Fault(f"{zone[:40] if zone else zone!r} is not a time zone")
    try:
        return (_EPOCH + timedelta(seconds=value.ns // _SECOND)).astimezone(found)
    except (OverflowError, ValueError):
        return Fault("timestamp out of range")


_MOMENT_PARTS: Final = {
    "getFullYear": lambda t: t.year,
    "getMonth": lambda t: t.month - 1,
    "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda t: t.day - 1,
    "getDate": lambda t: t.day,
    "getDayOfWeek": lambda t: t.isoweekday() % 7,
    "getHours": lambda t: t.hour,
    "getMinutes": lambda t: t.minute,
    "getSeconds": lambda t: t.second,
}
_ELAPSED_PARTS: Final = {
    "getHours": 3_600 * _SECOND,
    "getMinutes": 60 * _SECOND,
    "getSeconds": _SECOND,
}


def _getter(name: str) -> Callable[[Value, Value], Value]:
    def get(value: Value, zone: Value = None) -> Value:
        if type(value) is Elapsed and zone is None:
            return _elapsed_part(name, value)
        if type(value) is not Moment or not isinstance(zone, str | None):
            return Fault(f"there is no such {name}()")
        local = _local(value, zone)
        if isinstance(local, Fault):
            return local
        if name == "getMilliseconds":
            return value.ns % _SECOND // 1_000_000
        return _MOMENT_PARTS[name](local)

    return get


def _elapsed_part(name: str, value: Elapsed) -> Value:
    sign = -1 if value.ns < 0 else 1
    if name == "getMilliseconds":
        return sign * (abs(value.ns) % _SECOND // 1_000_000)
    unit = _ELAPSED_PARTS.get(name)
    return (
        sign * (abs(value.ns) // unit) if unit else Fault(f"there is no such {name}()")
    )


GETTERS: Final = {name: _getter(name) for name in [*_MOMENT_PARTS, "getMilliseconds"]}
