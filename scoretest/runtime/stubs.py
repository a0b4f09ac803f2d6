"""Stubs: what a step yields instead of calling its callback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, final

from .._json import show
from .._model.finding import Finding
from .._model.operation import StepName
from ..errors import UsageError, near_miss
from ..sdk.function import AnyFunction

__all__ = ["NOT_GIVEN", "Stub", "Stubs"]

NOT_GIVEN: Final = object()
"""What a stub returns when its test did not say; None would be an answer."""


@final
@dataclass(slots=True, eq=False)
class Stub:
    """A step's replacement.

    Attributes:
        function: The slug of the function whose step it replaces.
        step_id: The step.
        returns: What the step yields, unless one of the next two is given.
        raises: What it raises.
        calls: What is called in its place, with the arguments of the callback left out.
        times: How often it stands in; afterwards the callback is called again.
        used: How often it has stood in so far.
        place: Where the test made it.
    """

    function: str
    step_id: str
    returns: object
    raises: BaseException | type[BaseException] | None
    calls: Callable[[], object] | None
    times: int | None
    place: str
    used: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether it has stood in as often as it may."""
        return self.times is not None and self.used >= self.times

    def play(self) -> object:
        """Stand in once.

        Raises:
            BaseException: What the test asked for.
        """
        self.used += 1
        if isinstance(self.raises, BaseException):
            self.raises.__traceback__ = None  # else it would grow with each time
        if self.raises is not None:
            raise self.raises
        return self.calls() if self.calls is not None else self.returns


@final
class Stubs:
    """The stubs of one world, by function and step."""

    def __init__(self) -> None:
        self._stubs: dict[tuple[str, str], list[Stub]] = {}
        self._steps_met: dict[str, set[str]] = {}

    def add(  # noqa: PLR0913 -- the parts of a stub, all of them named
        self,
        function: str,
        step_id: object,
        *,
        returns: object = NOT_GIVEN,
        raises: object = None,
        calls: object = None,
        times: object = None,
        place: str,
    ) -> Stub:
        """Add a stub.

        Raises:
            UsageError: Not exactly one of *returns*, *raises* and *calls* is given, or
                one of them is of the wrong kind.
        """
        _check(step_id, returns, raises, calls, times)
        stub = Stub(
            function=function,
            step_id=str(step_id),
            returns=None if returns is NOT_GIVEN else returns,
            raises=raises,  # type: ignore[arg-type]  # looked at by _check
            calls=calls,  # type: ignore[arg-type]  # looked at by _check
            times=times,  # type: ignore[arg-type]  # looked at by _check
            place=place,
        )
        self._stubs.setdefault((function, stub.step_id), []).append(stub)
        return stub

    def remove(self, stub: Stub) -> None:
        """Let a stub stand in no longer."""
        self._stubs[stub.function, stub.step_id].remove(stub)

    def call(
        self, function: AnyFunction, name: StepName, body: Callable[[], object]
    ) -> object:
        """Let the first stub that may stand in for the step, or call *body*."""
        stub = self.standing_for(function, name) if self._stubs else None
        return body() if stub is None else stub.play()

    def standing_for(self, function: AnyFunction, name: StepName) -> Stub | None:
        """Return the first stub that may stand in for a step, if there is any."""
        if not self._stubs:
            return None
        self._steps_met.setdefault(function.id, set()).add(name.id)
        stubs = self._stubs.get((function.id, name.id), ())
        return next((stub for stub in stubs if not stub.is_spent), None)

    def unused(self) -> Iterator[Finding]:
        """Tell of the stubs that never stood in, with the step that may be meant."""
        for (function, step_id), stubs in self._stubs.items():
            met = sorted(self._steps_met.get(function, ()))
            for stub in stubs:
                if not stub.used:
                    hint = near_miss(step_id, met) if step_id not in met else ""
                    yield Finding(
                        code="STUB_UNUSED",
                        message=f"the stub of step {step_id!r} of {function!r} was "
                        f"never used{hint}",
                        where=stub.place,
                        fix=f"stub one of the steps that ran, {met}"
                        if met
                        else "start the function, or remove the stub",
                    )


def _check(
    step_id: object, returns: object, raises: object, calls: object, times: object
) -> None:
    if not isinstance(step_id, str):
        raise UsageError(
            f"a stub's step must be named by text, not {show(step_id)}",
            fix='write harness.stub(function, "generate-response", returns="Hi")',
        )
    given = [returns is not NOT_GIVEN, raises is not None, calls is not None]
    if sum(given) != 1:
        raise UsageError(
            f"the stub of {step_id!r} needs exactly one of returns=, raises= and calls=",
            fix='write for example returns="Hi"',
        )
    if raises is not None and not _is_exception(raises):
        raise UsageError(
            f"the stub of {step_id!r} cannot raise {show(raises)}",
            fix="give an exception, or an exception's class",
        )
    if calls is not None and not callable(calls):
        raise UsageError(
            f"the stub of {step_id!r} cannot call {show(calls)}",
            fix="give a function without arguments",
        )
    is_count = isinstance(times, int) and not isinstance(times, bool) and times > 0
    if times is not None and not is_count:
        raise UsageError(
            f"times of the stub of {step_id!r} must be a whole number from 1 on, "
            f"not {show(times)}",
            fix="leave it out to stand in every time",
        )


def _is_exception(value: object) -> bool:
    return isinstance(value, BaseException) or (
        isinstance(value, type) and issubclass(value, BaseException)
    )
