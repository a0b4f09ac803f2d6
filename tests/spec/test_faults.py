"""Faults: what goes wrong on purpose, what follows, and that it is told."""

from datetime import UTC, datetime

import pytest

from scoretest import (
    Client,
    DeadlockError,
    Event,
    FindingsError,
    Harness,
    Score,
    TriggerEvent,
    UsageError,
    create_scorer,
)
from scoretest._model.fact import FaultInjected
from scoretest.faults import sweep


class Shop:
    """A coroutine and a plain function with the same two steps, and what they did."""

    def __init__(self):
        self.client = Client(app_id="shop")
        self.charged = []
        trigger = TriggerEvent(event="order")

        @create_scorer(self.client, fn_id="rate")
        async def rate(ctx):
            paid = await ctx.step.wait_for_event("paid", event="paid", timeout="1d")
            await ctx.step.score("rate", name="paid", value=paid is not None)

        @self.client.create_function(fn_id="async", trigger=trigger)
        async def a_order(ctx):
            ctx.defer("rate", function=rate, data={})
            await ctx.step.run("charge", self.charged.append, "async")
            await ctx.group.parallel(
                (lambda: ctx.step.run("pack", int), lambda: ctx.step.run("post", int))
            )

        @self.client.create_function(fn_id="plain", trigger=trigger)
        def p_order(ctx):
            ctx.step.run("charge", self.charged.append, "plain")
            ctx.group.parallel(
                (lambda: ctx.step.run("pack", int), lambda: ctx.step.run("post", int))
            )

        self.rate, self.order, self.plain = rate, a_order, p_order

    def serve(self, world):
        """Let *world* serve all three."""
        world.serve(self.client, functions=[self.rate, self.order, self.plain])


@pytest.fixture(name="shop")
def shop_fixture(harness):
    """Return a shop that the test's harness serves."""
    shop = Shop()
    shop.serve(harness)
    return shop


def told(harness):
    """Return the faults of a world, as its facts tell them."""
    facts = [entry.fact for entry in harness.timeline]
    return [(f.kind, f.what) for f in facts if isinstance(f, FaultInjected)]


def function_of(shop, kind):
    """Return the coroutine or the plain function."""
    return shop.order if kind == "async" else shop.plain


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_step_raises_as_often_as_asked(harness, shop, kind):
    """Rule D2: the step is tried again, and its callback was never called before."""
    function = function_of(shop, kind)
    fault = harness.faults.step_raises(function, "charge", OSError("down"), times=2)
    harness.send("order")
    harness.fast_forward()
    run = harness.run(function)

    assert (run.status, run.step("charge").attempts, fault.used) == ("Completed", 3, 2)
    assert shop.charged.count(kind) == 1
    assert told(harness) == [("raise", "charge")] * 2


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_crash_before_a_step_repeats_nothing(harness, shop, kind):
    """The function is entered again, and the callback is called once."""
    harness.faults.crash_before(function_of(shop, kind), "charge")
    harness.send("order")
    harness.faults.recover()

    assert shop.charged.count(kind) == 1
    assert told(harness) == [("crash before", "charge")]


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_crash_after_a_step_repeats_its_callback(harness, shop, kind):
    """The answer was lost: at least once is all that a step promises."""
    harness.faults.crash_after(function_of(shop, kind), "charge")
    harness.send("order")
    harness.faults.recover()

    assert shop.charged.count(kind) == 2
    assert harness.run(function_of(shop, kind)).status == "Completed"


@pytest.mark.parametrize("kind", ["async", "plain"])
@pytest.mark.parametrize("fault", ["crash_before", "crash_after"])
def test_a_member_of_a_group_crashes_alone(harness, shop, kind, fault):
    """Rule E1: its own entry is tried again, its sibling's result stays."""
    getattr(harness.faults, fault)(function_of(shop, kind), "pack")
    harness.send("order")
    harness.faults.recover()
    run = harness.run(function_of(shop, kind))

    assert run.status == "Completed"
    assert run.step("post").attempts == 1


