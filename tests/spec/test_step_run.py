"""`step.run` calls a callback once and remembers what came of it."""

import asyncio
from datetime import UTC, datetime

import anyio
import pytest

from scoretest import Event, StepError

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.rule("E1")
class TestEntries:
    """The handler is entered from its top after every step; steps run once."""

    def test_n_steps_mean_n_plus_one_entries(self, on, start):
        """Five sequential steps: six entries, and code outside steps repeats in each."""
        log = []

        @on("shop/order")
        async def order(ctx):
            log.append("enter")
            total = 0
            for n in range(5):

                async def add(n=n):
                    log.append(n)
                    return n

                total += await ctx.step.run(f"s{n}", add)
            return total

        run = start("shop/order")

        assert (run.output, run.entries) == (10, 6)
        assert log == [
            *("enter", 0, "enter", 1, "enter", 2, "enter", 3, "enter", 4, "enter")
        ]

    def test_a_sync_handler_is_entered_as_often(self, on, start):
        """An ordinary function with two steps is entered three times."""
        log = []

        @on("shop/order")
        def order(ctx):
            log.append("enter")
            ctx.step.run("one", log.append, 1)
            ctx.step.run("two", log.append, 2)

        run = start("shop/order")

        assert (run.status, run.entries) == ("Completed", 3)
        assert log == ["enter", 1, "enter", 2, "enter"]

    def test_a_handler_without_steps_is_entered_once(self, on, start):
        """What it returns is the run's output after its only entry."""

        @on("shop/order")
        async def order(ctx):
            return ctx.event.data

        run = start("shop/order", {"n": 1})

        assert (run.output, run.entries, run.steps) == ({"n": 1}, 1, [])

    def test_run_id_and_event_are_the_same_in_every_entry(self, on, start):
        """Every entry of a run has one run id, one event id and one ts."""
        seen = []

        @on("shop/order")
        async def order(ctx):
            seen.append((ctx.run_id, ctx.event.id, ctx.event.ts, len(ctx.events)))
            await ctx.step.run("one", lambda: 1)
            await ctx.step.sleep("nap", "2s")

        run = start("shop/order")

        assert seen == [(run.id, run.event.id, START, 1)] * 2

    def test_the_handler_cannot_change_its_event_for_later_entries(self, on, start):
        """Each entry gets a fresh copy of the event's data."""
        seen = []

        @on("shop/order")
        async def order(ctx):
            ctx.event.data["items"].append("more")
            seen.append(list(ctx.event.data["items"]))
            await ctx.step.run("one", lambda: 1)

        run = start("shop/order", {"items": []})

        assert (seen, run.event.data) == ([["more"], ["more"]], {"items": []})


