"""Mistakes inside handlers: the run fails as in production, and a finding says why."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from scoretest import (
    Client,
    FindingsError,
    Harness,
    TriggerEvent,
    UsageError,
    create_defer,
)


async def charge(order=0):
    """Charge a card."""
    return order


# the call that is wrong; the name of the run's error; the finding
STEPS = {
    "a step without a name": (
        lambda ctx: ctx.step.run(charge, charge),
        (
            "USAGE_ERROR: a step's id must be text, not <function charge at 0x…>\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   name the step first: ctx.step.run("charge", charge)'
        ),
    ),
    "a step named by a number": (
        lambda ctx: ctx.step.run(7, charge),
        (
            "USAGE_ERROR: a step's id must be text, not 7\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   name the step first: ctx.step.run("charge", charge)'
        ),
    ),
    "a step with a value as its callback": (
        lambda ctx: ctx.step.run("charge", 5),
        (
            "USAGE_ERROR: step 'charge' was given 5, which cannot be called\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   pass the function itself and its arguments: "
            'ctx.step.run("charge", charge, order)'
        ),
    ),
    "an invoke of no function": (
        lambda ctx: ctx.step.invoke("call", function="charge"),
        (
            "USAGE_ERROR: step 'call' invokes 'charge', which is no function\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   pass what @client.create_function made, or use invoke_by_id"
        ),
    ),
    "an invoke of a number": (
        lambda ctx: ctx.step.invoke_by_id("call", function_id=7),
        (
            "USAGE_ERROR: function_id of step 'call' must be text, not 7\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write function_id="charge", without the app\'s id'
        ),
    ),
    "an invoke in a numbered app": (
        lambda ctx: ctx.step.invoke_by_id("call", function_id="x", app_id=7),
        (
            "USAGE_ERROR: app_id of step 'call' must be text, not 7\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   leave it out for a function of the same app"
        ),
    ),
    "an invoke with an odd argument": (
        lambda ctx: ctx.step.invoke("call", function=None, date={}),
        (
            "USAGE_ERROR: invoke has no argument 'date'; did you mean 'data'?\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   leave date= out"
        ),
    ),
    "a sleep in words": (
        lambda ctx: ctx.step.sleep("nap", "a while"),
        (
            "USAGE_ERROR: 'a while' is not a duration\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a sleep without a unit": (
        lambda ctx: ctx.step.sleep("nap", "5"),
        (
            "USAGE_ERROR: '5' is not a duration\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write units largest first, each once, without a sign: "7d", '
            '"1h30m", "6d 23h" (units: w d h m s ms)'
        ),
    ),
    "a sleep of a fraction": (
        lambda ctx: ctx.step.sleep("nap", 1.5),
        (
            "USAGE_ERROR: duration must be text, a timedelta or whole milliseconds,"
            " not 1.5\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   give it a unit, for example "5s", "1h30m" or "7d"'
        ),
    ),
    "a sleep until a time without a zone": (
        lambda ctx: ctx.step.sleep_until("nap", datetime(2026, 1, 1)),  # noqa: DTZ001 -- the point
        (
            "USAGE_ERROR: until datetime.datetime(2026, 1, 1, 0, 0) has no time "
            "zone\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   add tzinfo=UTC, or a trailing Z to the text"
        ),
    ),
    "a sleep until a duration": (
        lambda ctx: ctx.step.sleep_until("nap", "7d"),
        (
            "USAGE_ERROR: until '7d' is not an ISO 8601 time\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write it like "2025-01-01T00:00:00Z"'
        ),
    ),
    "a wait for nothing": (
        lambda ctx: ctx.step.wait_for_event("wait", event="", timeout="1h"),
        (
            "USAGE_ERROR: step 'wait' waits for '', which is no event name\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write event="support/feedback.received"'
        ),
    ),
    "a wait for a number": (
        lambda ctx: ctx.step.wait_for_event("wait", event=7, timeout="1h"),
        (
            "USAGE_ERROR: step 'wait' waits for 7, which is no event name\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write event="support/feedback.received"'
        ),
    ),
    "a condition that is no text": (
        lambda ctx: ctx.step.wait_for_event(
            "wait", event="x", timeout="1h", if_exp=lambda _: True
        ),
        (
            "USAGE_ERROR: if_exp of step 'wait' must be text, not <function "
            "<lambda>.<locals>.<lambda> at 0x…>\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write if_exp="async.data.ticketId == event.data.ticketId"'
        ),
    ),
    "a match that is no path": (
        lambda ctx: ctx.step.wait_for_event("wait", event="x", timeout="1h", match=""),
        (
            "USAGE_ERROR: match of step 'wait' must be a path, not ''\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write match="data.ticketId"'
        ),
    ),
    "a condition and a match": (
        lambda ctx: ctx.step.wait_for_event(
            "wait", event="x", timeout="1h", if_exp="true", match="data.id"
        ),
        (
            "USAGE_ERROR: step 'wait' has both if_exp and match\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   keep one; match="data.x" is event.data.x == async.data.x'
        ),
    ),
    "an event that is a name": (
        lambda ctx: ctx.step.send_event("tell", "x"),
        (
            "USAGE_ERROR: only events can be sent, not 'x'\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write Event(name="support/ticket.created", data={...})'
        ),
    ),
}


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(("call", "text"), STEPS.values(), ids=STEPS)
def test_a_step_that_is_asked_for_wrongly(handle, told, call, text, kind):
    """Both kinds of handlers get the same words, and the place of the call."""

    async def coroutine(ctx):
        await call(ctx)

    run = handle(coroutine if kind == "async" else call, retries=0)

    assert (run.status, run.error.name) == ("Failed", "UsageError")
    assert told() == [text]


TIMEOUTS = {
    "less than a second": ("500ms", "duration must be at least 1 second"),
    "a fraction of a second": (1500, "duration must be a whole number of seconds"),
}


@pytest.mark.rule("B10")
@pytest.mark.parametrize(("timeout", "message"), TIMEOUTS.values(), ids=TIMEOUTS)
def test_a_timeout_that_the_real_sdk_refuses(handle, told, timeout, message):
    """It is the run's failure in the SDK's words, and no mistake of the test."""

    async def handler(ctx):
        await ctx.step.wait_for_event("wait", event="x", timeout=timeout)

    run = handle(handler, retries=0)

    assert (run.error.name, run.error.message) == (
        "FunctionConfigInvalidError",
        message,
    )
    assert told() == []


def test_a_step_that_is_not_awaited(handle, told):
    """The step did not happen; the finding names it and the line of the call."""

    async def handler(ctx):
        ctx.step.run("charge", charge)

    run = handle(handler)

    assert run.status == "Completed"
    assert told() == [
        (
            "STEP_NOT_AWAITED: step 'charge' was called and never awaited, so it "
            "never ran\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   write `await ctx.step.run('charge', ...)`"
        )
    ]


def test_a_callback_that_was_called_instead_of_passed(handle, told):
    """The commonest mistake: the fix shows how arguments are given."""

    async def handler(ctx):
        called = charge(1)
        try:
            await ctx.step.run("charge", called)
        finally:
            called.close()

    run = handle(handler, retries=0)

    assert run.status == "Failed"
    assert told() == [
        (
            "USAGE_ERROR: step 'charge' was given <coroutine object charge at 0x…>,"
            " which cannot be called\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   pass the function itself and its arguments: "
            'ctx.step.run("charge", charge, order)'
        )
    ]


def test_a_coroutine_in_a_plain_handler(handle, told):
    """A handler that cannot await cannot run a coroutine function as a step."""
    run = handle(lambda ctx: ctx.step.run("charge", charge), retries=0)

    assert run.status == "Failed"
    assert told() == [
        (
            "USAGE_ERROR: step 'charge' of a plain handler returned a coroutine\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'charge', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   make the handler `async def`, and await the step"
        )
    ]


def test_a_group_of_calls_instead_of_functions(handle, told):
    """A group takes functions, so that it can start them together."""

    async def handler(ctx):
        step = ctx.step.run("charge", charge)
        try:
            await ctx.group.parallel((step,))
        finally:
            step.close()

    run = handle(handler, retries=0)

    assert run.status == "Failed"
    assert told() == [
        (
            "USAGE_ERROR: group.parallel takes functions, not a step that was "
            "called\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   write (lambda: ctx.step.run("a", a), lambda: ...) around the '
            "steps"
        )
    ]


@pytest.mark.rule("E5")
def test_a_step_inside_a_step(handle, told):
    """The run fails in the SDK's words, and the finding names the inner step."""

    async def handler(ctx):
        async def outer():
            await ctx.step.run("inner", charge)

        await ctx.step.run("outer", outer)

    run = handle(handler, retries=0)

    assert run.error.message == "Nested steps are not supported."
    assert told() == [
        (
            "NESTED_STEP: step 'inner' was called inside step 'outer'\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'outer', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   call it before or after the outer step, never in its callback"
        )
    ]


