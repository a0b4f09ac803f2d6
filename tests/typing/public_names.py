"""What a type checker sees of the public names; read by mypy, never executed."""

from datetime import datetime
from typing import Any, assert_type

from scoretest import (
    Client,
    Context,
    ContextSync,
    DeadlockError,
    Event,
    Finding,
    FindingsError,
    Harness,
    Limits,
    LivelockError,
    NonRetriableError,
    NotBuiltError,
    OpenWait,
    RetryAfterError,
    Run,
    RunStatus,
    Score,
    ScoreRecord,
    Scores,
    ScoretestError,
    Sent,
    StalledError,
    StepError,
    Timeline,
    TriggerEvent,
    UnderTestError,
    UsageError,
    create_defer,
    create_scorer,
)

client = Client(app_id="support")


async def answer(content: str) -> str:
    """Answer, as a coroutine function."""
    return content


def count(content: str) -> int:
    """Count, as an ordinary function."""
    return len(content)


@create_scorer(client, fn_id="scorer")
async def scorer(ctx: Context) -> Score:
    """Wait for an event; it is there or it is None."""
    found = await ctx.step.wait_for_event("w", event="feedback", timeout="7d")
    assert_type(found, Event | None)
    return Score("user-feedback", 0.5 if found is None else 1)


@create_defer(client, fn_id="audit")
def audit(ctx: ContextSync) -> int:
    """Count in a step of a plain handler."""
    counted = ctx.step.run("count", count, "hello")
    assert_type(counted, int)
    return counted


@client.create_function(fn_id="ticket", trigger=TriggerEvent(event="ticket"))
async def ticket(ctx: Context) -> str:
    """Keep the types of what steps call."""
    text = await ctx.step.run("answer", answer, "hello")
    assert_type(text, str)
    number = await ctx.step.run("count", count, text)
    assert_type(number, int)
    ids = await ctx.step.send_event("tell", Event(name="told", data={"n": number}))
    assert_type(ids, list[str])
    if number > 100:
        raise NonRetriableError("too long")
    if number > 10:
        raise RetryAfterError("busy", 5_000)
    try:
        await ctx.step.sleep("pause", "1h")
    except StepError as error:
        assert_type(error.message, str)
    ctx.defer("score", function=scorer, data={"text": text}).abort()
    return text


def test_types(harness: Harness) -> None:
    """Read everything that a test reads."""
    harness.serve(client, functions=[ticket, scorer, audit])
    sent = harness.send("ticket", {"content": "hello"})
    assert_type(sent, Sent)
    run = sent.runs[0]
    assert_type(run, Run)
    assert_type(run.status, RunStatus)
    assert_type(run.started_at, datetime)
    assert_type(harness.waits, list[OpenWait])
    assert_type(harness.scores, Scores)
    assert_type(harness.scores["user-feedback"], ScoreRecord)
    assert_type(harness.findings, list[Finding])
    assert_type(harness.timeline, Timeline)
    assert_type(harness.now, datetime)
    assert_type(harness.advance("1h").fast_forward(), Harness)
    assert_type(harness.call(answer, "hello"), str)
    data: Any = run.event.data["content"]
    assert data


def limits() -> Harness:
    """Change a limit by its name."""
    return Harness(limits=Limits(defers_per_run=3), strict=False)


def culprits(error: ScoretestError) -> str:
    """Tell the families apart."""
    match error:
        case NotBuiltError() | UsageError():
            return error.fix
        case DeadlockError() | LivelockError() | StalledError():
            return error.where
        case FindingsError() | UnderTestError():
            return error.what
        case _:
            return error.seen


Harness(strict="yes")  # type: ignore[arg-type]  # whether findings fail is a bool
Event("ticket")  # type: ignore[call-arg]  # an event takes keywords, as in the real SDK
Client()  # type: ignore[call-arg]  # an app has a name
TriggerEvent(expression="true")  # type: ignore[call-arg]  # a trigger names its event
