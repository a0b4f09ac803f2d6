"""The state machine: it runs, it reaches every edge, and it sees what is wrong."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from scoretest import (
    Cancel,
    Client,
    Event,
    Harness,
    Score,
    StepError,
    TriggerEvent,
    create_defer,
    create_scorer,
)
from scoretest._core.defers import DeferState
from scoretest._core.runs import RunState
from scoretest._model.fact import RunEntered
from scoretest._model.limits import Limits
from scoretest.errors import InternalError
from scoretest.flow import Concurrency
from scoretest.stateful import AUTOMATA, HarnessMachine
from scoretest.strategies import events, schedules

from .application import FUNCTIONS, OPENED, client

QUICK = settings(
    max_examples=25, stateful_step_count=20, database=None, derandomize=True
)


class Tickets(HarnessMachine):
    """The application of these tests under the machine."""

    client = client
    functions = FUNCTIONS
    starts = events("ticket/opened", OPENED)
    schedule = schedules()


def test_a_correct_program_passes():
    """No finding, no broken invariant, no health check."""
    run_state_machine_as_test(Tickets, settings=QUICK)


def test_subclasses_keep_their_edges_apart():
    """What one class reached says nothing about another."""

    class Other(Tickets):
        pass

    assert Other.reached == set()


zoo = Client(app_id="zoo")
"""One function for each way that a run, a step, a wait or a defer can go."""


@create_defer(zoo, fn_id="later")
async def later(_ctx):
    return None


@create_scorer(zoo, fn_id="rate")
async def rate(ctx):
    given = await ctx.step.wait_for_event(
        "w", event="rated", timeout="1h", if_exp="async.data.n == event.data.n"
    )
    return Score("rate", given is not None)


@zoo.create_function(
    fn_id="future", trigger=TriggerEvent(event="go"), cancel=[Cancel(event="stop")]
)
async def sleeper(ctx):
    """Defers of every fate, a sleep, a wait that can be closed by a cancel."""
    ctx.defer("kept", function=rate, data={"n": 1})
    await ctx.step.sleep("nap", "1m")
    ctx.defer("early", function=later, data={}).abort()
    second = ctx.defer("taken back", function=later, data={})
    await ctx.step.sleep("nap again", "1m")
    second.abort()
    ctx.defer("kept too", function=later, data={})
    await ctx.step.run("x", int)
    ctx.defer("too many", function=later, data={})
    await ctx.step.wait_for_event("w", event="rated", timeout="2h")


@zoo.create_function(fn_id="retry", trigger=TriggerEvent(event="go"), retries=2)
async def retrier(ctx):
    """Steps that fail once, twice, for good; a run that is retried."""

    def fails(times):
        def body():
            if ctx.attempt < times:
                raise OSError(f"attempt {ctx.attempt}")

        return body

    for times in (1, 2, 9):
        with contextlib.suppress(StepError):
            await ctx.step.run(f"alone {times}", fails(times))
    with contextlib.suppress(StepError):
        await ctx.group.parallel(
            tuple(
                lambda times=times: ctx.step.run(f"with {times}", fails(times))
                for times in (0, 1, 9)
            )
        )
    if ctx.attempt == 0:
        raise OSError("again")


@zoo.create_function(fn_id="once", trigger=TriggerEvent(event="go"), retries=0)
async def hopeless(ctx):
    """Steps that fail at once: alone, and in a group."""

    def bad():
        raise OSError("bad")

    with contextlib.suppress(StepError):
        await ctx.step.run("alone", bad)
    await ctx.group.parallel(
        (lambda: ctx.step.run("a", bad), lambda: ctx.step.run("b", int))
    )


@zoo.create_function(fn_id="callee", trigger=TriggerEvent(event="call"), retries=0)
async def callee(ctx):
    """Takes a while, and fails if asked to."""
    await ctx.step.sleep("nap", "1m")
    if ctx.event.data.get("fail"):
        raise OSError("asked")


@zoo.create_function(fn_id="caller", trigger=TriggerEvent(event="go"), retries=0)
async def caller(ctx):
    """Invokes what returns, what fails, what is too slow and what is not there."""
    await ctx.step.invoke("ok", function=callee, data={})
    for name, options in (
        ("bad", {"function": callee, "data": {"fail": True}}),
        ("slow", {"function": callee, "data": {}, "timeout": timedelta(seconds=2)}),
    ):
        with contextlib.suppress(StepError):
            await ctx.step.invoke(name, **options)
    with contextlib.suppress(StepError):
        await ctx.step.invoke_by_id("gone", app_id="zoo", function_id="nobody")


@zoo.create_function(
    fn_id="narrow",
    trigger=TriggerEvent(event="go"),
    concurrency=[Concurrency(limit=1)],
)
async def narrow(ctx):
    """Holds back its second run, and its own second step (rule F4)."""
    await ctx.group.parallel(
        (
            lambda: ctx.step.run("a", asyncio.sleep, 1),
            lambda: ctx.step.run("b", asyncio.sleep, 1),
        )
    )


class Zoo(HarnessMachine):
    """Every edge of the automata lies on some way through these functions."""

    client = zoo
    functions = (later, rate, sleeper, retrier, hopeless, callee, caller, narrow)
    starts = events("go")
    schedule = schedules()

    def make_harness(self):
        """Findings are this program's purpose, and few defers are too many."""
        harness = Harness(strict=False, limits=Limits(defers_per_run=3))
        return harness.serve(self.client, self.functions)

    @rule(by=st.sampled_from([0, 1, 3600]))
    def start_later(self, by):
        """A run that is queued for later, and may be cancelled before."""
        ts = self.harness.now + timedelta(seconds=by)
        self.harness.send(Event(name="go", ts=ts))

    @rule()
    def stop(self):
        """Cancel by an event (rule F1)."""
        self.harness.send("stop")