def test_a_defer_of_a_crashed_entry_is_called_again(harness, shop):
    """Rule A4: the retry's own call is accepted, once."""
    harness.faults.crash_before(shop.order, "charge")
    harness.send("order")
    harness.faults.recover()

    assert [run.function_id for run in harness.run(shop.order).deferred] == [
        "shop-rate"
    ]


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_run_is_cancelled_during_a_step(harness, shop, kind):
    """Rule F1: the callback finishes, its result is dropped."""
    harness.faults.cancel_during(function_of(shop, kind), "charge")
    harness.allow("DEFER_LOST", reason="the dropped answer held it")
    harness.send("order")
    harness.faults.recover()

    assert harness.run(function_of(shop, kind)).status == "Cancelled"
    assert shop.charged.count(kind) == 1


def test_a_cancelled_parent_releases_the_defers_that_were_accepted(harness, shop):
    """Rule A2: those of the dropped answer are not; this one was never accepted."""
    harness.faults.cancel_during(shop.order, "charge")
    harness.allow("DEFER_LOST", reason="the parent is cancelled on purpose")
    harness.send("order")
    harness.faults.recover()

    assert harness.run(shop.order).deferred == []


def test_a_duplicate_starts_nothing_twice(harness, shop):
    """Rule F3: the id is the same, so each function is started once."""
    harness.faults.duplicate("order")
    harness.send("order")
    harness.faults.recover()

    assert len([event for event in harness.events if event.name == "order"]) == 2
    assert len([run for run in harness.runs if run.parent is None]) == 2
    assert shop.charged.count("plain") == 1


def test_a_duplicate_with_a_new_id_starts_everything_twice(harness, shop):
    """What a sender does that tries again without an id."""
    harness.faults.duplicate("order", new_id=True)
    harness.send("order")
    harness.faults.recover()

    assert shop.charged.count("plain") == 2


def test_a_delayed_signal_comes_after_the_wait(harness, shop):
    """It arrives when it arrives, in virtual time."""
    harness.faults.delay("paid", "2d")
    harness.send("order")
    harness.send("paid")
    harness.fast_forward()

    assert harness.scores["paid"].value is False
    assert [e.name for e in harness.events].index("paid") > 0
    assert told(harness) == [("delay", "paid")]
    assert shop.charged


def test_delays_keep_their_order(harness):
    """Of two held events the one that is due first comes first."""
    harness.faults.delay("a", "2s")
    harness.faults.delay("b", "1s")
    harness.send("a")
    harness.send("b")
    harness.fast_forward()

    assert [event.name for event in harness.events] == ["b", "a"]
    assert harness.now.second == 2


def test_a_reordered_event_is_overtaken(harness):
    """The next event of another name goes first."""
    harness.faults.reorder("a")
    harness.send([Event(name="a"), Event(name="b"), Event(name="c")])

    assert [event.name for event in harness.events] == ["b", "a", "c"]


def test_two_reordered_events_let_a_third_go_first(harness):
    """They keep their own order, and a delayed one overtakes nobody for long."""
    harness.faults.reorder("a", times=2)
    harness.faults.delay("b", "1s")
    harness.send([Event(name="a"), Event(name="a"), Event(name="b")])

    assert [event.name for event in harness.events] == ["a", "a"]
    harness.fast_forward()
    assert [event.name for event in harness.events] == ["a", "a", "b"]


def test_what_is_held_arrives_when_faults_are_off(harness):
    """Nothing is lost for good: the bus delivers at least once."""
    harness.faults.reorder("a")
    harness.faults.delay("b", "1h")
    harness.send([Event(name="a"), Event(name="b")])
    harness.send("c")
    harness.faults.off()

    assert sorted(event.name for event in harness.events) == ["a", "b", "c"]


def test_a_lost_acknowledgement_writes_a_score_twice(harness, shop):
    """The ledger keeps the last write (rule G2); the history has both."""
    harness.faults.lose_acknowledgement("paid")
    harness.send("order")
    harness.send("paid")
    harness.faults.recover()

    assert [score.value for score in harness.scores.history] == [True, True]
    assert len(harness.scores) == 1
    assert shop.charged


