"""When cron fires: the next instant after a given one.

Five fields as the server's scheduler reads them: minute, hour, day of month, month, day
of week; or one of ``@hourly``, ``@daily``, ``@midnight``, ``@weekly``, ``@monthly`` and
``@yearly``. The fields are read in UTC, or in the zone of a prefix ``TZ=`` or
``CRON_TZ=``. When both days are given, either is enough.

The law: a schedule fires at every instant at which the wall clock of its zone begins a
minute that the fields name. So where the clock jumps forward, what it jumps over does
not happen, and where it goes back, what it shows twice happens twice. There is no other
treatment of daylight saving: it is what the server's library does.

The fields themselves are read by `cronsim`, on a wall clock without a zone.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from .._json import show
from ..errors import UsageError
from ..times import SECOND, Instant, to_datetime, to_instant

__all__ = ["Schedule"]

_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ZONE: Final = re.compile(r"(?:CRON_)?TZ=(?P<zone>\S+)\s+(?P<rest>.*)", re.DOTALL)
_FIELD_COUNT: Final = 5
# day of month and day of week: a stepped star limits the day, a bare one does not
_DAYS: Final = {2: "1-31", 4: "0-6"}
# what cronsim reads and the server does not: last days, n-th weekdays, Sunday as 7
_FOREIGN: Final = re.compile(r"#|L|(?<!/)7")
_A_DAY: Final = timedelta(days=1)
_FIX: Final = (
    'write five fields, such as "0 9 * * 1-5" or "TZ=Europe/Berlin 30 6 * * *"'
)


class Schedule:
    """When a cron trigger fires.

    Args:
        text: The cron text.

    Raises:
        UsageError: The server could not read it, or no day is such.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        found = _ZONE.fullmatch(text.strip())
        self._zone = _zone(found["zone"], text) if found else None
        rest = found["rest"].strip() if found else text.strip()
        self._fields = _fields(_NAMED.get(rest, rest), text)

    def after(self, now: Instant) -> Instant:
        """Return the first instant after *now* at which it fires."""
        begin = to_datetime(Instant(now - now % SECOND)).replace(tzinfo=None)
        offset = self._offset(begin)
        while True:
            fires = self._next_shown(begin + offset) - offset
            change = self._change(begin, fires, offset)
            if change is None:
                return to_instant(fires.replace(tzinfo=UTC), what="a cron time")
            begin, offset = change - timedelta(seconds=1), self._offset(change)

    def _offset(self, moment: datetime) -> timedelta:
        """Return how far the zone's clock is ahead of UTC at *moment*, in UTC."""
        if self._zone is None:
            return timedelta()
        shown = moment.replace(tzinfo=UTC).astimezone(self._zone)
        return shown.utcoffset() or timedelta()

    def _change(
        self, begin: datetime, end: datetime, offset: timedelta
    ) -> datetime | None:
        """Return the first second after *begin*, up to *end*, of another offset."""
        if self._zone is None:
            return None
        before = begin
        while before < end:
            probe = min(before + _A_DAY, end)
            if self._offset(probe) != offset:
                return self._change_between(before, probe, offset)
            before = probe
        return None

    def _change_between(
        self, before: datetime, after: datetime, offset: timedelta
    ) -> datetime:
        second = timedelta(seconds=1)
        while after - before > second:
            middle = before + (after - before) // second // 2 * second
            if self._offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after

    def _next_shown(self, shown: datetime) -> datetime:
        """Return the next wall clock time that the fields name."""
        return next(CronSim(self._fields, shown))


def _zone(name: str, text: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise UsageError(
            f"the cron {text!r} names no time zone that is known: {show(name)}",
            fix='write a name of the tz database, such as "TZ=Europe/Berlin 0 9 * * *"',
        ) from None


def _fields(text: str, whole: str) -> str:
    """Return the fields as cronsim reads them in the server's way."""
    parts = text.upper().replace("?", "*").split()
    if len(parts) != _FIELD_COUNT:
        raise UsageError(
            f"the cron {whole!r} has {len(parts)} fields, not {_FIELD_COUNT}", fix=_FIX
        )
    if "L" in parts[2] or _FOREIGN.search(parts[4]):
        raise UsageError(
            f"the cron {whole!r} has a day that the server does not read",
            fix="write days of the month as 1-31 and days of the week as 0-6, Sunday "
            "being 0, without L, W and #",
        )
    for place, span in _DAYS.items():
        parts[place] = re.sub(r"\*(?=/(?!1$))", span, parts[place])
    fields = " ".join(parts)
    try:
        CronSim(fields, datetime(2000, 1, 1))  # noqa: DTZ001 -- a wall clock without a zone
    except CronSimError as error:
        raise UsageError(f"the cron {whole!r} is wrong: {error}", fix=_FIX) from None
    return fields
