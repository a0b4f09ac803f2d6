"""`run_to`, `run_until_quiet`, `settle` and `advance_to`, and the hooks of the driver."""

import asyncio

import pytest

from scoretest.errors import DeadlockError, LivelockError, UsageError

SECOND = 1_000_000


@pytest.fixture
def trace():
    """What happened, in order."""
    return []


@pytest.fixture
def note(loop, trace):
    """Set a timer that notes a word together with the instant."""

    def at(seconds, word):
        loop.call_at(seconds, lambda: trace.append((loop.now_us / SECOND, word)))

    return at


class TestRunTo:
    """`run_to` runs what is due and leaves the clock at its target."""

    def test_timers_at_the_target_are_included(self, loop, trace, note):
        """A timer due exactly at the target fires; one a microsecond later does not."""
        note(5, "due")
        note(5.000_001, "late")

        loop.run_to(5 * SECOND)

        assert trace == [(5, "due")]

    def test_the_clock_stops_at_the_target(self, loop, note):
        """The clock stands at the target even when nothing is due there."""
        note(3, "a")

        loop.run_to(5 * SECOND)

        assert loop.now_us == 5 * SECOND

    def test_none_runs_what_is_due_now(self, loop, trace, note):
        """Without a target the ready callbacks run and the clock stays."""
        loop.call_soon(trace.append, "soon")
        note(1, "later")

        loop.run_to(None)

        assert (trace, loop.now_us) == (["soon"], 0)

    def test_what_a_timer_sets_off_runs_at_its_instant(self, loop, trace):
        """A chain of callbacks set off at the target is run to its end."""

        async def chain():
            await asyncio.sleep(2)
            for word in "abc":
                await asyncio.sleep(0)
                trace.append((loop.now_us, word))

        task = loop.create_task(chain())
        loop.run_to(2 * SECOND)

        assert trace == [(2 * SECOND, "a"), (2 * SECOND, "b"), (2 * SECOND, "c")]
        assert task.done()

    def test_nothing_to_do_is_no_turn_of_the_loop(self, loop):
        """An empty operation only moves the clock."""
        loop.run_to(None)
        loop.run_to(7)
        loop.run_to(7)

        assert loop.now_us == 7

    def test_waiting_tasks_are_no_deadlock(self, loop):
        """An operation that ends at idle leaves those who wait waiting."""
        task = loop.create_task(asyncio.Event().wait())

        loop.run_to(SECOND)

        assert not task.done()

    @pytest.mark.parametrize("target_us", [4, 10**18])
    def test_the_clock_moves_forward_within_the_calendar(self, loop, target_us):
        """A target in the past, or after 3,000 years, is shown and refused."""
        loop.run_to(5)

        with pytest.raises(UsageError) as caught:
            loop.run_to(target_us)

        assert str(caught.value) == (
            f"the clock cannot move to {target_us} µs\n"
            "  where: virtual time 5µs\n"
            "  fix:   move forward only, and not beyond 3,000 years"
        )

    def test_an_operation_inside_another_is_refused(self, loop, run):
        """On the loop itself the awaitable twins are the way, and the error says so."""

        async def main():
            loop.run_to(5)

        with pytest.raises(UsageError, match=r"`await loop\.settle\(\)`"):
            run(main())

    def test_running_the_loop_inside_itself_is_refused(self, loop, run):
        """`run_forever` on a running loop names the misuse."""

        async def main():
            loop.run_forever()

        with pytest.raises(UsageError, match="while the loop is running"):
            run(main())

    def test_stopping_the_loop_from_a_callback_is_noticed(self, loop):
        """An operation that did not come to rest says who cut it short."""
        loop.call_soon(loop.stop)

        with pytest.raises(UsageError, match=r"loop\.stop\(\) was called"):
            loop.run_to(SECOND)


