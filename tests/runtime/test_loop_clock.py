"""Time on the loop is exact, costs nothing, and waits for what is really at work."""

import asyncio
import http.server
import math
import re
import threading
import time

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest

from scoretest.errors import DeadlockError, LivelockError, UsageError

HOUR = 3600.0


def hour_passed(loop):
    """Tell whether exactly one hour has passed on *loop*."""
    return loop.now_us == 3_600_000_000


class TestSleeping:
    """Sleeps and time-outs of asyncio and anyio run in virtual time."""

    @pytest.mark.parametrize("library", [asyncio, anyio], ids=["asyncio", "anyio"])
    def test_a_sleep_lasts_as_long_as_it_says(self, loop, run, library):
        """An hour of sleep moves the clock by an hour."""
        run(library.sleep(HOUR))

        assert hour_passed(loop)

    @pytest.mark.parametrize(
        "us", [1, 2, 86_400_000_000 - 1, 86_400_000_000, 400 * 86_400_000_000]
    )
    def test_any_length_is_exact_to_the_microsecond(self, loop, run, us):
        """One microsecond, a day less one, a day and 400 days are all exact."""
        run(asyncio.sleep(us / 1_000_000))

        assert loop.now_us == us

    def test_many_short_sleeps_do_not_drift(self, loop, run):
        """A thousand tenths of a second are a hundred seconds."""

        async def main():
            for _ in range(1000):
                await asyncio.sleep(0.1)

        run(main())

        assert loop.now_us == 100_000_000

    def test_late_clocks_still_tell_microseconds_apart(self, loop, run):
        """A thousand years on, one microsecond more is still one more."""
        loop.run_to(1000 * 366 * 86_400_000_000)
        before_us = loop.now_us

        run(asyncio.sleep(0.000_001))

        assert loop.now_us - before_us == 1

    async def _under_fail_after(self):
        with anyio.fail_after(60):
            await anyio.sleep(HOUR)

    async def _under_wait_for(self):
        await asyncio.wait_for(asyncio.sleep(HOUR), 60)

    async def _under_timeout(self):
        async with asyncio.timeout(60):
            await asyncio.sleep(HOUR)

    @pytest.mark.parametrize("way", ["fail_after", "wait_for", "timeout"])
    def test_a_time_out_fires_at_its_instant(self, loop, run, way):
        """Each way to limit a wait ends it after exactly that long."""
        with pytest.raises(TimeoutError):
            run(getattr(self, f"_under_{way}")())

        assert loop.now_us == 60_000_000

    def test_a_time_out_that_is_not_needed_leaves_no_trace(self, loop, run):
        """The clock stands where the work ended, not where the time-out was set."""

        async def main():
            async with asyncio.timeout(60):
                await asyncio.sleep(1)

        run(main())

        assert (loop.now_us, loop.has_timers) == (1_000_000, False)

    def test_a_task_group_waits_for_its_slowest_child(self, loop, run):
        """Sleepers of a task group sleep at the same time."""

        async def main():
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep, 5)
                group.start_soon(anyio.sleep, 7)

        run(main())

        assert loop.now_us == 7_000_000


