"""The harness: one world in memory, and everything that a test can do to it."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeVar, final

from .._engine import Engine
from .._model.event import Event
from .._model.finding import Finding
from .._model.limits import Limits
from .._model.place import told
from ..errors import NotBuiltError, near_miss
from ..reports.timeline import Timeline
from ..sdk.client import Client
from ..sdk.function import AnyFunction, Function
from ..sdk.places import caller
from ..times import to_datetime, to_instant
from .cancelling import cancel_run
from .checks import as_events, check_choices, check_served
from .door import Door
from .driver import Driver
from .expectations import ExpectedFailure
from .judgement import Judgement, raise_findings
from .loop import VirtualLoop
from .reader import Reader
from .scores import Scores
from .sent import Sent
from .stubs import NOT_GIVEN, Stub
from .travel import Travel
from .usable import check_usable, refuse_async
from .views import OpenWait, Run

__all__ = ["Harness"]

T = TypeVar("T")


@final
class Harness:
    """A world in memory that runs functions, defers and waits in virtual time.

    Each harness is a world of its own; two in one process never meet. Use it as a
    context manager, or through the pytest fixture ``harness``: closing it raises what
    was found wrong, unless `allow` names it.

    Args:
        start: The instant at which the world begins: ISO 8601 text or an aware datetime.
        seed: What identifiers are derived from.
        wall_clock: None; other clocks are not built yet.
        reentry: ``"step"``, the server's way; others are not built yet.
        strict: Whether findings fail the test when the harness closes.
        quirks: ``"report"``: the engine's accidents become findings; nothing else yet.
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
        wall_clock: None = None,
        reentry: Literal["step"] = "step",
        strict: bool = True,
        quirks: Literal["report"] = "report",
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
        self._is_strict = strict
        self._engine = Engine(start=self._start, seed=seed, limits=limits)
        self._loop = VirtualLoop(io=io)
        self._driver = Driver(self._engine, self._loop, copy_context())
        self._registry = self._driver.registry
        self._travel = Travel(self._driver, self._start)
        self._reader = Reader(self._engine, self._start)
        self._judgement = Judgement(self._reader, self._driver.stubs)
        self._door = Door(self._driver, self._travel.settle)
        self._clients: dict[str, Client] = {}
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else self.now.isoformat()
        return f"<Harness {state}, {len(self._engine.lives)} runs>"

    # --- functions --------------------------------------------------------------

    def serve(self, client: Client, functions: Sequence[AnyFunction]) -> Self:
        """Register *functions* of *client*; calls of the client now reach this world.

        Args:
            client: The app.
            functions: Everything it serves: ordinary functions, deferred ones, scorers.

        Returns:
            This harness.

        Raises:
            UsageError: A function of another app, two of one id, or another client of
                the same app. Then nothing is registered.
        """
        self._check_usable("serve")
        check_served(client, functions, self._clients, self._registry.functions)
        self._registry.serve(client, functions)
        if client.app_id not in self._clients:
            self._clients[client.app_id] = client
            client.attach(self._door)
        return self

    # --- what can happen --------------------------------------------------------

    def send(
        self,
        event: str | Event | Sequence[Event],
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
        self._check_usable("send")
        events = as_events(event, data, id, ts)
        begin = len(self._engine.trace)
        ids = self._driver.send(events)
        sent = Sent(self._reader.source, ids, begin, len(self._engine.trace))
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
        self._check_usable("advance")
        self._travel.advance(by)
        return self

    def advance_to(self, moment: datetime) -> Self:
        """Move the clock to *moment*, an aware datetime, as `advance` does.

        Raises:
            UsageError: *moment* is in the past, or has no time zone.
        """
        self._check_usable("advance_to")
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
        self._check_usable("fast_forward")
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
        self._check_usable("call")
        return self._travel.call(function, *args, **kwargs)

    def stub(
        self,
        function: Function[Any],
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
        self._check_usable("stub")
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
        self._check_usable("cancel")
        cancel_run(self._driver, self._reader.source, run)
        self._travel.settle()

    @property
    def faults(self) -> NoReturn:
        """Inject faults; not built yet."""
        raise NotBuiltError(
            "harness.faults is not built yet",
            fix="let a step fail with harness.stub(function, step_id, raises=...)",
        )

    # --- what can be read -------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The present instant, in UTC; handlers may read it too."""
        return to_datetime(self._driver.now)

    @property
    def runs(self) -> list[Run]:
        """All runs, in the order of starting."""
        return self._reader.runs

    def run(self, which: Function[Any] | str) -> Run:
        """Return the only run of a function, or the run of an id.

        Raises:
            UsageError: There is none, or several; the message lists what there is.
        """
        return self._reader.only_run(
            which if isinstance(which, str) else self._registry.slug_of(which),
            self._registry.functions,
        )

    @property
    def waits(self) -> list[OpenWait]:
        """The open waits, in the order of opening."""
        return self._reader.waits

    @property
    def events(self) -> list[Event]:
        """Every event in order, the server's own included, in wire shape."""
        return self._reader.events

    @property
    def scores(self) -> Scores:
        """The scores that stand, in the order written (rule G2)."""
        return self._reader.scores

    @property
    def timeline(self) -> Timeline:
        """What happened so far, in virtual time; ``str()`` of it is the text."""
        return self._reader.timeline

    def explain(self, which: Event | Sent) -> str:
        """Say why an event resumes no wait and cancels no run, for each that it might.

        Args:
            which: What `send` returned, or an event that was not sent: then the waits
                that are open now are asked.

        Raises:
            UsageError: *which* is neither.
        """
        return self._reader.explain(which)

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

    def expect_failure(self, function: Function[Any]) -> ExpectedFailure:
        """Return a context manager: exactly one run of *function* must fail inside it.

        Raises:
            UsageError: *function* is not served here.
        """
        self._check_usable("expect_failure")
        return ExpectedFailure(self._reader, self._registry.slug_of(function))

    # --- the end ----------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether the world has ended."""
        return self._is_closed

    def close(self) -> None:
        """End the world; raise what was found wrong, unless the harness is lax.

        Raises:
            DeadlockError: A handler still waits, and nothing is left to wake it.
            FindingsError: Findings that the test did not allow; only the first time.
        """
        if self._is_closed:
            return
        findings = self._judgement.findings(at_close=True)
        try:
            self._driver.check_deadlock()
        finally:
            self.abandon()
        if self._is_strict:
            raise_findings(findings)

    def abandon(self) -> None:
        """End the world without judging it; for a test that has already failed."""
        if not self._is_closed:
            self._is_closed = True
            for client in self._clients.values():
                client.detach(self._door)
            self._driver.stop()

    def __enter__(self) -> Self:
        self._check_usable("with")
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
            self.abandon()

    def _check_usable(self, verb: str) -> None:
        check_usable(verb, self._driver, is_closed=self._is_closed)

    if not TYPE_CHECKING:  # to a type checker, every name would exist

        def __getattr__(self, name: str) -> NoReturn:
            refuse_async(name)
            hint = near_miss(name, dir(type(self)))
            raise AttributeError(f"Harness has no {name!r}{hint}")
