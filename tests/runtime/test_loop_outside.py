"""Threads, sockets and processes: their order, their limits, and their refusal."""

import asyncio
import contextvars
import multiprocessing
import os
import signal
import socket
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

from scoretest.errors import DeadlockError, StalledError, UsageError


@pytest.fixture
def impatient(make_loop):
    """A loop that stalls soon, as real time is the subject here."""
    return make_loop(stall_after=0.1)


def nap(seconds, word):
    """Work in a thread for a real moment."""
    time.sleep(seconds)
    return word


class TestOrder:
    """What threads post is handed over in an order that does not depend on them."""

    def test_jobs_end_in_the_order_in_which_they_were_given(self, run):
        """A job that was given first ends first, even if it takes longer."""
        order = []

        async def work(seconds, word):
            order.append(await asyncio.to_thread(nap, seconds, word))

        async def main():
            await asyncio.gather(work(0.02, "slow"), work(0, "fast"), work(0.01, "mid"))

        run(main())

        assert order == ["slow", "fast", "mid"]

    def test_workers_of_anyio_end_in_the_order_in_which_they_started(self, run):
        """The same holds for anyio's worker threads."""
        order = []

        async def work(seconds, word):
            order.append(await anyio.to_thread.run_sync(nap, seconds, word))

        async def main():
            async with anyio.create_task_group() as group:
                group.start_soon(work, 0.02, "slow")
                group.start_soon(work, 0, "fast")

        run(main())

        assert order == ["slow", "fast"]

    def test_jobs_that_end_at_once_are_no_exception(self, run):
        """A hundred jobs without any work end in their order."""
        order = []

        async def work(number):
            order.append(await asyncio.to_thread(int, number))

        async def main():
            await asyncio.gather(*(work(number) for number in range(100)))

        run(main())

        assert order == list(range(100))

    def test_a_thread_may_wait_for_what_it_posted(self, loop, run):
        """A thread that works on after posting is not waited for in vain."""
        is_answered = threading.Event()

        def work():
            loop.call_soon_threadsafe(is_answered.set)
            return is_answered.wait(5)

        assert run(asyncio.to_thread(work)) is True

    def test_a_program_that_spins_still_hears_of_threads(self, run):
        """Polling in turns of the loop ends when the thread has ended."""

        async def main():
            work = asyncio.ensure_future(asyncio.to_thread(nap, 0.4, "done"))
            while not work.done():  # noqa: ASYNC110 -- polling is the subject
                await asyncio.sleep(0)
            return work.result()

        assert run(main()) == "done"


