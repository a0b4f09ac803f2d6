"""What is refused where a client, an event or a function is declared."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest import (
    Client,
    Event,
    Limits,
    RetryAfterError,
    TriggerEvent,
    UsageError,
    create_defer,
    create_scorer,
)

APP = Client(app_id="support")
TICKET = TriggerEvent(event="ticket")


def declare(fn_id="handle", handler=lambda _: None, trigger=TICKET, **options):
    """Declare a function with one thing wrong."""
    return APP.create_function(fn_id=fn_id, trigger=trigger, **options)(handler)


async def tell(ctx):
    """Handle a failure."""


REFUSED = {
    "an app without a name": (
        lambda: Client(app_id=""),
        (
            "app_id must be text, not empty and without quotes, backslashes and "
            "newlines, and it is ''\n"
            '  fix:   write app_id="support"'
        ),
    ),
    "an app named by a number": (
        lambda: Client(app_id=7),
        (
            "app_id must be text, not empty and without quotes, backslashes and "
            "newlines, and it is 7\n"
            '  fix:   write app_id="support"'
        ),
    ),
    "an app with a quote": (
        lambda: Client(app_id="it's"),
        (
            "app_id must be text, not empty and without quotes, backslashes and "
            'newlines, and it is "it\'s"\n'
            '  fix:   write app_id="support"'
        ),
    ),
    "a function without an id": (
        lambda: declare(fn_id=""),
        (
            "fn_id must be text, not empty and without quotes, backslashes and "
            "newlines, and it is ''\n"
            '  fix:   write fn_id="feedback-scorer"'
        ),
    ),
    "a function with a newline": (
        lambda: declare(fn_id="a\nb"),
        (
            "fn_id must be text, not empty and without quotes, backslashes and "
            "newlines, and it is 'a\\nb'\n"
            '  fix:   write fn_id="feedback-scorer"'
        ),
    ),
    "a function named by a number": (
        lambda: declare(fn_id=7),
        (
            "fn_id must be text, not empty and without quotes, backslashes and "
            "newlines, and it is 7\n"
            '  fix:   write fn_id="feedback-scorer"'
        ),
    ),
    "a handler that is a text": (
        lambda: declare(handler="handle"),
        (
            "the handler of 'handle' is not callable: 'handle'\n"
            "  fix:   put the decorator above a function that takes one argument, "
            "ctx"
        ),
    ),
    "a handler that was called": (
        lambda: declare(handler=None),
        (
            "the handler of 'handle' is not callable: None\n"
            "  fix:   put the decorator above a function that takes one argument, "
            "ctx"
        ),
    ),
    "a trigger that is a text": (
        lambda: declare(trigger="ticket"),
        (
            "the trigger of 'handle' must be a TriggerEvent or a TriggerCron, not 'ticket'\n"
            '  fix:   write trigger=TriggerEvent(event="support/ticket.created")'
        ),
    ),
    "no trigger": (
        lambda: declare(trigger=[]),
        (
            "the trigger of 'handle' must be a TriggerEvent or a TriggerCron, not []\n"
            '  fix:   write trigger=TriggerEvent(event="support/ticket.created")'
        ),
    ),
    "one trigger of several": (
        lambda: declare(trigger=[TICKET, None]),
        (
            "the trigger of 'handle' must be a TriggerEvent or a TriggerCron, not None\n"
            '  fix:   write trigger=TriggerEvent(event="support/ticket.created")'
        ),
    ),
    "too many triggers": (
        lambda: declare(trigger=[TICKET] * 11),
        (
            "function 'handle' has 11 triggers, over 10\n"
            "  fix:   let one trigger stand for several: "
            'TriggerEvent(event="support/*")'
        ),
    ),
    "retries that are text": (
        lambda: declare(retries="4"),
        (
            "retries of 'handle' must be a whole number from 0 to 20, not '4'\n"
            "  fix:   leave it out for the server's default of 4"
        ),
    ),
    "retries below zero": (
        lambda: declare(retries=-1),
        (
            "retries of 'handle' must be a whole number from 0 to 20, not -1\n"
            "  fix:   leave it out for the server's default of 4"
        ),
    ),
    "too many retries": (
        lambda: declare(retries=21),
        (
            "retries of 'handle' must be a whole number from 0 to 20, not 21\n"
            "  fix:   leave it out for the server's default of 4"
        ),
    ),
    "retries that are a bool": (
        lambda: declare(retries=True),
        (
            "retries of 'handle' must be a whole number from 0 to 20, not True\n"
            "  fix:   leave it out for the server's default of 4"
        ),
    ),
    "a name that is a number": (
        lambda: declare(name=7),
        ("the name of 'handle' must be text, not 7\n  fix:   leave it out"),
    ),
    "an option that nobody has": (
        lambda: declare(retrys=4),
        (
            "function 'handle' has no option 'retrys'; did you mean 'retries'?\n"
            "  seen:  4\n"
            "  fix:   leave retrys= out, or write one that the real SDK has"
        ),
    ),
    "a failure handler that is a text": (
        lambda: declare(on_failure="tell"),
        (
            "the on_failure of 'handle' is not callable: 'tell'\n"
            "  fix:   pass a function that takes one argument, ctx"
        ),
    ),
    "a failure handler of the other kind": (
        lambda: declare(on_failure=tell),
        (
            "the on_failure of 'handle' must be an ordinary function, as its handler "
            "is\n"
            "  where: errors/test_declarations.py:N\n"
            "  fix:   write both with `async def`, or both with `def`"
        ),
    ),
    "an ordinary failure handler of an async function": (
        lambda: declare(handler=tell, on_failure=print),
        (
            "the on_failure of 'handle' must be an async function, as its handler is\n"
            "  where: ?\n"
            "  fix:   write both with `async def`, or both with `def`"
        ),
    ),
    "a defer without a client": (
        lambda: create_defer("support", fn_id="x"),
        (
            "the deferred function 'x' needs a Client first, not 'support'\n"
            '  fix:   make one: client = Client(app_id="support")'
        ),
    ),
    "a scorer without a client": (
        lambda: create_scorer(None, fn_id="x"),
        (
            "the deferred function 'x' needs a Client first, not None\n"
            '  fix:   make one: client = Client(app_id="support")'
        ),
    ),
    "a scorer with an odd name": (
        lambda: create_scorer(APP, fn_id="x", name=7),
        ("the name of 'x' must be text, not 7\n  fix:   leave it out"),
    ),
    "a scorer whose handler is no function": (
        lambda: create_scorer(APP, fn_id="x")(7),
        (
            "the handler of 'x' is not callable: 7\n"
            "  fix:   put the decorator above a function that takes one argument, "
            "ctx"
        ),
    ),
    "a schema that is no class": (
        lambda: create_defer(APP, fn_id="x", schema={"id": int})(lambda _: None),
        (
            "the schema of 'support-x' must be a class, not {'id': <class 'int'>}\n"
            "  fix:   pass a pydantic model, a dataclass or a TypedDict"
        ),
    ),
    "a trigger without a name": (
        lambda: TriggerEvent(event=""),
        (
            "a trigger's event must be a name, not ''\n"
            '  fix:   write TriggerEvent(event="support/ticket.created")'
        ),
    ),
    "a trigger named by a number": (
        lambda: TriggerEvent(event=7),
        (
            "a trigger's event must be a name, not 7\n"
            '  fix:   write TriggerEvent(event="support/ticket.created")'
        ),
    ),
    "a trigger's condition that is no text": (
        lambda: TriggerEvent(event="x", expression=lambda _: True),
        (
            "a trigger's expression must be text, not <function "
            "<lambda>.<locals>.<lambda> at 0x…>\n"
            "  fix:   write expression=\"event.data.plan == 'pro'\""
        ),
    ),
    "an event named by a number": (
        lambda: Event(name=7),
        (
            "an event's name must be text, not 7\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
    "an event with a number as its id": (
        lambda: Event(name="x", id=7),
        (
            "an event's id must be text, not 7\n"
            "  fix:   leave it out to let the harness number the event"
        ),
    ),
    "an event's ts without a zone": (
        lambda: Event(name="x", ts=datetime(2025, 1, 1)),  # noqa: DTZ001 -- the point
        (
            "an event's ts datetime.datetime(2025, 1, 1, 0, 0) has no time zone\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "an event's ts in words": (
        lambda: Event(name="x", ts="yesterday"),
        (
            "an event's ts 'yesterday' is not an ISO 8601 time\n"
            '  fix:   write it like "2025-01-01T00:00:00Z"'
        ),
    ),
    "an event's ts as a float": (
        lambda: Event(name="x", ts=1.5),
        (
            "an event's ts must be an aware datetime, not 1.5\n"
            "  fix:   write datetime(2025, 1, 8, tzinfo=UTC)"
        ),
    ),
    "an event's ts beyond the calendar": (
        lambda: Event(name="x", ts=10**17),
        (
            "an event's ts 100000000000000000 is no time that a calendar has\n"
            "  fix:   give milliseconds since 1970"
        ),
    ),
    "a retry after a text": (
        lambda: RetryAfterError("busy", "5m"),
        (
            "retry_after must be milliseconds, a timedelta or a datetime, not '5m'\n"
            '  fix:   write RetryAfterError("busy", timedelta(minutes=5))'
        ),
    ),
    "a retry after a bool": (
        lambda: RetryAfterError("busy", retry_after=True),
        (
            "retry_after must be milliseconds, a timedelta or a datetime, not True\n"
            '  fix:   write RetryAfterError("busy", timedelta(minutes=5))'
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), REFUSED.values(), ids=REFUSED)
def test_what_a_declaration_refuses(refused, call, text):
    """The message says what is wrong, shows it, and says what to write instead."""
    assert refused(UsageError, call) == text


@dataclass
class Feedback:
    """A payload."""

    ticketId: str  # noqa: N815 -- the wire's spelling


ACCEPTED = {
    "a plain function": declare,
    "no retries": lambda: declare(retries=0),
    "all retries": lambda: declare(retries=20),
    "several triggers": lambda: declare(trigger=[TICKET, TriggerEvent(event="x/y")]),
    "as many triggers as there may be": lambda: declare(trigger=[TICKET] * 10),
    "a name": lambda: declare(name="Handle a ticket"),
    "an option that is off": lambda: declare(cancel=None),
    "a failure handler of its kind": lambda: declare(handler=tell, on_failure=tell),
    "a deferred function": lambda: create_defer(APP, fn_id="x")(print),
    "a scorer with a name and a schema": lambda: create_scorer(
        APP, fn_id="x", name="Feedback", schema=Feedback
    )(print),
}


@pytest.mark.parametrize("call", ACCEPTED.values(), ids=ACCEPTED)
def test_what_a_declaration_accepts(call):
    """The neighbours of what is refused are accepted, without a word."""
    assert call().options.app_id == "support"


@given(st.text(min_size=1))
def test_an_id_is_any_text_that_needs_no_escape(text):
    """Of all texts, those with a quote, a backslash or a newline are refused."""
    if set(text) & set("'\\\n\r"):
        with pytest.raises(
            UsageError, match="fn_id must be text, not empty and without"
        ):
            declare(fn_id=text)
    else:
        assert declare(fn_id=text).id == f"support-{text}"


@given(st.integers())
def test_retries_are_zero_to_twenty(retries):
    """Of all whole numbers, 0 to 20 are accepted."""
    if 0 <= retries <= 20:
        assert declare(retries=retries).options.retries == retries
    else:
        with pytest.raises(UsageError, match="a whole number from 0 to 20"):
            declare(retries=retries)


def test_calling_a_function_directly(refused):
    """A handler is started by its event; a call says where the function is."""

    @APP.create_function(fn_id="handle", trigger=TICKET)
    async def handle(ctx):
        pass

    assert refused(UsageError, handle, None) == (
        "function 'support-handle' was called directly\n"
        "  where: errors/test_declarations.py:N\n"
        "  fix:   send the event that starts it with `harness.send(...)`"
    )


def test_an_event_takes_what_the_wire_gives():
    """A ts of zero and an id of None are the wire's words for "not given"."""
    event = Event(name="x", data=None, id=None, ts=0)

    assert (event.data, event.id, event.ts) == ({}, "", None)
    assert Event(name="x", ts=1_000).ts == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