class TestTimers:
    """Timers fire by (due, order set), and only those that were not cancelled."""

    def test_ties_fire_in_the_order_in_which_they_were_set(self, loop):
        """Twenty timers for one instant fire first come, first served."""
        fired = []
        for number in range(20):
            loop.call_at(10, fired.append, number)

        loop.run_to(10_000_000)

        assert fired == list(range(20))

    def test_times_that_round_to_one_microsecond_are_a_tie(self, loop):
        """0.1 + 0.2 and 0.3 are the same instant."""
        fired = []
        loop.call_at(0.1 + 0.2, fired.append, "sum")
        loop.call_at(0.3, fired.append, "literal")

        loop.run_to(300_000)

        assert fired == ["sum", "literal"]

    def test_a_timer_of_the_past_fires_at_once(self, loop):
        """A timer behind the clock is due now, and the clock does not go back."""
        loop.run_to(5_000_000)
        seen = []
        loop.call_at(1, lambda: seen.append(loop.now_us))
        loop.call_at(-math.inf, lambda: seen.append(loop.now_us))

        loop.run_to(None)

        assert seen == [5_000_000, 5_000_000]

    def test_a_cancelled_timer_does_not_fire(self, loop):
        """Of two timers, the cancelled one is passed over, at the head or not."""
        fired = []
        timers = [loop.call_later(delay, fired.append, delay) for delay in (1, 2, 3)]
        timers[0].cancel()
        timers[2].cancel()

        loop.run_to(9_000_000)

        assert fired == [2]

    def test_a_timer_may_cancel_another_of_the_same_instant(self, loop):
        """A tie is no excuse to fire a timer that an earlier one has cancelled."""
        fired = []
        loop.call_at(1, lambda: later.cancel())  # noqa: PLW0108 -- not yet set
        later = loop.call_at(1, fired.append, "late")

        loop.run_to(2_000_000)

        assert fired == []

    def test_a_thousand_cancelled_timers_are_forgotten(self, loop):
        """Cancelled timers are cleaned up, and the others keep their order."""
        fired = []
        for number in range(1000):
            timer = loop.call_later(5, fired.append, number)
            if number % 10:
                timer.cancel()

        loop.run_to(5_000_000)

        assert fired == list(range(0, 1000, 10))

    def test_a_timer_knows_when_it_is_due(self, loop):
        """`when()` is the instant rounded to microseconds."""
        assert loop.call_later(0.1 + 0.2, print).when() == 0.3

    def test_sleeping_for_ever_is_waiting_for_ever(self, run):
        """An infinite sleep sets no timer, so it is a deadlock if all else waits."""
        with pytest.raises(DeadlockError):
            run(anyio.sleep_forever())

    def test_an_infinite_sleep_can_be_limited(self, loop, run):
        """A time-out around an infinite sleep fires as around any other."""

        async def main():
            with anyio.move_on_after(5):
                await asyncio.sleep(math.inf)

        run(main())

        assert loop.now_us == 5_000_000

    @pytest.mark.parametrize("seconds", [math.nan, "5", None])
    def test_a_timer_needs_a_number(self, loop, seconds):
        """What is not a number of seconds is shown in the error."""
        with pytest.raises(UsageError) as caught:
            loop.call_at(seconds, print)

        assert str(caught.value) == (
            f"a timer cannot be set to {seconds!r} seconds\n"
            "  fix:   pass a number of seconds"
        )


class _Slow(http.server.BaseHTTPRequestHandler):
    """A server that thinks for a while, in real time."""

    def do_GET(self):
        time.sleep(0.05)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args):
        pass


@pytest.fixture
def url():
    """The address of a slow server in another thread."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


class TestTheRealWorld:
    """The clock stands still while a thread, a socket or a process is at work."""

    def test_a_thread_ends_before_an_hour_of_sleep(self, run):
        """A real moment in a thread is shorter than any virtual time."""
        order = []

        async def work():
            await anyio.to_thread.run_sync(time.sleep, 0.05)
            order.append("thread")

        async def sleep():
            await anyio.sleep(HOUR)
            order.append("sleep")

        async def main():
            async with anyio.create_task_group() as group:
                group.start_soon(sleep)
                group.start_soon(work)

        run(main())

        assert order == ["thread", "sleep"]

    async def _anyio_thread(self):
        await anyio.to_thread.run_sync(time.sleep, 0.02)

    async def _limited_thread(self):
        limiter = anyio.CapacityLimiter(1)
        await anyio.to_thread.run_sync(time.sleep, 0.02, limiter=limiter)

    async def _asyncio_thread(self):
        await asyncio.to_thread(time.sleep, 0.02)

    async def _process(self):
        done = await anyio.run_process(["sh", "-c", "sleep 0.02; echo hi"])
        assert done.stdout == b"hi\n"

    async def _silent_process(self):
        process = await asyncio.create_subprocess_shell("sleep 0.02; exit 3")
        assert await process.wait() == 3

    async def _name(self):
        await anyio.getaddrinfo("localhost", 80)

    @pytest.mark.parametrize(
        "work",
        [
            "anyio_thread",
            "limited_thread",
            "asyncio_thread",
            "process",
            "silent_process",
            "name",
        ],
    )
    def test_real_work_needs_no_virtual_time(self, loop, run, work):
        """No time-out fires while real work goes on, and the clock does not move."""

        async def main():
            with anyio.fail_after(5):
                await getattr(self, f"_{work}")()

        run(main())

        assert loop.now_us == 0

    def test_a_request_needs_no_virtual_time(self, loop, run, url):
        """An HTTP request to a slow server is done at the instant it was made."""

        async def main():
            async with httpx.AsyncClient(trust_env=False) as client:
                with anyio.fail_after(5):
                    assert (await client.get(url)).text == "ok"
                assert loop.now_us == 0
                await anyio.sleep(HOUR)

        run(main())

        assert hour_passed(loop)

    def test_an_idle_server_does_not_hold_the_clock(self, loop, run):
        """A server on the loop itself, with an open connection, waits in vain."""

        is_over = asyncio.Event()

        async def echo(reader, writer):
            writer.write(await reader.readline())
            await reader.read()
            writer.close()
            await writer.wait_closed()
            is_over.set()

        async def main():
            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            address = server.sockets[0].getsockname()
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(b"x\n")
                assert await reader.readline() == b"x\n"
            await asyncio.sleep(HOUR)
            writer.close()
            await is_over.wait()
            server.close()
            await server.wait_closed()

        run(main())

        assert hour_passed(loop)

    def test_a_thread_that_waits_for_the_loop_does_not_hold_the_clock(self, loop, run):
        """Virtual time passes for a coroutine that a worker thread waits for."""

        async def nap():
            await anyio.sleep(HOUR)
            return loop.now_us

        woken_us = run(anyio.to_thread.run_sync(anyio.from_thread.run, nap))

        assert woken_us == 3_600_000_000

    def test_a_job_that_waits_for_the_loop_does_not_hold_the_clock(self, loop, run):
        """The same holds for asyncio's own way back from a thread."""

        def work():
            sleep = asyncio.sleep(HOUR, "rested")
            return asyncio.run_coroutine_threadsafe(sleep, loop).result()

        assert run(asyncio.to_thread(work)) == "rested"
        assert hour_passed(loop)