class TestExecutors:
    """Jobs run in any executor of the program, or in the loop's own."""

    def test_an_executor_of_the_program_is_used(self, run, loop):
        """The name of the thread shows whose it is."""
        with ThreadPoolExecutor(thread_name_prefix="mine") as pool:
            name = run(
                loop.run_in_executor(pool, lambda: threading.current_thread().name)
            )

        assert name.startswith("mine")

    def test_a_default_executor_can_be_set(self, run, loop):
        """Jobs without an executor run in the default one of the program."""
        loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="ours"))

        name = run(asyncio.to_thread(lambda: threading.current_thread().name))

        assert name.startswith("ours")

    def test_processes_can_do_the_work(self, run, loop):
        """Functions need not be wrapped to run in a pool of processes."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            assert run(loop.run_in_executor(pool, abs, -5)) == 5

    def test_an_error_in_a_thread_is_the_awaiters(self, run):
        """A job that fails fails the coroutine that awaits it."""
        with pytest.raises(ZeroDivisionError):
            run(asyncio.to_thread(divmod, 1, 0))

    def test_a_cancelled_job_is_not_waited_for(self, loop, run):
        """Who gives up on a job goes on at once, and so does the clock."""
        release = threading.Event()

        async def main():
            job = asyncio.ensure_future(asyncio.to_thread(release.wait, 5))
            await asyncio.sleep(0)
            job.cancel()
            await asyncio.sleep(60)

        run(main())
        release.set()

        assert loop.now_us == 60_000_000

    def test_a_job_that_is_given_up_does_not_hold_the_close(self, make_loop):
        """A thread whose job was cancelled may outlive the loop."""
        loop, release = make_loop(stall_after=0.05), threading.Event()
        job = loop.run_in_executor(None, release.wait, 5)
        job.cancel()
        loop.run_to(None)

        loop.close()
        release.set()

        assert job.cancelled()

    def test_a_job_that_never_began_is_given_up_for_good(self, run, loop):
        """Of two jobs for one thread, the second is cancelled before it starts."""
        done = []

        async def main():
            with ThreadPoolExecutor(1) as pool:
                first = loop.run_in_executor(pool, time.sleep, 0.02)
                second = loop.run_in_executor(pool, done.append, "second")
                await asyncio.sleep(0)
                second.cancel()
                await first

        run(main())

        assert done == []

    def test_an_executor_that_is_shut_cancels_its_jobs(self, run, loop):
        """A job that its executor gives up is cancelled for its awaiter."""
        pool, release = ThreadPoolExecutor(1), threading.Event()

        async def main():
            first = loop.run_in_executor(pool, release.wait, 5)
            second = loop.run_in_executor(pool, int)
            pool.shutdown(wait=False, cancel_futures=True)
            release.set()
            await asyncio.wait([first, second])
            return second.cancelled()

        assert run(main()) is True

    def test_a_job_keeps_its_context(self, run):
        """`asyncio.to_thread` shows its thread the context of the task."""
        word = contextvars.ContextVar("word")

        async def main():
            word.set("kept")
            return await asyncio.to_thread(word.get)

        assert run(main()) == "kept"

    def test_the_executor_can_be_shut_early(self, loop, run):
        """`asyncio.Runner` shuts the executor on the loop, without a thread or timer."""

        async def main():
            before = threading.active_count()
            await asyncio.to_thread(int)
            await loop.shutdown_default_executor()
            return threading.active_count() - before

        assert (run(main()), loop.now_us) == (0, 0)


class TestStalling:
    """Real waiting is bounded, and the error names what kept everything waiting."""

    def stalled(self, loop, coroutine):
        """Run *coroutine* into the wall and return what the error says."""
        with pytest.raises(StalledError) as caught:
            loop.run_until_complete(coroutine)
        return caught.value.what

    def test_a_thread_is_named_by_its_function(self, impatient):
        """A job that never ends stalls the loop under its own name."""
        release = threading.Event()

        what = self.stalled(impatient, asyncio.to_thread(release.wait, 5))
        release.set()

        assert what == (
            "a thread that runs Event.wait() kept the loop waiting for 0.1 s of real time"
        )

    def test_a_worker_of_anyio_is_named(self, impatient):
        """A worker thread that never ends stalls the loop."""
        release = threading.Event()

        what = self.stalled(
            impatient, anyio.to_thread.run_sync(lambda: release.wait(5))
        )
        release.set()

        assert what.startswith("a worker thread of anyio kept the loop waiting")

    def test_a_silent_server_is_named_by_its_address(self, impatient):
        """A connection on which nothing comes stalls the loop."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()

            async def main():
                _, writer = await asyncio.open_connection(*address)
                try:
                    await asyncio.sleep(60)
                finally:
                    writer.close()

            what = self.stalled(impatient, main())

        assert what.startswith(f"a connection to {address!r} kept")

    def test_a_file_is_named_by_its_number(self, impatient):
        """A pipe into which nobody writes stalls the loop."""
        reader, writer = os.pipe()

        async def main():
            asyncio.get_running_loop().add_reader(reader, print)
            await asyncio.sleep(60)

        what = self.stalled(impatient, main())
        impatient.remove_reader(reader)
        os.close(reader)
        os.close(writer)

        assert what.startswith(f"file descriptor {reader} kept")

    def test_a_socket_without_a_peer_is_a_file(self, impatient):
        """A datagram socket on which nothing comes stalls the loop, too."""

        async def main():
            transport, _ = await impatient.create_datagram_endpoint(
                asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
            )
            try:
                await asyncio.sleep(60)
            finally:
                transport.close()

        assert self.stalled(impatient, main()).startswith("file descriptor ")

    def test_a_process_is_named_by_its_number(self, impatient):
        """A process that does not end stalls the loop."""
        pids = []

        async def main():
            process = await asyncio.create_subprocess_exec("sleep", "5")
            pids.append(process)
            await process.wait()

        what = self.stalled(impatient, main())
        pids[0].kill()
        impatient.run_until_complete(pids[0].wait())

        assert what.startswith(f"process {pids[0].pid} kept")