UNSERIALIZABLE = {
    "a set": (
        {1},
        (
            "the result of step 'load' holds an object of type set, which JSON "
            "cannot carry"
        ),
    ),
    "bytes": (
        b"x",
        (
            "the result of step 'load' holds an object of type bytes, which JSON "
            "cannot carry"
        ),
    ),
    "a time": (
        datetime(2025, 1, 1),  # noqa: DTZ001 -- its kind is the point
        (
            "the result of step 'load' holds an object of type datetime, which JSON"
            " cannot carry"
        ),
    ),
    "not a number": (
        [0, {"x": float("nan")}],
        "the result of step 'load' at [1].x holds nan, which JSON cannot carry",
    ),
    "a key that is a tuple": (
        {(1, 2): 3},
        (
            "the result of step 'load' holds a key of type tuple, which JSON cannot"
            " carry"
        ),
    ),
}


@pytest.mark.parametrize(("value", "text"), UNSERIALIZABLE.values(), ids=UNSERIALIZABLE)
def test_a_result_that_json_cannot_carry(handle, told, value, text):
    """The step fails as in production, under the name that the SDK gives to it."""

    async def handler(ctx):
        await ctx.step.run("load", lambda: value)

    run = handle(handler, retries=0)

    assert run.error.name == "OutputUnserializableError"
    assert run.error.message == text
    assert told() == []


