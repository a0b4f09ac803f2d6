"""Scorers and parents as Inngest users write them: each of them is right."""

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from scoretest import (
    Cancel,
    Client,
    Context,
    Event,
    NonRetriableError,
    Score,
    StepError,
    TriggerEvent,
    create_defer,
    create_scorer,
    experiment,
)

DATA = {"ticketId": "tk_1", "plan": "pro", "votes": 3}
ID = "async.data.ticketId == event.data.ticketId"
CACHE: dict[str, str] = {}


class Right(NamedTuple):
    """Something that is right, in one sentence."""

    name: str
    sentence: str
    build: Callable[[], dict[str, Any]]


RIGHT: list[Right] = []


def right(sentence: str) -> Callable[[Callable[[], dict[str, Any]]], Any]:
    """Keep what the decorated function builds."""

    def keep(build: Callable[[], dict[str, Any]]) -> Any:
        RIGHT.append(Right(build.__name__, sentence, build))
        return build

    return keep


def scores(sentence: str, **options: Any) -> Callable[[Any], Any]:
    """Keep a scorer's handler."""

    def keep(handler: Any) -> Any:
        def build() -> dict[str, Any]:
            client = Client("shop")
            made = create_scorer(client, fn_id="scorer", **options)(handler)
            return {"functions": [made], "data": DATA, "client": client}

        RIGHT.append(Right(handler.__name__, sentence, build))
        return handler

    return keep


def starts(sentence: str, **options: Any) -> Callable[[Any], Any]:
    """Keep a handler that an event starts."""

    def keep(handler: Any) -> Any:
        def build() -> dict[str, Any]:
            client = Client("shop")
            trigger = TriggerEvent(event="shop/ticket.created")
            made = client.create_function(fn_id="parent", trigger=trigger, **options)(
                handler
            )
            return {"functions": [made], "data": DATA, "client": client}

        RIGHT.append(Right(handler.__name__, sentence, build))
        return handler

    return keep


async def wait(ctx: Context, name: str = "feedback", **options: Any) -> Event | None:
    """Wait a week for an event of this ticket."""
    chosen = {"event": f"shop/{name}", "timeout": "7d", "if_exp": ID} | options
    return await ctx.step.wait_for_event(f"wait-{name}", **chosen)


def simple(client: Client) -> Any:
    """Return a scorer that is right."""

    @create_scorer(client, fn_id="simple")
    async def simple_scorer(ctx: Context) -> Score:
        return Score("quality", 0 if await wait(ctx) is None else 1)

    return simple_scorer


# --- one wait ---------------------------------------------------------------------------


@scores("One wait, and a default score at the timeout.")
async def one_wait(ctx: Context) -> Score:
    feedback = await wait(ctx)
    if feedback is None:
        return Score("quality", 0.5)
    return Score("quality", 1 if feedback.data["helpful"] else 0)


@scores("An optional field is read with a default.")
async def an_optional_field(ctx: Context) -> Score:
    feedback = await wait(ctx)
    if feedback is None:
        return Score("quality", 0)
    return Score("quality", feedback.data.get("rating", 3) / 5)


@scores("An optional field of the start is read, and may be absent.")
async def an_optional_field_of_the_start(ctx: Context) -> Score:
    weight = ctx.event.data.get("weight", 1)
    feedback = await wait(ctx)
    return Score("quality", 0 if feedback is None else weight)


@scores("Data are nested, and read with care.")
async def nested_data(ctx: Context) -> Score:
    feedback = await wait(ctx)
    answer = {} if feedback is None else feedback.data.get("answer", {})
    return Score("quality", 1 if answer.get("helpful") else 0)


@scores("An f-string names the step by an id of the event.")
async def an_id_in_a_step_id(ctx: Context) -> Score:
    heard = await ctx.step.wait_for_event(
        f"wait-{ctx.event.data['ticketId']}",
        event="shop/feedback",
        timeout="1d",
        if_exp=ID,
    )
    return Score("quality", heard is not None)


@scores("An f-string puts a constant into the expression.")
async def a_constant_in_an_expression(ctx: Context) -> Score:
    kind = "final"
    heard = await wait(ctx, if_exp=f"{ID} && async.data.kind == '{kind}'")
    return Score("quality", heard is not None)


@scores("The short form names the path that both have.")
async def the_short_form(ctx: Context) -> Score:
    heard = await ctx.step.wait_for_event(
        "w", event="shop/feedback", timeout="1d", match="data.ticketId"
    )
    return Score("quality", heard is not None)


