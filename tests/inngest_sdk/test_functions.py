"""Functions of the real package, served on the harness: what a test sees of them."""

import asyncio
import datetime as dt
import gc
import weakref

import inngest
import pydantic
import pytest

from scoretest import Event, Score, UsageError
from scoretest.adapters import inngest_sdk

WEEK = dt.timedelta(days=7)


class TestEntries:
    """E6: each entry is one request with the protocol of production."""

    def test_an_async_function(self, harness, on):
        """Steps, waits and sleeps of a coroutine handler run in virtual time."""

        @on("order")
        async def ship(ctx):
            packed = await ctx.step.run("pack", pack, ctx.event.data["id"])
            await ctx.step.sleep("dry", dt.timedelta(hours=1))
            paid = await ctx.step.wait_for_event("paid", event="paid", timeout=WEEK)
            return [packed, paid.data["amount"]]

        async def pack(order):
            await asyncio.sleep(30)
            return f"box {order}"

        run = harness.send("order", {"id": 7}).runs[0]
        harness.advance("2h").send("paid", {"amount": 12})

        assert (run.status, run.output, run.entries) == (
            "Completed",
            ["box 7", 12],
            4,
        )
        assert [(step.id, step.op) for step in run.steps] == [
            ("pack", "StepRun"),
            ("dry", "Sleep"),
            ("paid", "WaitForEvent"),
        ]

    def test_a_plain_function(self, harness, on):
        """An ordinary handler is called inline, without a thread."""

        @on("order")
        def ship(ctx):
            packed = ctx.step.run("pack", lambda: "box")
            ctx.step.sleep("dry", 3_600_000)
            paid = ctx.step.wait_for_event("paid", event="paid", timeout=WEEK)
            return [packed, paid]

        run = harness.send("order").runs[0]
        harness.fast_forward()

        assert (run.status, run.output, run.entries) == ("Completed", ["box", None], 4)
        assert run.ended_at - run.started_at == WEEK + dt.timedelta(hours=1)

    def test_an_event_loop_of_a_plain_function(self, on, start):
        """The server calls it in a thread, where none is running."""

        @on("order", retries=0)
        def ship(ctx):
            async def pack():
                return "box"

            packed = asyncio.run(pack())
            return [packed, ctx.step.run("pack", lambda: asyncio.run(pack()))]

        assert start("order").output == ["box", "box"]

    @pytest.mark.parametrize("kind", ["async", "plain"])
    def test_nothing_is_left_to_the_collector(self, on, start, kind):
        """What the package makes for an entry is freed when the entry ends."""
        tools = []

        if kind == "async":

            @on("order", retries=0)
            async def ship(ctx):
                tools.append(weakref.ref(ctx.step))
                await ctx.step.run("pack", lambda: "box")
                await ctx.group.parallel((lambda: ctx.step.sleep("dry", 1_000),))

        else:

            @on("order", retries=0)
            def ship(ctx):
                tools.append(weakref.ref(ctx.step))
                ctx.step.run("pack", lambda: "box")
                ctx.group.parallel((lambda: ctx.step.sleep("dry", 1_000),))

        gc.disable()
        try:
            run = start("order")
            assert [tool() for tool in tools] == [None] * run.entries
        finally:
            gc.enable()

    def test_the_context(self, on, start):
        """A handler sees the event, the attempt and the run as in production."""
        seen = []

        @on("order", retries=1)
        async def ship(ctx):
            seen.append((ctx.attempt, ctx.run_id, ctx.event.data, len(ctx.events)))
            seen.append((ctx.job_id, ctx.request_id))

        run = start("order", {"id": 7})

        job = f"{run.id}.1"
        assert seen == [(0, run.id, {"id": 7}, 1), (job, job)]

    def test_code_of_the_application(self, app, on, harness):
        """`call` runs an application's coroutine beside the functions it sets going."""

        @on("order")
        async def ship(ctx):
            return await ctx.step.run("pack", asyncio.sleep, 60, "box")

        async def endpoint():
            return await app.send(inngest.Event(name="order"))

        ids = harness.call(endpoint)
        harness.advance("1m")

        assert len(ids) == 1
        assert harness.run(ship).output == "box"