class TestRunUntilQuiet:
    """`run_until_quiet` goes from timer to timer until there is none."""

    def test_the_clock_stays_at_the_last_timer(self, loop, trace, note):
        """Nothing pending: the clock stands where the last timer fired."""
        note(5, "a")
        note(9, "b")

        assert loop.run_until_quiet(None) is True
        assert (trace, loop.now_us) == ([(5, "a"), (9, "b")], 9 * SECOND)

    def test_it_stops_in_time(self, loop, trace, note):
        """Timers beyond the limit stay pending, and the clock does not reach it."""
        note(5, "a")
        note(9, "b")

        assert loop.run_until_quiet(7 * SECOND) is False
        assert (trace, loop.now_us) == ([(5, "a")], 5 * SECOND)

    def test_the_limit_is_included(self, loop, trace, note):
        """A timer due exactly at the limit fires."""
        note(5, "a")

        assert loop.run_until_quiet(5 * SECOND) is True
        assert trace == [(5, "a")]

    def test_the_engine_is_asked_as_well(self, loop):
        """A timer of the engine beyond the limit is pending."""
        loop.next_due = lambda: 9 * SECOND

        assert loop.run_until_quiet(5 * SECOND) is False

    def test_an_endless_program_is_cut(self, make_loop):
        """A program that always sets another timer ends in a livelock."""
        loop = make_loop(max_jumps=20)

        def again():
            loop.call_later(1, again)

        again()
        with pytest.raises(LivelockError):
            loop.run_until_quiet(None)

    def test_a_negative_limit_is_refused(self, loop):
        """Time only moves forward."""
        with pytest.raises(UsageError):
            loop.run_until_quiet(-1)


class TestTheAsyncFace:
    """`settle` and `advance_to` do the same for a coroutine on the loop."""

    def test_settle_waits_for_everything_due_now(self, loop, run, trace):
        """A chain of ready callbacks is done when `settle` returns."""

        async def chain():
            for number in range(5):
                await asyncio.sleep(0)
                trace.append(number)

        async def main():
            task = asyncio.create_task(chain())
            await loop.settle()
            return task.done()

        assert run(main()) is True
        assert (trace, loop.now_us) == ([0, 1, 2, 3, 4], 0)

    def test_settling_beats_a_jump(self, loop, run, trace, note):
        """A timer in the future does not fire before a waiter at idle goes on."""
        note(1, "timer")

        async def main():
            await loop.settle()
            trace.append("settled")

        run(main())

        assert trace == ["settled"]

    def test_advancing_includes_the_target(self, loop, run, trace, note):
        """Timers at the target and what they set off come before the waiter."""
        note(5, "at")
        note(5.000_001, "after")

        async def main():
            await loop.advance_to(5 * SECOND)
            trace.append("advanced")
            return loop.now_us

        assert run(main()) == 5 * SECOND
        assert trace == [(5, "at"), "advanced"]

    def test_waiters_with_one_target_go_one_after_the_other(self, loop, run, trace):
        """The second waiter sees all effects of the first."""

        async def wait(word):
            await loop.advance_to(SECOND)
            for _ in range(3):
                await asyncio.sleep(0)
            trace.append(word)

        async def main():
            await asyncio.gather(wait("first"), wait("second"))

        run(main())

        assert trace == ["first", "second"]

    def test_a_cancelled_waiter_is_forgotten(self, loop, run):
        """The clock does not move for a waiter who has left."""

        async def main():
            task = asyncio.create_task(loop.advance_to(9 * SECOND))
            await asyncio.sleep(1)
            task.cancel()
            await asyncio.sleep(1)

        run(main())
        loop.run_until_quiet(None)

        assert loop.now_us == 2 * SECOND

    def test_a_waiter_is_something_pending(self, loop):
        """A synchronous operation does not pass over a waiter."""
        task = loop.create_task(loop.advance_to(3 * SECOND))

        assert loop.run_until_quiet(2 * SECOND) is False
        assert loop.run_until_quiet(None) is True
        assert (task.done(), loop.now_us) == (True, 3 * SECOND)

    def test_each_wait_has_its_own_budgets(self, make_loop):
        """A long test on the loop does not use up what one operation may."""
        loop = make_loop(max_jumps=3, max_turns=20)

        async def main():
            for second in range(1, 50):
                loop.call_later(0.5, print)
                await loop.advance_to(second * SECOND)

        loop.run_until_complete(main())

        assert loop.now_us == 49 * SECOND

    def test_the_past_is_refused(self, loop, run):
        """A target behind the clock is an error, not a wait."""
        loop.run_to(5)

        with pytest.raises(UsageError):
            run(loop.advance_to(4))


