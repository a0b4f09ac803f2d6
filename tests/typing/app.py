"""An application and its tests as users write them; read by mypy, never executed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

from pydantic import BaseModel

from scoretest import (
    Cancel,
    Client,
    Context,
    ContextSync,
    DeadlockError,
    Event,
    EventMeta,
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
    Singleton,
    StalledError,
    StepError,
    Timeline,
    Timeouts,
    TriggerCron,
    TriggerEvent,
    UnderTestError,
    UsageError,
    VariantTable,
    create_defer,
    create_scorer,
    experiment,
    explore,
    explored,
    flow,
)
from scoretest.experiment import ExperimentRef, ExperimentResult
from scoretest.exploration import Exploration, Found, Table

client = Client(app_id="support", logger=logging.getLogger("app"))


class FeedbackInput(BaseModel):
    """What a scorer is given."""

    ticketId: str  # noqa: N815 -- the wire's spelling


@dataclass
class Notice:
    """What a notifier is given."""

    text: str


class Answer(BaseModel):
    """What a model says."""

    text: str


async def generate(content: str) -> str:
    """Ask a model."""
    return content


def count(content: str, most: int = 10) -> int:
    """Count the words."""
    return min(len(content.split()), most)


# --- handlers -----------------------------------------------------------------------


@create_scorer(client, fn_id="feedback", schema=FeedbackInput, retries=2)
async def feedback(ctx: Context) -> Score | None:
    """Score a ticket by the user's word."""
    assert_type(ctx.event, Event)
    assert_type(ctx.events, list[Event])
    assert_type(ctx.run_id, str)
    assert_type(ctx.attempt, int)
    assert_type(ctx.parents[0].run_id, str)
    given: FeedbackInput = ctx.input
    ctx.logger.info("waiting for %s", given.ticketId)

    word = await ctx.step.wait_for_event(
        "wait", event="feedback", timeout="7d", match="data.ticketId"
    )
    assert_type(word, Event | None)
    if word is None:
        return None
    assert_type(word.name, str)
    assert_type(word.ts, datetime | None)
    return Score("user-feedback", 1 if word.data["helpful"] else 0)


@create_defer(client, fn_id="notify", schema=Notice, name="Notify")
def notify(ctx: ContextSync) -> str:
    """Tell somebody, in a plain function."""
    sent = ctx.step.run("count", count, "some words")
    assert_type(sent, int)
    assert_type(ctx.step.sleep("nap", timedelta(hours=1)), None)
    assert_type(ctx.step.sleep_until("dawn", datetime(2025, 1, 1, tzinfo=UTC)), None)
    assert_type(ctx.step.wait_for_event("wait", event="x", timeout=5000), Event | None)
    assert_type(ctx.step.send_event("tell", Event(name="x")), list[str])
    assert_type(ctx.step.score("rate", name="length", value=sent), None)
    assert_type(ctx.step.invoke("call", function=careful, timeout=5000), Any)
    both = ctx.group.parallel(
        (lambda: ctx.step.run("a", count, "a"), lambda: ctx.step.run("b", count, "b"))
    )
    assert_type(both, tuple[int, ...])
    return "told"


@client.create_function(
    fn_id="handle", trigger=TriggerEvent(event="ticket", expression="event.data.id > 0")
)
async def handle(ctx: Context) -> dict[str, str]:
    """Answer a ticket."""
    answer = await ctx.step.run("generate", generate, ctx.event.data["content"])
    assert_type(answer, str)
    assert_type(await ctx.step.run("count", count, answer, 5), int)
    assert_type(
        await ctx.step.run("open", datetime.fromisoformat, "2025-01-01"), datetime
    )
    assert_type(await ctx.step.run("nothing", lambda: None), None)
    assert_type(await ctx.step.sleep("nap", "1h"), None)
    assert_type(await ctx.step.send_event("tell", [Event(name="x")]), list[str])
    meta: EventMeta = {"sessions": {"conversation": "chat-1", "turn": None}}
    assert_type(Event(name="x", meta=meta).meta, EventMeta | None)
    assert_type(ctx.sessions, dict[str, str])
    assert_type(
        await ctx.step.score("rate", name="x", value=True, run_id=ctx.run_id), None
    )
    both = await ctx.group.parallel(
        (
            lambda: ctx.step.run("a", generate, "a"),
            lambda: ctx.step.run("b", generate, "b"),
        )
    )
    assert_type(both, tuple[str, ...])
    invoked = await ctx.step.invoke("call", function=careful, data={"n": 1})
    assert_type(invoked, Any)
    by_id = ctx.step.invoke_by_id("by id", app_id="x", function_id="y", timeout="1h")
    assert_type(await by_id, Any)
    handle_ = ctx.defer("score", function=feedback, data={"ticketId": answer})
    assert_type(handle_.abort(), None)
    return {"answer": answer}


async def apologise(ctx: Context) -> None:
    """Handle the failure of a run."""
    assert_type(ctx.event.data["error"], Any)


