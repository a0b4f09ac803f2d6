"""One entry of one handler: what both kinds of handler have in common.

An entry goes through the handler from its top. Steps that are done give their memo;
the first one that is not ends the entry, and what it wants goes to the engine as an
operation. `Entry` is the port that the SDK's context talks to.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from .._core.memos import Memo
from .._engine import Live
from .._json import CONTAINERS, Json, Wire, copy_json, to_wire
from .._model.effect import Enter
from .._model.event import Event
from .._model.operation import (
    DeferAbort,
    DeferAdd,
    ErrorInfo,
    Operation,
    Outcome,
    Raised,
    Returned,
    StepName,
    StepRaised,
    StepRan,
)
from .._model.place import Place
from ..errors import InternalError, NotBuiltError, UsageError
from ..sdk.current import note_step
from ..sdk.errors import StepError
from ..sdk.function import AnyFunction
from ..times import Instant
from .context_source import ContextSource
from .deferring import DeferBuffer
from .failures import describe_error
from .host import Host
from .inheritance import Inheriting
from .inspection import beyond_anyio
from .leaving import LeaveHandler, NestedStep, in_group, in_step
from .step_names import step_name
from .writing import Writing

__all__ = ["Entry", "Request"]

# a handler that swallows this many interrupts in one entry will never be left
_MOST_SWALLOWED = 100

_SWALLOWED = (
    "catch Exception, or name the errors; never catch BaseException around a step"
)


class Request(NamedTuple):
    """What the server tells an entry, as it stood when the entry was asked for (E6).

    Attributes:
        memos: The steps that had settled.
        defers: The defers that it had accepted, and whether each could be aborted.
    """

    memos: dict[str, Memo]
    defers: Mapping[str, bool]


class Entry(Inheriting, Writing):
    """What one entry has seen and what it will answer."""

    # how every entry begins, and how most of them remain
    task: "asyncio.Task[None] | None" = None
    is_left = False
    is_hopeless = False
    reaches = 0  # how many calls of step tools came to their step
    crash: ErrorInfo | None = None  # why its answer never came, if a fault took it
    is_cut_short = False  # an error left a group before its last branch
    size = 0  # of the answer, in bytes
    began = Instant(0)  # set by who begins it
    _replayed = _swallowed = 0
    _deferring: DeferBuffer | None = None

    def __init__(
        self,
        driver: Host,
        live: Live,
        effect: Enter,
        function: AnyFunction,
        request: Request,
    ) -> None:
        self.driver = driver
        self.live = live
        self.effect = effect
        self.function = function
        self.run_id = live.run.id
        self.memos, self._kept_defers = request
        self.reached: dict[str, StepName] = {}
        self.operations: list[Operation] = []
        self.running: list[StepName] = []
        self._counts: dict[str, int] = {}

    async def main(self) -> None:
        """Go through the handler once and give the engine what came of it."""
        raise InternalError("an entry of no kind was entered", fix="report this")

    # --- the run, for the context ---------------------------------------------

    def source(self) -> ContextSource:
        """Return what the context tells of the run.

        Raises:
            NonRetriableError: The payload does not fit the function's schema.
        """
        source = self.driver.source_of(self.live, self.function)
        if self.function.schema is not None:
            source.make_input()  # refused before the handler reads it
        return source

    @property
    def step(self) -> str:
        """The steps whose callbacks are under way, or ""."""
        return ", ".join(map(str, self.running))

    @property
    def now(self) -> Instant:
        """The present instant."""
        return self.driver.now

    @property
    def is_replaying(self) -> bool:
        """Whether steps that are done lie ahead."""
        return self._replayed < len(self.memos)

    def report(self, code: str, message: str, fix: str, place: Place | str) -> None:
        """Tell the test something about this run, once."""
        self.driver.report(self.live, code, message, fix, place, self.step)

    # --- events ------------------------------------------------------------------

    def send(self, events: Sequence[Event]) -> list[str]:
        """Send *events* from inside the run."""
        return self.driver.send(events, sender=self)

    async def asend(self, events: Sequence[Event]) -> list[str]:
        """Send *events* from inside the run."""
        return self.driver.send(events, sender=self)

    # --- defers --------------------------------------------------------------------

    def saw_defer(self, hashed: str) -> bool:
        """Say whether this entry called a defer of this id before (rule A6)."""
        return self._deferring is not None and self._deferring.saw(hashed)

    def add_defer(self, hashed: str, make: Callable[[], DeferAdd]) -> None:
        """Buffer what *make* returns, unless an earlier entry's was accepted (A4)."""
        self._defers().add(hashed, make)

    def abort_defer(self, call: DeferAbort) -> None:
        """Take a buffered defer back, or ask the server to (rule A6).

        Raises:
            UsageError: A step's callback aborts what was not deferred in it.
        """
        self._defers().abort(call)

    def _defers(self) -> DeferBuffer:
        if self._deferring is None:
            self._deferring = DeferBuffer(self._kept_defers)
        return self._deferring

    # --- steps -----------------------------------------------------------------------

    def reach(
        self, step_id: str, op: str, place: Place
    ) -> tuple[StepName, Memo | None]:
        """Return the identity of a step that the handler comes to (rule E5), and its memo.

        Raises:
            NestedStep: The step is called inside another one.
        """
        self.reaches += 1
        outer = in_step.get()
        if outer is not None:
            self.report(
                "NESTED_STEP",
                f"step {step_id!r} was called inside step {str(outer)!r}",
                "call it before or after the outer step, never in its callback",
                beyond_anyio(place),
            )
            raise NestedStep
        if self.is_left:
            self._resume_swallowed(step_id, place)
        if self.has_variants:
            note_step()
        index = self._counts.get(step_id, 0)
        self._counts[step_id] = index + 1
        name = step_name(step_id, index)
        hashed = name.hashed
        self.reached[hashed] = name
        memo = self.memos.get(hashed)
        if memo is not None:
            self._replayed += 1
        known = memo or self.live.memos.steps.get(hashed)
        if known is not None and known.op != op:
            self.report(
                "NONDETERMINISTIC",
                f"step {str(name)!r} was a {known.op} on an earlier entry and is "
                f"a {op} now",
                "let the same code reach the same steps on every entry",
                place,
            )
        return name, memo

    def _resume_swallowed(self, step_id: str, place: Place) -> None:
        """Go on as production does: what the swallowed interrupt wanted is forgotten."""
        self._swallowed += 1
        self.report(
            "INTERRUPT_SWALLOWED",
            f"step {step_id!r} was called after the handler should have been left",
            _SWALLOWED,
            place,
        )
        if self._swallowed > _MOST_SWALLOWED:
            self.is_hopeless = True
            self.driver.give_up_on(self, step_id)
        self.is_left = False
        self.operations.clear()

    def opened(self, memo: Memo) -> Json:
        """Return a memo's data.

        Raises:
            StepError: The step failed for good (rule D3).
        """
        if memo.error is not None:
            error = memo.error
            raise StepError(error.message, error.name, error.stack)
        data = memo.data
        if type(data) not in CONTAINERS:
            return data
        copy = copy_json(data)
        if memo.op == "WaitForEvent" and self.driver.reads is not None:
            self.driver.reads.watch(copy, self.function.id)
        return copy

    def is_skipped(self, name: StepName) -> bool:
        """Say whether this entry is for another step of the group (rule E1)."""
        return self.effect.target not in ("", name.hashed)

    def is_branch_wanted(self, leave: LeaveHandler) -> bool:
        """Say whether a group has to leave the handler for one of its branches.

        An entry for one step passes over the branches that stand at another, and goes
        on with the results of the rest (rule E1), as the package does.
        """
        return bool(leave.operations) or not self.effect.target or bool(self.crash)

    def is_planned(self) -> bool:
        """Say whether a step met here waits for an entry of its own (rule E1)."""
        return in_group.get() and not self.effect.target

    def ran(self, name: StepName, output: object) -> StepRan | StepRaised:
        """Return the answer for a step whose callback returned."""
        try:
            wire = self.over_the_wire(output, f"the result of step {str(name)!r}")
        except UsageError as error:
            return StepRaised(name, describe_error(error, self.now))
        return StepRan(name, wire.value, wire.size)

    def raised(self, name: StepName, error: Exception) -> StepRaised:
        """Return the answer for a step whose callback raised."""
        self._note_usage(error)
        return StepRaised(name, describe_error(error, self.now))

    def nested(self, name: StepName) -> StepRaised:
        """Return the answer for a step whose callback called a step (rule E5)."""
        info = ErrorInfo(
            name="CodedError",
            message="Nested steps are not supported.",
            retriable=False,
        )
        return StepRaised(name, info)

    def over_the_wire(self, value: object, what: str) -> Wire:
        """Send *value* over the wire and tell of what it lost.

        Raises:
            UsageError: JSON cannot carry it.
        """
        wire = to_wire(value, what=what)
        self.size += wire.size
        for loss in wire.losses:
            self.report(
                "LOSSY_OUTPUT",
                f"{loss.path}: {loss.what}",
                "return what JSON can carry, so that every entry sees the same",
                self.function.options.place,
            )
        return wire

    # --- the end -----------------------------------------------------------------------

    def returned(self, result: object) -> Outcome:
        """Return the outcome of a handler that came to its end."""
        self._check_path()
        if self.effect.target and self.effect.target not in self.reached:
            self._report_unreached()
        try:
            wire = self.over_the_wire(result, "the handler's result")
        except UsageError as error:  # rule X3
            info = describe_error(error, self.now)
            if self._deferring is not None and self._deferring.operations:
                info = replace(info, retriable=False)  # rule A3: it takes them down
            return Raised(info)
        return Returned(wire.value)

    def failed(self, error: BaseException) -> Outcome:
        """Return the outcome of a handler that raised."""
        self._note_usage(error)
        return Raised(describe_error(error, self.now))

    def _note_usage(self, error: BaseException) -> None:
        """Keep a mistake in the test's own terms from being taken for a failure."""
        if isinstance(error, NotBuiltError) or type(error) is UsageError:
            place = describe_error(error, self.now).place or self.function.options.place
            self.report("USAGE_ERROR", error.what, error.fix, place)

    def left(self) -> Outcome:
        """Return the outcome of a handler that stopped at its operations."""
        if self.operations or self.crash:
            self._check_path()
            return None
        self._report_unreached()
        found = next(reversed(self.reached.values()), None)
        info = ErrorInfo(
            name="StepUnexpectedError",
            message=f'found step "{found.id if found else ""}" '
            "when targeting a different step",
        )
        return Raised(info)

    def _report_unreached(self) -> None:
        """Tell that the step that the entry is for was not reached."""
        target = self.live.memos.steps.get(self.effect.target)
        name = str(target.name) if target else self.effect.target
        self.report(
            "NONDETERMINISTIC",
            f"the entry for step {name!r} did not reach it",
            "let the same code reach the same steps on every entry",
            self.function.options.place,
        )

    def _check_path(self) -> None:
        """Compare the steps of this entry with those that are done."""
        if self._replayed == len(self.memos) or self.effect.target or self.is_cut_short:
            return
        steps = self.live.memos.steps
        missing = [str(steps[h].name) for h in self.memos if h not in self.reached]
        if missing:
            self.report(
                "NONDETERMINISTIC",
                f"the steps {missing} were done on an earlier entry and not reached "
                f"on this one, which reached {list(map(str, self.reached.values()))}",
                "let the same code reach the same steps on every entry: take time, "
                "chance and outside data from steps",
                self.function.options.place,
            )

    def swallowed(self) -> None:
        """Tell that the handler went on although it should have been left."""
        self.report(
            "INTERRUPT_SWALLOWED",
            "the handler caught the signal that leaves it at a step, and ended by "
            "itself; the step was forgotten",
            _SWALLOWED,
            self.function.options.place,
        )
        self.operations.clear()

    def forget_error(self) -> None:
        """Keep asyncio from logging an error that ends the test anyway."""
        task = self.task
        if task is not None and task.done() and not task.cancelled():
            task.exception()

    def answer(self, outcome: Outcome) -> None:
        """Give the engine what this entry came to."""
        self.task = None  # its context leads back here: a cycle for the collector
        deferred = () if self._deferring is None else self._deferring.operations
        operations = (*deferred, *self.operations)
        if self.crash is not None:
            operations, outcome = deferred, Raised(self.crash)
        self.driver.entry_ended(self, operations, outcome)
