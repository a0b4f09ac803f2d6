"""Strategies: what they draw fits, and what fails shrinks to a program."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from scoretest import (
    Client,
    Event,
    Harness,
    TriggerCron,
    TriggerEvent,
    UsageError,
)
from scoretest.strategies import (
    Advance,
    Match,
    Miss,
    Send,
    Timeline,
    ToEdge,
    data_of,
    durations,
    events,
    harnesses,
    moments,
    near_signals_of,
    schedules,
    signals_of,
    timelines,
)

from .application import (
    FUNCTIONS,
    OPENED,
    Feedback,
    Reopened,
    Ticket,
    client,
)

QUICK = settings(max_examples=30, database=None, derandomize=True, deadline=None)


@pytest.fixture(name="world")
def world_fixture():
    """Return a world with one ticket, whose scorer waits for feedback."""
    with Harness() as world:
        world.serve(client, functions=FUNCTIONS)
        world.send("ticket/opened", OPENED)
        yield world


@pytest.mark.parametrize("schema", [Feedback, Ticket, Reopened])
def test_data_fits_its_schema_on_the_wire(schema):
    """Drawn data is JSON, and pydantic takes it back."""
    from pydantic import TypeAdapter  # noqa: PLC0415 -- only this test needs it

    adapter = TypeAdapter(schema)

    @QUICK
    @given(data=data_of(schema))
    def fits(data):
        adapter.validate_json(json.dumps(data, allow_nan=False))

    fits()


def test_the_simplest_event_of_a_schema():
    """Bounds of the fields are kept, and shrinking ends at their edge."""
    assert find(events("ticket/feedback", Feedback), lambda _: True) == Event(
        name="ticket/feedback", data={"ticket": "0", "rating": 1}
    )


def test_events_take_data_or_a_strategy():
    """Data as it is, a strategy for it, or none."""
    drawn = [
        find(events("a"), lambda _: True),
        find(events("a", {"n": 1}), lambda _: True),
        find(events("a", st.just({"n": 2})), lambda _: True),
    ]

    assert [event.data for event in drawn] == [{}, {"n": 1}, {"n": 2}]


def test_a_schema_that_pydantic_refuses_is_refused():
    """The error is ours, with pydantic's words."""

    @dataclass
    class Odd:
        handle: json.JSONDecoder()

    with pytest.raises(UsageError, match="the schema Odd cannot be used"):
        data_of(Odd)


@pytest.mark.parametrize("schema", [int, "Ticket"])
def test_what_is_no_schema_is_refused(schema):
    """Neither a class without fields nor text."""
    with pytest.raises(UsageError, match="pass a pydantic model"):
        data_of(schema)


def test_a_matching_signal_resumes_its_wait(world):
    """The data is made from the expression, with the run's own values (rule B2)."""
    event = find(signals_of(world.waits[0]), lambda _: True)

    assert event.data == {"ticket": "t1", "rating": 3}
    assert [run.function_id for run in world.send(event).resumed] == [
        "support-resolution"
    ]


def test_extra_data_is_kept(world):
    """What the condition does not ask for comes from the given strategy."""
    extra = st.just({"text": "fine", "rating": 1})

    assert find(signals_of(world.waits[0], extra), lambda _: True).data == {
        "text": "fine",
        "ticket": "t1",
        "rating": 3,
    }


def test_near_signals_miss_one_condition_each(world):
    """Another value, another type, null and no field, for each condition (rule C2)."""
    wait = world.waits[0]
    found = set()

    @settings(QUICK, max_examples=200)
    @given(event=near_signals_of(wait))
    def refused(event):
        found.add(json.dumps(event.data, sort_keys=True))
        assert world.send(event).resumed == []

    refused()

    assert sorted(found) == [
        '{"rating": "3", "ticket": "t1"}',
        '{"rating": 3, "ticket": "t1-other"}',
        '{"rating": 3, "ticket": ["t1"]}',
        '{"rating": 3, "ticket": null}',
        '{"rating": 3}',
        '{"rating": null, "ticket": "t1"}',
        '{"ticket": "t1"}',
    ]


