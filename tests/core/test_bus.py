"""The door for events: who is started, who is refused, and when it closes."""

import pytest

from scoretest._core.bus import Bus
from scoretest._model.event import ReceivedEvent
from scoretest._model.limits import Limits
from scoretest._model.options import FunctionKind, FunctionOptions, TriggerEvent
from scoretest.errors import LivelockError, UsageError
from scoretest.times import DAY, to_instant

NOW = to_instant("2025-01-01T00:00:00Z", what="now")


def function(fn_id, *events, kind=FunctionKind.ORDINARY):
    """Return a function that the *events* start."""
    return FunctionOptions(
        slug=f"shop-{fn_id}",
        app_id="shop",
        triggers=tuple(TriggerEvent(event=name) for name in events),
        retries=None,
        kind=kind,
        place="shop.py:1",
    )


def event(name, *, number=1, sender_id="", at=NOW, data=None, depth=0):
    """Return an event as the server received it."""
    internal = f"internal-{number}"
    wire = {"name": name, "data": data or {}, "id": sender_id or internal, "ts": 0}
    return ReceivedEvent(internal, wire, at, depth=depth)


@pytest.fixture
def bus():
    """An empty door."""
    return Bus(Limits())


class TestTriggers:
    """An event starts the functions that have a trigger of exactly its name."""

    def test_in_the_order_of_registration(self, bus):
        """Each function once, even when two of its triggers have one name."""
        first, second = function("b", "x", "y", "x"), function("a", "x")
        for each in (first, second):
            bus.register(each)

        assert bus.started_by(event("x")) == (first, second)
        assert bus.started_by(event("y")) == (first,)
        assert bus.started_by(event("X")) == bus.started_by(event("x/y")) == ()

    def test_a_slug_is_registered_once(self, bus):
        """The second function of a slug is refused with both places."""
        bus.register(function("a", "x"))

        with pytest.raises(UsageError) as info:
            bus.register(function("a", "y"))

        assert (info.value.what, info.value.where) == (
            "two functions have the id 'shop-a'",
            "shop.py:1 and shop.py:1",
        )

    @pytest.mark.rule("A10")
    def test_a_deferral_starts_the_function_that_it_names(self, bus):
        """Routing counts for deferred functions only, before those that listen."""
        deferred = function("later", kind=FunctionKind.DEFERRED)
        listener = function("spy", "inngest/deferred.schedule")
        ordinary = function("order", "x")
        for each in (ordinary, listener, deferred):
            bus.register(each)

        started = [
            bus.started_by(event("inngest/deferred.schedule", data=data))
            for data in (
                {"_inngest": {"fn_slug": "shop-later"}},
                {"_inngest": {"fn_slug": "shop-order"}},
                {"_inngest": {"fn_slug": "shop-nobody"}},
                {},
            )
        ]

        assert started == [(deferred, listener), *[(listener,)] * 3]


@pytest.mark.rule("F3")
class TestRepeatedIds:
    """A sender's id starts a function once in 24 hours."""

    @pytest.mark.parametrize(
        ("second", "is_repeated"),
        [
            ({"at": NOW}, True),
            ({"at": NOW + DAY - 1}, True),
            ({"at": NOW + DAY}, False),
            ({"at": NOW, "sender_id": "other"}, False),
        ],
    )
    def test_within_a_day(self, bus, second, is_repeated):
        """The day is counted from the event that counted."""
        bus.is_repeated("f", event("x", sender_id="same"))

        again = event("x", number=2, **{"sender_id": "same", **second})

        assert bus.is_repeated("f", again) is is_repeated

    def test_per_function_and_only_for_given_ids(self, bus):
        """Another function, and the server's own ids, are never repeated."""
        given, own = event("x", sender_id="same"), event("x", number=3)

        answers = [
            bus.is_repeated(slug, each)
            for slug, each in (("f", given), ("g", given), ("f", own), ("f", own))
        ]

        assert answers == [False] * 4


@pytest.mark.rule("A10", "H3")
class TestRefusals:
    """What the server refuses is refused in its words; the limit itself is allowed."""

    @pytest.mark.parametrize(
        ("name", "ts", "size", "what"),
        [
            ("", None, 0, "event name is empty"),
            (
                "inngest/x",
                None,
                0,
                "event name is reserved for internal use: inngest/x",
            ),
            ("x" * 513, None, 0, "event name has 513 characters, over 512"),
            ("x", NOW - 50 * 366 * DAY, 0, "event 'x' has the timestamp 1974-"),
            ("x", None, 3 * 1024**2 + 1, "event 'x' has 3145729 bytes, over 3145728"),
        ],
    )
    def test_outside_of_a_limit(self, bus, name, ts, size, what):
        """Each refusal names the event and the limit."""
        with pytest.raises(UsageError) as info:
            bus.check(name, ts, size)

        assert info.value.what.startswith(what)

    @pytest.mark.parametrize(
        ("name", "ts", "size"),
        [
            ("x" * 512, None, 0),
            ("inngest", None, 0),
            ("x", to_instant("1980-01-01T00:00:00Z", what="ts"), 0),
            ("x", to_instant("2100-01-01T00:00:00Z", what="ts"), 0),
            ("x", None, 3 * 1024**2),
        ],
    )
    def test_at_the_limit(self, bus, name, ts, size):
        """The last value that the server takes is taken."""
        bus.check(name, ts, size)


class TestStorms:
    """The door closes on events that cause each other at one instant."""

    def storm(self, bus, count, **of):
        for number in range(count):
            bus.guard(event("x", number=number, **of))

    def test_a_deep_chain_is_stopped(self, bus):
        """The error names the event, the functions and the instant."""
        bus.register(function("a", "x"))

        with pytest.raises(LivelockError) as info:
            self.storm(bus, 10_001, depth=50)

        assert info.value.what.startswith("events cause each other without end: 'x'")
        assert info.value.where == (
            "functions started by it: shop-a, virtual time 2025-01-01T00:00:00.000Z"
        )

    def test_shallow_events_are_no_storm(self, bus):
        """Ten thousand events that the application sent pass."""
        self.storm(bus, 10_001, depth=0)

    def test_every_instant_has_its_own_count(self, bus):
        """A deep chain that lets time pass is not the door's affair."""
        for number in range(10_001):
            bus.guard(event("x", number=number, depth=50, at=NOW + number))
