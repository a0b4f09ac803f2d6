"""The harness: one world in memory, and everything that a test can do to it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Literal, NoReturn, Self, TypeVar, final

from .._engine import Engine
from .._json import show
from .._model.event import Event
from .._model.finding import Finding
from .._model.limits import Limits
from ..errors import NotBuiltError, UsageError, near_miss
from ..reports.timeline import Timeline
from ..sdk.client import Client
from ..sdk.function import AnyFunction, Function, is_coroutine_handler
from ..sdk.places import caller
from ..times import Instant, format_instant, to_datetime, to_duration, to_instant
from .checks import as_events, check_choices, check_served, pick
from .door import Door
from .driver import Driver
from .expectations import ExpectedFailure
from .judgement import Judgement, raise_findings
from .loop import VirtualLoop
from .reader import Reader
from .scores import Scores
from .sent import Sent
from .stubs import Stub
from .views import OpenWait, Run

__all__ = ["Harness"]

T = TypeVar("T")

# how many runs may start each other before the harness takes them for endless
_CHAIN_OF_ADVANCE = 20_000
_CHAIN_OF_FAST_FORWARD = 1_000
_ASYNC_FACE = ("asend", "aadvance", "aadvance_to", "afast_forward", "acall")


@final
class Harness:
    """A world in memory that runs functions, defers and waits in virtual time.

    Each harness is a world of its own; two in one process never meet. Use it as a
    context manager, or through the pytest fixture ``harness``: closing it raises what
    was found wrong, unless `allow` names it.

    Args:
        start: The instant at which the world begins: ISO 8601 text or an aware datetime.
        seed: What identifiers are derived from.
        wall_clock: None; ``"freezegun"`` is not built yet.
        reentry: ``"step"``, the server's way: the handler starts from its top after
            every step. ``"wait"`` and ``"never"`` are not built yet.
        strict: Whether findings fail the test when the harness closes.
        quirks: ``"report"``: the engine's accidents become findings. ``"exact"`` is not
            built yet.
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
        self._reader = Reader(self._engine, self._start)
        self._judgement = Judgement(self._reader, self._driver.stubs)
        self._door = Door(self._driver, self._settle)
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
        check_served(client, functions, self._clients, self._driver.functions)
        for function in functions:
            self._engine.register(function.options)
            self._driver.functions[function.id] = function
            self._driver.loggers[function.id] = client.logger
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
        sent = Sent(self._reader, ids, begin, len(self._engine.trace))
        self._run_to(None)
        return sent

    def advance(self, by: str | timedelta) -> Self:
        """Move the clock forward and run everything that becomes due, timer by timer.

        What is due at the instant of arrival runs too.

        Args:
            by: Text such as ``"7d"`` or ``"6d 23h"``, or a timedelta.

        Returns:
            This harness.

        Raises:
            UsageError: *by* is negative, or has no unit.
        """
        self._check_usable("advance")
        duration = to_duration(by, what="advance()")
        if duration < 0:
            raise UsageError(
                f"advance({by!r}) would move time backwards",
                where=f"virtual time {format_instant(self._driver.now)}",
                fix="time only moves forward; make a new Harness(start=...) to begin "
                "earlier",
            )
        self._run_to(Instant(self._driver.now + duration))
        return self

    def advance_to(self, moment: datetime) -> Self:
        """Move the clock to *moment*, an aware datetime, as `advance` does.

        Raises:
            UsageError: *moment* is in the past, or has no time zone.
        """
        self._check_usable("advance_to")
        target = to_instant(moment, what="advance_to()")
        if target < self._driver.now:
            raise UsageError(
                f"advance_to({format_instant(target)}) would move time backwards",
                where=f"virtual time {format_instant(self._driver.now)}",
                fix="time only moves forward; make a new Harness(start=...) to begin "
                "earlier",
            )
        self._run_to(target)
        return self

    def fast_forward(self, within: str | timedelta | None = None) -> Self:
        """Go from timer to timer until nothing is pending.

        The clock stays at the last timer that fired.

        Args:
            within: How far at most; without it, the program has to come to an end.

        Returns:
            This harness.

        Raises:
            LivelockError: The program does not end; the message names a run.
        """
        self._check_usable("fast_forward")
        limit = None if within is None else to_duration(within, what="within")
        if limit is not None and limit < 0:
            raise UsageError(
                f"fast_forward({within!r}) would move time backwards",
                fix="give a duration from zero on, or none at all",
            )
        self._driver.allow_chain(_CHAIN_OF_FAST_FORWARD)
        self._loop.run_until_quiet(limit)
        self._driver.check_stuck()
        return self

    def _settle(self) -> None:
        self._check_usable("send")
        self._run_to(None)

    def _run_to(self, target: Instant | None) -> None:
        self._driver.allow_chain(_CHAIN_OF_ADVANCE)
        at_us = None if target is None else target - self._start
        self._loop.run_to(at_us)
        self._driver.check_stuck()

    def call(
        self, function: Callable[..., Awaitable[T]], *args: object, **kwargs: object
    ) -> T:
        """Run a coroutine function of the application on the virtual loop.

        The clock moves as far as the coroutine sleeps. What it sends arrives here.

        Args:
            function: The coroutine function itself, not its call.
            *args: What to call it with.
            **kwargs: What to call it with, by name.

        Returns:
            What it returns.
        """
        self._check_usable("call")
        if not is_coroutine_handler(function):
            raise UsageError(
                f"call() takes a coroutine function, not {show(function)}",
                fix="write harness.call(handle_click, request), without calling it",
            )
        self._driver.allow_chain(_CHAIN_OF_ADVANCE)
        result: T = self._loop.run_until_complete(function(*args, **kwargs))  # type: ignore[arg-type]  # a coroutine, looked at above
        self._run_to(None)
        return result

    def stub(
        self,
        function: Function[Any],
        step_id: str,
        *,
        times: int | None = None,
        **instead: Any,  # noqa: ANN401 -- one of returns, raises and calls
    ) -> Stub:
        """Let something stand in for the callback of a step.

        Args:
            function: Whose step.
            step_id: Which step.
            times: How often; every time when left out.
            **instead: One of ``returns=`` (what the step yields), ``raises=`` (an
                exception) and ``calls=`` (a function without arguments).

        Raises:
            UsageError: Not exactly one of them is given, or *function* is not served.
        """
        self._check_usable("stub")
        slug = self._slug(function)
        unknown = sorted(set(instead) - {"returns", "raises", "calls"})
        if unknown:
            raise UsageError(
                f"stub() has no {unknown[0]!r}"
                f"{near_miss(unknown[0], ['returns', 'raises', 'calls', 'times'])}",
                fix="give one of returns=, raises= and calls=",
            )
        return self._driver.stubs.add(
            slug, step_id, times=times, place=caller(), **instead
        )

    def cancel(self, run: Run) -> NoReturn:
        """Cancel a run; not built yet."""
        raise NotBuiltError(
            "harness.cancel() is not built yet",
            seen=repr(run),
            fix="let the run end by itself in this test",
        )

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
        slug = which if isinstance(which, str) else self._slug(which)
        found = self._reader.find_run(slug)
        return found or pick(
            [run for run in self.runs if run.function_id == slug],
            self.runs,
            f"run of {slug!r}",
            "pick one from harness.runs",
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
        """Say for each wait on an event's name why the event does not satisfy it.

        Args:
            which: What `send` returned, or an event that was not sent: then the waits
                that are open now are asked.

        Raises:
            UsageError: *which* is neither.
        """
        if not isinstance(which, Event | Sent):
            raise UsageError(
                f"explain() takes an Event, or what send() returned, not {show(which)}",
                fix='write harness.explain(Event(name="support/feedback.received"))',
            )
        sent = which if isinstance(which, Sent) else None
        waits = sent.ignored if sent else self._reader.would_ignore(which)  # type: ignore[arg-type]  # an Event, if no Sent
        return "\n".join(map(str, waits)) or "no open wait on this event's name refused it"

    # --- judgement --------------------------------------------------------------

    @property
    def findings(self) -> list[Finding]:
        """What was found wrong so far and is not allowed."""
        return self._judgement.findings(at_close=False)

    @property
    def notes(self) -> list[Finding]:
        """What is worth knowing and fails no test."""
        return self._judgement.notes()

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
        return ExpectedFailure(self._reader, self._slug(function))

    # --- the end ----------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether the world has ended."""
        return self._is_closed

    def abandon(self) -> None:
        """End the world without judging it; for a test that has already failed."""
        if not self._is_closed:
            self._shut()

    def close(self) -> None:
        """End the world; raise what was found wrong, unless the harness is lax.

        Raises:
            FindingsError: Findings that the test did not allow; only the first time.
        """
        if self._is_closed:
            return
        findings = self._judgement.findings(at_close=True)
        self._shut()
        if self._is_strict:
            raise_findings(findings)

    def _shut(self) -> None:
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

    # --- what every verb needs ----------------------------------------------------

    def _check_usable(self, verb: str) -> None:
        if self._is_closed:
            raise UsageError(
                f"harness.{verb} was used after the harness was closed",
                fix="use it inside the test, or make a new Harness()",
            )
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        raise UsageError(
            f"harness.{verb} was called inside a running event loop",
            where=self._driver.describe(),
            fix="in a handler use ctx.step.send_event or client.send; write the test as "
            "a plain `def`, the async face of the harness is not built yet",
        )

    def _slug(self, function: object) -> str:
        if isinstance(function, Function) and function.id in self._driver.functions:
            return function.id
        served = ", ".join(sorted(self._driver.functions)) or "none"
        raise UsageError(
            f"{show(function)} is not served by this harness",
            seen=f"served: {served}",
            fix="pass the function itself, and add it to harness.serve(...)",
        )

    def __getattr__(self, name: str) -> NoReturn:
        # reached only for names that the class does not have
        if name in _ASYNC_FACE:
            raise NotBuiltError(
                f"harness.{name} is not built yet",
                fix=f"write the test as a plain `def` with harness.{name[1:]}",
            )
        raise AttributeError(
            f"Harness has no {name!r}{near_miss(name, dir(type(self)))}"
        )
