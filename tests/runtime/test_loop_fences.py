"""Programs that block, stop or close the loop, and interrupts that must pass."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scoretest.errors import StalledError, UsageError
from scoretest.runtime.loop import VirtualLoop
from scoretest.runtime.watchdog import Watchdog


@pytest.fixture
def impatient(make_loop):
    """A loop that stalls soon, as real time is the subject here."""
    return make_loop(stall_after=0.05)


def spin():
    """Block the thread in Python code."""
    while True:
        pass


def doze():
    """Block the thread in the operating system."""
    time.sleep(60)


def resist():
    """Block the thread and swallow the first interrupt."""
    try:
        spin()
    except BaseException:  # noqa: BLE001 -- the subject is a program that does so
        return


class TestWatchdog:
    """A callback that blocks the main thread is interrupted."""

    @pytest.mark.parametrize("block", [spin, doze, resist])
    def test_a_blocking_task_is_interrupted(self, impatient, block):
        """Busy loops, real sleeps and swallowed interrupts all end in the error."""

        async def main():
            block()

        with pytest.raises(StalledError) as caught:
            impatient.run_until_complete(main())

        assert (
            caught.value.what == "a callback blocked the loop for 0.05 s of real time"
        )
        assert "test_loop_fences.py" in caught.value.where
        assert ", called from " in caught.value.where

    def test_a_blocking_callback_is_interrupted(self, impatient):
        """Callbacks are watched as tasks are, in every kind of operation."""
        impatient.call_soon(spin)

        with pytest.raises(StalledError, match="in spin"):
            impatient.run_to(None)

    def test_the_error_shows_both_ends_of_the_stack(self, impatient):
        """Where the block is, and where it was called; not the loop's own frames."""

        def nest(depth):
            spin() if depth == 0 else nest(depth - 1)

        def begin():
            nest(9)

        impatient.call_soon(begin)

        with pytest.raises(StalledError) as caught:
            impatient.run_to(None)
        functions = [
            frame.split()[-1]
            for frame in caught.value.where.partition(";")[0].split(", called")
        ]
        assert functions == ["spin", "nest", "nest", "nest", "begin"]

    def test_a_tick_that_takes_long_is_not_interrupted(self):
        """On a slow machine the next one comes before it is through."""
        told = []

        def describe():
            told.append("begun")
            time.sleep(0.02)
            told.append("through")
            return "a run"

        watchdog = Watchdog(lambda: 0, 0.05, describe)
        with pytest.raises(StalledError) as caught, watchdog:
            spin()
        watchdog.close()

        assert told == ["begun", "through"]
        assert caught.value.where.startswith("test_loop_fences.py:")

    def test_a_program_that_turns_is_never_interrupted(self, impatient):
        """Real work for longer than the limit is fine when the loop turns meanwhile."""

        async def main():
            for _ in range(30):
                time.sleep(0.004)  # noqa: ASYNC251 -- real work is the subject
                await asyncio.sleep(1)

        impatient.run_until_complete(main())

        assert impatient.now_us == 30_000_000

    def test_waiting_for_a_thread_is_not_blocking(self, make_loop):
        """The loop's own real waits are not taken for a blocked callback."""
        loop = make_loop(stall_after=0.1)

        loop.run_until_complete(asyncio.to_thread(time.sleep, 0.05))

        assert loop.now_us == 0

    def test_the_alarm_is_given_back(self, impatient):
        """A closed loop leaves no signal handler and no timer behind."""
        impatient.run_until_complete(asyncio.sleep(1))
        impatient.close()

        assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def test_a_loop_at_rest_gives_the_alarm_back_by_itself(self, impatient):
        """A loop that nobody closes does not keep the alarm."""
        impatient.run_until_complete(asyncio.sleep(1))

        time.sleep(0.02)

        assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL

    def test_an_alarm_of_the_program_is_left_alone(self, impatient):
        """Who uses the alarm keeps it, and is not watched."""
        rings = []
        signal.signal(signal.SIGALRM, lambda *_: rings.append("ring"))
        signal.setitimer(signal.ITIMER_REAL, 0.01)

        async def main():
            time.sleep(0.1)  # noqa: ASYNC251 -- blocking is the subject

        impatient.run_until_complete(main())
        impatient.close()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

        assert rings == ["ring"]

    def test_an_alarm_that_the_program_takes_over_stays_with_it(self, impatient):
        """Closing the loop does not take back what is not its own any more."""
        impatient.run_until_complete(asyncio.sleep(1))
        mine = signal.signal(signal.SIGALRM, signal.SIG_IGN)
        impatient.close()

        assert mine is not signal.SIG_DFL
        assert signal.signal(signal.SIGALRM, signal.SIG_DFL) is signal.SIG_IGN
        signal.setitimer(signal.ITIMER_REAL, 0)

    def test_the_next_loop_takes_the_watch_over(self, make_loop):
        """Of several loops, the one that runs is watched."""
        first, second = make_loop(stall_after=0.05), make_loop(stall_after=0.05)
        first.run_until_complete(asyncio.sleep(1))
        second.call_soon(spin)

        with pytest.raises(StalledError):
            second.run_to(None)

    def test_other_threads_are_not_watched(self):
        """A loop in another thread works without a watch."""
        clocks = []

        def work():
            loop = VirtualLoop(stall_after=0.05)
            loop.run_until_complete(asyncio.sleep(5))
            clocks.append(loop.now_us)
            loop.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

        assert clocks == [5_000_000]


