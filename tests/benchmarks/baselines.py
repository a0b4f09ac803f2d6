"""The standard job without scoretest: what is the least that it can cost?

`bare` is the limit: a heap, one generator per run, a memo, a dictionary of waits.
`minloop` is what a patient person would write by hand: the job as plain asyncio tasks on
a small virtual loop. Neither records facts, copies data through JSON or re-enters.
"""

import asyncio
import heapq
import itertools
import selectors
from collections.abc import Callable, Generator

HOUR = 3_600.0
WEEK = 7 * 24 * HOUR

Run = Generator[tuple[str, object], object, object]


class Bare:
    """A durable engine with everything left out that the job does not touch."""

    def __init__(self) -> None:
        self.now = 0.0
        self.scores: list[tuple[int, float]] = []
        self._heap: list[
            tuple[float, int, Callable[..., None], tuple[object, ...]]
        ] = []
        self._order = itertools.count()
        self._memo: dict[tuple[int, str], object] = {}
        self._waits: dict[object, tuple[int, Run]] = {}

    def at(self, when: float, call: Callable[..., None], *args: object) -> None:
        """Do something at a virtual time."""
        heapq.heappush(self._heap, (when, next(self._order), call, args))

    def run(self) -> None:
        """Go from timer to timer until nothing is left."""
        while self._heap:
            self.now, _, call, args = heapq.heappop(self._heap)
            call(*args)

    def start(self, ticket: int) -> None:
        """Start the parent of a ticket."""
        self._step(ticket, _parent(ticket), None)

    def signal(self, ticket: int) -> None:
        """Deliver the feedback for a ticket."""
        if ticket in self._waits:
            self._step(*self._waits.pop(ticket), {"ticketId": ticket})

    def _timeout(self, ticket: int) -> None:
        if ticket in self._waits:
            self._step(*self._waits.pop(ticket), None)

    def _step(self, key: int, run: Run, value: object) -> None:
        deferred = []
        try:
            while True:
                what, detail = run.send(value)
                value = None
                if what == "run":
                    value = self._memo[key, what] = detail()
                elif what == "defer":
                    deferred.append(detail)
                elif what == "wait":
                    self._waits[detail] = (key, run)
                    self.at(self.now + WEEK, self._timeout, detail)
                    return
                else:
                    self.scores.append((key, detail))
        except StopIteration:
            for ticket in deferred:
                self._step(ticket, _scorer(ticket), None)


def _parent(ticket: int) -> Run:
    text = yield "run", lambda: f"Thanks for writing: {ticket}"
    yield "defer", ticket
    return {"response": text}


def _scorer(ticket: int) -> Run:
    feedback = yield "wait", ticket
    yield "score", 0.5 if feedback is None else 1


def bare(size: int, gap: float) -> list[float]:
    """Run the job on `Bare`, one start each *gap* seconds, and return the scores."""
    engine = Bare()
    for ticket in range(size):
        engine.at(ticket * gap, engine.start, ticket)
        if ticket % 2 == 0:
            engine.at(ticket * gap + HOUR, engine.signal, ticket)
    engine.run()
    return [value for _, value in engine.scores]


class _VirtualSelector(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[object]:
        if timeout is None:
            message = "every task waits and no timer is set"
            raise RuntimeError(message)
        self.now += max(0.0, timeout)
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual.now


class _ByHand:
    """The job as a patient person would write it, without an engine."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.scores: list[float] = []
        self._loop = loop
        self._tasks: list[asyncio.Task[object]] = []
        self._waits: dict[int, asyncio.Future[object]] = {}

    async def job(self, size: int, gap: float) -> None:
        for ticket in range(size):
            self._tasks.append(self._loop.create_task(self._parent(ticket)))
            if ticket % 2 == 0:
                feedback = {"ticketId": ticket}
                self._loop.call_later(HOUR, self._settle, ticket, feedback)
            if gap:
                await asyncio.sleep(gap)
        for task in self._tasks:  # grows while it is walked: parents add their scorers
            await task

    async def _parent(self, ticket: int) -> str:
        text = await self._answer(ticket)
        self._tasks.append(self._loop.create_task(self._scorer(ticket)))
        return text

    async def _answer(self, ticket: int) -> str:
        return f"Thanks for writing: {ticket}"

    async def _scorer(self, ticket: int) -> None:
        self._waits[ticket] = self._loop.create_future()
        timer = self._loop.call_later(WEEK, self._settle, ticket, None)
        feedback = await self._waits[ticket]
        timer.cancel()
        self.scores.append(0.5 if feedback is None else 1)

    def _settle(self, ticket: int, feedback: object) -> None:
        if not self._waits[ticket].done():
            self._waits[ticket].set_result(feedback)


def minloop(size: int, gap: float) -> list[float]:
    """Run the job as plain asyncio tasks in virtual time and return the scores."""
    loop = _VirtualLoop()
    try:
        by_hand = _ByHand(loop)
        loop.run_until_complete(by_hand.job(size, gap))
        return by_hand.scores
    finally:
        loop.close()
