"""The harness: one world in memory, and everything that a test can do to it."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar, final

from .._engine import Engine
from .._model.finding import Finding
from .._model.limits import Limits
from .._model.place import told
from ..errors import ScoretestError, near_miss
from ..sdk.client import Client
from ..sdk.places import caller
from ..times import to_instant
from .async_face import AsyncFace
from .async_travel import AsyncTravel
from .cancelling import cancel_run
from .checks import as_events, check_choices, check_served
from .claims import Claims
from .door import Door
from .driver import Driver
from .expectations import ExpectedFailure
from .fault_face import FaultFace
from .foreign import AnyClient, AnyEvent, Served, translated
from .judgement import Judgement, raise_findings
from .kept import KEPT
from .loop import VirtualLoop
from .noting import note_timeline
from .reader import Reader
from .reading_face import ReadingFace
from .residence import Residence
from .sent import Sent
from .stubs import NOT_GIVEN, Stub
from .travel import Travel
from .views import Run
from .wall_clock import wall_clock as find_wall_clock

__all__ = ["Harness"]

T = TypeVar("T")


@final
class Harness(AsyncFace, ReadingFace, Claims):
    """A world in memory that runs functions, defers and waits in virtual time.

    Each harness is a world of its own; two in one process never meet. Use it as a
    context manager, or through the pytest fixture ``harness``: closing it raises what
    was found wrong, unless `allow` names it.

    Args:
        start: The instant at which the world begins: ISO 8601 text or an aware datetime.
        seed: What identifiers are derived from.
        wall_clock: None leaves ``datetime.now()`` alone; ``"freezegun"`` or
            ``"time-machine"`` lets it follow `now`, in the whole process.
        reentry: ``"step"`` enters handlers again after each step, as the server does;
            ``"wait"`` only after what takes time, ``"never"`` only at groups. Both are
            for coroutine handlers of this SDK; others are entered as ever.
        strict: Whether findings fail the test when the harness closes.
        quirks: ``"report"``: the engine's accidents become findings; ``"exact"``: they
            happen here, too (rules C9, C12, X1 and X2).
        io: ``"block"`` waits for threads, sockets and processes of user code in real
            time; ``"forbid"`` refuses them.
        limits: The server's limits, where a test wants others.

    Raises:
        UsageError: One of them has no such value.
    """

    def __init__(  # noqa: PLR0913 -- the choices of a world, all of them named
        self,
        *,
        start: str | datetime = "2025-01-01T00:00:00Z",
        seed: int = 0,
        wall_clock: Literal["freezegun", "time-machine"] | None = None,
        reentry: Literal["step", "wait", "never"] = "step",
        strict: bool = True,
        quirks: Literal["report", "exact"] = "report",
        io: Literal["block", "forbid"] = "block",
        limits: Limits | None = None,
    ) -> None:
        check_choices(
            seed=seed,
            wall_clock=wall_clock,
            reentry=reentry,
            strict=strict,
            quirks=quirks,
            io=io,
            limits=limits,
        )
        self._start = to_instant(start, what="start")
        clock = None if wall_clock is None else find_wall_clock(wall_clock)
        if clock is not None:
            clock.join(self._start)  # first, because it may refuse
        self._is_strict = strict
        self._engine = Engine(
            start=self._start, seed=seed, limits=limits, is_exact=quirks == "exact"
        )
        self._driver = Driver(self._engine, VirtualLoop(io=io), copy_context())
        self._residence = Residence(self._driver, io)
        self._residence.hang_up(clock)
        self._registry = self._driver.registry
        self._registry.async_kind = KEPT[reentry]
        self._travel = Travel(self._driver)
        self._async_travel = AsyncTravel(self._driver)
        self._reader = Reader(self._engine, self._start)
        self._judgement = Judgement(
            self._reader, self._driver.stubs, self._driver.faults
        )
        self._fault_face = FaultFace(
            self._driver, self._residence, self._travel, self._reader
        )
        self._door = Door(self._driver, self._residence, self._travel.settle)
        self._clients: dict[str, Client] = {}

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else self.now.isoformat()
        return f"<Harness {state}, {len(self._engine.lives)} runs>"

    # --- functions --------------------------------------------------------------

    def serve(self, client: AnyClient, functions: Sequence[Served]) -> Self:
        """Register *functions* of *client*; calls of the client now reach this world.

        Args:
            client: The app: a `Client`, or an ``inngest.Inngest`` with its functions.
            functions: Everything it serves: ordinary functions, deferred ones, scorers.

        Returns:
            This harness.

        Raises:
            UsageError: A function of another app, two of one id, or another client of
                the same app. Then nothing is registered.
        """
        self._residence.stand_here("serve")
        ours, parts = translated(client, functions)
        check_served(ours, parts, self._clients, self._registry.functions)
        self._registry.serve(ours, parts)
        if ours.app_id not in self._clients:
            self._clients[ours.app_id] = ours
            ours.attach(self._door)
        return self

    # --- what can happen --------------------------------------------------------

    def send(
        self,
        event: str | AnyEvent | Sequence[AnyEvent],
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 -- the wire's word
        ts: datetime | int | None = None,
    ) -> Sent:
        """Send an event, or several in one request, and run everything due now.

        Args:
            event: A name, with *data* beside it, or events that are complete.
            data: The event's data, a JSON object.
            id: The sender's own id; starts each function once in 24 hours (rule F3).
            ts: When it happened: an aware datetime or whole milliseconds. A time to
                come delays the runs that it starts (rule H3).

        Returns:
            The runs that were started and resumed, and the waits that were not.

        Raises:
            UsageError: The server would refuse one of the events; then none is sent.
        """
        self._residence.run_here("send")
        sent = self._sent(as_events(event, data, id, ts))
        self._travel.settle()
        return sent

    def advance(self, by: str | timedelta) -> Self:
        """Move the clock forward and run everything that becomes due, timer by timer.

        What is due at the instant of arrival runs too.

        Args:
            by: Text such as ``"7d"`` or ``"6d 23h"``, or a timedelta.

        Raises:
            UsageError: *by* is negative, or has no unit.
        """
        self._residence.run_here("advance")
        self._travel.advance(by)
        return self

    def advance_to(self, moment: datetime) -> Self:
        """Move the clock to *moment*, an aware datetime, as `advance` does.

        Raises:
            UsageError: *moment* is in the past, or has no time zone.
        """
        self._residence.run_here("advance_to")
        self._travel.advance_to(moment)
        return self

    def fast_forward(self, within: str | timedelta | None = None) -> Self:
        """Go from timer to timer until nothing is pending.

        The clock stays at the last timer that fired.

        Args:
            within: How far at most; without it, the program has to come to an end.

        Raises:
            LivelockError: The program does not end; the message names a run.
        """
        self._residence.run_here("fast_forward")
        self._travel.fast_forward(within)
        return self

    def call(
        self,
        function: Callable[..., Coroutine[Any, Any, T]],
        *args: object,
        **kwargs: object,
    ) -> T:
        """Run a coroutine function of the application on the virtual loop.

        The clock moves as far as the coroutine sleeps. What it sends arrives here.
        Pass the function itself, not its call.
        """
        self._residence.run_here("call")
        return self._travel.call(function, *args, **kwargs)

    def stub(
        self,
        function: Served,
        step_id: str,
        *,
        returns: object = NOT_GIVEN,
        raises: BaseException | type[BaseException] | None = None,
        calls: Callable[[], object] | None = None,
        times: int | None = None,
    ) -> Stub:
        """Let something stand in for the callback of a step.

        Args:
            function: Whose step.
            step_id: Which step.
            returns: What the step yields.
            raises: What it raises instead.
            calls: What is called instead, without arguments.
            times: How often; every time when left out.

        Raises:
            UsageError: Not exactly one of *returns*, *raises* and *calls* is given, or
                *function* is not served here.
        """
        self._residence.stand_here("stub")
        return self._driver.stubs.add(
            self._registry.slug_of(function),
            step_id,
            returns=returns,
            raises=raises,
            calls=calls,
            times=times,
            place=told(caller()),
        )

    def cancel(self, run: Run | str) -> None:
        """Cancel a run that has not ended, as the server's API does (rule F1)."""
        self._residence.run_here("cancel")
        cancel_run(self._driver, self._reader.source, run)
        self._travel.settle()

    @property
    def faults(self) -> FaultFace:
        """What can go wrong on the way, for the test to let it."""
        return self._fault_face

    # --- judgement --------------------------------------------------------------

    @property
    def findings(self) -> list[Finding]:
        """What was found wrong so far and is not allowed."""
        return self._judgement.findings(at_close=False)

    def allow(self, code: str, *, reason: str) -> None:
        """Let findings of this code pass in this test.

        Args:
            code: Such as ``"DEFER_LOST"``.
            reason: Why, for who reads the test.

        Raises:
            UsageError: There is no such code, or no reason.
        """
        self._judgement.allow(code, reason)

    def expect_failure(self, function: Served) -> ExpectedFailure:
        """Return a context manager: exactly one run of *function* must fail inside it.

        Raises:
            UsageError: *function* is not served here.
        """
        self._residence.stand_here("expect_failure")
        return ExpectedFailure(self._reader, self._registry.slug_of(function))

    # --- the end ----------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether the world has ended."""
        return self._residence.is_closed

    def close(self) -> None:
        """End the world; raise what was found wrong, unless the harness is lax.

        Raises:
            DeadlockError: A handler still waits, and nothing is left to wake it.
            FindingsError: Findings that the test did not allow; only the first time.
        """
        if self.is_closed:
            return
        findings = self._judgement.findings(at_close=True)
        try:
            self._residence.check_deadlock()
        finally:
            self.abandon()
        if self._is_strict and findings:
            note_timeline(lambda: self.timeline)
            raise_findings(findings)

    def abandon(self) -> None:
        """End the world without judging it; for a test that has already failed."""
        if not self.is_closed:
            for client in self._clients.values():
                client.detach(self._door)
            self._residence.close()

    def __enter__(self) -> Self:
        with self._or_abandon():
            self._residence.stand_here("with")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:  # what the test raised is the news; findings would hide it
            note_timeline(lambda: self.timeline)
            self.abandon()

    async def aclose(self) -> None:
        """End the world as `Harness.close` does, and wait until its tasks are gone."""
        try:
            self.close()
        finally:
            await self._residence.farewell()

    async def __aenter__(self) -> Self:
        with self._or_abandon():
            self._residence.await_here("async with")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            await self.aclose()
        else:  # what the test raised is the news; findings would hide it
            note_timeline(lambda: self.timeline)
            self.abandon()
            await self._residence.farewell()

    @contextmanager
    def _or_abandon(self) -> Iterator[None]:
        """Leave nothing open when a block cannot be entered."""
        try:
            yield
        except ScoretestError:
            self.abandon()
            raise

    if not TYPE_CHECKING:  # to a type checker, every name would exist

        def __getattr__(self, name: str) -> NoReturn:
            hint = near_miss(name, dir(type(self)))
            raise AttributeError(f"Harness has no {name!r}{hint}")