@scores("A rating is looked at once it is known to be there.")
async def a_guarded_rating(ctx: Context) -> Score:
    low = f"{ID} && has(async.data.rating) && async.data.rating <= 2"
    heard = await wait(ctx, if_exp=low)
    return Score("low", heard is not None)


@scores("The expression accepts one of several answers.")
async def one_of_several(ctx: Context) -> Score:
    heard = await wait(ctx, if_exp=f"{ID} && async.data.kind in ['good', 'bad']")
    if heard is None:
        return Score("quality", 0)
    return Score("quality", heard.data["kind"] == "good")


@scores("What is unequal may be absent, and that is meant.")
async def unequal(ctx: Context) -> Score:
    heard = await wait(ctx, if_exp=f"{ID} && async.data.author != 'bot'")
    return Score("quality", heard is not None)


@scores("An optional part of the start is compared with null first.")
async def an_optional_region(ctx: Context) -> Score:
    region = "event.data.region == null || event.data.region == async.data.region"
    heard = await wait(ctx, if_exp=f"{ID} && ({region})")
    return Score("quality", heard is not None)


@scores("A broadcast is heard by every run, and says so.")
async def a_broadcast(ctx: Context) -> Score:
    closed = await ctx.step.wait_for_event(
        "closed", event="shop/day.closed", timeout="1d", if_exp="true"
    )
    return Score("open-at-night", closed is None)


# --- several waits ------------------------------------------------------------------------


@scores("Two waits for different events, one after the other.")
async def two_waits(ctx: Context) -> Score:
    feedback = await wait(ctx)
    if feedback is not None:
        return Score("quality", 1)
    reopened = await wait(ctx, "reopened", timeout="24h")
    return Score("quality", 0.5 if reopened is None else 0)


@scores("Both waits are always taken.")
async def two_waits_always(ctx: Context) -> Score:
    feedback = await wait(ctx)
    reopened = await wait(ctx, "reopened")
    return Score("quality", (feedback is not None) - 0.5 * (reopened is not None))


@scores("A reminder is sent, and the same event is waited for again.")
async def a_reminder(ctx: Context) -> Score:
    feedback = await wait(ctx, timeout="3d")
    if feedback is None:
        await ctx.step.run("remind", lambda: "mail")
        feedback = await ctx.step.wait_for_event(
            "again", event="shop/feedback", timeout="4d", if_exp=ID
        )
    return Score("quality", 0 if feedback is None else 1)


@scores("Votes are counted until there are enough, or no more come.")
async def a_loop_of_votes(ctx: Context) -> Score:
    up = 0
    for number in range(ctx.event.data["votes"]):
        vote = await ctx.step.wait_for_event(
            f"vote-{number}", event="shop/voted", timeout="1d", if_exp=ID
        )
        if vote is None:
            break
        up += 1 if vote.data["up"] else 0
    return Score("votes", up)


@scores("A mean is taken only of what there is.")
async def a_mean(ctx: Context) -> Score:
    ratings: list[float] = []
    for number in range(2):
        rated = await ctx.step.wait_for_event(
            f"rated-{number}",
            event="shop/rated",
            timeout="1d",
            if_exp=f"{ID} && async.data.rating > 0",
        )
        if rated is not None:
            ratings.append(rated.data["rating"])
    return Score("rating", sum(ratings) / len(ratings) if ratings else 0)


@scores("Two questions are asked at once, each with an answer of its own.")
async def parallel_waits(ctx: Context) -> Score:
    def ask(question: str) -> Any:
        mine = f"{ID} && async.data.question == '{question}'"
        return ctx.step.wait_for_event(
            question, event="shop/answer", timeout="1d", if_exp=mine
        )

    answers = await ctx.group.parallel((lambda: ask("speed"), lambda: ask("tone")))
    return Score("answers", sum(answer is not None for answer in answers))


@scores("A sleep and a wait run side by side.")
async def a_sleep_beside_a_wait(ctx: Context) -> Score:
    async def nap() -> None:
        await ctx.step.sleep("settle", "1d")

    _, heard = await ctx.group.parallel((nap, lambda: wait(ctx)))
    return Score("quality", heard is not None)


@scores("A survey goes out after a pause, and only then can be answered.")
async def a_survey_after_a_pause(ctx: Context) -> Score:
    await ctx.step.sleep("let-them-read", "1d")
    await ctx.step.send_event(
        "ask", Event(name="shop/survey", data={"ticketId": ctx.event.data["ticketId"]})
    )
    answer = await wait(ctx, "survey.answered")
    return Score("answered", answer is not None)


