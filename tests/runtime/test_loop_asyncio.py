"""The loop is a good citizen of asyncio, and knows what it takes from there."""

import asyncio
import contextvars
import gc
import logging
import threading
import warnings
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from scoretest.runtime.loop import VirtualLoop


class TestPrivateNames:
    """The private names of asyncio that the loop uses mean what it takes them for.

    When a new Python fails here, `scoretest/runtime/loop.py` is the one file to look at.
    """

    def test_ready_callbacks_wait_in_a_queue(self, loop):
        """`_ready` holds the handles that the next turn will run, in order."""
        handles = [loop.call_soon(print), loop.call_soon(print)]

        assert list(loop._ready) == handles  # noqa: SLF001 -- the name is the subject

    def test_the_selector_is_asked_with_zero_exactly_if_something_is_ready(self, loop):
        """The question of `_run_once` tells a busy turn from exact idle."""
        questions = []
        selector = loop._selector  # noqa: SLF001 -- the name is the subject
        decide = selector.decide
        selector.decide = lambda is_busy: questions.append(is_busy) or decide(is_busy)
        loop.call_soon(print)
        loop.call_later(1, print)

        loop.run_to(1_000_000)

        assert questions == [True, False, False]

    def test_asyncio_keeps_no_timer_of_its_own(self, loop):
        """All timers go through the loop's own heap, asyncio's stays empty."""
        loop.call_later(1, print)
        loop.call_at(1, print)
        loop.create_task(asyncio.sleep(1))
        loop.run_to(None)

        assert loop._scheduled == []  # noqa: SLF001 -- the name is the subject

    def test_cancelled_timers_are_reported(self, loop):
        """`TimerHandle.cancel` tells the loop by `_timer_handle_cancelled`."""
        told = []
        loop._timer_handle_cancelled = told.append  # noqa: SLF001 -- the name is the subject
        timer = loop.call_later(1, print)
        timer.cancel()

        assert told == [timer]

    @pytest.mark.parametrize(
        "name", ["_check_closed", "_check_thread", "_write_to_self"]
    )
    def test_the_other_names_exist(self, name):
        """Each method that the loop calls is there, and takes no argument."""
        assert callable(getattr(asyncio.SelectorEventLoop, name))

    def test_an_anyio_worker_looks_as_expected(self, run):
        """The attributes by which a worker thread is known are still there."""

        def look():
            worker = threading.current_thread()
            return (
                type(worker).__name__,
                worker.loop,
                worker.queue.unfinished_tasks,
                worker.stopping,
            )

        async def main():
            return await anyio.to_thread.run_sync(look), asyncio.get_running_loop()

        seen, loop = run(main())

        assert seen == ("WorkerThread", loop, 1, False)


class TestCitizen:
    """What works on asyncio's loop works here."""

    def test_a_runner_takes_it(self):
        """`asyncio.Runner` runs and closes it, executor and generators included."""

        async def main():
            await asyncio.to_thread(int)
            await asyncio.sleep(3600)
            return asyncio.get_running_loop().now_us

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            assert runner.run(main()) == 3_600_000_000

    def test_anyio_takes_it(self):
        """`anyio.run` runs on it by its `loop_factory` option."""

        async def main():
            await anyio.sleep(60)
            return anyio.current_time()

        options = {"loop_factory": VirtualLoop}
        assert anyio.run(main, backend_options=options) == 60

    def test_the_debug_mode_works(self, run, loop):
        """Debug mode runs programs and checks that timers are set in the thread."""
        loop.set_debug(True)

        async def set_elsewhere():
            return await asyncio.to_thread(loop.call_later, 1, print)

        run(asyncio.sleep(1))
        with pytest.raises(RuntimeError, match="Non-thread-safe"):
            run(set_elsewhere())

    def test_timers_keep_their_context(self, loop):
        """A timer sees the context in which it was set, or the one it was given."""
        word = contextvars.ContextVar("word", default="none")
        seen = []
        given = contextvars.copy_context()
        given.run(word.set, "given")
        token = word.set("set")
        loop.call_later(1, lambda: seen.append(word.get()))
        loop.call_later(2, lambda: seen.append(word.get()), context=given)
        loop.call_soon_threadsafe(lambda: seen.append(word.get()), context=given)
        word.reset(token)

        loop.run_to(3_000_000)

        assert seen == ["given", "set", "given"]

    def test_a_callback_from_a_thread_keeps_its_context(self, loop):
        """What a thread posts runs in the context that it gave."""
        word = contextvars.ContextVar("word", default="none")
        seen = []
        given = contextvars.copy_context()
        given.run(word.set, "given")
        thread = threading.Thread(
            target=lambda: loop.call_soon_threadsafe(
                lambda: seen.append(word.get()), context=given
            )
        )
        thread.start()
        thread.join()

        loop.run_to(None)

        assert seen == ["given"]

    def test_an_error_in_a_callback_goes_to_the_handler(self, loop):
        """The exception handler of the loop hears of it, and the loop goes on."""
        heard = []
        loop.set_exception_handler(lambda _loop, context: heard.append(context))
        loop.call_soon(divmod, 1, 0)
        loop.call_soon(heard.append, "next")

        loop.run_to(None)

        assert [type(heard[0]["exception"]), heard[1]] == [ZeroDivisionError, "next"]

    def test_a_closed_loop_takes_nothing(self, loop):
        """Timers, jobs and callbacks from threads are refused after `close`."""
        loop.close()

        for call in (
            lambda: loop.call_later(1, print),
            lambda: loop.run_in_executor(None, print),
            lambda: loop.run_to(1),
        ):
            with pytest.raises(RuntimeError, match="closed"):
                call()


def open_files():
    """Count the open files of this process."""
    return len(list(Path("/dev/fd").iterdir()))


class TestLeavingNothing:
    """A closed loop leaves nothing behind."""

    def test_no_thread_is_left(self, make_loop):
        """Executors and workers end with the loop."""

        async def main():
            await asyncio.to_thread(int)
            await anyio.to_thread.run_sync(int)

        loop, before = make_loop(), threading.active_count()
        loop.run_until_complete(main())
        loop.close()

        assert threading.active_count() == before

    def test_workers_end_although_their_root_task_has_not(self, make_loop):
        """A worker of anyio that idles for a task without end ends with the loop."""

        async def main():
            await anyio.to_thread.run_sync(int)
            await asyncio.Event().wait()

        loop, before = make_loop(), threading.active_count()
        task = loop.create_task(main())
        loop.run_to(None)
        loop.close()

        assert threading.active_count() == before
        task._log_destroy_pending = False  # noqa: SLF001 -- it is meant to be pending

    def test_no_file_is_left(self):
        """A hundred loops leave as many open files as there were."""
        before = open_files()
        for _ in range(100):
            loop = VirtualLoop()
            loop.run_until_complete(asyncio.sleep(1))
            loop.close()

        assert open_files() == before

    def test_nothing_is_said(self, caplog):
        """No warning and no log line comes from a loop that was used and closed."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            loop = VirtualLoop()
            loop.run_until_complete(asyncio.to_thread(int))
            loop.close()
            del loop
            gc.collect()

        assert said == []
        assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []

    def test_closing_twice_is_fine(self, loop):
        """The second `close` does nothing."""
        loop.close()
        loop.close()

        assert loop.is_closed()

    def test_a_job_that_hangs_does_not_hold_the_close(self, make_loop):
        """The loop closes after a short wait, and the thread is on its own."""
        loop = make_loop(stall_after=0.05)
        release = threading.Event()
        loop.run_in_executor(None, release.wait, 5)
        loop.close()

        release.set()

        assert loop.is_closed()
