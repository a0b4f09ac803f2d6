"""An entry of an ordinary handler, one that is no coroutine function.

It is called inline, on the loop's own thread, so that its order is always the same. A
step that is not done unwinds it at once by a `LeaveHandler`.
"""

from collections.abc import Callable, Sequence
from inspect import iscoroutine
from typing import TypeVar

from .._json import Json, JsonObject
from .._model.operation import (
    Operation,
    Outcome,
    PlanStep,
    SleepUntil,
    StepName,
    StepRaised,
    StepRan,
    WaitFor,
)
from .._model.place import Place
from .._model.ports import Invoked
from ..errors import UsageError
from ..sdk.context import ContextSync
from ..sdk.current import current_port
from ..sdk.errors import NonRetriableError, RetryAfterError
from ..times import Duration, Instant
from .entry import Entry
from .extrication import raise_between_lines, tracing_restored
from .faults import CRASHED
from .inline import as_in_a_thread
from .invoking import invocation
from .leaving import LeaveHandler, NestedStep, in_group, in_step

__all__ = ["PlainEntry"]

T = TypeVar("T")


class PlainEntry(Entry):
    """One entry of an ordinary handler."""

    async def main(self) -> None:
        """Go through the handler once and give the engine what came of it."""
        current_port.set(self)
        try:
            outcome = self._outcome()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 -- GeneratorExit and the like end the test, not the run
            self.driver.crash(error)
            return
        if not self.is_hopeless:  # else the operation has ended with an error
            self.answer(outcome)

    def _outcome(self) -> Outcome:
        try:
            context = ContextSync(self.source(), self, self.effect.attempt)
            with tracing_restored(), as_in_a_thread():
                result = self.function.entry(context)
        except LeaveHandler as leave:
            self.operations.extend(leave.operations)
            return None if self.is_hopeless else self.left()
        except NestedStep:
            return self.left()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever the user's code raises is its run's failure
            if self.is_left:
                self.swallowed()
            return self.failed(error)
        if self.is_left:
            self.swallowed()
        return self.returned(result)

    # --- steps --------------------------------------------------------------------

    def run(self, step_id: str, body: Callable[[], object], place: Place) -> Json:
        """Call *body* once and remember what it returned."""
        name, memo = self.reach(step_id, "StepRun", place)
        if memo is not None:
            return self.opened(memo)
        if self.is_skipped(name):
            self._hand_in()
        if self.is_planned():
            self._hand_in(PlanStep(name))
        faults = self.driver.faults
        if not faults.is_armed:
            return self._hand_in(self._perform(name, body))
        faulty = faults.before_step(self.function.id, self.run_id, name, body)
        if faulty is None:
            self.crash = CRASHED
            return self._hand_in()
        answer = self._perform(name, faulty)
        if faults.after_step(self.function.id, self.run_id, name):
            self.crash = CRASHED
            return self._hand_in()
        return self._hand_in(answer)

    def _perform(
        self, name: StepName, body: Callable[[], object]
    ) -> StepRan | StepRaised:
        token = in_step.set(name)
        self.running.append(name)
        try:
            output = self.driver.stubs.call(self.function, name, body)
            return self.ran(name, _result(output, name))
        except (NonRetriableError, RetryAfterError):
            raise  # rules D4 and D5: these belong to the function, not to the step
        except NestedStep:
            return self.nested(name)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever the user's code raises is its step's failure
            return self.raised(name, error)
        finally:
            self.running.remove(name)
            in_step.reset(token)

    def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""
        name, memo = self.reach(step_id, "Sleep", place)
        if memo is None:
            self._hand_in(*([] if self.is_skipped(name) else [SleepUntil(name, until)]))

    def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Leave the handler until an event matches, or the time is over."""
        name, memo = self.reach(step_id, "WaitForEvent", place)
        if memo is not None:
            found = self.opened(memo)
            return found if isinstance(found, dict) else None
        wait = WaitFor(step=name, event=event, expression=expression, timeout=within)
        self._hand_in(*([] if self.is_skipped(name) else [wait]))
        return None

    def invoke(
        self,
        step_id: str,
        function: Invoked,
        data: object,
        within: Duration | None,
        place: Place,
    ) -> Json:
        """Leave the handler until a run of *function* has ended."""
        name, memo = self.reach(step_id, "InvokeFunction", place)
        if memo is not None:
            return self.opened(memo)
        if self.is_skipped(name):
            return self._hand_in()
        return self._hand_in(invocation(self, name, function, data, within, place))

    def parallel(self, branches: Sequence[Callable[[], T]]) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""
        token = in_group.set(True)
        results: list[T] = []
        wanted: list[Operation] = []
        is_incomplete = False
        try:
            for branch in branches:
                try:
                    results.append(branch())
                except LeaveHandler as leave:
                    is_incomplete |= self.is_branch_wanted(leave)
                    wanted += leave.operations
                    self.is_left = False
        except Exception:  # the branches behind this one are not reached: no finding
            self.is_cut_short = True
            raise
        finally:
            in_group.reset(token)
        if is_incomplete:
            self._hand_in(*wanted)
        return tuple(results)

    def _hand_in(self, *operations: Operation) -> Json:
        """Hand in *operations* and go no further; a group collects them first."""
        if self.is_hopeless:
            raise_between_lines(lambda: LeaveHandler(()))
            return None
        self.is_left = True
        raise LeaveHandler(operations)


def _result(output: object, name: StepName) -> object:
    """Return what a callback returned, unless it should have been awaited."""
    if not iscoroutine(output):
        return output
    output.close()
    raise UsageError(
        f"step {str(name)!r} of a plain handler returned a coroutine",
        fix="make the handler `async def`, and await the step",
    )