class TestDefers:
    """A1, A3: deferred functions of the real package, and what becomes of them."""

    def test_a_deferred_scorer(self, harness, app, on, deferred, start):
        """A parent defers a scorer, which waits and scores its parent."""

        @deferred()
        async def scorer(ctx):
            paid = await ctx.step.wait_for_event("paid", event="paid", timeout=WEEK)
            (parent,) = ctx.parents
            await app.score(name="paid", value=paid is not None, run_id=parent.run_id)

        @on("order")
        async def ship(ctx):
            ctx.defer("score", function=scorer, data={"id": ctx.event.data["id"]})

        run = start("order", {"id": 7})
        harness.advance("7d")

        assert harness.scores == [Score("paid", value=False)]
        (score,) = harness.scores
        assert (score.run, score.scorer) == (run, run.deferred[0])
        assert run.deferred[0].parent == run

    def test_the_payload_is_shown_as_the_server_shows_it(self, on, deferred, start):
        """There is no `input` beside the payload, which is ours alone."""
        seen = []

        @deferred()
        def scorer(ctx):
            seen.append(ctx.event.data)

        @on("order")
        def ship(ctx):
            ctx.defer("score", function=scorer, data={"id": 7})

        start("order")

        assert seen == [{"id": 7}]

    def test_a_lost_defer_is_found(self, harness, on, deferred, start):
        """A3: the package drops the defers of a handler that fails, with a log line."""

        @deferred()
        def scorer(ctx):
            pass

        @on("order", retries=0)
        def ship(ctx):
            ctx.defer("score", function=scorer, data={})
            raise KeyError

        with harness.expect_failure(ship):
            start("order")

        (finding,) = harness.findings
        assert finding.code == "DEFER_LOST"
        assert finding.message == (
            "the defer 'score' was never sent: the handler failed in the entry that "
            "called it"
        )
        harness.allow("DEFER_LOST", reason="it is the subject")

    def test_a_defer_taken_back_is_not_lost(self, harness, on, deferred, start):
        """A6: what `abort` took back was not wanted any more when the handler failed."""

        @deferred()
        def scorer(ctx):
            pass

        @on("order", retries=0)
        def ship(ctx):
            ctx.defer("score", function=scorer, data={}).abort()
            raise KeyError

        with harness.expect_failure(ship):
            start("order")

        assert harness.findings == []

    def test_a_skipped_defer_is_found(self, harness, on, deferred, start):
        """A12: an invalid call is skipped, and the test hears of it."""

        @deferred()
        def scorer(ctx):
            pass

        @on("order")
        def ship(ctx):
            ctx.defer("score", function=scorer, data={"_inngest": 1})

        run = start("order")

        (finding,) = harness.findings
        assert (finding.code, finding.message) == (
            "DEFER_SKIPPED",
            "a defer was skipped: defer data contains reserved routing keys",
        )
        assert run.status == "Completed"
        harness.allow("DEFER_SKIPPED", reason="it is the subject")