@scores("A pause at the end, with nothing to be heard after it.")
async def a_pause_at_the_end(ctx: Context) -> Score:
    feedback = await wait(ctx)
    await ctx.step.sleep("cool-down", "1h")
    return Score("quality", feedback is not None)


@scores("A second event takes the score's place under a name of its own.")
async def a_correction(ctx: Context) -> list[Score]:
    feedback = await wait(ctx)
    reopened = await wait(ctx, "reopened", timeout="1d")
    return [
        Score("helpful", feedback is not None),
        Score("reopened", reopened is not None),
    ]


# --- no score, on purpose -------------------------------------------------------------------


@scores("A scorer that does not apply leaves at once.")
async def not_for_free_plans(ctx: Context) -> Score | None:
    if ctx.event.data["plan"] != "business":
        return None
    feedback = await wait(ctx)
    return Score("quality", feedback is not None)


@scores("Without an experiment there is nothing to score.")
async def no_experiment(ctx: Context) -> Score | None:
    if ctx.parents[0].experiment is None:
        return None
    return Score("quality", 1)


@scores("What was merged into another ticket is not scored.")
async def a_merged_ticket(ctx: Context) -> Score | None:
    feedback = await wait(ctx)
    if feedback is None:
        return Score("quality", 0)
    if feedback.data.get("merged"):
        return None
    return Score("quality", 1)


@scores(
    "A ticket that is gone cancels its scorer.",
    cancel=[Cancel(event="shop/gone", if_exp=ID)],
)
async def a_scoped_cancel(ctx: Context) -> Score:
    feedback = await wait(ctx)
    return Score("quality", feedback is not None)


# --- how scores are written -------------------------------------------------------------------


@scores("Several scores come of one signal.")
async def several_scores(ctx: Context) -> list[Score]:
    feedback = await wait(ctx)
    return [Score("answered", feedback is not None), Score("seen", value=True)]


@scores("A score is a dictionary.")
async def a_dictionary(ctx: Context) -> dict[str, object]:
    feedback = await wait(ctx)
    return {"name": "quality", "value": feedback is not None}


@scores("A step writes the score.")
async def a_score_step(ctx: Context) -> None:
    feedback = await wait(ctx)
    run_id = ctx.parents[0].run_id
    await ctx.step.score(
        "write", name="quality", value=feedback is not None, run_id=run_id
    )


@scores("A provisional score in a step, and the final one under another name.")
async def a_provisional_score(ctx: Context) -> Score:
    run_id = ctx.parents[0].run_id
    await ctx.step.score("first", name="provisional", value=0.5, run_id=run_id)
    feedback = await wait(ctx)
    return Score("quality", feedback is not None)


@right("The client writes the score in a step of its own.")
def a_score_of_the_client() -> dict[str, Any]:
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> None:
        feedback = await wait(ctx)
        value, run_id = feedback is not None, ctx.parents[0].run_id

        async def write() -> None:
            await client.score(name="quality", value=value, run_id=run_id)

        await ctx.step.run("write", write)

    return {"functions": [scorer], "data": DATA, "client": client}


@right("The client writes the score behind the last step.")
def a_score_at_the_end() -> dict[str, Any]:
    client = Client("shop")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> None:
        feedback = await wait(ctx)
        run_id = ctx.parents[0].run_id
        await client.score(name="quality", value=feedback is not None, run_id=run_id)

    return {"functions": [scorer], "data": DATA, "client": client}


@right("A deferred function, no scorer, tidies up and writes nothing.")
def a_plain_defer() -> dict[str, Any]:
    client = Client("shop")

    @create_defer(client, fn_id="tidy")
    async def tidy(ctx: Context) -> None:
        await ctx.step.sleep("later", "1d")
        await ctx.step.run("tidy", lambda: None)

    return {"functions": [tidy], "data": DATA, "client": client}


# --- parents ------------------------------------------------------------------------------------


@right("A parent with a step, and the scorer that it defers.")
def a_parent_and_its_scorer() -> dict[str, Any]:
    client = Client("shop")
    scorer = simple(client)
    trigger = TriggerEvent(event="shop/ticket.created")

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent(ctx: Context) -> str:
        answer = await ctx.step.run("answer", lambda: "hello")
        data = {"ticketId": ctx.event.data["ticketId"]}
        ctx.defer("score", function=scorer, data=data)
        return str(answer)

    return {"functions": [parent, scorer], "data": DATA, "client": client}