class TestInterrupts:
    """Ctrl-C and `sys.exit` pass through the loop unchanged."""

    @pytest.fixture(autouse=True)
    def _heard(self):
        """Have Ctrl-C heard, even where the suite was started in the background."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_an_interrupt_leaves_the_operation(self, loop, run, kind):
        """What a task raises arrives as itself, and the loop has stopped."""

        async def main():
            raise kind("now")

        with pytest.raises(kind, match="now"):
            run(main())
        assert not loop.is_running()

    def test_ctrl_c_ends_a_real_wait(self, run):
        """A signal that arrives while a thread is at work is not held back."""
        release = threading.Event()

        def work():
            os.kill(os.getpid(), signal.SIGINT)
            release.wait(5)

        with pytest.raises(KeyboardInterrupt):
            run(asyncio.to_thread(work))
        release.set()

    def test_ctrl_c_ends_a_blocking_callback(self, run):
        """A blocked callback is interrupted as without the loop."""

        async def main():
            os.kill(os.getpid(), signal.SIGINT)
            doze()

        with pytest.raises(KeyboardInterrupt):
            run(main())


class TestFences:
    """A program cannot end the loop on which it runs."""

    @pytest.mark.parametrize("call", ["stop", "close"])
    def test_a_task_cannot_end_its_loop(self, loop, run, call):
        """`stop` and `close` are refused by name."""

        async def main():
            getattr(loop, call)()

        with pytest.raises(UsageError) as caught:
            run(main())

        assert str(caught.value) == (
            f"loop.{call}() was called by the program that runs on the loop\n"
            "  where: virtual time 0s\n"
            "  fix:   let the harness decide when the loop stops and closes"
        )

    def test_a_second_loop_cannot_run_inside(self, run):
        """`asyncio.run` in a task is refused by asyncio itself."""

        async def main():
            coroutine = asyncio.sleep(0)
            try:
                asyncio.run(coroutine)
            finally:
                coroutine.close()

        with pytest.raises(RuntimeError, match="running event loop"):
            run(main())

    def test_a_loop_can_be_stopped_from_outside(self, loop):
        """Whoever runs the loop by hand may stop it from a callback."""
        loop.call_soon(loop.stop)

        loop.run_forever()

        assert not loop.is_running()


UNCLOSED = """
import time
from scoretest import Client, Harness, TriggerEvent

client = Client(app_id="shop")

@client.create_function(fn_id="order", trigger=TriggerEvent(event="order"))
async def order(ctx): pass

class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.8)

slow = Slow()
harness = Harness().serve(client, functions=[order])
harness.send("order")
"""


def test_a_world_that_is_never_closed_lets_python_end():
    """The alarm of its watchdog is off before the handlers of signals are gone."""
    done = subprocess.run(  # noqa: S603 -- the program above
        [sys.executable, "-c", UNCLOSED], capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