class TestOptions:
    """What the package's functions can be declared with."""

    def test_a_failure_handler(self, harness, on, start):
        """D6: it runs as a function of its own when the retries are used up."""
        seen = []

        async def tell(ctx):
            seen.append(ctx.event.data["error"]["message"])

        @on("order", retries=1, on_failure=tell)
        async def ship(ctx):
            message = f"attempt {ctx.attempt}"
            raise LookupError(message)

        with harness.expect_failure(ship) as failing:
            start("order")
            harness.fast_forward()

        assert seen == ["attempt 1"]
        assert failing.run.attempts == 2
        assert [run.function_id for run in harness.runs] == [
            "shop-ship",
            "shop-ship-failure",
        ]

    def test_middleware(self, harness, app, on, start):
        """A user's own middleware runs as in production: of the client, per entry."""
        seen = []

        class Watching(inngest.MiddlewareSync):
            def before_execution(self):
                seen.append("execution")

            def transform_output(self, result):
                seen.append(result.step.id if result.step else result.output)

            def before_send_events(self, events):
                for event in events:
                    event.data = {**event.data, "stamped": True}

        app.add_middleware(Watching)

        @on("order")
        def ship(ctx):
            ctx.step.run("pack", lambda: "box")
            ctx.step.send_event("tell", inngest.Event(name="packed"))
            return "done"

        start("order")

        assert seen == ["execution", "pack", "execution", "tell", "execution", "done"]
        packed = next(event for event in harness.events if event.name == "packed")
        assert packed.data == {"stamped": True}

    def test_a_serializer(self, harness):
        """Results become models again in the next entry, as `output_type` says."""

        class Box(pydantic.BaseModel):
            size: int

        app = inngest.Inngest(app_id="app", serializer=inngest.PydanticSerializer())
        trigger = inngest.TriggerEvent(event="order")

        @app.create_function(fn_id="ship", trigger=trigger, output_type=Box)
        async def ship(ctx):
            box = await ctx.step.run("pack", pack, output_type=Box)
            assert isinstance(box, Box)
            return Box(size=box.size + 1)

        async def pack():
            return Box(size=1)

        harness.serve(app, functions=[ship])
        harness.send("order")

        assert harness.run(ship).output == {"size": 2}

    def test_a_cancelling_event(self, harness, on, start):
        """F1: `cancel=` ends a run that waits."""

        @on("order", cancel=[inngest.Cancel(event="cancelled")])
        def ship(ctx):
            ctx.step.sleep("dry", WEEK)

        run = start("order")
        harness.send("cancelled")

        assert run.status == "Cancelled"

    @pytest.mark.parametrize(
        ("option", "value", "seconds"),
        [
            ("batch_events", inngest.Batch(max_size=2, timeout=4000), [0, 4]),
            (
                "batch_events",
                inngest.Batch(max_size=2, timeout=4000, key="event.id"),
                [4, 4, 4],
            ),
            ("concurrency", [inngest.Concurrency(limit=1)], [0, 1, 2]),
            ("concurrency", [inngest.Concurrency(limit=1, key="event.id")], [0, 0, 0]),
            ("debounce", inngest.Debounce(period=3000), [3]),
            ("priority", inngest.Priority(run="-60"), [60, 60, 60]),
            ("rate_limit", inngest.RateLimit(limit=1, period=9000), [0]),
            ("throttle", inngest.Throttle(limit=1, period=9000), [0, 0, 9]),
        ],
    )
    def test_flow_control(self, harness, on, option, value, seconds):
        """F4 to F8: the options of flow control hold for the package's functions."""
        begin, seen = harness.now, []

        @on("order", **{option: value})
        async def ship(ctx):
            async def work():
                seen.append((harness.now - begin).seconds)
                await asyncio.sleep(1)

            await ctx.step.run("work", work)

        harness.send([Event(name="order", id=name) for name in "abc"])
        harness.fast_forward()

        assert seen == seconds

    def test_too_many_retries(self, on):
        """D1: the server refuses more than twenty."""
        with pytest.raises(UsageError, match="a whole number from 0 to 20, not 21"):
            on("order", retries=21)(lambda_named_ship)

    def test_a_function_of_another_app(self, harness, app):
        """Each app's functions are served with its own client."""
        trigger = inngest.TriggerEvent(event="order")
        other = inngest.Inngest(app_id="other")
        ship = other.create_function(fn_id="ship", trigger=trigger)(lambda_named_ship)

        with pytest.raises(UsageError) as caught:
            harness.serve(app, functions=[ship])

        assert caught.value.what == (
            "function 'other-ship' belongs to the app 'other', not to 'shop'"
        )

    def test_cron(self, harness, app):
        """H2: a cron trigger starts the package's function."""
        trigger = inngest.TriggerCron(cron="0 9 * * *")

        @app.create_function(fn_id="ship", trigger=trigger)
        async def ship(ctx):
            return ctx.event.name

        harness.serve(app, functions=[ship])
        harness.advance("9h")

        assert harness.run("shop-ship").output == "inngest/scheduled.timer"

    def test_the_jitter_of_a_cron(self, harness, app):
        """H2: the world's seed says how late each start is."""
        trigger = inngest.TriggerCron(cron="0 9 * * *", jitter="5m")
        ship = app.create_function(fn_id="ship", trigger=trigger)(lambda_named_ship)
        harness.serve(app, functions=[ship])

        harness.advance("10h")

        (event,) = harness.run(ship).events
        late = event.ts - dt.datetime(2025, 1, 1, 9, tzinfo=dt.UTC)
        assert dt.timedelta() < late <= dt.timedelta(minutes=5)

    @pytest.mark.rule("E3")
    @pytest.mark.parametrize("fails", [False, True])
    def test_the_stub_of_an_invoke(self, harness, on, start, fails):
        """It stands for the invoked function, which does not run."""

        @on("order")
        async def ship(ctx):
            try:
                return await ctx.step.invoke_by_id("price", function_id="price")
            except inngest.StepError as error:
                return [error.name, error.message]

        told = {"raises": KeyError("x")} if fails else {"returns": 7}
        stub = harness.stub(ship, "price", **told)

        run = start("order")

        assert (run.output, stub.used) == (["KeyError", "'x'"] if fails else 7, 1)
        assert run.step("price").op == "InvokeFunction"

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_the_results_of_a_group(self, on, start, kind):
        """A tuple that a group made may be returned; that it becomes a list is no news."""

        async def several(ctx):
            steps = (lambda: ctx.step.run("a", int), lambda: ctx.step.run("b", int))
            return await ctx.group.parallel(steps)

        def several_sync(ctx):
            steps = (lambda: ctx.step.run("a", int), lambda: ctx.step.run("b", int))
            return ctx.group.parallel(steps)

        on("order")(several if kind == "async" else several_sync)

        assert start("order").output == [0, 0]

    def test_an_operation_that_is_not_built(self, harness, on, start, monkeypatch):
        """What the engine has no operation for fails the run by name."""
        from scoretest.adapters.inngest_sdk import answers  # noqa: PLC0415 -- only here

        monkeypatch.delitem(answers._READERS, "Sleep")  # noqa: SLF001 -- all are built

        @on("order")
        def ship(ctx):
            ctx.step.sleep("nap", 1000)

        with harness.expect_failure(ship) as failing:
            start("order")

        assert failing.run.error.message == (
            "step 'nap' is a Sleep, which is not built yet"
        )
        harness.allow("USAGE_ERROR", reason="it is the subject")