@pytest.mark.rule("X3")
def test_a_handlers_result_that_json_cannot_carry(handle, told):
    """The handler's own result is checked in the same way."""
    run = handle(lambda _: {1}, retries=0)

    assert (run.error.name, run.error.message) == (
        "OutputUnserializableError",
        ("the handler's result holds an object of type set, which JSON cannot carry"),
    )
    assert told() == []


@dataclass
class Feedback:
    """A payload."""

    ticketId: str  # noqa: N815 -- the wire's spelling


APP = Client(app_id="support")


@create_defer(APP, fn_id="unserved", schema=Feedback)
async def unserved(ctx):
    """Be declared, and served by nobody."""


@APP.create_function(fn_id="other", trigger=TriggerEvent(event="other"))
async def ordinary(ctx):
    """Be started by events only."""


def defer(ctx, defer_id="score", function=unserved, data=None):
    """Defer with one thing wrong."""
    ctx.defer(defer_id, function=function, data=data or {"ticketId": "tk_1"})


def twice(ctx):
    """Use one id for two defers."""
    defer(ctx)
    defer(ctx)


DEFERS = {
    "a target that is not served": (
        defer,
        [
            (
                "DEFER_LOST: the defer 'score' starts 'support-unserved', which is not "
                "served; did you mean 'support-scorer'?\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   add the deferred function to harness.serve(client, "
                "functions=[...])"
            )
        ],
    ),
    "a target that is no deferred function": (
        lambda ctx: defer(ctx, function=ordinary),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: <function "
                "'support-other' at errors/test_handlers.py:N> is no deferred function\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   make it with create_defer or create_scorer"
            )
        ],
    ),
    "a target that is a handler": (
        lambda ctx: defer(ctx, function=charge),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: <function charge at 0x…>"
                " is no deferred function\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   make it with create_defer or create_scorer"
            )
        ],
    ),
    "an id that is a number": (
        lambda ctx: defer(ctx, defer_id=7),
        [
            (
                "DEFER_SKIPPED: the defer 7 was skipped: a defer's id must be text, not"
                " 7\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                '  fix:   name it, for example ctx.defer("score-feedback", ...)'
            )
        ],
    ),
    "an id that was used": (
        twice,
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: its id 'score' was used "
                "before in this run\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   give each defer an id of its own; the first call of an id "
                "wins"
            ),
            (
                "DEFER_LOST: the defer 'score' starts 'support-unserved', which is not "
                "served; did you mean 'support-scorer'?\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   add the deferred function to harness.serve(client, "
                "functions=[...])"
            ),
        ],
    ),
    "data that is a list": (
        lambda ctx: defer(ctx, data=[1]),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: its data must be an "
                "object with text keys, not [1]\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                '  fix:   pass data={"ticketId": ...}'
            )
        ],
    ),
    "data with a reserved key": (
        lambda ctx: defer(ctx, data={"_inngest": 1}),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: its data holds the "
                "reserved key '_inngest'\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   rename the key"
            )
        ],
    ),
    "data that json cannot carry": (
        lambda ctx: defer(ctx, data={"ticketId": {1}}),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: data.ticketId holds an "
                "object of type set, which JSON cannot carry\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   turn it into text, numbers, lists and maps with text keys "
                "first"
            )
        ],
    ),
    "data that does not fit": (
        lambda ctx: defer(ctx, data={"ticketId": 7}),
        [
            (
                "DEFER_SKIPPED: the defer 'score' was skipped: the data does not fit "
                "Feedback: ticketId: Input should be a valid string\n"
                "  where: function 'support-handle' (errors/test_handlers.py:N), run "
                "RUN, virtual time 2025-01-01T00:00:00.000Z\n"
                "  fix:   send what 'support-unserved' declares as its schema"
            )
        ],
    ),
}


