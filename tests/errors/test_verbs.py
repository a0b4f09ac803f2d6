"""What the verbs of a harness refuse, and when they cannot be used at all."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest import Client, Event, Harness, Limits, TriggerEvent, UsageError
from scoretest.runtime.shared_loop import SharedLoop
from scoretest.times import (
    DAY,
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    WEEK,
    Duration,
    format_duration,
    parse_duration,
)

JUNE = datetime(2025, 6, 1, tzinfo=UTC)


async def sleepy(_ctx):
    """Be under way for a minute of the loop."""
    await asyncio.sleep(60)


MOVED = {
    "a number": (
        lambda h: h.advance(5),
        (
            "the time to advance must be text or a timedelta, not 5\n"
            '  fix:   give it a unit, for example "5s", "1h30m" or "7d"'
        ),
    ),
    "a text without a unit": (
        lambda h: h.advance("5"),
        (
            "'5' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a unit in full": (
        lambda h: h.advance("7 days"),
        (
            "'7 days' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "units in a wrong order": (
        lambda h: h.advance("30m1h"),
        (
            "'30m1h' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "one unit twice": (
        lambda h: h.advance("1h1h"),
        (
            "'1h1h' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a sign": (
        lambda h: h.advance("-1h"),
        (
            "'-1h' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a fraction": (
        lambda h: h.advance("1.5h"),
        (
            "'1.5h' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "no text": (
        lambda h: h.advance(""),
        (
            "'' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "nothing": (
        lambda h: h.advance(None),
        (
            "the time to advance must be text or a timedelta, not None\n"
            '  fix:   give it a unit, for example "5s", "1h30m" or "7d"'
        ),
    ),
    "more than the calendar": (
        lambda h: h.advance("200000w"),
        (
            "'200000w' is longer than 3,000 years\n"
            "  fix:   write a duration that the calendar can hold"
        ),
    ),
    "more digits than anybody writes": (
        lambda h: h.advance("1" * 100 + "s"),
        (
            "'111111111111111111111111111111111111111111111111111111111111…' is "
            "longer than 3,000 years\n"
            "  fix:   write a duration that the calendar can hold"
        ),
    ),
    "beyond the end of the calendar": (
        lambda h: [h.advance("150000w") for _ in range(4)],
        (
            "the time of this world ends at 5031-03-23T23:59:59.999Z\n"
            "  where: virtual time 4899-10-21T00:00:00.000Z\n"
            "  fix:   move less far, or begin earlier with Harness(start=...)"
        ),
    ),
    "backwards": (
        lambda h: h.advance(timedelta(hours=-1)),
        (
            "advancing by -1h would move time backwards\n"
            "  where: virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   time only moves forward; begin earlier with "
            "Harness(start=...)"
        ),
    ),
    "to the past": (
        lambda h: h.advance_to(datetime(2024, 1, 1, tzinfo=UTC)),
        (
            "advancing to 2024-01-01T00:00:00.000Z would move time backwards\n"
            "  where: virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   time only moves forward; begin earlier with "
            "Harness(start=...)"
        ),
    ),
    "to a time without a zone": (
        lambda h: h.advance_to(datetime(2026, 1, 1)),  # noqa: DTZ001 -- the point
        (
            "the moment datetime.datetime(2026, 1, 1, 0, 0) has no time zone\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "to a number": (
        lambda h: h.advance_to(7),
        (
            "the moment must be an aware datetime, not 7\n"
            "  fix:   write datetime(2025, 1, 8, tzinfo=UTC)"
        ),
    ),
    "to a duration": (
        lambda h: h.advance_to("7d"),
        (
            "the moment '7d' is not an ISO 8601 time\n"
            '  fix:   write it like "2025-01-01T00:00:00Z"'
        ),
    ),
    "within a number": (
        lambda h: h.fast_forward(5),
        (
            "within must be text or a timedelta, not 5\n"
            '  fix:   give it a unit, for example "5s", "1h30m" or "7d"'
        ),
    ),
    "within less than nothing": (
        lambda h: h.fast_forward(timedelta(days=-1)),
        (
            "going on for -1d would move time backwards\n"
            "  where: virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   time only moves forward; begin earlier with "
            "Harness(start=...)"
        ),
    ),
    "within a text that is no duration": (
        lambda h: h.fast_forward(within="a week"),
        (
            "'a week' is not a duration\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), MOVED.values(), ids=MOVED)
def test_how_time_does_not_move(harness, refused, call, text):
    """The message shows what was given and how a duration is written."""
    assert refused(UsageError, call, harness) == text


def test_a_refused_move_changes_nothing(harness, refused):
    """The clock stands where it stood."""
    harness.advance_to(JUNE)

    refused(UsageError, lambda: harness.advance_to(JUNE - timedelta(microseconds=1)))

    assert harness.now == JUNE


@pytest.mark.parametrize(
    ("by", "hours"), [("1h30m", 1.5), (timedelta(hours=2), 2), ("0s", 0)]
)
def test_how_time_moves(harness, by, hours):
    """Text with units, a timedelta and no time at all are accepted."""
    harness.advance(by)

    assert harness.now == datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


@given(
    st.tuples(
        *[
            st.none() | st.tuples(st.integers(0, 99), st.just(unit))
            for unit in ("w", "d", "h", "m", "s", "ms")
        ]
    ).filter(any)
)
def test_units_largest_first_are_read(parts):
    """Any choice of units in their order is a duration, with or without spaces."""
    sizes = {
        "w": WEEK,
        "d": DAY,
        "h": HOUR,
        "m": MINUTE,
        "s": SECOND,
        "ms": MILLISECOND,
    }
    total = sum(part[0] * sizes[part[1]] for part in parts if part)

    for space in ("", " "):
        text = space.join(f"{part[0]}{part[1]}" for part in parts if part)
        assert parse_duration(text) == total


@given(st.integers(0, 3_000 * 366 * 24 * 3_600_000))
def test_what_is_shown_as_a_duration_is_read_as_the_same(milliseconds):
    """The text of every duration in milliseconds can be pasted back."""
    duration = Duration(milliseconds * MILLISECOND)

    assert parse_duration(format_duration(duration)) == duration


@given(st.text() | st.text(alphabet="0123456789wdhms .-+e_", max_size=12))
def test_any_text_is_a_duration_or_a_usage_error(text):
    """Texts are read or refused, never misread, and never fail in another way."""
    try:
        duration = parse_duration(text)
    except UsageError:
        return

    compact = text.replace(" ", "")
    assert parse_duration(compact) == duration
    assert not set("-+e_.") & set(text)


SENT = {
    "no name": (lambda h: h.send(""), ("event name is empty\n  fix:   name the event")),
    "a name that is reserved": (
        lambda h: h.send("inngest/x"),
        (
            "event name is reserved for internal use: inngest/x\n"
            "  fix:   choose a name of your own, such as 'support/ticket.created'"
        ),
    ),
    "a deferred schedule": (
        lambda h: h.send("inngest/deferred.schedule"),
        (
            "event name is reserved for internal use: inngest/deferred.schedule\n"
            "  fix:   choose a name of your own, such as 'support/ticket.created'"
        ),
    ),
    "a name that is too long": (
        lambda h: h.send("x" * 513),
        (
            "event name has 513 characters, over 512: "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'…\n"
            "  fix:   shorten the name"
        ),
    ),
    "a number": (
        lambda h: h.send(7),
        (
            "only events can be sent, not 7\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
    "nothing": (
        lambda h: h.send(None),
        (
            "only events can be sent, not None\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
    "a dict": (
        lambda h: h.send({"name": "x"}),
        (
            "only events can be sent, not {'name': 'x'}\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
    "a list with a name in it": (
        lambda h: h.send(["ticket"]),
        (
            "only events can be sent, not 'ticket'\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
    "data that is a list": (
        lambda h: h.send("x", [1]),
        (
            "the data of event 'x' must be an object, not [1]\n"
            '  fix:   write harness.send("support/ticket.created", {"ticketId": '
            "...})"
        ),
    ),
    "data that is a text": (
        lambda h: h.send("x", "tk_1"),
        (
            "the data of event 'x' must be an object, not 'tk_1'\n"
            '  fix:   write harness.send("support/ticket.created", {"ticketId": '
            "...})"
        ),
    ),
    "an event whose data is a list": (
        lambda h: h.send(Event(name="x", data=[1])),
        (
            "the data of event 'x' must be an object, not [1]\n"
            '  fix:   send {"ticketId": ...}'
        ),
    ),
    "an event and data": (
        lambda h: h.send(Event(name="x"), {"a": 1}),
        (
            "data, id and ts go with an event's name, not with Event(name='x', "
            "data={}, id='', ts=None)\n"
            "  fix:   put them into the Event"
        ),
    ),
    "events and an id": (
        lambda h: h.send([Event(name="x")], id="a"),
        (
            "data, id and ts go with an event's name, not with [Event(name='x', "
            "data={}, id='', ts=None)]\n"
            "  fix:   put them into the Event"
        ),
    ),
    "an id that is a number": (
        lambda h: h.send("x", id=7),
        (
            "an event's id must be text, not 7\n"
            "  fix:   leave it out to let the harness number the event"
        ),
    ),
    "a ts without a zone": (
        lambda h: h.send("x", ts=datetime(2025, 1, 1)),  # noqa: DTZ001 -- the point
        (
            "an event's ts datetime.datetime(2025, 1, 1, 0, 0) has no time zone\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "a ts before its time": (
        lambda h: h.send("x", ts=1),
        (
            "event 'x' has the timestamp 1970-01-01T00:00:00.001Z, outside "
            "1980-01-01T00:00:00Z to 2100-01-01T00:00:00Z\n"
            "  fix:   leave ts out, or give milliseconds since 1970"
        ),
    ),
    "a ts after its time": (
        lambda h: h.send("x", ts=datetime(2101, 1, 1, tzinfo=UTC)),
        (
            "event 'x' has the timestamp 2101-01-01T00:00:00.000Z, outside "
            "1980-01-01T00:00:00Z to 2100-01-01T00:00:00Z\n"
            "  fix:   leave ts out, or give milliseconds since 1970"
        ),
    ),
    "too much data": (
        lambda h: h.send("x", {"text": "y" * 3 * 1024 * 1024}),
        (
            "event 'x' has 3145739 bytes, over 3145728\n"
            "  fix:   send a reference to the data instead of the data"
        ),
    ),
    "too many events": (
        lambda h: h.send([Event(name="x")] * 5001),
        (
            "5001 events in one request, over 5000\n"
            "  fix:   send them in several requests"
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), SENT.values(), ids=SENT)
def test_what_is_not_sent(harness, refused, call, text):
    """What the server refuses is refused in its words; the rest in ours."""
    assert refused(UsageError, call, harness) == text
    assert harness.events == []


def test_one_bad_event_keeps_the_others_back(harness, refused):
    """A request is accepted whole or not at all."""
    events = [Event(name="good"), Event(name="inngest/bad")]

    refused(UsageError, lambda: harness.send(events))

    assert harness.events == []


def test_what_is_sent(harness):
    """A name with data, an event, a list, a tuple and an empty list are accepted."""
    event = Event(name="x")

    for given_ in ("x" * 512, event, [event, event], (event,), []):
        harness.send(given_)

    assert len(harness.events) == 5


def test_a_smaller_limit_is_told_with_its_own_number(harnesses, refused):
    """The number in the message is that of this world's limits."""
    world = harnesses(limits=Limits(event_bytes=10))

    assert refused(UsageError, lambda: world.send("x", {"text": "longer"})) == (
        "event 'x' has 18 bytes, over 10\n"
        "  fix:   send a reference to the data instead of the data"
    )