def test_a_fault_is_told_in_the_timeline(harness, shop):
    """A line in the run that it befell."""
    harness.faults.crash_after(shop.plain, "charge")
    harness.send("order")
    harness.faults.recover()

    assert "       fault     crash after: charge\n" in str(harness.timeline)


def test_an_unused_fault_is_a_finding():
    """As an unused stub is: it is aimed at nothing that happened."""
    shop, world = Shop(), Harness()
    shop.serve(world)
    world.faults.crash_after(shop.order, "chrage")

    with pytest.raises(FindingsError) as caught:
        world.close()

    assert (
        "FAULT_UNUSED: the fault 'crash after' at 'chrage' of 'shop-async' was never "
        "reached\n  where: spec/test_faults.py:" in str(caught.value)
    )


def test_a_sweep_crashes_at_every_point_once():
    """Seven callbacks have fourteen points; none of them may keep a run from its end."""
    played = []

    def play(world):
        shop = Shop()
        shop.serve(world)
        world.send("order")
        world.send("paid")
        world.fast_forward()
        assert {run.status for run in world.runs} == {"Completed"}
        played.append(len(shop.charged))

    assert sweep(play) == 14
    assert played[0] == 2
    assert len(played) == 15
    assert sorted(played)[-3:] == [2, 3, 3]


def test_a_sweep_names_the_point_of_a_failure():
    """What fails there fails as it is, with a note."""

    def play(world):
        shop = Shop()
        shop.serve(world)
        world.send("order")
        world.fast_forward()
        assert len(shop.charged) == 2, "charged twice"

    with pytest.raises(AssertionError, match="charged twice") as caught:
        sweep(play)

    assert (
        caught.value.__notes__[-1] == "scoretest.faults.sweep: with a crash at point 2"
    )


def test_a_sweep_has_an_end():
    """A scenario with more points than allowed is refused."""

    def play(world):
        shop = Shop()
        shop.serve(world)
        world.send("order")

    with pytest.raises(UsageError, match="points, more than 2"):
        sweep(play, most=2)


