"""A cron fires whenever the wall clock of its zone shows what its fields name."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import UsageError
from scoretest._core.cron import Schedule
from scoretest.times import to_datetime, to_instant


def fires(text, start, count):
    """Return the next *count* times after *start* as ``month-day hour:minute`` in UTC."""
    now, schedule, found = to_instant(start, what="start"), Schedule(text), []
    for _ in range(count):
        now = schedule.after(now)
        found.append(to_datetime(now).strftime("%m-%d %H:%M"))
    return found


@pytest.mark.rule("H2")
class TestSchedule:
    """The next instant after a given one."""

    def test_a_cron_is_read_in_utc(self):
        """Without a zone the fields are UTC; the present minute itself has passed."""
        times = fires("0 9 * * 1-5", "2025-01-03T09:00:00Z", 2)

        assert times == ["01-06 09:00", "01-07 09:00"]

    def test_a_minute_that_begins_later_counts(self):
        """A microsecond before the minute, the minute is next."""
        times = fires("0 9 * * *", "2025-01-03T08:59:59.999999Z", 1)

        assert times == ["01-03 09:00"]

    @pytest.mark.parametrize("prefix", ["TZ", "CRON_TZ"])
    def test_a_zone_may_stand_in_front(self, prefix):
        """Nine in Berlin is eight in UTC in winter and seven in summer."""
        text = f"{prefix}=Europe/Berlin 0 9 29,31 3 *"

        assert fires(text, "2025-03-01T00:00:00Z", 2) == ["03-29 08:00", "03-31 07:00"]

    def test_what_the_clock_jumps_over_does_not_happen(self):
        """Half past two does not exist on the day when summer begins."""
        text = "TZ=Europe/Berlin 30 2 * * *"

        times = fires(text, "2025-03-28T12:00:00Z", 2)

        assert times == ["03-29 01:30", "03-31 00:30"]

    def test_what_the_clock_shows_twice_happens_twice(self):
        """Half past two comes again on the day when summer ends."""
        text = "TZ=Europe/Berlin 30 2 * * *"

        times = fires(text, "2025-10-25T12:00:00Z", 3)

        assert times == ["10-26 00:30", "10-26 01:30", "10-27 01:30"]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("@hourly", "01-01 01:00"),
            ("@daily", "01-02 00:00"),
            ("@weekly", "01-05 00:00"),
            ("@monthly", "02-01 00:00"),
            ("@yearly", "01-01 00:00"),
            ("*/15 * * * *", "01-01 00:15"),
            ("0 12 13 * FRI", "01-03 12:00"),
            ("0 12 13 * *", "01-13 12:00"),
            ("0 12 */7 * FRI", "01-01 12:00"),
            ("0 12 ? * MON", "01-06 12:00"),
            ("0 0 29 2 *", "02-29 00:00"),
        ],
    )
    def test_fields_are_read_as_the_server_reads_them(self, text, expected):
        """Two restricted days are alternatives; a stepped star restricts."""
        assert fires(text, "2025-01-01T00:00:00Z", 1) == [expected]

    @settings(max_examples=30)
    @given(
        fields=st.sampled_from(["*/20 * * * *", "0 */3 * * *", "30 1,2 * * *"]),
        zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia"]),
        start=st.datetimes(datetime(2010, 1, 1), datetime(2012, 12, 31)),  # noqa: DTZ001 -- hypothesis wants them naive
    )
    def test_every_minute_that_is_named_fires(self, fields, zone, start):
        """Looking at each minute of two days one by one gives the same instants."""
        begin = start.replace(second=0, microsecond=0, tzinfo=UTC)
        minutes, hours = fields.split()[:2]
        named_minutes = {"*/20": {0, 20, 40}, "0": {0}, "30": {30}}[minutes]
        named_hours = {"*": range(24), "*/3": range(0, 24, 3), "1,2": (1, 2)}[hours]
        each = (begin + timedelta(minutes=n) for n in range(1, 2 * 24 * 60))
        expected = [
            moment
            for moment in each
            if (shown := moment.astimezone(ZoneInfo(zone))).minute in named_minutes
            and shown.hour in named_hours
        ]

        schedule, now, found = (
            Schedule(f"TZ={zone} {fields}"),
            to_instant(begin, what="begin"),
            [],
        )
        while len(found) < len(expected):
            now = schedule.after(now)
            found.append(to_datetime(now))

        assert found == expected


class TestMistakes:
    """What the server could not read is refused, with what to write instead."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("0 9 * *", "the cron '0 9 * *' has 4 fields, not 5"),
            ("0 0 9 * * *", "the cron '0 0 9 * * *' has 6 fields, not 5"),
            ("61 * * * *", "the cron '61 * * * *' is wrong: Bad minute"),
            ("0 0 31 2 *", "the cron '0 0 31 2 *' is wrong: Bad day-of-month"),
            ("0 0 L * *", "the cron '0 0 L * *' has a day that the server does"),
            ("0 0 * * 7", "the cron '0 0 * * 7' has a day that the server does"),
            ("0 0 * * MON#2", "the cron '0 0 * * MON#2' has a day that the"),
            (
                "TZ=Mars/Base 0 9 * * *",
                "the cron 'TZ=Mars/Base 0 9 * * *' names no time zone that is known",
            ),
        ],
    )
    def test_a_wrong_cron_is_refused(self, text, said):
        """The message quotes the text."""
        with pytest.raises(UsageError) as caught:
            Schedule(text)

        assert caught.value.what.startswith(said)
        assert caught.value.fix
