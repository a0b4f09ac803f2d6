"""Functions of our SDK as functions of the real package, served back to the harness."""

import asyncio
import datetime as dt
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import inngest
import inngest.experimental
import pytest

import scoretest
from scoretest import (
    Cancel,
    Client,
    Event,
    Harness,
    NonRetriableError,
    NotBuiltError,
    RetryAfterError,
    Score,
    Singleton,
    StepError,
    Timeouts,
    TriggerCron,
    TriggerEvent,
    UsageError,
    create_defer,
    create_scorer,
    demo,
    experiment,
    flow,
)
from scoretest.adapters.inngest_sdk import to_inngest
from scoretest.adapters.inngest_sdk.package import config_of

ORDER = TriggerEvent(event="order")
SOON = dt.datetime(2025, 1, 1, 0, 0, 5, tzinfo=dt.UTC)


async def nothing(_ctx):
    """Do nothing."""


@dataclass
class Numbered:
    """What an audit is given."""

    n: int


@pytest.fixture
def client():
    """Return the app whose functions a test declares."""
    return Client(app_id="shop")


@pytest.fixture
def serve(harness, client, app):
    """Convert functions and serve them."""

    def converted(*functions):
        made = to_inngest(client, functions, app)
        harness.serve(app, functions=made)
        return made

    return converted


@pytest.fixture
def on(client, serve):
    """Make, convert and serve a function: ``@on("order")``."""

    def declare(event, **options):
        def decorate(handler):
            trigger = TriggerEvent(event=event)
            make = client.create_function(
                fn_id=handler.__name__, trigger=trigger, **options
            )
            (function,) = serve(make(handler))
            return function

        return decorate

    return declare


class TestTheDemonstration:
    """The functions of the README, converted and served back."""

    def played(self, serve):
        """Play the demonstration; return its world."""
        functions = [demo.handle_support_ticket, demo.feedback_scorer]
        with Harness() as world:
            demo.play(Stage(world, lambda: serve(world, functions)))
            return world

    def test_it_is_the_same_story(self):
        """Scores, steps and the whole timeline are the same."""
        app = inngest.Inngest(app_id="support")
        own = self.played(lambda w, fns: w.serve(demo.client, functions=fns))
        converted = self.played(
            lambda w, fns: w.serve(app, functions=to_inngest(demo.client, fns, app))
        )

        assert str(converted.scores) == str(own.scores)
        assert str(converted.timeline) == str(own.timeline)
        assert [[s.id for s in run.steps] for run in converted.runs] == [
            [s.id for s in run.steps] for run in own.runs
        ]
        assert [score.value for score in converted.scores] == [1, 0, 0.5]


class Stage:
    """A harness that serves in a way of its own."""

    def __init__(self, harness, serve):
        self._harness = harness
        self._serve = serve

    def __getattr__(self, name):
        return getattr(self._harness, name)

    def serve(self, _client, functions):
        """Serve *functions* in this stage's way."""
        assert functions
        self._serve()