class TestHooks:
    """The driver is asked at exact idle and told of every move of the clock."""

    def test_idle_is_after_all_that_is_ready(self, loop, trace):
        """`on_idle` comes once no callback is ready, and before the clock moves."""
        loop.on_idle = lambda: trace.append(("idle", loop.now_us))
        loop.call_soon(trace.append, "soon")
        loop.call_later(1, trace.append, "later")

        loop.run_to(SECOND)

        assert trace == ["soon", ("idle", 0), "later", ("idle", SECOND)]

    def test_idle_work_goes_before_the_clock(self, loop, trace):
        """As long as `on_idle` finds work, the clock stands."""
        work = ["a", "b"]

        def on_idle():
            if work:
                loop.call_soon(trace.append, work.pop(0))
                return True
            return False

        loop.on_idle = on_idle
        loop.call_later(1, trace.append, "later")
        loop.run_to(SECOND)

        assert trace == ["a", "b", "later"]

    def test_idle_work_goes_before_settled_waiters(self, loop, run, trace):
        """A waiter hears of an instant after the driver is done with it."""
        work = ["a", "b"]
        loop.on_idle = lambda: bool(work) and (trace.append(work.pop(0)) or True)

        async def main():
            await loop.settle()
            trace.append("settled")

        run(main())

        assert trace == ["a", "b", "settled"]

    def test_an_empty_operation_asks_as_well(self, loop, trace):
        """`on_idle` may find work although no callback is ready."""
        work = ["a"]

        def on_idle():
            if work:
                loop.call_soon(trace.append, work.pop())
                return True
            return False

        loop.on_idle = on_idle
        loop.run_to(None)

        assert trace == ["a"]

    def test_endless_idle_work_trips_the_budget(self, make_loop):
        """A driver that always finds work is a livelock."""
        loop = make_loop(max_turns=20)
        loop.on_idle = lambda: True

        with pytest.raises(LivelockError):
            loop.run_to(None)

    def test_the_engine_comes_first_at_an_instant(self, loop, trace):
        """At the same instant the engine's timer goes before asyncio's."""
        dues = [5 * SECOND]

        def on_due(now_us):
            trace.append(("engine", now_us))
            dues.pop()

        loop.next_due = lambda: dues[-1] if dues else None
        loop.on_due = on_due
        loop.call_at(5, trace.append, "asyncio")
        loop.run_to(5 * SECOND)

        assert trace == [("engine", 5 * SECOND), "asyncio"]

    def test_the_engine_is_not_bothered_early(self, loop, trace):
        """A timer of asyncio before the engine's does not call the engine."""
        loop.next_due = lambda: 9 * SECOND
        loop.on_due = trace.append
        loop.call_at(5, trace.append, "asyncio")

        loop.run_to(6 * SECOND)

        assert trace == ["asyncio"]

    def test_the_engine_alone_moves_the_clock(self, loop, trace):
        """Without any timer of asyncio the engine's dues are met one by one."""
        dues = [3 * SECOND, 2 * SECOND, 1 * SECOND]
        loop.next_due = lambda: dues[-1] if dues else None
        loop.on_due = lambda now_us: (trace.append(now_us), dues.pop())

        loop.run_until_quiet(None)

        assert trace == [1 * SECOND, 2 * SECOND, 3 * SECOND]

    def test_an_engine_that_never_advances_trips_the_budget(self, make_loop):
        """A due that is met and stays is a livelock, not a hang."""
        loop = make_loop(max_jumps=20)
        loop.next_due = lambda: SECOND
        loop.on_due = lambda _now_us: None

        with pytest.raises(LivelockError):
            loop.run_to(SECOND)

    def test_every_move_of_the_clock_is_told(self, loop, trace):
        """`on_time` hears of timers, targets and waiters, each instant once."""
        loop.on_time = trace.append
        loop.call_later(1, print)
        loop.create_task(loop.advance_to(2 * SECOND))

        loop.run_to(3 * SECOND)
        loop.run_to(3 * SECOND)

        assert trace == [1 * SECOND, 2 * SECOND, 3 * SECOND]

    def test_the_driver_says_who_waits(self, loop, run):
        """`describe` is the place that a deadlock names."""
        loop.describe = lambda: "run 1 waits for 'feedback'"

        with pytest.raises(DeadlockError) as caught:
            run(loop.create_future())

        assert caught.value.where == "run 1 waits for 'feedback'"

    def test_an_error_of_the_driver_ends_the_operation(self, loop):
        """What a hook raises comes out of the operation unchanged."""

        def on_idle():
            raise UsageError("the driver says no")

        loop.on_idle = on_idle
        loop.call_soon(print)

        with pytest.raises(UsageError, match="the driver says no"):
            loop.run_to(None)
