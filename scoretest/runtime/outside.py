"""What virtual time cannot hurry: threads, sockets, pipes and processes.

The clock stands still while any of them is at work, and `Outside.wait` waits for them
in real time, bounded. At work are

* a job of an executor, and a worker thread of anyio that has a task, unless the thread
  itself waits for the loop: then it is the loop's turn;
* a child process that has not ended;
* a file that the loop watches, unless it is a listening socket, or one end of a
  connection whose other end is on this loop too.

Threads finish in an order that the operating system chooses. What they post is held
back until no thread is at work, and handed over in the order in which the work was
given out. A thread that posts and works on cannot hold the others for long
(`_PATIENCE_S`): it may be waiting for the effect.

No clock is read here, because the clock may be frozen: the slices waited are summed.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from selectors import DefaultSelector, SelectorKey
from typing import Any, Final, TypeAlias, TypeVar

from ..errors import StalledError, UsageError
from .inspection import (
    POOL_NAME,
    anyio_workers,
    awaits_the_loop,
    call_name,
    has_task,
    is_pool_thread,
    link_of,
    position_of,
)

__all__ = ["Events", "Outside", "Selector"]

_Protocol = TypeVar("_Protocol")
Events: TypeAlias = list[tuple[SelectorKey, int]]

# slices of real waiting: short at first, as most threads answer at once
_FIRST_SLICE_S: Final = 0.000_5
_LAST_SLICE_S: Final = 0.02
# with fewer turns left a busy loop does nothing but poll
_FEW_TURNS: Final = 50_000
# how long a thread at work holds back what other threads have posted
_PATIENCE_S: Final = 0.05
# how long threads that nobody knows, and clients of a listening socket, may still call
# in before a program that waits for nothing else is declared dead
_GRACE_S: Final = 0.5
# how long closing waits for threads that are still at work
_FAREWELL_S: Final = 1.0


class Selector(DefaultSelector):
    """The selector of the operating system, asked only when the loop decides to."""

    decide: Callable[[bool], Events]

    def select(self, timeout: float | None = None) -> Events:
        """Let the loop decide; asyncio passes zero exactly if something is ready."""
        return self.decide(timeout == 0)

    def poll(self, seconds: float) -> Events:
        """Really ask the operating system."""
        return super().select(seconds)


@dataclass(slots=True, eq=False)
class _Job:
    """A function that an executor runs; it remembers which thread runs it."""

    number: int
    function: Callable[..., Any]
    args: tuple[Any, ...]
    result: asyncio.Future[Any]
    thread: int | None = None
    is_done: bool = False

    def __call__(self) -> Any:
        self.thread = threading.get_ident()
        return self.function(*self.args)

    def hand_over(self, source: "Future[Any]") -> None:
        """Let the coroutine that awaits the job go on."""
        if self.result.done():  # it was cancelled in the meantime
            return
        if source.cancelled():
            self.result.cancel()
        elif (error := source.exception()) is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(source.result())


@dataclass(slots=True, frozen=True)
class _Letter:
    """A callback that another thread posted, and its place in the order."""

    order: tuple[int, int]
    callback: asyncio.Handle


class Outside:
    """Keeps account of what is in flight for one loop, and waits for it.

    Args:
        loop: The loop.
        selector: Knows the files that the loop watches; now only its own wake-up pipe.
        receive: Takes a callback that is ready to run.
        wake: Ends a real wait of the loop, from any thread.
        stall_after: Seconds of silence after which waiting is an error.
        is_forbidden: Whether a thread that calls in is an error; may change.

    Attributes:
        describe: Says whose turn it is, for the error that ends the wait.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        selector: Selector,
        receive: Callable[[asyncio.Handle], object],
        wake: Callable[[], None],
        stall_after: float,
        is_forbidden: bool,
    ) -> None:
        self.polls = 0
        self._loop = loop
        self._selector = selector
        self._files = selector.get_map()
        self._own_files = frozenset(key.fd for key in self._files.values())
        self._receive = receive
        self._wake = wake
        self._stall_after = stall_after
        self.describe: Callable[[], str] | None = None
        self.is_forbidden = is_forbidden
        self._home = threading.get_ident()
        self._neighbours = frozenset(threading.enumerate())
        self._callers: set[int] = set()
        self._letters: deque[_Letter] = deque()
        self._letters_held_s = 0.0
        self._pool: ThreadPoolExecutor | None = None
        self._jobs: dict[asyncio.Future[Any], _Job] = {}
        self._jobs_given = 0
        self._sources: set[Future[Any]] = set()
        self._children: list[asyncio.SubprocessTransport] = []

    # -- what goes out ---------------------------------------------------------------

    def adopt_thread(self) -> None:
        """Take the calling thread for the one in which the loop runs."""
        self._home = threading.get_ident()

    def submit(
        self, pool: Executor | None, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> asyncio.Future[Any]:
        """Give a job to *pool*, or to the loop's own, and keep account of it."""
        self._jobs_given += 1
        result = self._loop.create_future()
        job = _Job(self._jobs_given, function, args, result)
        if pool is None:
            pool = self._default_pool()
        # a pool of processes could not pickle the job itself
        is_threaded = isinstance(pool, ThreadPoolExecutor)
        source = pool.submit(job) if is_threaded else pool.submit(function, *args)
        self._jobs[result] = job
        self._sources.add(source)
        result.add_done_callback(partial(self._forget, source))
        source.add_done_callback(partial(self._finish, job))
        return result

    def _finish(self, job: _Job, source: "Future[Any]") -> None:
        """Post the result of *job*, from the thread that ran it."""
        self._sources.discard(source)
        if not self._loop.is_closed():
            callback = asyncio.Handle(job.hand_over, (source,), self._loop)
            self._letters.append(_Letter((0, job.number), callback))
            job.is_done = True  # after its letter, as one of the two holds the clock
            self._wake()

    def _forget(self, source: "Future[Any]", result: "asyncio.Future[Any]") -> None:
        del self._jobs[result]
        if result.cancelled():
            source.cancel()

    def use_pool(self, pool: ThreadPoolExecutor) -> None:
        """Run the jobs that name no executor in *pool*."""
        self._pool = pool

    def _default_pool(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(thread_name_prefix=POOL_NAME)
        return self._pool

    def watch_child(
        self, child: tuple[asyncio.SubprocessTransport, _Protocol]
    ) -> tuple[asyncio.SubprocessTransport, _Protocol]:
        """Count a new process as at work until it has ended; return it."""
        self._children.append(child[0])
        return child

    def close_pool(self) -> None:
        """Let the loop's executor go, after a short wait for jobs at work."""
        if self._pool is not None:
            patience_s = min(_FAREWELL_S, self._stall_after)
            late = wait(frozenset(self._sources), patience_s).not_done
            self._pool.shutdown(wait=not late, cancel_futures=True)
            self._pool = None

    def close(self) -> None:
        """Leave no thread behind that can be helped."""
        self.close_pool()
        for worker in anyio_workers(self._loop):
            if not worker.stopping:
                worker.stop()
            worker.join(_FAREWELL_S)
        self._letters.clear()
        self._jobs.clear()
        self._children.clear()

    # -- what comes in ---------------------------------------------------------------

    def is_local(self) -> bool:
        """Return whether the caller is in the thread of the loop."""
        return threading.get_ident() == self._home

    def post(self, callback: asyncio.Handle) -> None:
        """Hold *callback* until the threads are done; called from any thread."""
        ident = threading.get_ident()
        self._letters.append(_Letter((1, position_of(ident)), callback))
        self._callers.add(ident)
        self._wake()

    def deliver(self) -> None:
        """Hand over what the threads have posted so far."""
        # one by one, as other threads may be posting
        letters = [self._letters.popleft() for _ in range(len(self._letters))]
        self._letters_held_s = 0.0
        for letter in sorted(letters, key=lambda letter: letter.order):
            self._receive(letter.callback)

    def glance(self, turns_left: int) -> Events:
        """Return what has arrived while the loop is busy, and has *turns_left*.

        A loop that only polls for a thread at work gives it time before they are over.
        """
        if not self.is_possible():
            return []
        self.deliver()
        is_polled = self._jobs and turns_left < _FEW_TURNS
        return self._poll(_FIRST_SLICE_S if is_polled else 0)

    # -- waiting ---------------------------------------------------------------------

    def is_possible(self) -> bool:
        """Return whether anything could be at work; cheap, and true when in doubt."""
        return bool(
            self._jobs
            or self._letters
            or self._children
            or len(self._files) > len(self._own_files)
            or self._has_anyio_workers()
        )

    def wait(self) -> Events:
        """Wait until something arrives or nothing is at work.

        Raises:
            StalledError: nothing happened for too long.
            UsageError: a thread called in, and that is forbidden.
        """
        waited_s, slice_s = 0.0, _FIRST_SLICE_S
        events = self._poll(0)
        while not events:
            thread = self._thread_at_work()
            self._refuse_threads(thread)
            if self._letters and self._may_deliver(thread):
                self.deliver()
                break
            at_work = thread or self._child_at_work() or self._file_at_work()
            if not at_work:
                break
            if waited_s >= self._stall_after:
                raise self._stalled(at_work)
            events = self._poll(slice_s)
            waited_s += slice_s
            slice_s = min(2 * slice_s, _LAST_SLICE_S)
        return events

    def linger(self) -> Events:
        """Give strangers a last chance to call in before a deadlock is declared."""
        is_awaited = self._has_listeners() or self._has_strangers()
        patience_s = min(_GRACE_S, self._stall_after) if is_awaited else 0.0
        waited_s = 0.0
        events = self._poll(0)
        while not events and waited_s < patience_s:
            events = self._poll(_LAST_SLICE_S)
            waited_s += _LAST_SLICE_S
        return events

    def _poll(self, seconds: float) -> Events:
        self.polls += 1
        if self._letters:
            self._letters_held_s += seconds
        return self._selector.poll(seconds)

    def _may_deliver(self, thread_at_work: str) -> bool:
        return not thread_at_work or self._letters_held_s >= _PATIENCE_S

    def _stalled(self, at_work: str) -> StalledError:
        return StalledError(
            f"{at_work} kept the loop waiting for {self._stall_after:g} s of real time",
            where="" if self.describe is None else self.describe(),
            fix="stub the call, or end what is at work before the test goes on",
        )

    def _refuse_threads(self, thread_at_work: str) -> None:
        if self.is_forbidden and (thread_at_work or self._letters):
            what = thread_at_work or "a thread"
            raise UsageError(
                f'{what} worked for the loop, and io="forbid" allows no threads',
                fix='stub the step that starts it, or use io="block"',
            )

    # -- what is at work -------------------------------------------------------------

    def _thread_at_work(self) -> str:
        for job in self._jobs.values():
            if not job.is_done and not awaits_the_loop(job.thread):
                return f"a thread that runs {call_name(job.function)}"
        for worker in anyio_workers(self._loop):
            if has_task(worker) and not awaits_the_loop(worker.ident):
                return "a worker thread of anyio"
        return ""

    def _child_at_work(self) -> str:
        self._children = [
            child for child in self._children if child.get_returncode() is None
        ]
        return f"process {self._children[0].get_pid()}" if self._children else ""

    def _file_at_work(self) -> str:
        links = {fd: link_of(fd) for fd in self._foreign_files()}
        ends = {(link.name, link.peer) for link in links.values()}
        for fd, link in links.items():
            if not link.is_listening and not link.is_closed_circuit(ends):
                return link.describe(fd)
        return ""

    def _foreign_files(self) -> Iterator[int]:
        fds = (key.fd for key in self._files.values())
        return (fd for fd in fds if fd not in self._own_files)

    def _has_anyio_workers(self) -> bool:
        # most programs have one thread, and then the question is answered
        return threading.active_count() > 1 and any(
            True for _ in anyio_workers(self._loop)
        )

    def _has_listeners(self) -> bool:
        return any(True for _ in self._foreign_files())

    def _has_strangers(self) -> bool:
        return any(
            thread not in self._neighbours or thread.ident in self._callers
            for thread in threading.enumerate()
            if not is_pool_thread(thread, self._loop)
        )
