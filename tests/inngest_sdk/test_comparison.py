"""What the package's own mock gets wrong or cannot do, done right here.

Where the mock can play the same function, it stands beside the harness, so that the day
on which it changes is seen.
"""

import contextlib
import datetime as dt

import inngest
import pytest
from inngest.experimental import mocked
from inngest.experimental.mocked.errors import UnstubbedStepError

MOCK = mocked.Inngest(app_id="shop")
ORDER = inngest.Event(name="order")
WEEK = dt.timedelta(days=7)


def test_a_plain_function_comes_to_the_same(on, start):
    """Two steps and a result: the mock and the harness agree."""

    @on("order")
    def ship(ctx):
        first = ctx.step.run("a", lambda: 1)
        return first + ctx.step.run("b", lambda: 2)

    assert start("order").output == 3
    assert mocked.trigger(ship, ORDER, MOCK).output == 3


@pytest.mark.rule("D4")
def test_what_must_not_be_tried_again_runs_once(harness, on, start):
    """`NonRetriableError` ends the run at its first attempt."""
    attempts = []

    @on("order")
    def ship(ctx):
        attempts.append(ctx.attempt)
        message = "never"
        raise inngest.NonRetriableError(message)

    with harness.expect_failure(ship):
        start("order")
        harness.fast_forward()

    assert attempts == [0]


@pytest.mark.rule("D2")
def test_retries_count_per_step(harness, on, start):
    """Each of two steps may fail as often as the function's retries say."""
    failures = {"a": 2, "b": 2}

    @on("order", retries=2)
    def ship(ctx):
        ctx.step.run("a", flaky, "a")
        ctx.step.run("b", flaky, "b")
        return "done"

    def flaky(name):
        if failures[name]:
            failures[name] -= 1
            raise LookupError(name)

    run = start("order")
    harness.fast_forward()

    assert run.output == "done"
    assert [(step.id, step.attempts) for step in run.steps] == [("a", 3), ("b", 3)]


@pytest.mark.rule("D3")
def test_a_step_error_can_be_caught(harness, on, start):
    """A step that has failed for good raises `StepError`, and the handler goes on."""

    @on("order", retries=0)
    def ship(ctx):
        try:
            ctx.step.run("a", fail)
        except inngest.StepError as error:
            return [error.name, error.message, ctx.step.run("b", lambda: "on")]

    def fail():
        message = "no box"
        raise LookupError(message)

    assert start("order").output == ["LookupError", "no box", "on"]
    assert harness.findings == []


@pytest.mark.rule("C13")
def test_trigger_expressions_are_honoured(harness, app):
    """A function with an expression starts for the events that meet it."""
    trigger = inngest.TriggerEvent(event="order", expression="event.data.size > 1")
    ship = app.create_function(fn_id="ship", trigger=trigger)(done)
    harness.serve(app, functions=[ship])

    assert harness.send("order", {"size": 1}).runs == []
    assert [run.output for run in harness.send("order", {"size": 2}).runs] == ["done"]


def done(_):
    """Do nothing, and say so."""
    return "done"


@pytest.mark.rule("E1")
def test_parallel_steps_run_in_the_written_order(on, start):
    """A group's steps run as they stand, not as their ids hash."""
    ran = []
    names = [f"step-{number}" for number in range(8)]

    @on("order")
    def ship(ctx):
        ctx.group.parallel(
            tuple(
                lambda name=name: ctx.step.run(name, lambda: ran.append(name))
                for name in names
            )
        )

    start("order")

    assert ran == names


def test_no_wait_has_to_be_stubbed(harness, on, start):
    """A real event satisfies a wait; the mock knows only stubs, and raises."""

    @on("order")
    def ship(ctx):
        paid = ctx.step.wait_for_event(
            "paid", event="paid", if_exp="async.data.ok == true", timeout=WEEK
        )
        return paid.data["n"]

    run = start("order")
    harness.send("paid", {"ok": False, "n": 1})
    harness.send("paid", {"ok": True, "n": 2})

    assert run.output == 2
    with pytest.raises(UnstubbedStepError):
        mocked.trigger(ship, ORDER, MOCK)


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ((1, 2), [1, 2]),
        ({1: "a"}, {"1": "a"}),
        ([1.0, None, "ü"], [1.0, None, "ü"]),
    ],
)
def test_results_make_the_journey_through_json(harness, on, start, sent, arrives):
    """What a later entry sees is what JSON made of the result; the mock hands it on."""

    @on("order")
    def ship(ctx):
        result = ctx.step.run("a", lambda: sent)
        return ctx.step.run("b", lambda: repr(result))

    run = start("order")

    assert run.output == repr(arrives)
    assert mocked.trigger(ship, ORDER, MOCK).output == repr(sent)
    with contextlib.suppress(IndexError):
        harness.allow(harness.findings[0].code, reason="it is the subject")


@pytest.mark.parametrize(
    "lost", [{1}, float("nan"), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)]
)
def test_what_json_cannot_carry_fails(harness, on, start, lost):
    """Sets, NaN and datetimes fail where they are returned."""

    @on("order", retries=0)
    def ship(ctx):
        return ctx.step.run("a", lambda: lost)

    with harness.expect_failure(ship) as failing:
        start("order")

    assert failing.run.error.name == "OutputUnserializableError"


@pytest.mark.rule("X3")
@pytest.mark.parametrize("lost", [{1}, float("nan")])
def test_a_result_that_json_cannot_carry_is_tried_again(harness, on, start, lost):
    """The handler's own result fails its attempt, like any other error."""
    attempts = []

    @on("order", retries=1)
    def ship(ctx):
        attempts.append(ctx.attempt)
        return lost

    with harness.expect_failure(ship):
        start("order")
        harness.fast_forward()

    assert attempts == [0, 1]
