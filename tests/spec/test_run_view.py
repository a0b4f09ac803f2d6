"""What a test reads of a run: live, in the server's words, and safe to look at."""

from datetime import UTC, datetime, timedelta

import pytest

from scoretest import UsageError, create_defer

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def order(on):
    """A function with a call, a sleep and a wait."""

    @on("shop/order")
    async def order(ctx):
        await ctx.step.run("reserve", lambda: {"shelf": 7})
        await ctx.step.sleep("settle", "1h")
        paid = await ctx.step.wait_for_event("paid", event="shop/paid", timeout="1d")
        return "unpaid" if paid is None else "paid"

    return order


class TestALiveView:
    """A run shows the state of now, whenever it was handed out."""

    @pytest.mark.usefixtures("order")
    def test_it_follows_the_run_to_its_end(self, harness, start):
        """One view shows sleeping, waiting and the end in turn."""
        run = start("shop/order")
        seen = [(run.status, run.waiting_for, run.entries)]

        harness.advance("1h")
        seen.append((run.status, run.waiting_for, run.entries))
        harness.send("shop/paid")
        seen.append((run.status, run.waiting_for, run.entries))

        assert seen == [
            ("Running", "step 'settle' (Sleeping)", 2),
            ("Running", "event 'shop/paid' until 2025-01-02T01:00:00.000Z", 3),
            ("Completed", None, 4),
        ]

    @pytest.mark.usefixtures("order")
    def test_status_is_the_servers_word(self, start):
        """The status compares equal to plain text and prints as it."""
        run = start("shop/order")

        assert (run.status == "Running", str(run.status)) == (True, "Running")

    @pytest.mark.usefixtures("order")
    def test_times_are_aware_and_the_duration_is_text(self, harness, start):
        """The run starts and ends at virtual instants in UTC."""
        harness.advance("90m")
        run = start("shop/order")
        unended = (run.ended_at, run.duration)
        harness.fast_forward()

        assert unended == (None, "0s")
        assert run.started_at == START + timedelta(minutes=90)
        assert run.ended_at == START + timedelta(minutes=90, hours=25)
        assert (run.duration, run.output) == ("1d 1h", "unpaid")

    @pytest.mark.usefixtures("order")
    def test_steps_show_kind_state_output_and_attempts(self, harness, start):
        """Every step of the run is listed in the order of reporting."""
        run = start("shop/order")
        harness.advance("2h")

        assert [
            (s.id, s.op, s.status, s.output, s.error, s.attempts) for s in run.steps
        ] == [
            ("reserve", "StepRun", "Completed", {"shelf": 7}, None, 1),
            ("settle", "Sleep", "Completed", None, None, 0),
            ("paid", "WaitForEvent", "Waiting", None, None, 0),
        ]

    @pytest.mark.usefixtures("order")
    def test_a_timed_out_wait_is_told_from_a_completed_one(self, harness, start):
        """A wait that nobody satisfied ends as TimedOut."""
        run = start("shop/order")
        harness.fast_forward()

        assert [step.status for step in run.steps] == [
            "Completed",
            "Completed",
            "TimedOut",
        ]

    def test_a_wait_that_the_end_of_its_run_closed_says_so(self, on, start):
        """A run that fails while a neighbour of the group waits closes that wait."""

        @on("shop/order")
        async def order(ctx):
            await ctx.group.parallel(
                (
                    lambda: ctx.step.wait_for_event(
                        "w", event="shop/paid", timeout="1h"
                    ),
                    lambda: ctx.step.sleep("too long", timedelta(days=400)),
                )
            )

        run = start("shop/order")

        assert run.status == "Failed"
        assert run.step("w").status == "Closed"

    @pytest.mark.usefixtures("order")
    def test_a_step_is_found_by_its_id(self, start):
        """`run.step` returns the step, or lists the steps there are."""
        run = start("shop/order")

        assert run.step("reserve").output == {"shelf": 7}
        with pytest.raises(UsageError, match="there is no step 'reserv' of") as info:
            run.step("reserv")
        assert info.value.seen == (
            "<StepRun 'reserve' Completed>; <Sleep 'settle' Sleeping>"
        )

    @pytest.mark.usefixtures("order")
    def test_the_event_is_a_copy_in_wire_shape(self, start):
        """Changing what a view hands out changes nothing."""
        run = start("shop/order", {"items": [1]}, id="order-1")

        run.event.data["items"].append(2)

        assert (run.event.name, run.event.data, run.event.id, run.event.ts) == (
            "shop/order",
            {"items": [1]},
            "order-1",
            START,
        )
        assert run.events == [run.event]

    def test_outputs_are_copies(self, on, start):
        """Neither a run's nor a step's output can be changed by looking."""

        @on("shop/list")
        async def listing(ctx):
            return await ctx.step.run("items", lambda: [1])

        run = start("shop/list")
        run.output.append(2)
        run.steps[0].output.append(2)

        assert (run.output, run.steps[0].output) == ([1], [1])


