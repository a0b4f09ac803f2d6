"""The network is cut: what the package's client sends lands in the harness."""

import inngest
import pytest
from inngest._internal.errors import SendEventsError
from inngest.experimental import experiment, realtime

from scoretest import Harness, NotBuiltError, Score, UsageError


class TestEvents:
    """E4: `client.send` and `step.send_event` arrive in the world."""

    def test_in_a_coroutine_handler(self, harness, app, on, start):
        """`send` in the body and `send_event` in a step give one id for each event."""

        @on("order")
        async def ship(ctx):
            told = await ctx.step.send_event("tell", inngest.Event(name="packed"))
            sent = await app.send([inngest.Event(name="a"), inngest.Event(name="b")])
            return [len(told), len(sent)]

        run = start("order")

        assert run.output == [1, 2]
        names = [event.name for event in harness.events if "/" not in event.name]
        assert names == ["order", "packed", "a", "b"]

    def test_in_a_plain_handler(self, app, on, start):
        """`send_sync` and the plain `send_event` do the same."""

        @on("order")
        def ship(ctx):
            told = ctx.step.send_event("tell", inngest.Event(name="packed"))
            return [len(told), len(app.send_sync(inngest.Event(name="a")))]

        assert start("order").output == [1, 1]

    def test_in_the_application(self, harness, app, on):
        """A sync test calls `send_sync`, and what it sets going has run."""

        @on("order")
        def ship(ctx):
            return ctx.event.data

        ids = app.send_sync(inngest.Event(name="order", data={"id": 7}))

        assert len(ids) == 1
        run = harness.run(ship)
        assert (run.output, run.event.ts) == ({"id": 7}, harness.now)

    def test_its_own_time_and_id(self, harness, app, on):
        """H3, F3: a given `ts` and `id` travel with the event."""

        @on("order")
        def ship(ctx):
            return [ctx.event.id, ctx.event.ts]

        later = int(harness.now.timestamp() * 1000) + 60_000
        app.send_sync(inngest.Event(name="order", id="mine", ts=later))
        harness.advance("1m")

        assert harness.run(ship).output == ["mine", later]

    def test_what_the_server_refuses(self, app, on, start):
        """A reserved name comes back to the handler as the server's refusal."""

        @on("order")
        async def ship(_):
            try:
                await app.send(inngest.Event(name="inngest/mine"))
            except SendEventsError as error:
                return str(error)

        assert start("order").output == (
            "event name is reserved for internal use: inngest/mine"
        )

    def test_what_the_server_refuses_of_the_application(self, app, on):
        """A test hears of it as from `harness.send`."""
        on("order")(nothing)

        with pytest.raises(UsageError, match="reserved for internal use"):
            app.send_sync(inngest.Event(name="inngest/mine"))

    def test_from_the_test(self, harness, on):
        """`harness.send` takes the package's events, one or several."""

        @on("order")
        def ship(ctx):
            return ctx.event.data["n"]

        events = [inngest.Event(name="order", data={"n": n}) for n in (1, 2)]
        runs = harness.send(events).runs + harness.send(events[0]).runs

        assert [run.output for run in runs] == [1, 2, 1]


def nothing(_):
    """Do nothing."""