# an abort without its defer never leaves our SDK, whose buffer takes both back (rule A6)
UNREACHABLE = {("defer", "Absent", "DeferAborted")}


def test_every_edge_of_the_automata_is_reached():
    """What the tables allow does happen, and the machine sees it."""
    run_state_machine_as_test(
        Zoo,
        settings=settings(
            max_examples=60,
            stateful_step_count=15,
            database=None,
            derandomize=True,
            deadline=None,
        ),
    )
    edges = {
        (automaton, str(before.value), fact.__name__)
        for automaton, (table, _) in AUTOMATA.items()
        for before, fact in table
    }

    assert edges - Zoo.reached == UNREACHABLE


def test_the_program_of_a_failure_is_told():
    """What was done stands in the report, as lines of a test."""

    class Wrong(Tickets):
        """Believes that tickets are never scored."""

        def teardown(self):
            """Look, and close."""
            has_scores = bool(self.harness.fast_forward().scores)
            super().teardown()
            assert not has_scores

    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(Wrong, settings=QUICK)

    assert (
        "as a plain test:\nharness.send('ticket/opened', {'ticket': 't1'})"
        in "\n".join(caught.value.__notes__)
    )


def test_an_error_at_the_end_leaves_no_world_open():
    """Teardown abandons the harness when its last look fails."""
    machine = Tickets()
    machine.harness.send("ticket/opened", OPENED)
    machine._states["run"][next(iter(machine.harness.runs)).id,] = RunState.COMPLETED  # noqa: SLF001 -- the sabotage

    with pytest.raises(InternalError):
        machine.teardown()

    assert machine.harness.is_closed


def test_a_fact_that_no_table_has_is_told():
    """The automaton, the thing and the fact are named."""
    machine = Zoo()
    try:
        with pytest.raises(InternalError, match="took RunEntered while"):
            machine._take(RunEntered(run_id="r", entry=1, attempt=0, target=""))  # noqa: SLF001 -- the table has no way to it
    finally:
        machine.harness.abandon()


def test_a_score_on_no_run_is_told():
    """A program that scores other worlds' runs overrides this invariant (rule G5)."""
    app = Client(app_id="app")

    class Scoring(HarnessMachine):
        """Scores whatever it likes."""

        client = app
        starts = events("go")

        @rule()
        def stray(self):
            """Write a score on a run of another world."""
            app.score_sync(name="n", value=1, run_id="01JGFJJZ00N96NKQXD8E8B4Y1X")

    with pytest.raises(AssertionError, match="scores on no run"):
        run_state_machine_as_test(Scoring, settings=QUICK)


def test_states_of_defers_start_absent():
    """The tables begin where their things do."""
    assert AUTOMATA["defer"][1] is DeferState.ABSENT


def test_without_a_schedule_the_order_is_the_engines():
    """No rule changes it."""

    class Plain(Tickets):
        schedule = None

    run_state_machine_as_test(Plain, settings=QUICK)


@settings(max_examples=5, database=None)
@given(event=Tickets.starts)
def test_start_events_are_ordinary_strategies(event):
    """They may be used without the machine."""
    assert event == Event(name="ticket/opened", data=OPENED)