class TestIdentity:
    """Two views of one run are equal, and a run is found in several ways."""

    @pytest.mark.usefixtures("order")
    def test_views_of_one_run_are_equal_and_hash_alike(self, harness, start):
        """A run can be looked up in a list, a set or a dict."""
        first, second = start("shop/order"), start("shop/order")

        assert harness.runs == [first, second]
        assert (first == second, {first, harness.runs[0]}) == (False, {first})

    def test_a_run_is_found_by_function_slug_and_id(self, harness, order, start):
        """`harness.run` takes the function, its slug, or the run's id."""
        run = start("shop/order")

        assert run.function_id == "shop-order"
        assert [harness.run(key) for key in (order, "shop-order", run.id)] == [run] * 3

    def test_several_runs_are_listed_instead_of_guessed(self, harness, order, start):
        """With two runs of a function the error shows both."""
        runs = [start("shop/order"), start("shop/order")]

        with pytest.raises(UsageError) as info:
            harness.run(order)

        assert info.value.what == (
            "function 'shop-order' has 2 runs, and run() cannot tell which one is meant"
        )
        assert info.value.seen == "; ".join(map(repr, runs))

    def test_no_run_is_an_error_too(self, harness, order):
        """A function that never ran is told as such."""
        with pytest.raises(UsageError) as info:
            harness.run(order)

        assert (info.value.what, info.value.seen) == (
            "there is no run of 'shop-order'",
            "there are none at all",
        )

    @pytest.mark.usefixtures("order")
    def test_the_repr_names_run_function_and_status(self, start):
        """A run prints in one line."""
        run = start("shop/order")

        assert repr(run) == f"<run {run.id} of 'shop-order', Running>"
        assert len(run.id) == 26


@pytest.mark.rule("A1", "A9")
def test_parent_and_deferred_point_at_each_other(harness, client, on, start):
    """A deferred run knows its parent; the parent lists its deferred runs in order."""

    @create_defer(client, fn_id="notify")
    async def notify(ctx):
        return ctx.event.data["n"]

    @on("shop/order")
    async def order(ctx):
        for n in range(2):
            ctx.defer(f"notify-{n}", function=notify, data={"n": n})

    harness.serve(client, functions=[notify])
    parent = start("shop/order")

    assert parent.parent is None
    assert [(run.parent, run.output) for run in parent.deferred] == [
        (parent, 0),
        (parent, 1),
    ]


class TestErrors:
    """A failed run tells what was raised, where, and on every machine alike."""

    def test_name_message_and_stack(self, on, start):
        """The stack shows the user's frames by folder and file only."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            def charge():
                raise KeyError("card")

            charge()

        run = start("shop/order")
        lines = run.error.stack.splitlines()

        assert repr(run.error) == "<KeyError: 'card'>"
        assert lines[0] == "Traceback (most recent call last):"
        assert [line.rpartition(" in ")[2] for line in lines[1:-1]] == [
            "order",
            "charge",
        ]
        assert all('File "spec/test_run_view.py:' in line for line in lines[1:-1])
        assert lines[-1] == "KeyError: 'card'"

    def test_addresses_are_masked(self, on, start):
        """An object's address in a message does not reach the run."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            raise ValueError(f"bad {object()}")

        assert start("shop/order").error.message == "bad <object object at 0x…>"

    def test_errors_compare_by_what_they_say(self, on, start):
        """Two runs that fail alike have equal errors."""

        @on("shop/order", retries=0)
        async def order(ctx):
            raise ValueError(ctx.event.data["text"])

        errors = [start("shop/order", {"text": t}).error for t in ("a", "a", "b")]

        assert (errors[0] == errors[1], errors[0] == errors[2]) == (True, False)
        assert errors[0] != "ValueError"