CLOSED = {
    "serve": lambda h: h.serve(Client(app_id="x"), []),
    "send": lambda h: h.send("ticket"),
    "advance": lambda h: h.advance("1h"),
    "advance_to": lambda h: h.advance_to(JUNE),
    "fast_forward": lambda h: h.fast_forward(),
    "call": lambda h: h.call(asyncio.sleep, 1),
    "cancel": lambda h: h.cancel("the id of a run"),
    "stub": lambda h: h.stub(None, "x", returns=1),
    "expect_failure": lambda h: h.expect_failure(None),
    "with": lambda h: h.__enter__(),
}


@pytest.mark.parametrize("verb", CLOSED)
def test_a_verb_of_a_closed_harness(refused, verb):
    """After its end, nothing can happen in a world; the message names the verb."""
    world = Harness()
    world.close()

    assert refused(UsageError, CLOSED[verb], world) == (
        f"harness.{verb} was used after the harness was closed\n"
        "  fix:   use it inside the test, or make a new Harness()"
    )


OPT_IN = (
    "write in conftest.py `from scoretest.pytest_anyio import anyio_backend` for tests "
    'of anyio, or `pytest_plugins = ["scoretest.pytest_asyncio"]` for tests of '
    "pytest-asyncio that take the fixture `harness` or have the mark `scoretest`"
)
RUNNING = ["send", "advance", "advance_to", "fast_forward", "call", "cancel"]


