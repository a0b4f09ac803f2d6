"""What a test says about faults: ``harness.faults``."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, final

from .._json import show
from .._model.fault_fact import FaultInjected
from .._model.place import told
from ..errors import DeadlockError, UsageError
from ..sdk.places import caller
from ..times import Duration, format_duration, to_duration
from .choosing import Schedule
from .driver import Driver
from .faults import Fault
from .foreign import Served
from .parts import RunStatus
from .reader import Reader
from .residence import Residence
from .travel import Travel
from .views import status_quietly

__all__ = ["FaultFace"]

# how far it is from `_add` to the test, through the verbs here
_FROM_VERB, _FROM_STEP = 3, 4


@final
class FaultFace:
    """The faults of a harness.

    Each strikes *times* times and is told in the timeline; one that never strikes is
    the finding ``FAULT_UNUSED``.
    """

    def __init__(
        self, driver: Driver, residence: Residence, travel: Travel, reader: Reader
    ) -> None:
        self._driver = driver
        self._faults = driver.faults
        self._residence = residence
        self._travel = travel
        self._reader = reader

    # --- steps ------------------------------------------------------------------------

    def step_raises(
        self,
        function: Served,
        step_id: str,
        error: BaseException | type[BaseException] = OSError,
        *,
        times: int = 1,
    ) -> Fault:
        """Let the callback of a step raise *error* instead of being called."""
        if not _is_error(error):
            raise UsageError(
                f"a step cannot raise {show(error)}",
                fix="give an exception, or an exception's class",
            )
        return self._at_step("raise", function, step_id, times, error=error)

    def crash_before(self, function: Served, step_id: str, *, times: int = 1) -> Fault:
        """Let the worker go away before the callback of a step is called."""
        return self._at_step("crash before", function, step_id, times)

    def crash_after(self, function: Served, step_id: str, *, times: int = 1) -> Fault:
        """Let the worker go away when the callback has run, before the server knows.

        The callback runs again on the next attempt: what it did, it does twice.
        """
        return self._at_step("crash after", function, step_id, times)

    def cancel_during(self, function: Served, step_id: str, *, times: int = 1) -> Fault:
        """Cancel the run while the callback of a step is under way (rule F1)."""
        return self._at_step("cancel during", function, step_id, times)

    # --- events and scores --------------------------------------------------------------

    def duplicate(self, event: str, *, times: int = 1, new_id: bool = False) -> Fault:
        """Let events of a name arrive twice, with the same id or a new one (rule F3)."""
        kind = "duplicate with a new id" if new_id else "duplicate"
        return self._add(kind, (event,), times)

    def delay(self, event: str, by: str | timedelta, *, times: int = 1) -> Fault:
        """Let events of a name arrive later than they were sent."""
        duration = to_duration(by, what="the delay")
        if duration <= 0:
            raise UsageError(
                f"a delay by {show(by)} is none", fix='write delay("x", "5s")'
            )
        return self._add("delay", (event,), times, by=duration)

    def reorder(self, event: str, *, times: int = 1) -> Fault:
        """Let the next event of another kind overtake events of a name (rule I1)."""
        return self._add("reorder", (event,), times)

    def lose_acknowledgement(self, score: str, *, times: int = 1) -> Fault:
        """Let the ledger take a score, and its writer hear of a broken connection."""
        lost = ConnectionError(f"the answer to the score {show(score)} was lost")
        return self._add("lost acknowledgement", (score,), times, error=lost)

    # --- the wall clock -----------------------------------------------------------------

    def clock_jump(self, by: str | timedelta, *, back: bool = False) -> None:
        """Let ``datetime.now()`` jump ahead by *by*, or back, until faults are off.

        The clock of the server, and so every timer, goes on as before.

        Raises:
            UsageError: The wall clock does not follow this harness.
        """
        self._residence.stand_here("faults")
        way = to_duration(by, what="the jump") * (-1 if back else 1)
        if not self._residence.jump(self._residence.jumped + way):
            raise UsageError(
                "there is no wall clock that could jump",
                fix='make the harness with Harness(wall_clock="freezegun")',
            )
        told = f"{'-' if back else '+'}{format_duration(Duration(abs(way)))}"
        self._driver.engine.note(FaultInjected("", "clock jump", told))

    # --- what the server leaves open ------------------------------------------------------

    def schedule(self, picks: Sequence[int]) -> None:
        """Let *picks* decide, from now on, which of several due entries begins first.

        Where several runs could go on at one instant, the next number says which: 0 is
        the run that ran last, else the first that came; used up, it stays at 0. The
        server promises no order there (rules A8, I1).

        Raises:
            UsageError: *picks* are not whole numbers from 0 on.
        """
        self._residence.stand_here("faults")
        self._driver.entrance.schedule = Schedule(picks)

    # --- sweeping and recovery ----------------------------------------------------------

    def crash_at(self, point: int) -> None:
        """Crash at one of the points of steps, counted from 1, from now on.

        Each callback of a step has two: before it and after it.
        """
        if not _is_count(point):
            raise UsageError(
                f"a point is a whole number from 1 on, not {show(point)}",
                fix="write harness.faults.crash_at(1), or scoretest.faults.sweep(...)",
            )
        self._faults.crash_at(point)

    @property
    def points(self) -> int:
        """How many points of steps were passed since faults are on."""
        return self._faults.points

    def off(self) -> None:
        """Let nothing more go wrong, and let what was held back arrive."""
        self._residence.run_here("faults.off")
        self._faults.off()
        self._residence.jump(0)
        self._driver.deliver_held()
        self._travel.settle()

    def recover(self, within: str | timedelta | None = None) -> None:
        """Switch faults off and let time pass: every run must come to its end.

        Raises:
            DeadlockError: A run has not; the message says where it stands.
        """
        self.off()
        self._travel.fast_forward(within)
        stuck = [
            run for run in self._reader.runs if status_quietly(run) is RunStatus.RUNNING
        ]
        if stuck:
            listed = "; ".join(
                f"{run!r} waits for {run.waiting_for or 'nothing'}" for run in stuck
            )
            raise DeadlockError(
                f"with faults off, a run does not end: {listed}",
                fix="let every wait and every retry come to an end by itself, or "
                "allow more time with recover(within=...)",
            )

    # --- how they are made --------------------------------------------------------------

    def _at_step(
        self,
        kind: str,
        function: Served,
        step_id: str,
        times: int,
        error: BaseException | type[BaseException] | None = None,
    ) -> Fault:
        slug = self._driver.registry.slug_of(function)
        return self._add(kind, (slug, step_id), times, _FROM_STEP, error=error)

    def _add(
        self,
        kind: str,
        target: tuple[str, ...],
        times: int,
        depth: int = _FROM_VERB,
        **options: Any,
    ) -> Fault:
        self._residence.stand_here("faults")
        aim: object = target[-1]
        if not isinstance(aim, str) or not aim:
            raise UsageError(
                f"a fault is aimed at a name, not at {show(aim)}",
                fix='write harness.faults.duplicate("support/closed")',
            )
        if not _is_count(times):
            raise UsageError(
                f"times of a fault must be a whole number from 1 on, not {show(times)}",
                fix="leave it out for once",
            )
        return self._faults.add(
            Fault(kind, target, times, told(caller(depth)), **options)
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException) or (
        isinstance(value, type) and issubclass(value, BaseException)
    )