class TestStrangers:
    """Threads and clients that nobody announced may still call in."""

    def test_a_thread_of_the_program_may_wake_the_loop(self, loop, run):
        """Before a deadlock is declared, an unknown thread has a real moment."""

        async def main():
            future = loop.create_future()

            def work():
                time.sleep(0.02)
                loop.call_soon_threadsafe(future.set_result, "woken")

            thread = threading.Thread(target=work)
            thread.start()
            try:
                return await future
            finally:
                thread.join()

        assert run(main()) == "woken"

    def test_a_thread_that_was_there_before_may_wake_it_again(self, make_loop):
        """A thread older than the loop counts once it has called in."""
        box, rings = [], [threading.Event(), threading.Event()]

        def work():
            for ring in rings:
                ring.wait(5)
                time.sleep(0.01)
                box[0].call_soon_threadsafe(box[1].put_nowait, "ring")

        thread = threading.Thread(target=work)
        thread.start()
        loop = make_loop()

        async def main():
            box[:] = [loop, asyncio.Queue()]
            rings[0].set()
            while box[1].empty():
                time.sleep(0.001)  # noqa: ASYNC251 -- lets the thread go on
                await asyncio.sleep(0)
            await box[1].get()
            rings[1].set()
            return await box[1].get()

        assert loop.run_until_complete(main()) == "ring"
        thread.join()

    def test_a_stranger_that_stays_silent_is_no_excuse(self, impatient):
        """A deadlock is a deadlock after a grace, whoever else is alive."""
        release = threading.Event()
        thread = threading.Thread(target=release.wait)

        async def main():
            thread.start()
            await asyncio.Event().wait()

        with pytest.raises(DeadlockError):
            impatient.run_until_complete(main())
        release.set()
        thread.join()

    def test_a_listening_socket_that_nobody_calls_is_no_excuse(self, impatient):
        """A server without clients does not keep a deadlock from being one."""

        async def main():
            server = await asyncio.start_server(print, "127.0.0.1", 0)
            async with server:
                await server.serve_forever()

        with pytest.raises(DeadlockError):
            impatient.run_until_complete(main())

    def test_a_signal_is_heard(self, loop, run):
        """A signal handler of the loop can end a wait without timers."""

        async def main():
            caught = asyncio.Event()
            loop.add_signal_handler(signal.SIGUSR1, caught.set)
            os.kill(os.getpid(), signal.SIGUSR1)
            await caught.wait()
            return loop.remove_signal_handler(signal.SIGUSR1)

        assert run(main()) is True

    def test_a_synchronous_operation_hears_of_threads(self, loop):
        """What a thread posted before an operation is handed over in it."""
        heard = []
        thread = threading.Thread(
            target=loop.call_soon_threadsafe, args=(heard.append, "hello")
        )
        thread.start()
        thread.join()

        loop.run_to(None)

        assert heard == ["hello"]


class TestForbidden:
    """With io="forbid" nothing leaves the loop."""

    @pytest.fixture
    def strict(self, make_loop):
        """A loop for a strict continuous integration."""
        return make_loop(io="forbid")

    @pytest.mark.parametrize(
        ("call", "thing"),
        [
            ("run_in_executor", "a thread"),
            ("getaddrinfo", "a name server"),
            ("create_connection", "a socket"),
            ("sock_connect", "a socket"),
            ("add_reader", "a file descriptor"),
            ("subprocess_exec", "a process"),
        ],
    )
    def test_every_way_out_is_refused_by_name(self, strict, call, thing):
        """The error names the call and what it wanted."""
        with pytest.raises(UsageError) as caught:
            getattr(strict, call)()

        assert str(caught.value) == (
            f'loop.{call}() wants {thing}, and io="forbid" allows none\n'
            '  fix:   stub the step that makes the call, or use io="block"'
        )

    async def _thread(self):
        await asyncio.to_thread(int)

    async def _socket(self):
        await asyncio.open_connection("127.0.0.1", 9)

    async def _process(self):
        await anyio.run_process(["true"])

    @pytest.mark.parametrize("way", ["thread", "socket", "process"])
    def test_what_programs_write_is_refused(self, strict, way):
        """The calls of asyncio and anyio end at a refused way out."""
        with pytest.raises(UsageError, match='io="forbid" allows none'):
            strict.run_until_complete(getattr(self, f"_{way}")())

    def test_a_worker_of_anyio_is_refused(self, strict):
        """Threads that anyio starts past the loop are noticed at idle."""
        with pytest.raises(UsageError, match='io="forbid" allows no threads'):
            strict.run_until_complete(anyio.to_thread.run_sync(time.sleep, 0.01))

    def test_timers_and_tasks_are_not_affected(self, strict):
        """A program without a way out runs as on any other loop."""
        strict.run_until_complete(anyio.sleep(5))

        assert strict.now_us == 5_000_000