class TestScores:
    """G1: scores of the package's client land in the ledger."""

    def test_in_a_handler(self, harness, app, on, start):
        """`score` and `score_sync`, on the run and on a step."""

        @on("order")
        async def ship(ctx):
            await ctx.step.run("pack", pack)
            await app.score(name="speed", value=3, run_id=ctx.run_id, step_id="pack")
            app.score_sync(name="good", value=True, run_id=ctx.run_id)

        async def pack():
            pass

        run = start("order")

        assert [(s.name, s.value, s.run, s.step_id) for s in harness.scores] == [
            ("speed", 3, run, "pack"),
            ("good", True, run, None),
        ]

    def test_after_the_run(self, harness, app, on, start):
        """Application code scores a run that is over."""
        on("order")(nothing)
        run = start("order")

        app.score_sync(name="good", value=0.5, run_id=run.id)

        assert harness.scores == [Score("good", 0.5)]

    def test_no_run(self, app, on):
        """G5: what is no ULID is refused, in the package's own words."""
        on("order")(nothing)

        with pytest.raises(Exception, match="HTTP error: 400 'x' is not the id"):
            app.score_sync(name="good", value=1, run_id="x")

    @pytest.mark.rule("G6")
    def test_an_experiment(self, harness, app, on, start):
        """The variant that a group took, and the score that counts for it."""

        @on("order")
        async def ship(ctx):
            taken = await ctx.group.experiment(
                "boxes",
                variants={
                    "small": lambda: ctx.step.run("small", pack),
                    "large": lambda: ctx.step.run("large", pack),
                },
                select=experiment.fixed("large"),
            )
            await app.score_experiment(
                experiment=taken.experiment_ref,
                name="good",
                value=True,
                run_id=ctx.run_id,
            )

        async def pack():
            return "box"

        start("order")

        (score,) = harness.scores
        ref = score.experiment
        assert (ref.experiment_name, ref.variant) == ("boxes", "large")
        rows = [(row.variant, row.n) for row in harness.scores.by_variant("boxes")]
        assert rows == [("small", 0), ("large", 1)]


class TestRefusals:
    """Any other request of the client is refused by name."""

    def test_in_a_handler(self, harness, app, on, start):
        """The run fails, and the test is told what was asked for."""

        @on("order")
        async def ship(_):
            await realtime.publish(client=app, channel="c", topic="t", data={})

        with harness.expect_failure(ship) as failing:
            start("order")

        assert failing.run.error.name == "NotBuiltError"
        (finding,) = harness.findings
        assert finding.message == (
            "the client of app 'shop' wants POST /v1/realtime/publish, which no "
            "harness answers"
        )
        harness.allow("USAGE_ERROR", reason="it is the subject")

    def test_another_way_to_ask(self, app, on):
        """Whatever the package's HTTP client could be asked for is refused."""
        on("order")(nothing)
        line = app._http_client  # noqa: SLF001 -- the seat of the exchange
        send = line._http_client_sync.send  # noqa: SLF001 -- as above

        for ask, request in [
            (lambda: line.get_sync("http://x/v0/runs/1/batch"), "GET /v0/runs/1/batch"),
            (lambda: line.get("http://x/a").send(None), "GET /a"),
            (lambda: line.post_sync("http://x/b", {}), "POST /b"),
            (lambda: send(line.build_httpx_request("PUT", "http://x/c")), "PUT /c"),
        ]:
            with pytest.raises(NotBuiltError) as caught:
                ask()
            assert caught.value.what == (
                f"the client of app 'shop' wants {request}, which no harness answers"
            )

    def test_after_the_harness_has_closed(self, app):
        """A client that was served in a test does not go out to the network later."""
        with Harness() as harness:
            ship = app.create_function(
                fn_id="ship", trigger=inngest.TriggerEvent(event="order")
            )(nothing)
            harness.serve(app, functions=[ship])

        with pytest.raises(UsageError, match="no open harness serves the app 'shop'"):
            app.send_sync(inngest.Event(name="order"))

    def test_two_worlds(self, harnesses, app):
        """A client that two open harnesses serve cannot know where to send."""
        trigger = inngest.TriggerEvent(event="order")
        ship = app.create_function(fn_id="ship", trigger=trigger)(nothing)
        for harness in (harnesses(), harnesses()):
            harness.serve(app, functions=[ship])

        with pytest.raises(UsageError, match="2 harnesses serve the app 'shop'"):
            app.send_sync(inngest.Event(name="order"))


def test_the_clock_of_the_package(harness, on, start):
    """E2, D5: `step.sleep` and `RetryAfterError` count from the world's present."""
    attempts = []

    @on("order")
    async def ship(ctx):
        await ctx.step.sleep("nap", 10_000)
        attempts.append(harness.now)
        if len(attempts) == 1:
            message = "later"
            raise inngest.RetryAfterError(message, 20_000)

    run = start("order")
    harness.fast_forward()

    begin = run.started_at
    seconds = [(moment - begin).total_seconds() for moment in attempts]
    assert seconds == [10, 30]