class TestNoEnd:
    """A program that cannot end is told so, and never hangs."""

    def test_waiting_for_nothing_is_a_deadlock(self, loop, run):
        """A bare future ends in an error that says when and what to do."""
        with pytest.raises(DeadlockError) as caught:
            run(asyncio.wait_for(loop.create_future(), None))

        assert str(caught.value) == (
            "everything waits, and no timer is set that could end it\n"
            "  where: virtual time 0s\n"
            "  fix:   send or set what is waited for, or give the wait a time-out"
        )

    def test_a_task_cannot_swallow_the_deadlock(self, loop, run):
        """The error ends the operation, past any `except` of the program."""
        swallowed = []

        async def main():
            try:
                await loop.create_future()
            except BaseException as error:
                swallowed.append(type(error))
                raise

        with pytest.raises(DeadlockError):
            run(main())

        assert swallowed == []

    def test_sleeping_in_an_endless_loop_trips_the_budget_of_jumps(self, make_loop):
        """A program that sleeps for ever is cut after so many moves of the clock."""
        loop = make_loop(max_jumps=50)

        async def main():
            while True:  # noqa: ASYNC110 -- the subject is a program without end
                await anyio.sleep(1)

        with pytest.raises(LivelockError) as caught:
            loop.run_until_complete(main())

        assert loop.now_us == 50_000_000
        assert re.sub(r"\d+; ", "N; ", str(caught.value)) == (
            "the clock has moved 50 times and timers are still pending\n"
            "  where: main is at runtime/test_loop_clock.py:N; virtual time 50s\n"
            "  fix:   end the loop that sleeps, sleep longer, or move less far at once"
        )

    def test_spinning_trips_the_budget_of_turns(self, make_loop):
        """A program that polls is cut after so many turns at one instant."""
        loop = make_loop(max_turns=50)

        async def main():
            while True:  # noqa: ASYNC110 -- the subject is a program without end
                await asyncio.sleep(0)

        with pytest.raises(LivelockError) as caught:
            loop.run_until_complete(main())

        assert re.sub(r"\d+; ", "N; ", str(caught.value)) == (
            "the loop has turned 50 times and the clock has not moved\n"
            "  where: main is at runtime/test_loop_clock.py:N; virtual time 0s\n"
            "  fix:   wait for an event, or sleep, instead of polling"
        )

    @pytest.mark.parametrize("pause", [0, 1])
    def test_the_default_budgets_end_every_program(self, run, pause):
        """Nobody has to choose a budget for an endless program to end."""

        async def main():
            while True:  # noqa: ASYNC110 -- the subject is a program without end
                await asyncio.sleep(pause)

        with pytest.raises(LivelockError):
            run(main())

    def test_each_operation_has_its_own_budgets(self, make_loop):
        """What one operation used is not missing in the next."""
        loop = make_loop(max_jumps=10, max_turns=30)

        async def main():
            for _ in range(10):
                await asyncio.sleep(1)

        for _ in range(5):
            loop.run_until_complete(main())

        assert loop.now_us == 50_000_000

    def test_each_instant_has_its_own_budget_of_turns(self, make_loop):
        """A long program of short instants does not spin."""
        loop = make_loop(max_turns=10)

        async def main():
            for _ in range(100):
                await asyncio.sleep(1)

        loop.run_until_complete(main())

        assert loop.now_us == 100_000_000

    def test_the_loop_is_usable_after_a_livelock(self, make_loop):
        """The next operation starts afresh where the clock stood."""
        loop = make_loop(max_jumps=5)

        async def endless():
            while True:  # noqa: ASYNC110 -- the subject is a program without end
                await asyncio.sleep(1)

        task = loop.create_task(endless())
        with pytest.raises(LivelockError):
            loop.run_to(100_000_000)
        task.cancel()
        loop.run_to(8_000_000)

        assert loop.now_us == 8_000_000
