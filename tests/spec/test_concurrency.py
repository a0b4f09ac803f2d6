"""concurrency=: so many steps execute at a time, per key and per scope."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import Cancel, Client, Event, Harness, Timeouts, TriggerEvent
from scoretest.flow import Concurrency, Priority

pytestmark = pytest.mark.rule("F4")


@pytest.fixture
def gauge():
    """Count who executes, and remember the highest count of each user."""
    return Gauge()


class Gauge:
    """How many callbacks are under way, by user."""

    def __init__(self):
        self.now, self.most, self.order = {}, {}, []

    async def busy(self, user, note=None):
        """Be under way for a second."""
        self.order.append(note)
        self.now[user] = self.now.get(user, 0) + 1
        self.most[user] = max(self.most.get(user, 0), self.now[user])
        await asyncio.sleep(1)
        self.now[user] -= 1
        return user


def orders(*users):
    """Return an event for each user, numbered."""
    return [
        Event(name="shop/order", data={"u": u, "n": n}) for n, u in enumerate(users)
    ]


@pytest.fixture
def work(on, gauge):
    """Serve a function whose only step is busy for a second."""

    def serve(*limits, **options):
        @on("shop/order", concurrency=list(limits), **options)
        async def work(ctx):
            data = ctx.event.data
            return await ctx.step.run("busy", gauge.busy, data["u"], data["n"])

        return work

    return serve


class TestLimit:
    """No more steps execute than the limit says; the others wait for their turn."""

    @pytest.mark.parametrize(("sent", "most"), [(1, 1), (2, 2), (3, 2)])
    def test_at_its_limit(self, harness, work, gauge, sent, most):
        """One below the limit, at the limit, and one above it."""
        work(Concurrency(limit=2))

        harness.send(orders(*"a" * sent))
        harness.fast_forward()

        assert gauge.most == {"a": most}
        assert [run.output for run in harness.runs] == ["a"] * sent

    def test_the_oldest_run_goes_first(self, harness, work, gauge):
        """Runs come in the order in which they were queued."""
        work(Concurrency(limit=1))

        harness.send(orders(*"abcd"))
        harness.fast_forward()

        assert gauge.order == [0, 1, 2, 3]

    def test_an_older_runs_next_step_goes_before_a_younger_run(self, harness, on):
        """A run that has begun is finished first."""
        seen = []

        @on("shop/order", concurrency=[Concurrency(limit=1)])
        async def work(ctx):
            for step in "xy":
                await ctx.step.run(step, seen.append, (ctx.event.data["n"], step))

        harness.send(orders("a", "b"))

        assert seen == [(0, "x"), (0, "y"), (1, "x"), (1, "y")]

    def test_parallel_steps_each_take_a_slot(self, harness, on, gauge):
        """Three steps of a group under a limit of two: never three at a time."""

        @on("shop/order", concurrency=[Concurrency(limit=2)])
        async def work(ctx):
            branches = (
                lambda n=n: ctx.step.run(f"busy-{n}", gauge.busy, "a") for n in range(3)
            )
            return list(await ctx.group.parallel(tuple(branches)))

        harness.send(orders("a"))
        harness.fast_forward()

        assert gauge.most == {"a": 2}
        assert harness.run(work).output == ["a", "a", "a"]

    def test_parallel_steps_stand_in_line_together(self, harness, on, gauge):
        """Under a limit of one, each of the others says who stands before it."""

        @on("shop/order", concurrency=[Concurrency(limit=1)])
        async def work(ctx):
            branches = (
                lambda n=n: ctx.step.run(f"busy-{n}", gauge.busy, "a") for n in range(3)
            )
            return list(await ctx.group.parallel(tuple(branches)))

        (run,) = harness.send(orders("a")).runs

        assert run.waiting_for == (
            "queued: concurrency limit 1, 0 ahead; queued: concurrency limit 1, 1 ahead"
        )
        assert "started   by shop/order\n" in str(harness.timeline)
        harness.fast_forward()
        assert (gauge.most, run.duration) == ({"a": 1}, "3s")

    def test_the_run_says_what_it_waits_for(self, harness, work):
        """`waiting_for` names the limit, the key, and how many stand before it."""
        work(Concurrency(limit=1, key="event.data.u"))

        runs = harness.send(orders(*["u1"] * 4)).runs

        assert [run.waiting_for for run in runs] == [
            None,
            "queued: concurrency limit 1 on key 'u1', 0 ahead",
            "queued: concurrency limit 1 on key 'u1', 1 ahead",
            "queued: concurrency limit 1 on key 'u1', 2 ahead",
        ]
        harness.fast_forward()

    def test_the_timeline_tells_who_was_held(self, harness, work):
        """A run that had to wait is queued, held and then started."""
        work(Concurrency(limit=1))
        harness.send(orders("a", "b"))

        harness.fast_forward()

        assert str(harness.timeline).split("\n\n", 1)[1] == (
            '+0s  event     shop/order {"u": "a", "n": 0}\n'
            "     shop-work #1\n"
            "       started   by shop/order\n"
            "\n"
            '     event     shop/order {"u": "b", "n": 1}\n'
            "     shop-work #2\n"
            "       queued    by shop/order\n"
            "       held      concurrency limit 1\n"
            "\n"
            "+1s  shop-work #1\n"
            '       step      busy → "a"\n'
            '       completed "a"\n'
            "\n"
            "     shop-work #2\n"
            "       started\n"
            "\n"
            "+2s  shop-work #2\n"
            '       step      busy → "b"\n'
            '       completed "b"'
        )

    def test_what_is_still_held_at_the_end_is_told(self, harness, work):
        """The last lines of a timeline say what holds a run."""
        work(Concurrency(limit=1))

        harness.send(orders("a", "b"))

        assert str(harness.timeline).endswith(
            "shop-work #2 is held by its concurrency limit 1"
        )
        harness.fast_forward()


class TestKey:
    """With a key the limit holds for each of its values."""

    def test_by_key(self, harness, work, gauge):
        """Two users go on side by side, and each does one thing at a time."""
        work(Concurrency(limit=1, key="event.data.u"))

        harness.send(orders(*"abab"))
        harness.fast_forward()

        assert gauge.most == {"a": 1, "b": 1}
        assert gauge.order == [0, 1, 2, 3]
        assert sorted(run.output for run in harness.runs) == ["a", "a", "b", "b"]
        assert [run.entries for run in harness.runs] == [2, 2, 2, 2]

    def test_a_missing_key_is_a_key_like_another(self, harness, work, gauge):
        """Events without the key share one place."""
        work(Concurrency(limit=1, key="event.data.nobody"))

        harness.send(orders(*"aa"))
        harness.fast_forward()

        assert gauge.most == {"a": 1}

    def test_both_of_two_limits_hold(self, harness, work, gauge):
        """Three users, one at a time each, two at a time in all."""
        work(Concurrency(limit=2), Concurrency(limit=1, key="event.data.u"))

        harness.send(orders(*"aabbcc"))
        harness.advance("1s")

        assert gauge.order == [0, 2, 1, 3]
        harness.fast_forward()
        assert gauge.most == {"a": 1, "b": 1, "c": 1}
        assert all(run.status == "Completed" for run in harness.runs)


class TestScope:
    """A scope beyond the function counts every function with the same key."""

    @pytest.mark.parametrize(("scope", "most"), [("fn", 2), ("env", 1), ("account", 1)])
    def test_functions_share_a_scope(self, harness, client, gauge, scope, most):
        """Two functions under one key: they count together, or each alone."""

        def declare(fn_id):
            limit = Concurrency(limit=1, key="'model'", scope=scope)
            trigger = TriggerEvent(event="shop/order")

            @client.create_function(fn_id=fn_id, trigger=trigger, concurrency=[limit])
            async def work(ctx):
                return await ctx.step.run("busy", gauge.busy, "all")

            return work

        harness.serve(client, functions=[declare("one"), declare("two")])
        harness.send(orders("x"))
        harness.fast_forward()

        assert gauge.most == {"all": most}

    def test_limits_of_different_size_share_their_slots(self, harness, client, gauge):
        """One lets two of them execute, the other only itself; nobody is forgotten."""

        def declare(fn_id, limit):
            limits = [Concurrency(limit=limit, key="'model'", scope="env")]
            trigger = TriggerEvent(event="shop/order")

            @client.create_function(fn_id=fn_id, trigger=trigger, concurrency=limits)
            async def work(ctx):
                return await ctx.step.run("busy", gauge.busy, "all", fn_id)

            return work

        harness.serve(client, functions=[declare("one", 1), declare("two", 2)])
        harness.send(orders("x", "y"))
        harness.fast_forward()

        assert gauge.order == ["one", "two", "two", "one"]
        assert gauge.most == {"all": 2}


@pytest.mark.parametrize(("scope", "notes"), [("env", 1), ("account", 1), ("fn", 0)])
def test_a_scope_of_other_apps_is_noted(harness, client, scope, notes):
    """What cannot matter in memory is said once, where the function is served."""

    @client.create_function(
        fn_id="work",
        trigger=TriggerEvent(event="shop/order"),
        concurrency=[Concurrency(limit=1, key="'k'", scope=scope)],
    )
    async def work(_):
        pass

    harness.serve(client, functions=[work])
    harness.send("shop/order")
    harness.send("shop/order")

    text = " ".join(str(harness.timeline).split())
    told = (
        f"note shop-work: its concurrency limit of scope {scope!r} counts the functions"
    )
    assert text.count(told) == notes
    assert harness.findings == []


class TestPlaces:
    """Only what executes holds a place."""

    @pytest.mark.parametrize("pause", ["sleep", "wait"])
    def test_a_run_that_pauses_holds_none(self, harness, on, pause):
        """While one sleeps or waits, the next one begins."""
        begun = []

        @on("shop/order", concurrency=[Concurrency(limit=1)])
        async def work(ctx):
            await ctx.step.run("begin", begun.append, ctx.event.data["n"])
            if pause == "sleep":
                await ctx.step.sleep("nap", "1h")
            else:
                await ctx.step.wait_for_event("wait", event="x", timeout="1h")

        harness.send(orders("a", "b"))

        assert begun == [0, 1]
        harness.fast_forward()

    def test_a_run_that_waits_for_its_next_attempt_holds_none(self, harness, on):
        """A failed attempt gives its place back until it is tried again."""
        begun = []

        @on("shop/order", concurrency=[Concurrency(limit=1)], retries=1)
        async def work(ctx):
            begun.append((ctx.event.data["n"], ctx.attempt))
            if not ctx.attempt:
                raise RuntimeError("not yet")

        harness.send(orders("a", "b"))
        harness.fast_forward()

        assert begun == [(0, 0), (1, 0), (0, 1), (1, 1)]

    def test_a_cancelled_run_leaves_the_line(self, harness, work, gauge):
        """Who is cancelled while it stands in line never begins."""
        work(
            Concurrency(limit=1),
            cancel=[Cancel(event="stop", if_exp="async.data.n == event.data.n")],
        )
        harness.send(orders("a", "b", "c"))

        harness.send("stop", {"n": 1})
        assert harness.runs[2].waiting_for == "queued: concurrency limit 1, 0 ahead"
        harness.fast_forward()

        assert gauge.order == [0, 2]
        assert [run.status for run in harness.runs] == [
            "Completed",
            "Cancelled",
            "Completed",
        ]

    def test_a_step_in_flight_holds_its_place_though_its_run_is_cancelled(
        self, harness, work, gauge
    ):
        """The callback goes on to its end; only then the next one begins."""
        work(
            Concurrency(limit=1),
            cancel=[Cancel(event="stop", if_exp="async.data.n == event.data.n")],
        )
        harness.send(orders("a", "a"))
        harness.send("stop", {"n": 0})

        harness.fast_forward()

        assert gauge.most == {"a": 1}
        assert harness.runs[1].output == "a"

    def test_the_start_timeout_goes_on_in_the_line(self, harness, work, gauge):
        """A run that does not get its turn in time is cancelled."""
        work(Concurrency(limit=1), timeouts=Timeouts(start="1s", finish="5s"))

        harness.send(orders("a", "a", "a"))
        harness.fast_forward()

        assert [run.status for run in harness.runs] == [
            "Completed",
            "Cancelled",
            "Cancelled",
        ]
        assert gauge.order == [0]


@settings(max_examples=40, deadline=None)
@given(
    runs=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.integers(-3, 3)),
        min_size=1,
        max_size=8,
    ),
    limit=st.integers(1, 3),
    per_key=st.integers(1, 2),
)
def test_a_limit_is_never_exceeded_and_nobody_starves(runs, limit, per_key):
    """Whatever comes when: the limits hold, and every run ends."""
    client, gauge, everyone = Client(app_id="shop"), Gauge(), Gauge()

    @client.create_function(
        fn_id="work",
        trigger=TriggerEvent(event="shop/order"),
        concurrency=[
            Concurrency(limit=limit),
            Concurrency(limit=per_key, key="event.data.u"),
        ],
        priority=Priority(run="int(event.data.p)"),
    )
    async def work(ctx):
        async def body():
            await asyncio.gather(gauge.busy(ctx.event.data["u"]), everyone.busy("all"))

        await ctx.step.run("first", body)
        await ctx.step.sleep("nap", "1s")
        await ctx.step.run("second", body)

    with Harness() as harness:
        harness.serve(client, functions=[work])
        for pause, user, priority in runs:
            harness.send("shop/order", {"u": user, "p": priority})
            harness.advance(f"{pause}s")
        harness.fast_forward()

        assert all(run.status == "Completed" for run in harness.runs)
    assert everyone.most["all"] <= limit
    assert all(most <= per_key for most in gauge.most.values())