@right("An experiment, and its reference with the defer.")
def an_experiment() -> dict[str, Any]:
    client = Client("shop")
    scorer = simple(client)
    trigger = TriggerEvent(event="shop/ticket.created")

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent(ctx: Context) -> None:
        chosen = await ctx.group.experiment(
            "tone",
            variants={
                "warm": lambda: ctx.step.run("warm", lambda: "Dear you"),
                "cool": lambda: ctx.step.run("cool", lambda: "Hi"),
            },
            select=experiment.weighted({"warm": 1, "cool": 1}),
        )
        data = {"ticketId": ctx.event.data["ticketId"]}
        ref = chosen.experiment_ref
        ctx.defer("score", function=scorer, data=data, experiment=ref)

    return {"functions": [parent, scorer], "data": DATA, "client": client}


@starts("A wait and the question, at once.")
async def ask_and_wait(ctx: Context) -> bool:
    question = Event(name="shop/asked", data={"ticketId": ctx.event.data["ticketId"]})
    heard, _ = await ctx.group.parallel(
        (lambda: wait(ctx, "answered"), lambda: ctx.step.send_event("ask", question))
    )
    return heard is not None


@starts("An escalation when nobody answers.")
async def an_escalation(ctx: Context) -> str:
    if await wait(ctx, "answered", timeout="4h") is not None:
        return "answered"
    await ctx.step.run("escalate", lambda: "call")
    if await wait(ctx, "resolved", timeout="1d") is not None:
        return "resolved"
    return "given up"


@starts("A step may fail, and its error is caught.", retries=1)
async def a_caught_error(ctx: Context) -> str:
    def charge() -> str:
        raise ValueError("no money")

    try:
        await ctx.step.run("charge", charge)
    except StepError:
        await ctx.step.run("apologise", lambda: "sorry")
    return "done"


@starts("A step fails at first, and is tried again.")
async def a_retried_step(ctx: Context) -> str:
    def answer() -> str:
        if ctx.attempt == 0:
            raise ConnectionError("try again")
        return "hello"

    return str(await ctx.step.run("answer", answer))


@starts("The time is taken in a step.")
async def time_from_a_step(ctx: Context) -> str:
    now = await ctx.step.run("now", lambda: datetime.now(UTC).isoformat())  # noqa: TID251 -- in a step it is right
    await ctx.step.sleep("an-hour", timedelta(hours=1))
    return str(now)


@starts("The time is that of the event.")
async def time_of_the_event(ctx: Context) -> str:
    assert ctx.event.ts is not None
    await ctx.step.sleep_until("next-day", ctx.event.ts + timedelta(days=1))
    return ctx.event.ts.isoformat()


@starts("Logs and caches are no effects, nor are files that are read.")
async def logs_and_caches(ctx: Context) -> str:
    ctx.logger.info("entered")
    logging.FileHandler(os.devnull).close()
    Path(os.devnull).read_text(encoding="utf-8")  # noqa: ASYNC240 -- as users write it
    logging.getLogger(__name__).debug("again")
    answer = CACHE.setdefault("answer", "hello")
    await ctx.step.sleep("nap", "1h")
    return answer


@starts("Steps in a loop, each with an id of its own.")
async def steps_in_a_loop(ctx: Context) -> int:
    total = 0
    for number in range(ctx.event.data["votes"]):
        total += await ctx.step.run(f"add-{number}", lambda number=number: number)
    return total


@starts("A callback that awaits.")
async def an_async_callback(ctx: Context) -> str:
    async def fetch() -> str:
        await asyncio.sleep(0.01)
        return "hello"

    return str(await ctx.step.run("fetch", fetch))


@right("A failure of the parent starts its failure handler.")
def a_failure_handler() -> dict[str, Any]:
    client = Client("shop")
    trigger = TriggerEvent(event="shop/ticket.created")

    async def on_failure(ctx: Context) -> str:
        return str(await ctx.step.run("tell", lambda: "an operator"))

    @client.create_function(fn_id="parent", trigger=trigger, on_failure=on_failure)
    async def parent(ctx: Context) -> str:
        plan = ctx.event.data["plan"]
        if plan == "none":
            raise NonRetriableError("no plan")
        return str(await ctx.step.run("answer", lambda: plan))

    return {"functions": [parent], "data": DATA, "client": client}