class TestTheCallback:
    """A callback may be async or not, and is given the arguments behind it."""

    @pytest.mark.rule("E1")
    def test_arguments_are_passed_on(self, on, start):
        """Positional arguments behind the callback reach it."""

        @on("shop/order")
        async def order(ctx):
            async def add(a, b):
                return a + b

            return [
                await ctx.step.run("sync", max, 3, 7),
                await ctx.step.run("async", add, 1, 2),
            ]

        assert start("shop/order").output == [7, 3]

    @pytest.mark.rule("E1")
    def test_a_callback_may_sleep_in_virtual_time(self, harness, on, start):
        """Sleeps of asyncio and anyio in a callback take virtual time, once."""

        @on("shop/order")
        async def order(ctx):
            async def slow():
                await asyncio.sleep(3_600)
                await anyio.sleep(1_800)
                return "done"

            return await ctx.step.run("slow", slow)

        run = start("shop/order")

        assert (run.status, run.entries) == ("Running", 1)

        harness.advance("2h")

        assert (run.output, run.duration) == ("done", "1h 30m")

    @pytest.mark.rule("E1")
    def test_a_callback_may_use_threads(self, on, start):
        """A worker thread's result is the step's result, and the clock stands still."""

        @on("shop/order")
        async def order(ctx):
            return await ctx.step.run("work", anyio.to_thread.run_sync, max, [1, 2])

        run = start("shop/order")

        assert (run.status, run.output, run.duration) == ("Completed", 2, "0s")

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_what_cannot_be_called_is_refused_by_name(self, harness, on, start, kind):
        """Calling the function instead of passing it is told with the right way."""
        if kind == "async":

            @on("shop/order", retries=0)
            async def order(ctx):
                await ctx.step.run("charge", 7)

        else:

            @on("shop/order", retries=0)
            def order(ctx):
                ctx.step.run("charge", 7)

        run = start("shop/order")

        assert run.error.message == "step 'charge' was given 7, which cannot be called"
        assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
        harness.allow("USAGE_ERROR", reason="the callback is wrong on purpose")

    def test_a_step_needs_an_id(self, harness, on, start):
        """Forgetting the id and passing the callback first is told."""

        @on("shop/order", retries=0)
        async def order(ctx):
            await ctx.step.run(max, 1)

        run = start("shop/order")

        assert run.error.message.startswith(
            "a step's id must be text, not <built-in function max>"
        )
        harness.allow("USAGE_ERROR", reason="the id is missing on purpose")


@pytest.mark.rule("E1")
class TestTheResult:
    """A result is what came back from JSON, from the very next entry on."""

    def test_values_pass_through_json(self, harness, on, start):
        """A tuple comes back as a list, in the handler too, and the test is told."""

        @on("shop/order")
        async def order(ctx):
            got = await ctx.step.run(
                "value", lambda: {"t": (1, 2), "f": 1.0, "u": "é☃", "n": None}
            )
            return [type(got["t"]).__name__, got]

        harness.allow("LOSSY_OUTPUT", reason="the tuple is the point")
        run = start("shop/order")

        assert run.output == ["list", {"t": [1, 2], "f": 1.0, "u": "é☃", "n": None}]

    def test_the_handler_cannot_change_what_is_remembered(self, on, start):
        """Each entry gets its own copy of a step's result."""
        seen = []

        @on("shop/order")
        async def order(ctx):
            items = await ctx.step.run("items", list)
            items.append("more")
            seen.append(list(items))
            await ctx.step.run("two", lambda: None)

        run = start("shop/order")

        assert seen == [["more"], ["more"]]
        assert run.steps[0].output == []

    def test_the_callbacks_own_object_is_not_shared(self, on, start):
        """What the callback keeps of its result does not reach the handler."""
        kept = []

        @on("shop/order")
        async def order(ctx):
            got = await ctx.step.run("items", lambda: kept)
            kept.append("later")
            return got

        assert start("shop/order").output == []