def lambda_named_ship(_):
    """Do nothing, under a name that makes the function's id."""


lambda_named_ship.__name__ = "ship"


class TestReading:
    """The objects that a test reads are those of our own functions."""

    def test_a_stub(self, harness, on, start):
        """A stub stands in for the callback of a step, sync or async."""

        @on("order")
        async def ship(ctx):
            return await ctx.step.run("pack", pack, 7)

        async def pack(order):
            raise AssertionError(order)

        harness.stub(ship, "pack", returns="stubbed")

        assert start("order").output == "stubbed"

    def test_a_misspelt_stub(self, harness, on, start):
        """A stub that never stands in is a finding, with the step that may be meant."""

        @on("order")
        def ship(ctx):
            return ctx.step.run("pack", lambda: "box")

        harness.stub(ship, "pakc", returns="stubbed")
        start("order")

        with pytest.raises(Exception, match="STUB_UNUSED") as caught:
            harness.close()
        assert "did you mean 'pack'?" in str(caught.value)

    def test_an_error(self, harness, on, start):
        """An error has the user's frames only, in places that every machine has."""

        @on("order", retries=0)
        def ship(ctx):
            ctx.step.run("pack", pack)

        def pack():
            message = "no box"
            raise LookupError(message)

        with harness.expect_failure(ship) as failing:
            start("order")

        error = failing.run.error
        lines = error.stack.splitlines()
        assert (error.name, error.message) == ("LookupError", "no box")
        assert lines[0] == "Traceback (most recent call last):"
        assert [line.rpartition(", in ")[2] for line in lines[1:-1]] == ["pack"]
        assert lines[1].startswith('  File "inngest_sdk/test_functions.py:')
        assert lines[-1] == "LookupError: no box"

    def test_an_error_in_a_folder_that_is_called_inngest(self, harness, on, start):
        """Only the package's own folder is the package."""
        names = {}
        source = compile(
            "def pack():\n    raise LookupError", "/srv/shop/inngest/orders.py", "exec"
        )
        exec(source, names)  # noqa: S102 -- a file of that name

        @on("order", retries=0)
        def ship(ctx):
            ctx.step.run("pack", names["pack"])

        with harness.expect_failure(ship) as failing:
            start("order")

        lines = failing.run.error.stack.splitlines()
        assert lines[1] == '  File "inngest/orders.py:2", in pack'

    def test_another_path_on_a_later_entry(self, harness, on, start):
        """E5: a targeted step that is not met is told as non-determinism."""
        entries = []

        @on("order", retries=0)
        def ship(ctx):
            entries.append(ctx.attempt)
            if len(entries) > 1:
                ctx.step.run("another", int)
            ctx.group.parallel((lambda: ctx.step.run("a", int),))

        with harness.expect_failure(ship):
            start("order")

        assert {finding.code for finding in harness.findings} == {"NONDETERMINISTIC"}
        harness.allow("NONDETERMINISTIC", reason="it is the subject")

    def test_a_model_call(self, harness, on, start):
        """`step.ai.infer` is answered by a stub, and refused with that advice else."""
        from inngest.experimental import ai  # noqa: PLC0415 -- only here

        adapter = ai.openai.Adapter(auth_key="none", model="none")

        @on("order", retries=0)
        async def ship(ctx):
            return await ctx.step.ai.infer("model", adapter=adapter, body={})

        with harness.expect_failure(ship) as failing:
            start("order")
        assert failing.run.error.message == (
            "step.ai.infer 'model' would call a model, and no harness does"
        )
        harness.allow("USAGE_ERROR", reason="it is the subject")

        harness.stub(ship, "model", returns={"text": "hello"}, times=1)
        assert start("order").output == {"text": "hello"}

        harness.stub(ship, "model", raises=TimeoutError("busy"))
        with harness.expect_failure(ship) as failing:
            start("order")
        assert failing.run.error.message == "busy"