class TestOptions:
    """Each option goes to the package's option of the same name."""

    def config(self, client, app, **options):
        """Return what the package registers for a function with *options*."""
        make = client.create_function(fn_id="ship", trigger=ORDER, **options)
        (function,) = to_inngest(client, [make(nothing)], app)
        return config_of(function)[0]

    @pytest.mark.parametrize(
        ("given", "registered"),
        [
            ({"retries": 2}, None),
            ({"name": "Ship it"}, None),
            (
                {"concurrency": [flow.Concurrency(limit=2, key="event.data.k")]},
                [inngest.Concurrency(limit=2, key="event.data.k")],
            ),
            (
                {"throttle": flow.Throttle(limit=2, period="1m", burst=3)},
                inngest.Throttle(limit=2, period=60_000, burst=3),
            ),
            (
                {"rate_limit": flow.RateLimit(limit=2, period="1h", key="event.name")},
                inngest.RateLimit(limit=2, period=3_600_000, key="event.name"),
            ),
            (
                {"debounce": flow.Debounce(period="5s", timeout="1m")},
                inngest.Debounce(period=5_000, timeout=60_000),
            ),
            (
                {"batch_events": flow.Batch(max_size=5, timeout="10s")},
                inngest.Batch(max_size=5, timeout=10_000),
            ),
            ({"priority": flow.Priority(run="120")}, inngest.Priority(run="120")),
            (
                {"cancel": [Cancel(event="stop", if_exp="true", timeout="1h")]},
                [inngest.Cancel(event="stop", if_exp="true", timeout=3_600_000)],
            ),
            ({"idempotency": "event.data.id"}, "event.data.id"),
            (
                {"singleton": Singleton(mode="skip", key="event.data.k")},
                inngest.Singleton(mode="skip", key="event.data.k"),
            ),
            (
                {"timeouts": Timeouts(start="1m", finish=dt.timedelta(hours=1))},
                inngest.Timeouts(start=60_000, finish=3_600_000),
            ),
        ],
    )
    def test_an_option(self, client, app, given, registered):
        """The package registers its own twin."""
        ((name, value),) = given.items()
        config = self.config(client, app, **given)

        if name == "retries":
            assert config.steps["step"].retries.attempts == value
        elif name == "name":
            assert config.name == value
        else:
            assert getattr(config, name) == registered

    def test_triggers(self, client, app):
        """Events with expressions, and crons."""
        triggers = [
            TriggerEvent(event="order/*", expression="event.data.n > 1"),
            TriggerCron(cron="0 9 * * 1-5"),
        ]
        make = client.create_function(fn_id="ship", trigger=triggers)
        (function,) = to_inngest(client, [make(nothing)], app)

        assert config_of(function)[0].triggers == [
            inngest.TriggerEvent(event="order/*", expression="event.data.n > 1"),
            inngest.TriggerCron(cron="0 9 * * 1-5"),
        ]

    def test_a_failure_handler(self, harness, on):
        """`on_failure` is the package's own, and sees the failure."""
        told = []

        async def tell(ctx):
            told.append(ctx.event.data["error"]["name"])

        @on("order", retries=0, on_failure=tell)
        async def ship(_ctx):
            raise LookupError("no box")

        with harness.expect_failure(ship):
            harness.send("order")

        assert told == ["LookupError"]

    def test_a_failure_handler_of_a_deferred_function(self, harness, client, serve):
        """The package has no such option, so the handler is a function of its own."""
        told = []

        def tell(ctx):
            told.append(ctx.event.data["function_id"])

        @create_defer(client, fn_id="audit", retries=0, on_failure=tell)
        def audit(_ctx):
            raise LookupError("no books")

        @client.create_function(fn_id="ship", trigger=ORDER)
        def ship(ctx):
            ctx.defer("audit", function=audit, data={})

        audited, failing, _ = serve(audit, ship)
        with harness.expect_failure(audited):
            harness.send("order")

        assert (failing.id, told) == ("shop-audit-failure", ["shop-audit"])

    def test_a_batch_of_deferred_events_is_refused(self, client, app):
        """`create_defer` of the package has no batches."""
        function = create_defer(
            client, fn_id="audit", batch_events=flow.Batch(max_size=2)
        )(nothing)

        with pytest.raises(NotBuiltError, match="batch_events= of 'shop-audit'"):
            to_inngest(client, [function], app)