@pytest.mark.parametrize("verb", RUNNING)
def test_a_verb_inside_a_loop_in_real_time(harness, refused, verb):
    """The sync face belongs into sync tests; the message names the twin and its loop."""

    async def test():
        return refused(UsageError, CLOSED[verb], harness)

    assert asyncio.run(test()) == (
        f"harness.{verb} was called inside a running event loop\n"
        "  where: no handler is under way\n"
        f"  fix:   write `await harness.a{verb}(...)`, and {OPT_IN}"
    )


@pytest.mark.parametrize("verb", RUNNING)
def test_a_verb_inside_a_loop_in_virtual_time(harness, refused, verb):
    """Where the twin works, it is all that is missing."""

    async def test():
        return refused(UsageError, CLOSED[verb], harness)

    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        assert runner.run(test()) == (
            f"harness.{verb} was called inside a running event loop\n"
            "  where: no handler is under way\n"
            f"  fix:   write `await harness.a{verb}(...)`"
        )


def keeps_real_time(call):
    """Return what is said of *call* on asyncio's own loop, whose name depends."""
    return (
        f"{call} needs an event loop in virtual time, and LOOP keeps real time\n"
        f"  fix:   {OPT_IN}; or write the test as a plain `def`, where "
        "harness.call(function, ...) runs coroutines of the application"
    )