@pytest.mark.rule("A3", "A12")
@pytest.mark.parametrize(("call", "texts"), DEFERS.values(), ids=DEFERS)
def test_a_defer_that_comes_to_nothing(handle, told, call, texts):
    """The parent completes, as in production, and the finding says what was lost."""
    run = handle(call)

    assert run.status == "Completed"
    assert told() == texts


SCORES = {
    "a name that is blank": (
        {"name": " ", "value": 1},
        (
            "SCORE_INVALID: a score's name must be text that is not blank, not ' '\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            '  fix:   name what was measured, for example "user-feedback"'
        ),
    ),
    "a name with a quote": (
        {"name": "it's", "value": 1},
        (
            'SCORE_INVALID: the score name "it\'s" is too long or holds a forbidden '
            "character\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   use at most 128 bytes, without control characters and single "
            "quotes"
        ),
    ),
    "a name that is too long": (
        {"name": "x" * 129, "value": 1},
        (
            "SCORE_INVALID: the score name "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
            " is too long or holds a forbidden character\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   use at most 128 bytes, without control characters and single "
            "quotes"
        ),
    ),
    "a value in words": (
        {"name": "x", "value": "good"},
        (
            "SCORE_INVALID: the value of score 'x' must be a finite number or a "
            "bool, not 'good'\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   write None instead of a score when there is nothing to say"
        ),
    ),
    "a value that is not a number": (
        {"name": "x", "value": float("nan")},
        (
            "SCORE_INVALID: the value of score 'x' must be a finite number or a "
            "bool, not nan\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   write None instead of a score when there is nothing to say"
        ),
    ),
    "a run that is blank": (
        {"name": "x", "value": 1, "run_id": ""},
        (
            "SCORE_INVALID: run_id must be text that is not blank, not ''\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   pass ctx.run_id, or ctx.parents[0].run_id for the parent"
        ),
    ),
    "a step that is a number": (
        {"name": "x", "value": 1, "target_step_id": 7},
        (
            "SCORE_INVALID: target_step_id must be text that is not blank, not 7\n"
            "  where: function 'support-handle' (errors/test_handlers.py:N), run "
            "RUN, step 'rate', virtual time 2025-01-01T00:00:00.000Z\n"
            "  fix:   pass the id of a step of that run, or leave it out"
        ),
    ),
}


@pytest.mark.rule("G4")
@pytest.mark.parametrize(("score", "text"), SCORES.values(), ids=SCORES)
def test_a_score_that_is_refused(harness, handle, told, score, text):
    """The step fails with a ValueError, as in the real SDK, and a finding tells it."""
    run = handle(lambda ctx: ctx.step.score("rate", **score), retries=0)

    assert (run.status, run.error.name) == ("Failed", "ValueError")
    assert told() == [text]
    assert harness.scores == []