def test_near_signals_keep_extra_data(world):
    """The rest of the data is drawn too."""
    near = near_signals_of(world.waits[0], st.just({"text": "fine"}))

    assert find(near, lambda _: True).data["text"] == "fine"


def test_a_condition_that_nothing_meets_is_refused():
    """The strategy says so, where it would only draw for ever."""
    app = Client(app_id="app")

    @app.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
    async def f(ctx):
        await ctx.step.wait_for_event("w", event="x", timeout="1d", if_exp="1 == 2")

    with Harness() as world:
        world.serve(app, functions=[f])
        world.send("go")

        with pytest.raises(UsageError, match="no event was found that meets '1 == 2'"):
            signals_of(world.waits[0])


def test_durations_stand_at_the_edges_of_timers(world):
    """At the timeout, a millisecond before and one after; and no time at all."""
    drawn = set()

    @settings(QUICK, max_examples=100)
    @given(by=durations(world), moment=moments(world))
    def collect(by, moment):
        drawn.add(by)
        assert moment >= world.now

    collect()
    week, tick = timedelta(days=7), timedelta(milliseconds=1)

    assert drawn == {timedelta(0), week - tick, week, week + tick}


def test_durations_stand_at_the_edges_of_a_cron():
    """Of the crons, at the one that is next."""
    app = Client(app_id="app")

    @app.create_function(fn_id="f", trigger=TriggerCron(cron="0 * * * *"))
    def hourly(_):
        return None

    drawn = set()
    with Harness() as world:
        world.serve(app, functions=[hourly])

        @QUICK
        @given(by=durations(world))
        def collect(by):
            drawn.add(by)

        collect()
    hour, tick = timedelta(hours=1), timedelta(milliseconds=1)

    assert drawn == {timedelta(0), hour - tick, hour, hour + tick}


@settings(max_examples=20, database=None, derandomize=True)
@given(harness=harnesses(client, FUNCTIONS))
def test_harnesses_are_fresh(harness):
    """Every example has a world of its own, with the functions served."""
    assert harness.runs == []
    harness.send("ticket/opened", OPENED)
    assert len(harness.runs) == 2


def test_a_harness_is_closed_after_its_example():
    """Nothing of it is left."""
    kept = []

    @QUICK
    @given(harness=harnesses())
    def keep(harness):
        kept.append(harness)

    keep()

    assert all(world.is_closed for world in kept)


@settings(max_examples=60, database=None, derandomize=True, deadline=None)
@given(
    harness=harnesses(client, FUNCTIONS, schedule=schedules()),
    timeline=timelines(events("ticket/opened", OPENED)),
)
def test_whatever_happens_every_ticket_is_scored_once(harness, timeline):
    """A property over timelines and interleavings, without any health check off."""
    timeline.play(harness)
    harness.fast_forward()

    tickets = [run for run in harness.runs if run.parent is None]
    assert len(harness.scores.history) == len(tickets)


def test_a_timeline_is_code():
    """Its text, evaluated, is the same timeline."""
    drawn = Timeline(
        Send("ticket/opened", OPENED), ToEdge(1, "just before"), Miss(0, 2), Match()
    )

    assert eval(repr(drawn)) == drawn  # noqa: S307 -- that it can be pasted is the promise
    assert drawn != "Timeline()"
    assert hash(drawn) == hash(Timeline(*drawn.moves))