@client.create_function(
    fn_id="careful",
    trigger=[TriggerEvent(event="a"), TriggerEvent(event="b")],
    retries=0,
    on_failure=apologise,
    cancel=[Cancel(event="c", if_exp="true", timeout="1h"), Cancel(event="d")],
    idempotency="event.data.id",
    singleton=Singleton(mode="skip", key="event.data.user"),
    timeouts=Timeouts(start=timedelta(hours=1), finish=60_000),
)
async def careful(ctx: Context) -> None:
    """Handle every error that a handler may meet or make."""
    try:
        await ctx.step.run("charge", generate, "now")
    except StepError as error:
        assert_type(error.name, str)
        assert_type(error.message, str)
        assert_type(error.stack, str | None)
        raise NonRetriableError("declined", quiet=True) from error
    except ValueError as error:
        raise RetryAfterError("busy", timedelta(minutes=5)) from error


@client.create_function(fn_id="trial", trigger=TriggerEvent(event="trial"))
async def trial(ctx: Context) -> str:
    """Answer in one of two tones."""
    tone = await ctx.group.experiment(
        "tone",
        variants={
            "warm": lambda: ctx.step.run("warm", generate, "warm"),
            "cool": lambda: ctx.step.run("cool", generate, "cool"),
        },
        select=experiment.bucket(ctx.run_id, weights={"warm": 80, "cool": 20}),
    )
    assert_type(tone, ExperimentResult[str])
    assert_type(tone.result, str)
    assert_type(tone.variant, str)
    assert_type(tone.experiment_ref, ExperimentRef)
    ctx.defer("rate", function=feedback, data={}, experiment=tone.experiment_ref)
    return tone.result


@client.create_function(fn_id="plain-trial", trigger=TriggerEvent(event="trial"))
def plain_trial(ctx: ContextSync) -> int:
    """Count in one of two ways."""
    way = ctx.group.experiment(
        "way",
        variants={
            "short": lambda: ctx.step.run("short", count, "a"),
            "long": lambda: ctx.step.run("long", count, "a b"),
        },
        select=experiment.custom(lambda: "short"),
    )
    assert_type(way.result, int)
    return way.result


# --- tests --------------------------------------------------------------------------


@client.create_function(
    fn_id="nightly",
    trigger=[TriggerCron(cron="0 3 * * *"), TriggerEvent(event="support/night")],
    concurrency=[flow.Concurrency(limit=2, key="event.data.user", scope="env")],
    throttle=flow.Throttle(limit=1, period="1m", burst=2),
    rate_limit=flow.RateLimit(limit=1, period=timedelta(minutes=1)),
    batch_events=flow.Batch(max_size=10, timeout=5_000),
    priority=flow.Priority(run="120"),
)
async def nightly(ctx: Context) -> int:
    """Several events of one run."""
    assert_type(ctx.events, list[Event])
    return len(ctx.events)


@create_scorer(client, fn_id="last", debounce=flow.Debounce(period="5s"))
async def last(ctx: Context) -> Score:
    """The last of several events."""
    return Score("last", ctx.attempt)


def support(harness: Harness) -> Harness:
    """Serve the application, as a fixture does."""
    return harness.serve(client, functions=[handle, feedback, notify, careful])


def test_a_ticket(harness: Harness) -> None:
    """Send, move time, read."""
    sent = harness.send("ticket", {"content": "printer"}, id="1", ts=1_735_689_600_000)
    assert_type(sent, Sent)
    assert_type(sent.ids, list[str])
    assert_type(sent.runs, list[Run])
    assert_type(sent.runs[0], Run)
    assert_type(sent.resumed, list[Run])
    assert_type(sent.cancelled, list[Run])
    assert_type(harness.cancel(sent.runs[0]), None)
    assert_type(sent.ignored, list[OpenWait])
    assert_type(sent.ignored[0].why, str)


def test_a_run(harness: Harness) -> None:
    """A run shows where it stands."""
    run = harness.run(handle)
    assert_type(run.id, str)
    assert_type(run.status, RunStatus)
    assert_type(run.attempts, int)
    assert_type(run.parent, Run | None)
    assert_type(run.deferred, list[Run])
    assert_type(run.event, Event)
    assert_type(run.started_at, datetime)
    assert_type(run.ended_at, datetime | None)
    assert_type(run.waiting_for, str | None)
    assert_type(run.step("generate").id, str)
    assert run.status == "Completed"
    assert run.status is not RunStatus.FAILED
    assert run.error is None or run.error.name == "KeyError"
    assert run.output == {"answer": "printer"}


def test_a_world(harness: Harness) -> None:
    """A harness moves time, and shows everything."""
    assert_type(harness.advance("1h"), Harness)
    assert_type(harness.advance_to(datetime(2026, 1, 1, tzinfo=UTC)), Harness)
    assert_type(harness.fast_forward(within=timedelta(days=7)), Harness)
    assert_type(harness.now, datetime)
    assert_type(harness.runs, list[Run])
    assert_type(harness.run(handle), Run)
    assert_type(harness.run("support-handle"), Run)
    assert_type(harness.waits, list[OpenWait])
    assert_type(harness.events, list[Event])
    assert_type(harness.timeline, Timeline)
    assert_type(harness.findings, list[Finding])
    assert_type(harness.explain(Event(name="feedback")), str)
    assert_type(harness.call(generate, "x"), str)


