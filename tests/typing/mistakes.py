"""Mistakes that a type checker finds; read by mypy, never executed.

Each line is wrong in the way that its ignore says. When a type gets weaker, the ignore
is not needed any more, and mypy says so.
"""

from datetime import timedelta

from scoretest import (
    Client,
    Context,
    ContextSync,
    Event,
    Harness,
    Limits,
    Score,
    TriggerEvent,
    create_scorer,
)

client = Client(app_id="support")
TICKET = TriggerEvent(event="ticket")


async def charge(order: int) -> int:
    """Charge a card."""
    return order


@client.create_function(fn_id="f", trigger=TICKET)  # type: ignore[arg-type]  # a plain handler is given a ContextSync
def plain_with_the_async_context(ctx: Context) -> None:
    """Take the wrong context."""


@client.create_function(fn_id="g", trigger=TICKET)  # type: ignore[arg-type]  # a handler is given its context
async def without_a_context() -> None:
    """Take nothing."""


@client.create_function(fn_id="h", trigger="ticket")  # type: ignore[arg-type]  # a trigger is a TriggerEvent
async def with_a_text_as_trigger(ctx: Context) -> None:
    """Be started by nothing."""


@client.create_function(fn_id="i", trigger=TICKET, retries="4")  # type: ignore[arg-type]  # retries are a number
async def with_retries_in_words(ctx: Context) -> None:
    """Be tried again."""


@create_scorer("support", fn_id="j")  # type: ignore[arg-type]  # the client comes first
async def of_a_name(_: Context) -> Score:
    """Return a score whose value is a word, which is wrong too."""
    return Score("x", "good")  # type: ignore[arg-type]  # a value is a number or a bool


@client.create_function(fn_id="k", trigger=TICKET)
async def wrong_steps(ctx: Context) -> None:
    """Ask for steps in wrong ways."""
    ctx.step.run("charge", charge, 1)  # type: ignore[unused-coroutine]  # it is not awaited
    ctx.step.sleep("nap", "1h")  # type: ignore[unused-coroutine]  # it is not awaited
    ctx.defer("x", function=of_a_name, data={}, experiment="tone")  # type: ignore[arg-type]  # a reference is no text
    ready: str = await ctx.step.run("charge", charge, 1)  # type: ignore[arg-type]  # the step gives a number
    early: int = ctx.step.run("charge", charge, 1)  # type: ignore[assignment]  # it is not awaited
    client.logger.info("%s %s", ready, early)
    await ctx.step.run(charge, 1)  # type: ignore[call-overload]  # the step's name comes first
    await ctx.step.run("charge", charge(1))  # type: ignore[call-overload]  # the function is passed, not called
    await ctx.step.sleep("nap", 1.5)  # type: ignore[arg-type]  # milliseconds are whole
    await ctx.step.sleep_until("nap", "7d")  # type: ignore[arg-type]  # a moment is a datetime
    await ctx.step.wait_for_event("wait", event="x")  # type: ignore[call-arg]  # a wait has an end
    await ctx.step.wait_for_event("wait", event="x", timeout="1h", if_="y")  # type: ignore[call-arg]  # it is if_exp
    await ctx.step.send_event("tell", "x")  # type: ignore[arg-type]  # an event is an Event
    await ctx.step.score("rate", value=1)  # type: ignore[call-arg]  # a score has a name
    await ctx.step.sleeps("nap", "1h")  # type: ignore[attr-defined]  # it is sleep
    ctx.defer("score", data={})  # type: ignore[call-arg]  # a defer has a function
    ctx.event.name = "other"  # type: ignore[misc]  # an event is not changed
    event = await ctx.step.wait_for_event("wait", event="x", timeout="1h")
    event.data  # type: ignore[union-attr]  # noqa: B018 -- nothing may have come: the event is None then


@client.create_function(fn_id="l", trigger=TICKET)
def wrong_plain_steps(ctx: ContextSync) -> None:
    """Mix the two faces up."""
    counted: str = ctx.step.run("count", len, "x")  # type: ignore[assignment]  # the step gives a number
    client.logger.info("%s", counted)
    ctx.step.invokes("x")  # type: ignore[attr-defined]  # it is invoke


def wrong_tests(harness: Harness) -> None:
    """Use a harness in wrong ways."""
    harness.send(7)  # type: ignore[arg-type]  # an event is a name or an Event
    harness.send("ticket", "tk_1")  # type: ignore[arg-type]  # data is a mapping
    harness.advance(5)  # type: ignore[arg-type]  # nobody can tell what 5 is
    harness.advance_to(timedelta(days=1))  # type: ignore[arg-type]  # a moment is a datetime
    harness.fast_foward()  # type: ignore[attr-defined]  # it is fast_forward
    harness.asend("ticket")  # type: ignore[unused-coroutine]  # it is awaited
    harness.serve(client, wrong_steps)  # type: ignore[arg-type]  # functions are a list
    harness.allow("DEFER_LOST")  # type: ignore[call-arg]  # there is always a reason
    harness.stub(wrong_steps, "charge", return_value=1)  # type: ignore[call-arg]  # it is returns
    harness.stub(wrong_steps, "charge", raises="no")  # type: ignore[arg-type]  # only exceptions are raised
    harness.expect_failure("support-k")  # type: ignore[arg-type]  # the function itself
    harness.call(len, "x")  # type: ignore[arg-type]  # a coroutine function of the application
    harness.now = None  # type: ignore[misc, assignment]  # time is moved by its verbs
    harness.scores["x"] = 1  # type: ignore[index]  # scores are written by scorers
    harness.runs[0].status = "Failed"  # type: ignore[misc, assignment]  # a run is what it is


Harness(wall_clock="sundial")  # type: ignore[arg-type]  # there is no such package
Harness(reentry="often")  # type: ignore[arg-type]  # it is step, wait or never
Harness(limits={"defers_per_run": 3})  # type: ignore[arg-type]  # limits are Limits
Limits(3)  # type: ignore[call-arg]  # a limit has a name
Event(nam="x")  # type: ignore[call-arg]  # it is name
