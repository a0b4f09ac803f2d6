"""Points and lengths of virtual time, as whole microseconds.

`Instant` counts from the Unix epoch, `Duration` from zero. Both are integers, so that
no sum ever drifts; floats exist only at asyncio's border, in `scoretest.runtime`.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NewType

from .errors import UsageError

__all__ = [
    "DAY",
    "HOUR",
    "LAST_INSTANT",
    "MILLISECOND",
    "MINUTE",
    "SECOND",
    "WEEK",
    "Duration",
    "Instant",
    "format_duration",
    "format_instant",
    "parse_duration",
    "to_datetime",
    "to_duration",
    "to_instant",
]

Instant = NewType("Instant", int)
"""A point in virtual time, in microseconds since 1970-01-01T00:00:00Z."""

Duration = NewType("Duration", int)
"""A length of virtual time, in microseconds."""

MILLISECOND: Final = Duration(1_000)
SECOND: Final = Duration(1_000_000)
MINUTE: Final = Duration(60 * SECOND)
HOUR: Final = Duration(60 * MINUTE)
DAY: Final = Duration(24 * HOUR)
WEEK: Final = Duration(7 * DAY)

_UNITS: Final = {
    "w": WEEK,
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": SECOND,
    "ms": MILLISECOND,
}
# one optional group a unit, largest first: order and uniqueness come with the pattern
_TEXT: Final = re.compile(
    r"\s*".join(rf"(?:(?P<{unit}>[0-9]+){unit}(?![a-z]))?" for unit in _UNITS)
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
LAST_INSTANT: Final = Instant(
    (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
)
# beyond this `datetime` itself ends
_LONGEST: Final = 3_000 * 366 * DAY

# far more digits than the longest duration has
_MOST_TEXT: Final = 60

_HOW: Final = (
    'write units largest first, each once, without a sign: "7d", "1h30m", "6d 23h" '
    "(units: w d h m s ms)"
)


@lru_cache(maxsize=256)  # a handler reads its durations again in every entry
def parse_duration(text: str) -> Duration:
    """Read a duration such as ``"7d"``, ``"1h30m"`` or ``"6d 23h"``.

    Units are w, d, h, m, s and ms: largest first, each at most once, no sign, and
    never a bare number. A day is always 24 hours.

        >>> parse_duration("1h30m") == 90 * MINUTE
        True

    Raises:
        UsageError: *text* is not such a duration.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise UsageError(f"{text!r} is not a duration", fix=_HOW)
    if len(text) > _MOST_TEXT:
        raise _too_long(text[:_MOST_TEXT] + "…")
    total = sum(
        int(digits) * _UNITS[unit]
        for unit, digits in match.groupdict().items()
        if digits
    )
    if total > _LONGEST:
        raise _too_long(text)
    return Duration(total)


def to_duration(value: object, *, what: str, bare_ms: bool = False) -> Duration:
    """Convert what a user may write for a duration.

    Args:
        value: Text as `parse_duration` reads it, a `timedelta`, or whole milliseconds.
        what: How to name the value in an error, such as ``"timeout"``.
        bare_ms: Whether an integer is taken as milliseconds, the SDK's unit.

    Raises:
        UsageError: *value* is of another kind or cannot be read.
    """
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, timedelta):
        return Duration(value // _MICROSECOND)
    if bare_ms and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) * MILLISECOND > _LONGEST:
            raise _too_long(value)
        return Duration(value * MILLISECOND)
    kinds = (
        "text, a timedelta or whole milliseconds" if bare_ms else "text or a timedelta"
    )
    raise UsageError(
        f"{what} must be {kinds}, not {value!r}",
        fix='give it a unit, for example "5s", "1h30m" or "7d"',
    )


def _too_long(value: object) -> UsageError:
    return UsageError(
        f"{value!r} is longer than 3,000 years",
        fix="write a duration that the calendar can hold",
    )


def format_duration(duration: Duration) -> str:
    """Return the shortest text of *duration*, readable by `parse_duration` from 1 ms on.

    Microseconds are shown as ``"250µs"``, zero as ``"0s"``, and a length below zero
    with a leading minus.
    """
    if duration < 0:
        return "-" + format_duration(Duration(-duration))
    parts, rest = [], int(duration)
    for unit, size in _UNITS.items():
        if unit != "w":  # nobody says "1w" for seven days in a timeline
            count, rest = divmod(rest, size)
            parts += [f"{count}{unit}"] if count else []
    return " ".join([*parts, f"{rest}µs"] if rest else parts) or "0s"


def to_instant(moment: object, *, what: str) -> Instant:
    """Convert an aware `datetime`, or its ISO 8601 text, to an instant.

    Raises:
        UsageError: *moment* is naive, unreadable, or of another kind.
    """
    value = _read_iso(moment, what) if isinstance(moment, str) else moment
    if not isinstance(value, datetime):
        raise UsageError(
            f"{what} must be an aware datetime, not {moment!r}",
            fix="write datetime(2025, 1, 8, tzinfo=UTC)",
        )
    if value.tzinfo is None or value.utcoffset() is None:
        raise UsageError(
            f"{what} {moment!r} has no time zone",
            fix="add tzinfo=UTC, or a trailing Z to the text",
        )
    return Instant((value - _EPOCH) // _MICROSECOND)


def _read_iso(text: str, what: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{what} {text!r} is not an ISO 8601 time",
            fix='write it like "2025-01-01T00:00:00Z"',
        ) from None


@lru_cache(maxsize=64)  # many things are told the same instant
def to_datetime(instant: Instant) -> datetime:
    """Return *instant* as an aware UTC `datetime`."""
    return _EPOCH + timedelta(microseconds=instant)


def format_instant(instant: Instant) -> str:
    """Return *instant* as on the wire, ``2025-01-01T00:00:00.000Z``."""
    text = to_datetime(instant).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