@pytest.mark.rule("E4")
class TestSendEvent:
    """`step.send_event` sends once and returns the server's ids."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_it_returns_internal_ids_even_if_one_was_given(self, on, start, kind):
        """The step yields a ULID; the receiving function sees the id that was given."""
        seen = []

        @on("shop/note")
        async def note(ctx):
            seen.append(ctx.event.id)

        event = Event(name="shop/note", id="note-1")
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                return await ctx.step.send_event("send", event)

        else:

            @on("shop/order")
            def order(ctx):
                return ctx.step.send_event("send", event)

        run = start("shop/order")

        (internal,) = run.output
        assert (len(internal), internal == "note-1", seen) == (26, False, ["note-1"])

    def test_several_events_go_in_one_step(self, on, start):
        """A list of events yields as many ids and sends each event once."""
        seen = []

        @on("shop/note")
        async def note(ctx):
            seen.append(ctx.event.data["n"])

        @on("shop/order")
        async def order(ctx):
            events = [Event(name="shop/note", data={"n": n}) for n in range(3)]
            ids = await ctx.step.send_event("send", events)
            await ctx.step.run("after", lambda: None)
            return len(set(ids))

        run = start("shop/order")

        assert (run.output, run.entries, seen) == (3, 3, [0, 1, 2])

    def test_an_event_that_the_server_refuses_fails_the_step(self, harness, on, start):
        """A reserved name is refused in the server's words, and nothing is sent."""

        @on("shop/order", retries=0)
        async def order(ctx):
            await ctx.step.send_event("send", Event(name="inngest/x"))

        run = start("shop/order")

        assert run.error.message.startswith(
            "event name is reserved for internal use: inngest/x"
        )
        assert [event.name for event in harness.events] == [
            "shop/order",
            "inngest/function.failed",
            "inngest/function.finished",
        ]
        harness.allow("USAGE_ERROR", reason="the name is reserved on purpose")

    def test_client_send_outside_a_step_repeats(self, client, on, start):
        """client.send in the body happens in every entry."""
        received = []

        @on("shop/note")
        async def note(ctx):
            received.append(ctx.run_id)

        @on("shop/order")
        async def order(ctx):
            await client.send(Event(name="shop/note"))
            await ctx.step.run("one", lambda: 1)
            return await ctx.step.run("two", lambda: 1)

        run = start("shop/order")

        assert (run.output, run.entries, len(set(received))) == (1, 3, 3)


@pytest.mark.rule("E5")
class TestStepIds:
    """A step is known by its id, and by a number from its second use on."""

    def test_a_repeated_id_is_another_step(self, on, start):
        """Three steps of one id run once each and keep their results apart."""
        calls = []

        @on("shop/order")
        async def order(ctx):
            got = []
            for n in range(3):

                async def call(n=n):
                    calls.append(n)
                    return n

                got.append(await ctx.step.run("same", call))
            return got

        run = start("shop/order")

        assert (run.output, calls, run.entries) == ([0, 1, 2], [0, 1, 2], 4)
        assert [step.id for step in run.steps] == ["same", "same:1", "same:2"]

    def test_ids_are_counted_over_all_kinds_of_steps(self, harness, on, start):
        """A sleep, a wait and a call of one id are three steps."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("x", "1s")
            await ctx.step.wait_for_event("x", event="shop/paid", timeout="1s")
            return await ctx.step.run("x", lambda: "ran")

        run = start("shop/order")
        harness.fast_forward()

        assert run.output == "ran"
        assert [(step.id, step.op) for step in run.steps] == [
            ("x", "Sleep"),
            ("x:1", "WaitForEvent"),
            ("x:2", "StepRun"),
        ]

    def test_an_id_may_be_any_text(self, on, start):
        """Spaces, quotes, colons and other scripts make good ids."""
        ids = ["", "a b", "it's", "x:1", "x", "☃", "a\nb", "a" * 500]

        @on("shop/order")
        async def order(ctx):
            return [await ctx.step.run(step_id, str, step_id) for step_id in ids]

        run = start("shop/order")

        assert run.output == ids
        assert [step.id for step in run.steps] == ids


@pytest.mark.rule("E1")
def test_step_errors_keep_their_type_over_entries(on, start):
    """A remembered failure is raised again in every later entry."""
    caught = []

    @on("shop/order", retries=0)
    async def order(ctx):
        def broken():
            raise LookupError("nothing there")

        try:
            await ctx.step.run("broken", broken)
        except StepError as error:
            caught.append(error.name)
        await ctx.step.run("after", lambda: None)

    run = start("shop/order")

    assert (run.status, caught) == ("Completed", ["LookupError", "LookupError"])


def test_the_logger_is_silent_while_steps_are_replayed(caplog, on, start):
    """A line between two steps is logged once, although the code is passed again."""
    caplog.set_level("INFO")

    @on("shop/order")
    async def order(ctx):
        await ctx.step.run("one", lambda: 1)
        ctx.logger.info("between")
        await ctx.step.run("two", lambda: 2)
        ctx.logger.info("after")

    start("shop/order")

    assert caplog.messages == ["between", "after"]