LIMITED = {
    "a negative number": (
        {"defers_per_run": -1},
        (
            "Limits(defers_per_run=...) must be a whole number from zero on, not -1\n"
            "  fix:   write Limits(defers_per_run=20), or leave it out"
        ),
    ),
    "a number in words": (
        {"event_bytes": "3 MiB"},
        (
            "Limits(event_bytes=...) must be a whole number from zero on, not "
            "'3 MiB'\n"
            "  fix:   write Limits(event_bytes=3145728), or leave it out"
        ),
    ),
    "a fraction": (
        {"longest_pause": 1.5},
        (
            "Limits(longest_pause=...) must be a whole number from zero on, not 1.5\n"
            "  fix:   write Limits(longest_pause=31622400000000), or leave it out"
        ),
    ),
    "a bool": (
        {"steps_per_run": True},
        (
            "Limits(steps_per_run=...) must be a whole number from zero on, not "
            "True\n"
            "  fix:   write Limits(steps_per_run=1000), or leave it out"
        ),
    ),
    "too many retries": (
        {"default_retries": 21},
        (
            "Limits(default_retries=...) must be at most 20, not 21\n"
            "  fix:   the server tries a function 21 times at most"
        ),
    ),
    "a shortest retry that is longer than the longest": (
        {"longest_retry": 0},
        (
            "Limits(shortest_retry=...) is 1000000 and above longest_retry, which is "
            "0\n"
            "  fix:   change both"
        ),
    ),
    "a moment that is no text": (
        {"event_ts_until": 2100},
        (
            "Limits(event_ts_until=...) must be ISO 8601 text, not 2100\n"
            '  fix:   write Limits(event_ts_until="2025-01-01T00:00:00Z")'
        ),
    ),
    "a moment that cannot be read": (
        {"event_ts_from": "the beginning"},
        (
            "Limits(event_ts_from=...) 'the beginning' is not an ISO 8601 time\n"
            '  fix:   write it like "2025-01-01T00:00:00Z"'
        ),
    ),
}


@pytest.mark.parametrize(("limits", "text"), LIMITED.values(), ids=LIMITED)
def test_a_limit_that_cannot_be(refused, limits, text):
    """A limit is checked where it is written, and the message names it."""
    assert refused(UsageError, lambda: Limits(**limits)) == text


def test_a_limit_may_be_zero():
    """A world without defers and without retries is a world."""
    limits = Limits(default_retries=0, event_ts_from="1990-01-01T00:00:00Z")

    assert (limits.default_retries, limits.event_ts_from[:4]) == (0, "1990")