@pytest.mark.parametrize("verb", ["serve", "stub", "expect_failure", "with"])
def test_a_harness_on_a_loop_in_real_time(harness, refused, verb):
    """What needs no loop is refused all the same: the verbs after it would be."""

    async def test():
        return refused(UsageError, CLOSED[verb], harness)

    text = re.sub(r"and asyncio\S+", "and LOOP", asyncio.run(test()))
    assert text == keeps_real_time(f"harness.{verb}")


ASYNC = {
    "asend": lambda h: h.asend("ticket"),
    "aadvance": lambda h: h.aadvance("1h"),
    "aadvance_to": lambda h: h.aadvance_to(JUNE),
    "afast_forward": lambda h: h.afast_forward(),
    "acall": lambda h: h.acall(asyncio.sleep, 1),
    "acancel": lambda h: h.acancel("01JGFJJZ00000000000000000A"),
    "async with": lambda h: h.__aenter__(),
}


@pytest.mark.parametrize("verb", ASYNC)
def test_an_async_verb_on_a_loop_in_real_time(harness, refused, verb):
    """The async face needs a loop that scoretest made; the message says how to get it."""
    said = refused(UsageError, lambda: asyncio.run(ASYNC[verb](harness)))

    text = re.sub(r"and asyncio\S+", "and LOOP", said)
    assert text == keeps_real_time(verb if " " in verb else f"harness.{verb}")


def test_an_async_verb_without_asyncio(harness, refused):
    """On trio's loop there is none of asyncio, and ours could not run there."""
    coroutine = harness.asend("ticket")

    assert refused(UsageError, lambda: coroutine.send(None)).startswith(
        "harness.asend needs an event loop in virtual time, and there is none of asyncio"
    )