def test_a_run_that_does_not_end_is_told(harness):
    """The liveness phase: with faults off, every run must end."""
    client = Client(app_id="app")

    @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
    async def f(ctx):
        await ctx.step.sleep("long", "300d")

    harness.serve(client, functions=[f])
    harness.send("go")

    with pytest.raises(
        DeadlockError, match="with faults off, a run does not end: <run"
    ):
        harness.faults.recover(within="1d")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda f, s: f.step_raises(s.order, "charge", 5), "a step cannot raise 5"),
        (lambda f, s: f.crash_after(s.order, ""), "a fault is aimed at a name"),
        (lambda f, _: f.duplicate(7), "aimed at a name, not at 7"),
        (lambda f, _: f.duplicate("a", times=0), "times of a fault must be"),
        (lambda f, _: f.delay("a", "0s"), "a delay by '0s' is none"),
        (lambda f, _: f.crash_at(0), "a point is a whole number from 1 on"),
        (lambda f, _: f.crash_before(Score, "x"), "is not served by this harness"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(harness, shop, wrong, message):
    """With what to write instead."""
    with pytest.raises(UsageError, match=message):
        wrong(harness.faults, shop)


class TestRealSdk:
    """Functions of the ``inngest`` package have the same points."""

    @pytest.fixture(params=["async", "plain"])
    def order(self, request, harness):
        """Serve a function of each kind; its two steps note that they were called."""
        inngest = pytest.importorskip("inngest")
        client = inngest.Inngest(app_id="real", is_production=False)
        done = []
        trigger = inngest.TriggerEvent(event="order")

        async def a_body(ctx):
            await ctx.step.run("charge", done.append, "charge")
            await ctx.step.run("post", done.append, "post")

        def p_body(ctx):
            ctx.step.run("charge", done.append, "charge")
            ctx.step.run("post", done.append, "post")

        body = a_body if request.param == "async" else p_body
        function = client.create_function(fn_id="order", trigger=trigger)(body)
        harness.serve(client, functions=[function])
        return function, done

    @pytest.mark.parametrize(
        ("fault", "called"),
        [
            ("crash_before", ["charge", "post"]),
            ("crash_after", ["charge", "charge", "post"]),
            ("step_raises", ["charge", "post"]),
        ],
    )
    def test_a_step_fault_is_survived(self, harness, order, fault, called):
        """The server enters the function again, and it goes on."""
        function, done = order
        getattr(harness.faults, fault)(function, "charge")
        harness.send("order")
        harness.faults.recover()

        assert harness.run(function).status == "Completed"
        assert done == called

    def test_a_run_is_cancelled_during_a_step(self, harness, order):
        """Rule F1: the callback finishes, and nothing follows."""
        function, done = order
        harness.faults.cancel_during(function, "charge")
        harness.send("order")
        harness.faults.recover()

        assert harness.run(function).status == "Cancelled"
        assert done == ["charge"]


class TestClockJump:
    """The wall clock goes wrong; virtual time does not."""

    @pytest.fixture
    def shown(self):
        """Serve a function that reads the wall clock before and after a sleep."""
        client = Client(app_id="app")
        seen = []

        def note_hour():
            seen.append(datetime.now(UTC).hour)  # noqa: TID251 -- what a user's code would do

        @client.create_function(fn_id="f", trigger=TriggerEvent(event="go"))
        async def f(ctx):
            await ctx.step.run("before", note_hour)
            await ctx.step.sleep("nap", "1h")
            await ctx.step.run("after", note_hour)

        with Harness(wall_clock="freezegun") as world:
            world.serve(client, functions=[f])
            yield world, seen

    @pytest.mark.parametrize(
        ("back", "hours", "told"), [(False, [0, 4], "+3h"), (True, [0, 22], "-3h")]
    )
    def test_a_handler_sees_it(self, shown, back, hours, told):
        """A jump ahead or back; the sleep still takes an hour."""
        world, seen = shown
        world.send("go")
        world.faults.clock_jump("3h", back=back)
        world.fast_forward()

        assert (seen, world.runs[0].duration) == (hours, "1h")
        assert f"fault     clock jump: {told}" in str(world.timeline)

    def test_jumps_add_up_and_end(self, shown):
        """When faults are off, the clock is right again."""
        world, seen = shown
        world.faults.clock_jump("1h")
        world.faults.clock_jump("2h")
        world.send("go")
        world.faults.recover()

        assert seen == [3, 1]

    def test_without_a_wall_clock_there_is_none(self, harness):
        """A harness without one is refused."""
        with pytest.raises(UsageError, match="there is no wall clock that could jump"):
            harness.faults.clock_jump("1h")


KINDS = {
    "cancel during",
    "clock jump",
    "crash after",
    "crash before",
    "delay",
    "duplicate",
    "duplicate with a new id",
    "lost acknowledgement",
    "raise",
    "reorder",
}


def test_every_kind_of_fault_is_reached():
    """In one scenario, all that can go wrong does, and every run still ends."""
    shop = Shop()
    with Harness(wall_clock="freezegun") as world:
        shop.serve(world)
        world.allow("DEFER_LOST", reason="a parent is cancelled")
        faults = world.faults
        faults.step_raises(shop.order, "charge")
        faults.crash_before(shop.order, "pack")
        faults.crash_after(shop.order, "post")
        faults.cancel_during(shop.plain, "charge")
        faults.duplicate("order")
        faults.duplicate("other", new_id=True)
        faults.delay("paid", "1h")
        faults.reorder("late")
        faults.lose_acknowledgement("paid")
        faults.clock_jump("1h")
        world.send([Event(name=n) for n in ("order", "other", "paid", "late", "x")])
        world.fast_forward()
        faults.recover()

        assert {kind for kind, _ in told(world)} == KINDS