def test_a_client_that_is_served_by_nobody(refused):
    """The message says what is missing."""
    client = Client(app_id="support")

    assert refused(
        UsageError, lambda: client.score_sync(name="x", value=1, run_id="r")
    ) == (
        "client.score_sync does not know where to go: no open harness serves "
        "the app 'support'\n"
        "  fix:   call harness.serve(client, functions=[...]) first"
    )


def test_a_client_that_is_served_twice(refused):
    """Of two open worlds none is the right one."""
    client = Client(app_id="support")
    worlds = [Harness().serve(client, []) for _ in range(2)]

    assert refused(UsageError, lambda: client.send_sync([])) == (
        "client.send_sync does not know where to go: 2 harnesses serve the app "
        "'support'\n"
        "  fix:   close one of them, or send with harness.send(...)"
    )
    for world in worlds:
        world.close()


def test_a_client_on_a_foreign_loop(harness, client, refused):
    """An application that awaits elsewhere is shown the way onto the virtual loop."""
    import asyncio  # noqa: PLC0415 -- only this test has a loop of its own

    harness.serve(client, [])

    text = refused(UsageError, lambda: asyncio.run(client.send([])))

    assert text.startswith("client.send needs an event loop in virtual time, and ")
    assert text.endswith(
        "where harness.call(function, ...) runs coroutines of the application"
    )


def test_a_score_of_a_client_without_a_run(harness, client, refused):
    """Outside a handler the error is raised, as a ValueError too."""
    from scoretest._model.score import InvalidScoreError  # noqa: PLC0415 -- not public

    harness.serve(client, [])

    assert refused(
        InvalidScoreError, lambda: client.score_sync(name="x", value=1, run_id="")
    ) == (
        "run_id must be text that is not blank, not ''\n"
        "  fix:   pass ctx.run_id, or ctx.parents[0].run_id for the parent"
    )


def test_what_a_harness_says_at_its_end(client, refused):
    """All findings stand in one error, each with its code, place and fix."""

    @client.create_function(
        fn_id="fail", trigger=TriggerEvent(event="ticket"), retries=0
    )
    async def fail(ctx):
        await ctx.step.run("charge", charge)
        raise LookupError(ctx.event.name)

    world = Harness().serve(client, [fail])
    world.stub(fail, "chrage", returns=1)
    world.send("ticket")

    assert refused(FindingsError, world.close) == (
        "2 findings that the test did not allow\n"
        "\n"
        "RUN_FAILED: a run of 'support-fail' failed with LookupError: ticket\n"
        "  where: function 'support-fail' (errors/test_handlers.py:N), run RUN,"
        " virtual time 2025-01-01T00:00:00.000Z\n"
        "  fix:   mend the handler, look at the run's .error, or expect it with"
        " `with harness.expect_failure(function):`\n"
        "\n"
        "STUB_UNUSED: the stub of step 'chrage' of 'support-fail' was never "
        "used; did you mean 'charge'?\n"
        "  where: errors/test_handlers.py:N\n"
        "  fix:   stub one of the steps that ran, ['charge']\n"
        "\n"
        '  fix:   mend it, or let it pass with harness.allow("CODE", '
        'reason="...")'
    )


def test_one_finding_is_counted_as_one(client, refused):
    """The head of the message is right in number."""

    @client.create_function(fn_id="lose", trigger=TriggerEvent(event="ticket"))
    async def lose(ctx):
        ctx.defer("score", function=unserved, data={"ticketId": "tk_1"})

    world = Harness().serve(client, [lose])
    world.send("ticket")

    assert refused(FindingsError, world.close) == (
        "1 finding that the test did not allow\n"
        "\n"
        "DEFER_LOST: the defer 'score' starts 'support-unserved', which is not "
        "served; did you mean 'support-lose'?\n"
        "  where: function 'support-lose' (errors/test_handlers.py:N), run RUN,"
        " virtual time 2025-01-01T00:00:00.000Z\n"
        "  fix:   add the deferred function to harness.serve(client, "
        "functions=[...])\n"
        "\n"
        '  fix:   mend it, or let it pass with harness.allow("CODE", '
        'reason="...")'
    )