def test_two_harnesses_in_one_async_test(harness, refused):
    """A loop has one clock, so it keeps the time of one world at a time."""

    async def test():
        await harness.asend("ticket")
        return refused(UsageError, lambda: other.serve(Client(app_id="x"), []))

    other = Harness()

    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        assert runner.run(test()) == (
            "harness.serve was called on an event loop that keeps the time of another "
            "harness\n"
            "  fix:   close the other one first, with `async with` or `aclose()`; "
            "several worlds at a time need a test that is a plain `def`"
        )
        harness.close()
        other.close()


def test_an_async_verb_while_a_handler_is_under_way_elsewhere(harness, handle, refused):
    """A handler cannot change its loop: the message says who it is."""
    handle(sleepy)

    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        assert refused(UsageError, lambda: runner.run(harness.aadvance("1h"))) == (
            "harness.aadvance was called on another event loop than the one on which a "
            "handler is under way\n"
            "  where: function 'support-handle' (errors/test_verbs.py:N), run RUN, "
            "virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   send in the test or in an async fixture, or go on there until the "
            "handler has ended"
        )


def test_a_harness_whose_loop_was_closed(harness, client, refused):
    """A handler was under way when the runner closed: nothing can go on from there."""

    async def test():
        trigger = TriggerEvent(event="ticket")
        function = client.create_function(fn_id="sleepy", trigger=trigger)(sleepy)
        harness.serve(client, [function])
        await harness.asend("ticket")

    with asyncio.Runner(loop_factory=SharedLoop) as runner:
        runner.run(test())

    assert refused(UsageError, harness.advance, "1h") == (
        "harness.advance was used after the event loop of the test was closed, with a "
        "handler under way\n"
        "  fix:   go on until the handlers have ended, or `await harness.aclose()` in "
        "the test"
    )


def test_a_closed_harness_can_still_be_read():
    """What happened stays readable, and a second close does nothing."""
    world = Harness()
    world.send("ticket")
    world.close()
    world.close()

    assert [event.name for event in world.events] == ["ticket"]
    assert repr(world) == "<Harness closed, 0 runs>"


def test_a_harness_inside_its_own_handler(harness, handle, told):
    """A handler that uses the harness is told where it stands."""
    run = handle(lambda _: harness.send("x"), retries=0)

    assert run.status == "Failed"
    assert told() == [
        (
            "USAGE_ERROR: harness.send was called inside a handler\n"
            "  where: function 'support-handle' (errors/test_verbs.py:N), run RUN, "
            "virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   in a handler use ctx.step.send_event, ctx.step.sleep or "
            "client.send; only the test itself uses the harness"
        )
    ]


CALLED = {
    "a number": (
        lambda h: h.call(5),
        (
            "call() takes a coroutine function, not 5\n"
            "  fix:   write harness.call(handle_click, request), without calling it"
        ),
    ),
    "a plain function": (
        lambda h: h.call(print, 1),
        (
            "call() takes a coroutine function, not <built-in function print>\n"
            "  fix:   write harness.call(handle_click, request), without calling it"
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), CALLED.values(), ids=CALLED)
def test_what_cannot_be_called(harness, refused, call, text):
    """Only a coroutine function of the application can run on the virtual loop."""
    assert refused(UsageError, call, harness) == text


def test_a_coroutine_that_was_called_already(harness, refused):
    """The commonest mistake: the call instead of the function."""
    coroutine = asyncio.sleep(1)

    assert refused(UsageError, lambda: harness.call(coroutine)) == (
        "call() takes a coroutine function, not <coroutine object sleep at 0x…>\n"
        "  fix:   write harness.call(handle_click, request), without calling it"
    )
    coroutine.close()


def test_a_verb_that_does_not_exist(harness):
    """A name that a harness does not have is an AttributeError with the nearest one."""
    with pytest.raises(AttributeError) as caught:
        _ = harness.fast_foward

    assert str(caught.value) == (
        "Harness has no 'fast_foward'; did you mean 'fast_forward'?"
    )
    assert not hasattr(harness, "cancell")