async def test_an_async_world(harness: Harness) -> None:
    """The twins of the verbs give what the verbs give."""
    assert_type(await harness.asend("ticket", {"content": "printer"}), Sent)
    assert_type(await harness.aadvance("1h"), Harness)
    assert_type(await harness.aadvance_to(datetime(2026, 1, 1, tzinfo=UTC)), Harness)
    assert_type(await harness.afast_forward(within=timedelta(days=7)), Harness)
    assert_type(await harness.acall(generate, "x"), str)
    assert_type(await harness.acancel(harness.run(handle)), None)
    async with Harness(wall_clock="time-machine") as world:
        assert_type(world, Harness)
        assert_type(await world.aclose(), None)


def test_scores(harness: Harness) -> None:
    """Scores are a sequence that is asked by name."""
    scores = harness.scores
    assert_type(scores, Scores)
    assert_type(scores["user-feedback"], ScoreRecord)
    assert_type(scores[0], ScoreRecord)
    assert_type(scores[1:], list[ScoreRecord])
    assert_type(scores.named("user-feedback"), list[ScoreRecord])
    assert_type(scores["user-feedback"].value, bool | int | float)
    assert_type(scores["user-feedback"].run, Run | None)
    assert_type(scores["user-feedback"].at, datetime)
    assert_type(scores["user-feedback"].experiment, ExperimentRef | None)
    table = scores.by_variant("tone", score="user-feedback")
    assert_type(table, VariantTable)
    assert_type(table["warm"].mean, float | None)
    assert_type([row.share for row in table], list[float])
    assert scores == [Score("user-feedback", 1)]
    assert [(s.name, s.value, s.run_id) for s in scores]


def test_stubs_and_failures(harness: Harness) -> None:
    """A stub stands in, and a failure is expected."""
    stub = harness.stub(handle, "generate", raises=TimeoutError, times=2)
    assert_type(stub.used, int)
    with harness.expect_failure(handle) as failure:
        harness.send([Event(name="ticket"), Event(name="ticket", ts=None)])
    assert_type(failure.run, Run)
    assert_type(harness.allow("DEFER_LOST", reason="on purpose"), None)


def test_worlds(harnesses: Callable[..., Harness]) -> None:
    """A world is a context manager, with its choices by name."""
    limits = Limits(defers_per_run=3)
    with Harness(start=datetime(2025, 1, 1, tzinfo=UTC), limits=limits) as world:
        assert_type(world, Harness)
    with Harness(start="2025-01-01T00:00:00Z", io="forbid", strict=False, seed=7):
        pass
    with harnesses(start="2025-01-01T00:00:00Z") as other:
        assert_type(other, Harness)


def test_errors(harness: Harness) -> None:
    """Each error of ours has its parts; the family is a tree."""
    try:
        harness.fast_forward()
    except (DeadlockError, LivelockError, StalledError, FindingsError) as error:
        wrong: UnderTestError = error
        assert_type(wrong.where, str)
    except NotBuiltError as error:
        usage: UsageError = error
        assert_type(usage.fix, str)
    except ScoretestError as error:
        assert_type(error.what, str)


async def in_the_application() -> None:
    """Code outside of handlers sends and scores through the client."""
    ids = await client.send(Event(name="ticket", data={"content": "x"}))
    assert_type(ids, list[str])
    assert_type(client.send_sync([Event(name="ticket")]), list[str])
    await client.score(name="x", value=0.5, run_id=ids[0])
    client.score_sync(name="x", value=True, run_id=ids[0], step_id="generate")
    ref = ExperimentRef(experiment_name="tone", variant="warm")
    await client.score_experiment(experiment=ref, name="x", value=1, run_id=ids[0])
    client.score_experiment_sync(experiment=ref, name="x", value=1, run_id=ids[0])


def test_models(harness: Harness) -> None:
    """The types of what handlers return stay with their functions."""
    answer: Any = harness.run(handle).output
    assert Answer.model_validate(answer).text


def test_exploration() -> None:
    """What an exploration finds can be read, compared and pasted."""
    found = explore(handle, data={"content": "x"}, values={"stars": [1, 5]})
    assert_type(found, Exploration)
    assert_type(found.table(), Table)
    assert_type(found.findings, tuple[Found, ...])
    assert_type(found.regression_test(found.findings[0], "import app"), str)


@explored(handle, data={"content": "x"})
def test_explored(harness: Harness) -> None:
    """The body takes the harness, and the test takes none."""
    harness.always(harness.runs, "something runs")
    harness.sometimes(harness.scores, "something is scored")


def test_an_explored_test_can_be_called() -> None:
    """With what is left of its parameters."""
    assert_type(test_explored(), None)