class TestExpressions:
    """C2: what asks for `event.data.input` is given what production has."""

    def test_options_are_rewritten(self, client, app):
        """Cancels, keys and idempotency of a deferred function."""
        function = create_defer(
            client,
            fn_id="audit",
            cancel=[Cancel(event="stop", if_exp="async.data.k == event.data.input.k")],
            concurrency=[flow.Concurrency(limit=1, key="event.data.input.k")],
            idempotency="event.data.input.k",
            singleton=Singleton(mode="skip", key="event.data['input'].k"),
        )(nothing)
        config = config_of(to_inngest(client, [function], app)[0])[0]

        assert config.cancel[0].if_exp == "async.data.k == event.data.k"
        assert config.concurrency[0].key == "event.data.k"
        assert config.idempotency == "event.data.k"
        assert config.singleton.key == "event.data.k"

    def test_an_ordinary_functions_input_is_its_own(self, client, app):
        """Only a deferred payload stands twice."""
        make = client.create_function(
            fn_id="ship", trigger=ORDER, idempotency="event.data.input.k"
        )
        config = config_of(to_inngest(client, [make(nothing)], app)[0])[0]

        assert config.idempotency == "event.data.input.k"

    def test_what_cannot_be_said_is_refused(self, client, app):
        """The payload as a whole is another one in production."""
        function = create_defer(
            client, fn_id="audit", idempotency="string(event.data.input)"
        )(nothing)

        with pytest.raises(UsageError) as refusal:
            to_inngest(client, [function], app)

        assert "an option of 'shop-audit' cannot be converted" in refusal.value.what

    @pytest.mark.parametrize("is_own", [False, True])
    def test_a_wait_is_rewritten(self, harness, client, serve, is_own):
        """A payload with an `input` of its own keeps it."""

        @create_defer(client, fn_id="audit")
        async def audit(ctx):
            exp = "async.data.k == event.data.input.k"
            await ctx.step.wait_for_event("w", event="e", timeout="1d", if_exp=exp)
            return ctx.event.data

        @client.create_function(fn_id="ship", trigger=ORDER)
        async def ship(ctx):
            data = {"k": 7, "input": {"k": 8}} if is_own else {"k": 7}
            ctx.defer("audit", function=audit, data=data)

        serve(audit, ship)
        run = harness.send("order").runs[0].deferred[0]
        wrong = harness.send("e", {})
        right = harness.send("e", {"k": 8 if is_own else 7})

        assert (wrong.resumed, right.resumed) == ([], [run])
        assert run.output == ({"k": 7, "input": {"k": 8 if is_own else 7}})

    def test_a_wait_that_cannot_be_said_ends_the_run(self, harness, client, serve):
        """The run fails where it would have waited for something else."""

        @create_defer(client, fn_id="audit", retries=0)
        async def audit(ctx):
            exp = "async.data == event.data.input"
            await ctx.step.wait_for_event("w", event="e", timeout="1d", if_exp=exp)

        @client.create_function(fn_id="ship", trigger=ORDER)
        async def ship(ctx):
            ctx.defer("audit", function=audit, data={"k": 7})

        audited, _ = serve(audit, ship)
        with harness.expect_failure(audited) as failing:
            harness.send("order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert "event.data.input stands as a whole" in failing.run.error.message

    def test_data_that_would_mislead_an_option_is_not_deferred(
        self, harness, client, serve
    ):
        """An option that was rewritten, and a payload with an `input` of its own."""

        @create_defer(client, fn_id="audit", idempotency="event.data.input.k")
        def audit(ctx):
            return ctx.event.data

        @client.create_function(fn_id="ship", trigger=ORDER)
        def ship(ctx):
            ctx.defer("audit", function=audit, data={"input": {"k": 1}})

        serve(audit, ship)
        run = harness.send("order").runs[0]
        (finding,) = harness.findings
        harness.allow("DEFER_SKIPPED", reason="it is the subject")

        assert run.deferred == []
        assert "its data has a key 'input'" in finding.message


class TestErrors:
    """D3 to D5: each error is the package's outside and ours inside."""

    @pytest.mark.parametrize("in_step", [False, True])
    def test_never_again(self, harness, on, in_step):
        """A class of the user's own keeps its name, and ends the run at once."""

        class FatalError(NonRetriableError):
            pass

        def fail():
            raise FatalError("never")

        @on("order")
        async def ship(ctx):
            return await ctx.step.run("a", fail) if in_step else fail()

        with harness.expect_failure(ship) as failing:
            harness.send("order")

        assert (failing.run.error.name, failing.run.entries) == ("FatalError", 1)

    def test_what_a_step_raises_is_what_the_handler_catches(self, harness, on):
        """D4: the very error, in the same entry."""
        error = NonRetriableError("never")
        caught = []

        @on("order")
        async def ship(ctx):
            def fail():
                raise error

            try:
                await ctx.step.run("a", fail)
            except NonRetriableError as same:
                caught.append(same)

        harness.send("order")

        assert caught == [error]

    @pytest.mark.parametrize(
        "after",
        [
            5_000,
            dt.timedelta(seconds=5),
            SOON,
            SOON.astimezone().replace(tzinfo=None),  # local time
        ],
    )
    def test_later(self, harness, on, after):
        """The next attempt comes when the error says."""

        @on("order")
        def ship(ctx):
            if not ctx.attempt:
                raise RetryAfterError("busy", after)
            return "done"

        run = harness.send("order").runs[0]
        harness.fast_forward()

        assert (run.output, run.ended_at - run.started_at) == (
            "done",
            dt.timedelta(seconds=5),
        )

    def test_a_step_that_failed_for_good(self, harness, on):
        """Ours is raised, and caught; uncaught it ends the run."""

        def fail():
            raise LookupError("no box")

        @on("order", retries=0)
        def ship(ctx):
            try:
                ctx.step.run("a", fail)
            except StepError as error:
                known = [error.name, error.message]
                ctx.step.run("b", lambda: known)
            ctx.step.run("c", fail)

        with harness.expect_failure(ship) as failing:
            harness.send("order")

        run = failing.run
        assert run.steps[1].output == ["LookupError", "no box"]
        assert (run.error.name, run.error.message) == ("LookupError", "no box")

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_mistake_is_told(self, harness, on, kind):
        """What is wrong with the call ends the attempt, and is a finding."""

        if kind == "async":

            @on("order", retries=0)
            async def ship(ctx):
                await ctx.step.sleep("a", "soon")

        else:

            @on("order", retries=0)
            def ship(ctx):
                ctx.step.sleep("a", "soon")

        with harness.expect_failure(ship) as failing:
            harness.send("order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert failing.run.error.message == "'soon' is not a duration"

    def test_an_error_without_a_text(self, harness, on):
        """The package would fail itself; the run shows what our own runs show."""

        class MuteError(Exception):
            def __str__(self):
                raise RuntimeError("no text")

        @on("order", retries=0)
        def ship(_ctx):
            raise MuteError

        with harness.expect_failure(ship) as failing:
            harness.send("order")

        assert (failing.run.error.name, failing.run.error.message) == (
            "MuteError",
            "(its text cannot be read)",
        )

    def test_a_stub_may_raise_ours(self, harness, on):
        """A stub stands for the callback, and its errors for the callback's."""

        @on("order")
        async def ship(ctx):
            await ctx.step.run("a", nothing, ctx)

        harness.stub(ship, "a", raises=NonRetriableError("never"))
        with harness.expect_failure(ship) as failing:
            harness.send("order")

        assert failing.run.entries == 1


class TestSteps:
    """Every tool of ours is one of the package's."""

    def test_an_async_handler(self, harness, client, serve):
        """Run, sleep, wait, invoke, send, score, parallel, experiment."""

        @client.create_function(fn_id="add", trigger=TriggerEvent(event="add"))
        async def add(ctx):
            return ctx.event.data["a"] + 1

        @client.create_function(fn_id="ship", trigger=ORDER)
        async def ship(ctx):
            step = ctx.step
            seen = [await step.run("run", lambda: (1, {2: 3}))]
            await step.sleep("sleep", "1h")
            until = dt.datetime(2025, 1, 2, tzinfo=dt.UTC)
            await step.sleep_until("until", until)
            seen.append(await step.invoke("invoke", function=add, data={"a": 1}))
            seen.append(
                await step.invoke_by_id(
                    "id", function_id="add", data={"a": 2}, timeout="1m"
                )
            )
            seen.append(len(await step.send_event("send", Event(name="sent"))))
            await step.score("score", name="speed", value=3)
            seen += await ctx.group.parallel(
                (lambda: step.run("p", lambda: 4), lambda: step.run("q", lambda: 5))
            )
            paid = await step.wait_for_event("wait", event="paid", timeout="1d")
            return [*seen, paid.data, paid.name, paid.ts.isoformat()]

        serve(add, ship)
        run = harness.send("order").runs[0]
        harness.advance("1d").send("paid", {"ok": True})
        harness.allow("LOSSY_OUTPUT", reason="a tuple and an integer key")

        at = "2025-01-02T00:00:00+00:00"
        assert run.output == [[1, {"2": 3}], 2, 3, 1, 4, 5, {"ok": True}, "paid", at]
        assert [step.id for step in run.steps] == [
            "run",
            "sleep",
            "until",
            "invoke",
            "id",
            "send",
            "score",
            "p",
            "q",
            "wait",
        ]
        assert len([e for e in harness.events if e.name == "sent"]) == 1

    def test_scores_of_an_experiment(self, harness, client, on):
        """What an async handler scores by itself, and for the variant that it took."""

        @on("order")
        async def ship(ctx):
            step = ctx.step
            await step.score("score", name="speed", value=3)
            chosen = await ctx.group.experiment(
                "colour",
                variants={"blue": lambda: step.run("paint", lambda: 6)},
                select=experiment.fixed("blue"),
            )
            await client.send(Event(name="note", ts=SOON))
            await client.score(name="once", value=True, run_id=ctx.run_id)
            ref = chosen.experiment_ref
            await client.score_experiment(
                experiment=ref, name="taste", value=7, run_id=ctx.run_id
            )
            return chosen.result

        run = harness.send("order").runs[0]

        assert run.output == 6
        assert [step.id for step in run.steps] == ["score", "colour", "paint"]
        assert [(s.name, s.value, s.experiment.variant) for s in run.scores] == [
            ("speed", 3, "blue"),
            ("once", True, "blue"),
            ("taste", 7, "blue"),
        ]
        (note,) = (e for e in harness.events if e.name == "note")
        assert note.ts == SOON
        assert "variant   blue of colour (fixed)\n       step      paint → 6" in str(
            harness.timeline
        )

    def test_a_plain_handler(self, harness, client, serve):
        """The same tools without `await`."""

        @create_scorer(client, fn_id="rate")
        def rate(ctx):
            return [Score("a", 1), Score("b", ctx.input["n"])]

        @client.create_function(fn_id="add", trigger=TriggerEvent(event="add"))
        def add(ctx):
            return ctx.event.data["a"] + 1

        @client.create_function(fn_id="ship", trigger=ORDER)
        def ship(ctx):
            step = ctx.step
            seen = [step.run("run", lambda x: x, 1)]
            step.sleep("sleep", dt.timedelta(hours=1))
            seen.append(step.invoke("invoke", function=add, data={"a": 1}))
            seen.append(len(step.send_event("send", [Event(name="sent")])))
            step.score("score", name="speed", value=3)
            seen += ctx.group.parallel(
                (lambda: step.run("p", lambda: 4), lambda: step.run("q", lambda: 5))
            )
            chosen = ctx.group.experiment(
                "colour",
                variants={"blue": lambda: step.run("paint", lambda: 6)},
                select=experiment.weighted({"blue": 1}),
            )
            client.send_sync(Event(name="note"))
            client.score_sync(name="once", value=1, run_id=ctx.run_id)
            ref = chosen.experiment_ref
            client.score_experiment_sync(
                experiment=ref, name="taste", value=7, run_id=ctx.run_id
            )
            ctx.defer("rate", function=rate, data={"n": 2}, experiment=ref)
            paid = step.wait_for_event("wait", event="paid", timeout="1d")
            return [*seen, chosen.result, paid]

        serve(add, ship, rate)
        run = harness.send("order").runs[0]
        harness.fast_forward()

        assert run.output == [1, 2, 1, 4, 5, 6, None]
        assert [(s.name, s.value, s.experiment.variant) for s in run.scores] == [
            ("speed", 3, "blue"),
            ("once", 1, "blue"),
            ("taste", 7, "blue"),
            ("a", 1, "blue"),
            ("b", 2, "blue"),
        ]
        assert [step.id for step in run.deferred[0].steps] == ["score", "score:1"]

    def test_a_coroutine_in_a_plain_handler(self, harness, on):
        """It would never be awaited."""

        @on("order", retries=0)
        def ship(ctx):
            ctx.step.run("a", nothing, ctx)

        with harness.expect_failure(ship) as failing:
            harness.send("order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert "returned a coroutine" in failing.run.error.message

    @pytest.mark.parametrize("data", [[1], "x"])
    def test_the_data_of_an_invoke_is_an_object(self, harness, on, data):
        """Anything else is refused, as without the package."""

        @on("order", retries=0)
        async def ship(ctx):
            await ctx.step.invoke_by_id("a", function_id="b", data=data)

        with harness.expect_failure(ship) as failing:
            harness.send("order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert "the data of step 'a' must be an object" in failing.run.error.message

    def test_a_step_in_a_step(self, harness, on):
        """The package says what is wrong."""

        @on("order", retries=0)
        async def ship(ctx):
            async def outer():
                await ctx.step.run("inner", lambda: 1)

            await ctx.step.run("outer", outer)

        with harness.expect_failure(ship) as failing:
            harness.send("order")
        harness.allow("NESTED_STEP", reason="it is the subject")

        assert failing.run.error.message == "Nested steps are not supported."

    def test_a_step_that_nobody_awaits(self, harness, on):
        """The harness tells of it."""

        @on("order")
        async def ship(ctx):
            ctx.step.run("a", lambda: 1)

        harness.send("order")
        (finding,) = harness.findings
        harness.allow("STEP_NOT_AWAITED", reason="it is the subject")

        assert "step 'a' was called and never awaited" in finding.message

    def test_a_logger_that_is_silent_in_replay(self, harness, on, caplog):
        """Each line once, however often the handler is entered."""

        @on("order")
        async def ship(ctx):
            ctx.logger.warning("before")
            await ctx.step.run("a", lambda: 1)
            ctx.logger.warning("after")

        with caplog.at_level(logging.WARNING):
            harness.send("order")

        assert [record.getMessage() for record in caplog.records] == ["before", "after"]


class TestSideBySide:
    """The package leaves a handler at one step, whatever runs beside it."""

    def test_a_gather_is_refused(self, harness, on):
        """Before a callback was called, for it would be called again and again."""
        called = []

        @on("order")
        async def ship(ctx):
            await asyncio.gather(
                ctx.step.run("a", lambda: called.append("a")),
                ctx.step.run("b", lambda: called.append("b")),
                return_exceptions=True,
            )

        with harness.expect_failure(ship) as failing:
            harness.send("order")
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert called == []
        assert failing.run.entries == 1
        assert failing.run.error.message == (
            "steps ['a', 'b'] run side by side outside ctx.group.parallel, which the "
            "inngest package cannot do"
        )

    def test_one_step_in_a_task_is_fine(self, harness, on):
        """A task group, a timeout: what leaves them is found in what they wrap."""

        @on("order")
        async def ship(ctx):
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(ctx.step.run("a", lambda: 1))
            both = await ctx.group.parallel((lambda: in_a_task(ctx),))
            return [task.result(), *both]

        async def in_a_task(ctx):
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(ctx.step.run("b", lambda: 2))
            return task.result()

        assert harness.send("order").runs[0].output == [1, 2]


class TestDefers:
    """A1 to A12: a defer of ours is one of the package's."""

    def test_the_whole_of_it(self, harness, client, serve):
        """Data, schema, abort, replay, and a function that is served elsewhere."""

        @create_defer(client, fn_id="audit", schema=dict)
        async def audit(ctx):
            return [ctx.input, ctx.event.data, ctx.parents[0].fn_slug]

        @create_defer(Client(app_id="other"), fn_id="else")
        async def elsewhere(ctx):
            pass

        @client.create_function(fn_id="ship", trigger=ORDER)
        async def ship(ctx):
            ctx.defer("one", function=audit, data={"n": 1})
            ctx.defer("one", function=audit, data={"n": 2})
            gone = ctx.defer("gone", function=audit, data={"n": 3})
            ctx.defer("else", function=elsewhere, data={})
            await ctx.step.run("a", lambda: 1)
            gone.abort()

        serve(audit, ship)
        run = harness.send("order").runs[0]
        codes = sorted(finding.code for finding in harness.findings)
        for code in codes:
            harness.allow(code, reason="a second call, and another app")

        (audited,) = run.deferred
        assert audited.output == [{"n": 1}, {"n": 1, "input": {"n": 1}}, "shop-ship"]
        assert codes == ["DEFER_LOST", "DEFER_SKIPPED"]

    def test_data_that_is_refused_later(self, harness, client, serve):
        """The server has the defer; what its data became is only told on an abort."""

        @create_defer(client, fn_id="audit", schema=Numbered)
        def audit(ctx):
            return ctx.input.n

        @client.create_function(fn_id="ship", trigger=ORDER)
        def ship(ctx):
            is_first = not entries
            entries.append(1)
            handle = ctx.defer(
                "a", function=audit, data={"n": 1 if is_first else "one"}
            )
            ctx.step.run("b", lambda: 1)
            handle.abort()

        entries = []
        serve(audit, ship)
        run = harness.send("order").runs[0]
        (finding,) = harness.findings
        harness.allow("DEFER_SKIPPED", reason="it is the subject")

        assert [child.output for child in run.deferred] == [1]
        assert "accepted with other data" in finding.message

    def test_a_payload_that_does_not_fit(self, harness, client):
        """A run that came by another way is refused before its handler is called."""

        @create_defer(client, fn_id="audit", schema=Numbered)
        def audit(ctx):
            return ctx.input.n

        app = inngest.Inngest(app_id="shop")
        alien = inngest.experimental.create_defer(app, fn_id="audit")(nothing)

        @app.create_function(fn_id="ship", trigger=inngest.TriggerEvent(event="order"))
        async def ship(ctx):
            ctx.defer("a", function=alien, data={"n": "one"})

        (audited,) = to_inngest(client, [audit], app)
        harness.serve(app, functions=[audited, ship])
        with harness.expect_failure(audited) as failing:
            harness.send("order")

        assert failing.run.error.name == "NonRetriableError"


class TestTheApplication:
    """What code outside of handlers sends and scores goes where the package goes."""

    def test_through_our_client(self, harness, client, on):
        """`client.send` and its kin reach the package's client, and so the harness."""

        @on("order")
        async def ship(ctx):
            return ctx.event.data["n"]

        (event_id,) = client.send_sync(Event(name="order", data={"n": (1, 2)}))
        (run,) = harness.runs
        client.score_sync(name="fine", value=1, run_id=run.id)

        async def sends():
            await client.score(name="fine", value=2, run_id=run.id)
            return await client.send(Event(name="order", data={"n": 3}))

        harness.call(sends)

        assert event_id
        assert [run.output for run in harness.runs] == [[1, 2], 3]
        assert [score.value for score in harness.scores.history] == [1, 2]

    def test_a_harness_that_serves_our_client_comes_first(self, harness, client, app):
        """An application module may convert, and its tests serve what it converted."""
        make = client.create_function(fn_id="ship", trigger=ORDER)
        ship = make(nothing)
        to_inngest(client, [ship], app)
        harness.serve(client, functions=[ship])

        client.send_sync(Event(name="order"))

        assert [run.function_id for run in harness.runs] == ["shop-ship"]

    def test_an_event_that_is_refused(self, harness, client, on):
        """The package's own error says what the server said."""

        @on("order", retries=0)
        async def ship(_ctx):
            await client.send(Event(name="inngest/x"))

        with harness.expect_failure(ship) as failing:
            harness.send("order")

        assert failing.run.error.name == "SendEventsError"


class TestMistakes:
    """What cannot be converted is refused at once."""

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"client": None}, "takes a Client first, not None"),
            (
                {"inngest_client": None},
                "takes a client of the inngest package, not None",
            ),
            ({"functions": 7}, "functions must be a list, not 7"),
            ({"functions": [len]}, "is no function of scoretest"),
        ],
    )
    def test_a_wrong_argument(self, client, app, change, why):
        """The message names it."""
        given = {"client": client, "functions": [], "inngest_client": app}

        with pytest.raises(UsageError, match=why):
            to_inngest(**{**given, **change})

    def test_two_apps(self, client):
        """Slugs and expressions name the app, so both clients are of one."""
        with pytest.raises(UsageError, match="two apps, 'shop' and 'store'"):
            to_inngest(client, [], inngest.Inngest(app_id="store"))


PRODUCTION = """
import sys
import inngest
from scoretest import Client, TriggerEvent
from scoretest.adapters.inngest_sdk import to_inngest

client = Client(app_id="shop")

@client.create_function(fn_id="ship", trigger=TriggerEvent(event="order"))
async def ship(ctx):
    return await ctx.step.run("a", str)

to_inngest(client, [ship], inngest.Inngest(app_id="shop"))
print(sorted(n for n in sys.modules if n.startswith("scoretest.runtime.")))
print(sorted(n for n in sys.modules if n in ("pytest", "freezegun")))
"""


def test_no_harness_is_imported_in_production():
    """Who serves converted functions gets no virtual loop, and no test tools."""
    package = Path(scoretest.__file__).parents[1]
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", PRODUCTION],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(package)},
        text=True,
    )

    runtime, tools = done.stdout.splitlines()
    assert runtime == "['scoretest.runtime.failures']"
    assert tools == "[]"