@right("A function that another one calls.")
def an_invoked_function() -> dict[str, Any]:
    client = Client("shop")
    trigger = TriggerEvent(event="shop/ticket.created")

    @client.create_function(fn_id="price", trigger=TriggerEvent(event="shop/price"))
    async def price(ctx: Context) -> int:
        return int(await ctx.step.run("look-up", lambda: 3))

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent(ctx: Context) -> int:
        return int(await ctx.step.invoke("ask", function=price, data={"item": 1}))

    return {"functions": [parent, price], "data": DATA, "client": client}


@right("Only tickets of one plan start a run, and they have the plan.")
def a_trigger_with_a_condition() -> dict[str, Any]:
    client = Client("shop")
    only = TriggerEvent(
        event="shop/ticket.created", expression="event.data.plan == 'pro'"
    )

    @client.create_function(fn_id="parent", trigger=only)
    async def parent(ctx: Context) -> bool:
        return await wait(ctx, "answered") is not None

    return {"functions": [parent], "data": DATA, "client": client}


@scores("What callbacks keep for each other may be lost: they can do without.")
async def a_store_for_callbacks(ctx: Context) -> Score:
    known: dict[str, int] = {}
    calls = 0

    async def rate(name: str) -> int:
        nonlocal calls
        calls += 1
        known.setdefault(name, len(name))
        return known[name]

    rated = [await ctx.step.run(name, rate, name) for name in ("tone", "speed")]
    heard = await ctx.step.wait_for_event(
        "heard", event="shop/heard", timeout="7d", if_exp=ID
    )
    return Score("rated", sum(rated) if heard else 0)


@scores("Who is asked is told in a step which run to name.")
async def a_question_that_names_its_run(ctx: Context) -> Score:
    await ctx.step.run("ask", lambda: None)
    heard = await ctx.step.wait_for_event(
        "heard",
        event="shop/heard",
        timeout="7d",
        if_exp=f"async.data.runId == '{ctx.run_id}'",
    )
    return Score("heard", heard is not None)


class Plan:
    """A key that is hashed by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


PRICES = {Plan("free"): 0, Plan("pro"): 20}
SHELVES: dict[int, str] = {}


@scores("The tables of an application are hashed as ever, and so are its own shelves.")
async def tables_of_hashes(ctx: Context) -> Score:
    ticket = ctx.event.data["ticketId"]
    SHELVES[hash(ticket)] = ticket
    heard = await ctx.step.wait_for_event(
        "heard", event="shop/heard", timeout="7d", if_exp=ID
    )
    found = SHELVES.pop(hash(ticket), ticket) if heard else ticket
    return Score(f"price-of-{found}", PRICES[Plan(ctx.event.data["plan"])])


@right("Two scorers of one run hear the same answer, each for a score of its own.")
def scorers_of_one_parent() -> dict[str, Any]:
    return scorers_of(("speed", "tone"), if_exp=ID)


@right("A scorer for every item, and a signal that names the item.")
def scorers_of_items() -> dict[str, Any]:
    return scorers_of((1, 2), if_exp=f"{ID} && async.data.part == event.data.part")


def scorers_of(parts: tuple[Any, ...], if_exp: str) -> dict[str, Any]:
    """Return a parent that defers a scorer for each of some parts."""
    client = Client("shop")
    trigger = TriggerEvent(event="shop/ticket.created")

    @create_scorer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> Score:
        feedback = await wait(ctx, if_exp=if_exp)
        return Score(f"quality-{ctx.event.data['part']}", feedback is not None)

    @client.create_function(fn_id="parent", trigger=trigger)
    async def parent(ctx: Context) -> None:
        for part in parts:
            data = {"ticketId": ctx.event.data["ticketId"], "part": part}
            ctx.defer(f"score-{part}", function=scorer, data=data)

    return {"functions": [parent, scorer], "data": DATA, "client": client}


@right("A review has the scores that it has; without any there is nothing to write.")
def a_review_with_scores_of_its_own() -> dict[str, Any]:
    client = Client("shop")

    @create_defer(client, fn_id="scorer")
    async def scorer(ctx: Context) -> None:
        review = await wait(ctx, "review")
        given = {"reviewed": 0} if review is None else review.data.get("scores")

        async def write() -> None:
            if not isinstance(given, dict):
                return
            for name, value in given.items():
                run_id = ctx.parents[0].run_id
                await client.score(name=name, value=value, run_id=run_id)

        await ctx.step.run("write", write)

    return {"functions": [scorer], "data": DATA, "client": client}