def test_playing_returns_a_plain_test(world):
    """Each line is a call of the harness; moves that find nothing are left out."""
    drawn = Timeline(
        Miss(0, 1), ToEdge(0, "just before"), Match(), ToEdge(), ToEdge(), Match()
    )
    waited = []
    unlike = {"ticket": ["t1"], "rating": 3}

    lines = drawn.play(world, lambda: waited.append(len(world.waits)))

    assert lines == [
        f"harness.send('ticket/feedback', {unlike})  # other type at data.ticket",
        "harness.advance('6d 23h 59m 59s 999ms')",
        "harness.send('ticket/feedback', {'ticket': 't1', 'rating': 3})",
        "harness.advance('1d')",
    ]
    assert waited == [1, 1, 1, 0, 0, 0]


def test_moves_without_a_wait_do_nothing():
    """A near miss needs a wait; a harness without one is left alone."""
    with Harness() as world:
        lines = Timeline(Miss(), Match(), ToEdge(), Advance("1h")).play(world)

    assert lines == ["harness.advance('1h')"]


def test_a_timer_between_two_milliseconds_is_met_exactly():
    """Microseconds have no text of their own, so a timedelta stands there."""
    with Harness() as world:
        world.serve(client, functions=FUNCTIONS)
        world.advance(timedelta(microseconds=1500))
        world.send("ticket/opened", OPENED)
        world.advance(timedelta(microseconds=1))

        assert Timeline(ToEdge()).play(world) == [
            "harness.advance(timedelta(microseconds=604799999999))"
        ]


def test_a_failing_timeline_shrinks_to_its_one_signal():
    """The smallest example sends the start and the match, and prints itself as code."""

    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(timeline=timelines(events("ticket/opened", OPENED)))
    def never_resolved(timeline):
        with Harness() as world:
            world.serve(client, functions=FUNCTIONS)
            timeline.play(world)
            world.fast_forward()
            assert all(score.value <= 0 for score in world.scores)

    with pytest.raises(AssertionError) as caught:
        never_resolved()

    told = "\n".join(caught.value.__notes__)
    assert (
        "Timeline(Send(name='ticket/opened', data={'ticket': 't1'}), Match(wait=0)"
        in told
    )
    assert (
        "the timeline, as code:\n"
        "harness.send('ticket/opened', {'ticket': 't1'})\n"
        "harness.send('ticket/feedback', {'ticket': 't1', 'rating': 3})\n"
    ) in told


def test_a_move_that_fails_is_named():
    """What a move raises leaves the timeline, with the move in the notes."""

    @settings(max_examples=5, database=None, derandomize=True)
    @given(st.just(Timeline(Advance("never"))))
    def fails(timeline):
        with Harness() as world:
            timeline.play(world)

    with pytest.raises(UsageError) as caught:
        fails()

    assert "# then Advance(by='never') failed" in "\n".join(caught.value.__notes__)


def lost_update():
    """Return an app with a lost update: two runs read, then both write."""
    app, shelf = Client(app_id="shop"), {"n": 0}

    @app.create_function(fn_id="add", trigger=TriggerEvent(event="add"))
    async def add(ctx):
        seen = await ctx.step.run("read", lambda: shelf["n"])
        await ctx.step.run("write", lambda: shelf.update(n=seen + 1))

    return app, [add], shelf


def count_after(picks):
    """Return what the shelf holds after two additions under a schedule."""
    app, functions, shelf = lost_update()
    with Harness() as world:
        world.serve(app, functions)
        world.faults.schedule(picks)
        world.send([Event(name="add"), Event(name="add")])
    return shelf["n"]


def test_without_switches_nothing_is_lost():
    """0 is the run that ran last: each run goes on to its end."""
    assert count_after([]) == 2


def test_an_interleaving_shrinks_to_one_switch():
    """The smallest schedule that loses the update leaves the first run once."""
    assert find(schedules(), lambda picks: count_after(picks) == 1) == [0, 1]


@pytest.mark.parametrize("picks", [None, "01", [-1], [True], [0.5]])
def test_what_is_no_schedule_is_refused(picks):
    """Whole numbers from 0 on."""
    with (
        Harness() as world,
        pytest.raises(UsageError, match="a schedule is a list of whole numbers"),
    ):
        world.faults.schedule(picks)
