"""Laws of virtual time, for programs that Hypothesis invents."""

import asyncio
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest.runtime.loop import VirtualLoop

# few distinct values, so that ties are common
instants = st.integers(0, 20)
programs = st.lists(st.lists(instants, max_size=4), max_size=6)


def play(program, *stops, shift=0):
    """Run *program* up to each stop; return its trace.

    Each list of the program is a task that sleeps so many microseconds again and again.
    """
    trace = []

    async def sleeper(loop, number, naps):
        await asyncio.sleep(shift / 1_000_000)
        for nap in naps:
            await asyncio.sleep(nap / 1_000_000)
            trace.append((loop.now_us, number))

    with closing(VirtualLoop()) as loop:
        tasks = [loop.create_task(sleeper(loop, *pair)) for pair in enumerate(program)]
        for stop in stops:
            loop.run_to(stop)
        assert all(task.done() for task in tasks)
    return trace


@given(dues=st.lists(instants))
def test_timers_fire_by_due_and_order_set(dues):
    """The order of firing is the stable order of the due instants."""
    fired = []
    with closing(VirtualLoop()) as loop:
        for pair in enumerate(dues):
            loop.call_at(pair[1] / 1_000_000, fired.append, pair)
        loop.run_until_quiet(None)

    assert fired == sorted(enumerate(dues), key=lambda pair: pair[1])


@given(timers=st.lists(st.tuples(instants, st.booleans())))
def test_cancelling_takes_nothing_but_the_cancelled(timers):
    """The others fire as if the cancelled ones had never been set."""
    fired = []
    with closing(VirtualLoop()) as loop:
        for number, (due, is_cancelled) in enumerate(timers):
            timer = loop.call_at(due / 1_000_000, fired.append, (due, number))
            if is_cancelled:
                timer.cancel()
        loop.run_until_quiet(None)

    live = [(due, number) for number, (due, gone) in enumerate(timers) if not gone]
    assert fired == sorted(live)


@given(program=programs)
def test_the_same_program_has_the_same_trace(program):
    """Nothing but the program decides the order."""
    assert play(program, 1000) == play(program, 1000)


@given(program=programs, stops=st.lists(instants).map(sorted))
def test_time_in_pieces_is_time_at_once(program, stops):
    """Moving the clock in steps shows what moving it at once shows."""
    assert play(program, *stops, 1000) == play(program, 1000)


@given(program=programs, shift=st.integers(1, 10**15))
@settings(max_examples=50)
def test_shifting_time_shifts_the_trace(program, shift):
    """A program that starts later does the same, later."""
    later = play(program, 1000 + shift, shift=shift)

    assert later == [(us + shift, number) for us, number in play(program, 1000)]


@given(us=st.integers(0, 3 * 10**15))
def test_every_microsecond_can_be_slept(us):
    """Up to 95 years, where floats end, every whole number of microseconds is exact."""
    with closing(VirtualLoop()) as loop:
        loop.run_until_complete(asyncio.sleep(us / 1_000_000))

        assert loop.now_us == us
