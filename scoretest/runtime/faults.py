"""Faults: what the test lets go wrong, and where.

A fault waits at a point: before or after the callback of a step, at the arrival of an
event, at the acknowledgement of a score. It strikes there as often as it may, each time
as a fact. What follows is the engine's affair: a crash takes the answer of an entry
away, so that the server enters the function again, as production's does.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, final

from .._engine import Engine
from .._model.command import CancelRun, Command, SendEvent
from .._model.fact import FaultInjected
from .._model.finding import Finding
from .._model.operation import ErrorInfo, StepName
from ..times import Duration, Instant

__all__ = ["CRASHED", "Fault", "Faults"]

CRASHED: Final = ErrorInfo(
    name="WorkerCrashed", message="the worker went away before it answered"
)
"""What the server sees of a crash."""

_NONE: Final = Duration(0)


@final
@dataclass(slots=True, eq=False)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What, such as ``"crash after"``.
        target: Where: a function's slug and a step, an event's name, a score's name.
        times: How often at most.
        place: Where the test asked for it.
        error: What a step, or the writer of a score, hears.
        by: How long an event is held back.
        used: How often it has struck.
    """

    kind: str
    target: tuple[str, ...]
    times: int
    place: str
    error: BaseException | type[BaseException] | None = None
    by: Duration = _NONE
    used: int = 0


class World(Protocol):
    """Where they strike: a driver."""

    engine: Engine

    def apply(self, command: Command) -> None:
        """Let one thing happen in the engine, and do what follows."""


@final
class Faults:
    """The faults of one world.

    Attributes:
        is_armed: Whether any could strike; looked at before anything else.
        held: The events that come later, each with its instant, the first one first.
        points: How many points of steps were passed since the faults were armed.
    """

    def __init__(self, world: World) -> None:
        self.is_armed = False
        self.held: list[tuple[Instant, SendEvent]] = []
        self.points = 0
        self._crash_at = 0
        self._world = world
        self._faults: list[Fault] = []
        self._overtaken: list[SendEvent] = []

    @property
    def _new_id(self) -> Callable[[], str]:
        return self._world.engine.new_event_id

    def _note(self, fact: FaultInjected) -> None:
        self._world.engine.note(fact)

    # --- arming -----------------------------------------------------------------------

    def add(self, fault: Fault) -> Fault:
        """Let *fault* strike from now on."""
        self._faults.append(fault)
        self.is_armed = True
        return fault

    def crash_at(self, point: int) -> None:
        """Crash at the point of this number among all points of steps from now on."""
        self.points, self._crash_at, self.is_armed = 0, point, True

    def off(self) -> None:
        """Let nothing strike any more."""
        self.is_armed = False
        self._crash_at = 0

    def forget(self) -> None:
        """Have no faults any more, and none that was unused."""
        self.off()
        self._faults.clear()

    def let_go(self) -> Sequence[SendEvent]:
        """Return the events that are held back, in the order of their coming."""
        held = [command for _, command in self.held] + self._overtaken
        self.held, self._overtaken = [], []
        return held

    def unused(self) -> Iterator[Finding]:
        """Tell of the faults that never struck."""
        for fault in self._faults:
            if not fault.used:
                what = " of ".join(map(repr, reversed(fault.target)))
                yield Finding(
                    code="FAULT_UNUSED",
                    message=f"the fault {fault.kind!r} at {what} was never reached",
                    where=fault.place,
                    fix="aim it at something that happens in this test, or remove it",
                )

    # --- striking ---------------------------------------------------------------------

    def _strikes(self, run_id: str, target: tuple[str, ...], *kinds: str) -> Any:
        """Return the first fault that is due here, having recorded it, or None."""
        for fault in self._faults:
            is_here = fault.target == target and fault.kind in kinds
            if is_here and fault.used < fault.times:
                fault.used += 1
                self._note(FaultInjected(run_id, fault.kind, target[-1]))
                return fault
        return None

    def _is_crash(self, run_id: str, kind: str, step: StepName, slug: str) -> bool:
        self.points += 1
        if self.points == self._crash_at:
            self._note(FaultInjected(run_id, kind, str(step)))
            return True
        return self._strikes(run_id, (slug, str(step)), kind) is not None

    def before_step(
        self, slug: str, run_id: str, step: StepName, body: Callable[[], Any]
    ) -> Callable[[], Any] | None:
        """Return what to call for the step; None when the worker crashes first."""
        if self._is_crash(run_id, "crash before", step, slug):
            return None
        fault = self._strikes(run_id, (slug, str(step)), "raise")
        return body if fault is None else lambda: _raise(fault.error)

    def after_step(self, slug: str, run_id: str, step: StepName) -> bool:
        """Say whether the worker crashes when the callback has run, or cancel its run."""
        if self._strikes(run_id, (slug, str(step)), "cancel during") is not None:
            self._world.apply(CancelRun(run_id))
        return self._is_crash(run_id, "crash after", step, slug)

    def routed(self, command: SendEvent, now: Instant) -> tuple[SendEvent, ...]:
        """Return what arrives now, where *command* was sent."""
        fault = self._strikes(
            "",
            (command.name,),
            "duplicate",
            "duplicate with a new id",
            "delay",
            "reorder",
        )
        overtaken: tuple[SendEvent, ...] = ()
        if fault is None or fault.kind != "reorder":
            overtaken, self._overtaken = tuple(self._overtaken), []
        match fault:
            case None:
                return (command, *overtaken)
            case Fault(kind="delay", by=by):
                self.held.append((Instant(now + by), command))
                self.held.sort(key=lambda item: item[0])
                return overtaken
            case Fault(kind="reorder"):
                self._overtaken.append(command)
                return overtaken
            case _:
                is_new = fault.kind == "duplicate with a new id"
                return (*self._twice(command, is_new=is_new), *overtaken)

    def _twice(self, command: SendEvent, *, is_new: bool) -> tuple[SendEvent, ...]:
        shared = "" if is_new else command.id or self._new_id()
        first = command if is_new else replace(command, id=shared)
        return first, replace(command, id=shared, internal_id=self._new_id())

    def after_score(self, name: str, run_id: str) -> None:
        """Lose the answer to a write of a score that the ledger has taken.

        Raises:
            ConnectionError: It is lost.
        """
        fault = self._strikes(run_id, (name,), "lost acknowledgement")
        if fault is not None:
            raise fault.error


def _raise(error: BaseException | type[BaseException]) -> None:
    raise error