class TestServing:
    """What `serve` takes and refuses."""

    def test_a_version_that_was_not_tried(self, harness, app, monkeypatch):
        """Another version of the package is refused, with those that work."""
        monkeypatch.setattr(inngest_sdk, "installed_version", lambda: "0.6.0")
        monkeypatch.delattr(inngest_sdk, "translate", raising=False)

        with pytest.raises(UsageError) as caught:
            harness.serve(app, functions=[])

        assert str(caught.value) == (
            "inngest 0.6.0 cannot be served\n"
            "  seen:  supported: 0.5.18, 0.5.19, 0.5.20a0\n"
            "  fix:   install one of these, for example inngest==0.5.20a0"
        )

    def test_functions_that_are_no_list(self, harness, app):
        """A single function is refused as with our own."""
        with pytest.raises(UsageError, match="functions must be a list"):
            harness.serve(app, functions=lambda_named_ship)

    def test_something_else_in_the_list(self, harness, app):
        """What is no function of the package is named."""
        with pytest.raises(UsageError, match="is no function of the inngest package"):
            harness.serve(app, functions=[lambda_named_ship])

    def test_something_else_than_a_client(self, harness):
        """Another object of the package is no client."""
        with pytest.raises(UsageError, match="serve\\(\\) takes a Client"):
            harness.serve(inngest.Event(name="order"), functions=[])

    def test_both_kinds_side_by_side(self, harness, on):
        """A harness serves our functions and the package's in one world."""
        import scoretest  # noqa: PLC0415 -- its client beside the other one

        ours = scoretest.Client(app_id="ours")
        trigger = scoretest.TriggerEvent(event="packed")

        @ours.create_function(fn_id="told", trigger=trigger)
        async def told(ctx):
            return ctx.event.data

        @on("order")
        async def ship(ctx):
            event = inngest.Event(name="packed", data={"id": 7})
            return await ctx.step.send_event("tell", event)

        harness.serve(ours, functions=[told])
        harness.send("order")

        assert harness.run(told).output == {"id": 7}
