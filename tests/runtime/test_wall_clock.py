"""The wall clock of user code follows virtual time, and nothing else does."""

# ruff: noqa: TID251 -- the wall clock is the subject
import asyncio
import datetime as dt
import pickle
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import freezegun
import pydantic
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import Client, Harness, TriggerEvent, UsageError
from scoretest.runtime.wall_clock import wall_clock

REAL = (datetime,)  # in a tuple, because freezegun replaces the names of modules
KINDS = ["freezegun", "time-machine"]
NEW_YEAR = "2025-01-01T00:00:00"
client = Client(app_id="shop")


def served(harness, handler):
    """Serve *handler* and return the run that an event starts."""
    trigger = TriggerEvent(event="order")
    harness.serve(
        client, [client.create_function(fn_id="it", trigger=trigger)(handler)]
    )
    return harness.send("order").runs[0]


def wall():
    """Return what the four readers of the wall clock say, in one spelling."""
    return {
        datetime.now(UTC).replace(tzinfo=None).isoformat(),
        dt.datetime.now().isoformat(),  # noqa: DTZ005 -- what careless code writes
        dt.datetime.fromtimestamp(time.time(), UTC).replace(tzinfo=None).isoformat(),
        dt.datetime.fromtimestamp(time.time_ns() // 10**9, UTC)
        .replace(tzinfo=None)
        .isoformat(),
    }


@pytest.mark.parametrize("kind", KINDS)
class TestBothKinds:
    """Whoever fakes the clock, what user code sees is the same."""

    def test_handlers_see_virtual_time(self, harnesses, kind):
        """datetime.now() and time.time() in a handler are harness.now."""

        async def handler(ctx):
            seen = [sorted(wall())]
            await asyncio.sleep(90)
            seen.append(sorted(wall()))
            await ctx.step.sleep("a-day", "1d")
            return [*seen, sorted(wall()), ctx.attempt]

        world = harnesses(wall_clock=kind)
        run = served(world, handler)
        world.fast_forward()

        # entered again after the sleep, as production does
        assert run.output == [
            ["2025-01-02T00:01:30"],
            ["2025-01-02T00:03:00"],
            ["2025-01-02T00:03:00"],
            0,
        ]

    def test_the_test_sees_it_too(self, harnesses, kind):
        """Between two verbs the clock stands where the world stands."""
        world = harnesses(wall_clock=kind, start="2024-02-29T12:00:00Z")
        before = wall()
        world.advance("1h 30m")

        assert before == {"2024-02-29T12:00:00"}
        assert wall() == {"2024-02-29T13:30:00"}
        assert datetime.now(UTC) == world.now

    def test_only_the_wall_clock(self, harnesses, kind):
        """What measures intervals goes on in real time, by whatever name it is called."""
        from time import monotonic, perf_counter  # noqa: PLC0415 -- while it is faked

        before = time.monotonic(), time.perf_counter_ns(), monotonic(), perf_counter()
        world = harnesses(wall_clock=kind)
        world.advance("1d")
        after = time.monotonic(), time.perf_counter_ns(), monotonic(), perf_counter()

        assert all(0 <= b - a < 10**10 for a, b in zip(before, after, strict=True))
        assert after[0] - before[0] < 60

    def test_closing_puts_everything_back(self, kind):
        """After the last world has closed, no trace of it is left."""
        names = ["time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"]
        before = [getattr(time, name) for name in names]

        with Harness(wall_clock=kind):
            pass

        assert [getattr(time, name) for name in names] == before
        assert (datetime,) == REAL
        assert (dt.datetime,) == REAL
        assert datetime.now(UTC).year > 2025
        assert not hasattr(freezegun.api.FakeDatetime, "__get_pydantic_core_schema__")

    def test_two_worlds_share_the_clock(self, harnesses, kind):
        """It shows the time of the world that was used last; the order of closing is free."""
        old = harnesses(wall_clock=kind, start="2001-01-01T00:00:00Z")
        new = harnesses(wall_clock=kind, start="2031-01-01T00:00:00Z")

        async def handler(_ctx):
            return datetime.now(UTC).year

        years = [datetime.now(UTC).year]
        years.append(served(old, handler).output)
        years.append(served(new, handler).output)
        old.advance("1d")
        years.append(datetime.now(UTC).year)
        old.close()
        new.advance("1d")
        years.append(datetime.now(UTC).year)

        assert years == [2031, 2001, 2031, 2001, 2031]

    def test_asyncio_in_real_time_is_unharmed(self, harnesses, kind):
        """A loop of asyncio itself, in the same test, can still sleep."""
        harnesses(wall_clock=kind)

        asyncio.run(asyncio.sleep(0.001))

    def test_a_deadline_of_hypothesis_is_not_broken(self, harnesses, kind):
        """A clock that moves by days within an example costs the example no time."""
        world = harnesses(wall_clock=kind)

        @settings(deadline=200, max_examples=20, database=None)
        @given(st.integers(0, 10))
        def law(days):
            world.advance(timedelta(days=days))
            assert datetime.now(UTC) == world.now

        law()

    def test_it_is_one_patch_for_all_examples(self, kind):
        """Who holds the clock makes the worlds inside cheap: nothing starts or stops."""
        clock = wall_clock(kind)
        with Harness(wall_clock=kind):
            clock.hold()

        with Harness(wall_clock=kind):
            pass

        assert clock.is_started
        clock.leave()
        assert not clock.is_started


class TestTheUsersOwnFreeze:
    """An inner freeze wins; an outer one is refused."""

    def test_an_inner_freeze_wins(self, harnesses):
        """Inside the block the user's time is shown, behind it harness.now again."""
        world = harnesses(wall_clock="freezegun")

        with freezegun.freeze_time("2001-02-03"):
            world.advance("1d")
            inside = datetime.now(UTC).isoformat()

        assert inside == "2001-02-03T00:00:00+00:00"
        assert datetime.now(UTC) == world.now

    def test_an_inner_journey_wins(self, harnesses):
        """The same with time-machine."""
        world = harnesses(wall_clock="time-machine")

        with time_machine.travel(datetime(2001, 2, 3, tzinfo=UTC), tick=False):
            world.advance("1d")
            inside = datetime.now(UTC).isoformat()

        assert inside == "2001-02-03T00:00:00+00:00"
        assert datetime.now(UTC) == world.now

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_clock_that_is_frozen_already(self, kind):
        """The message says by whom and at what time."""
        with (
            freezegun.freeze_time("2001-02-03 04:05"),
            pytest.raises(UsageError) as caught,
        ):
            Harness(wall_clock=kind)

        assert str(caught.value) == (
            "the wall clock is held by freezegun, at 2001-02-03T04:05:00 already\n"
            f"  fix:   leave that out of a test with wall_clock='{kind}', which moves "
            "datetime.now() with harness.now; or leave wall_clock= out"
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_journey_that_is_under_way(self, kind):
        """A foreign time-machine is noticed as well."""
        with (
            time_machine.travel(0, tick=False),
            pytest.raises(UsageError, match="is held by time-machine already"),
        ):
            Harness(wall_clock=kind)

    def test_two_kinds_in_one_test(self, harnesses):
        """There is one clock on the wall: a second kind is refused."""
        harnesses(wall_clock="time-machine")

        with pytest.raises(UsageError, match="another harness with wall_clock='time-m"):
            harnesses(wall_clock="freezegun")

    @pytest.mark.parametrize(
        ("kind", "freeze"),
        [
            ("freezegun", lambda: freezegun.freeze_time("2001-02-03")),
            ("time-machine", lambda: time_machine.travel(0, tick=False)),
        ],
        ids=KINDS,
    )
    def test_a_freeze_that_outlasts_the_world(self, kind, freeze):
        """It is left alone, and ours ends behind it."""
        inner = freeze()
        with Harness(wall_clock=kind):
            inner.start()
        during = datetime.now(UTC).year
        inner.stop()
        wall_clock(kind).thaw()

        assert during < 2002
        assert datetime.now(UTC).year > 2025
        assert not wall_clock(kind).is_started


class Order(pydantic.BaseModel):
    """Defined before anything is faked."""

    placed: datetime
    due: dt.date


class TestTypes:
    """What freezegun's classes do to types, and what is done about it."""

    def test_the_harness_gives_true_datetimes(self, harnesses):
        """`now` and all times that a world tells are plain datetimes."""
        world = harnesses(wall_clock="freezegun")
        run = served(world, lambda _ctx: None)

        told = (world.now, run.started_at, run.ended_at)
        assert {type(moment) for moment in told} == {*REAL}
        assert pickle.loads(pickle.dumps(world.now)) == world.now  # noqa: S301 -- our own

    def test_models_take_what_the_clock_says(self, harnesses):
        """A pydantic model defined before accepts the faked now, and dates as text."""
        harnesses(wall_clock="freezegun")

        order = Order(placed=datetime.now(UTC), due="2025-02-01")

        assert order.placed.isoformat() == f"{NEW_YEAR}+00:00"
        assert order.model_dump(mode="json") == {
            "placed": f"{NEW_YEAR}Z",
            "due": "2025-02-01",
        }

    def test_models_can_be_defined_meanwhile(self, harnesses):
        """A model of a test, whose annotations are the faked classes, works."""
        harnesses(wall_clock="freezegun")

        class Late(pydantic.BaseModel):
            at: datetime
            on: dt.date

        late = Late(at=f"{NEW_YEAR}Z", on=dt.date.today())  # noqa: DTZ011 -- careless code

        assert (type(late.at), late.at.year) == (*REAL, 2025)
        assert late.on.isoformat() == "2025-01-01"

    def test_threads_are_told_the_same(self, harnesses):
        """By default freezegun answers threads with the real time; here it does not."""
        world = harnesses(wall_clock="freezegun")

        async def handler(_ctx):
            return await asyncio.to_thread(time.time)

        assert served(world, handler).output == 1_735_689_600.0


def test_a_kind_that_is_not_installed(monkeypatch):
    """The message has the command that installs it."""
    from scoretest.runtime import wall_clock as module  # noqa: PLC0415 -- its inside

    monkeypatch.setattr(module, "_CLOCKS", {})
    monkeypatch.setitem(sys.modules, "time_machine", None)
    monkeypatch.delitem(
        sys.modules, "scoretest.runtime.wall_time_machine", raising=False
    )

    with pytest.raises(UsageError) as caught:
        Harness(wall_clock="time-machine")

    assert str(caught.value) == (
        "wall_clock='time-machine' needs the package time-machine, which is not "
        "installed\n"
        '  fix:   install it: python3 -m pip install "scoretest[time-machine]"'
    )


def test_another_version_of_time_machine(monkeypatch):
    """Without the attribute that is quick to set, the journey's own verb moves it."""
    from scoretest.runtime import wall_time_machine as module  # noqa: PLC0415 -- its inside

    monkeypatch.setattr(module, "_ATTRIBUTE", "_renamed")

    with Harness(wall_clock="time-machine") as world:
        world.advance("1d")
        now = datetime.now(UTC)

    assert now == world.now


def test_only_who_asks_pays():
    """Neither package is imported for a harness that leaves the wall clock alone."""
    code = """
import sys
from scoretest import Harness
with Harness() as world:
    world.advance("1d")
print({"freezegun", "time_machine"} & set(sys.modules))
with Harness(wall_clock="freezegun") as world:
    pass
print({"freezegun", "time_machine"} & set(sys.modules))
"""
    done = subprocess.run(  # noqa: S603 -- our own lines
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert done.stdout == "set()\n{'freezegun'}\n"
