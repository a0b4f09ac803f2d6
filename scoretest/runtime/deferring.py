"""What one entry wants deferred, until its answer takes it to the engine.

Most entries defer nothing, so an entry makes this only when it is first asked.
"""

from collections.abc import Callable, Mapping
from typing import final

from .._model.operation import DeferAbort, DeferAdd, StepName
from ..errors import UsageError
from .leaving import in_step

__all__ = ["DeferBuffer"]


@final
class DeferBuffer:
    """The defers and aborts of one entry, by hashed id, in the order of their calls.

    Args:
        kept: What the server had accepted when the entry began, and whether each can
            still be aborted (rule E6).
    """

    __slots__ = ("_aborted", "_calls", "_kept", "_steps")

    def __init__(self, kept: Mapping[str, bool]) -> None:
        self._kept = kept
        self._steps: dict[str, StepName | None] = {}
        self._aborted: set[str] = set()
        self._calls: dict[str, DeferAdd | DeferAbort] = {}

    @property
    def operations(self) -> tuple[DeferAdd | DeferAbort, ...]:
        """What the server has to be told."""
        return tuple(self._calls.values())

    def saw(self, hashed: str) -> bool:
        """Say whether this entry called a defer of this id before (rule A6)."""
        return hashed in self._steps

    def add(self, hashed: str, make: Callable[[], DeferAdd]) -> None:
        """Buffer what *make* returns, unless an earlier entry's was accepted (A4)."""
        if hashed not in self._kept:
            self._calls[hashed] = make()
        self._steps[hashed] = in_step.get()

    def abort(self, call: DeferAbort) -> None:
        """Take a buffered defer back, or ask the server to (rule A6).

        Raises:
            UsageError: A step's callback aborts what was not deferred in it.
        """
        hashed, step = call.hashed, in_step.get()
        buffered = self._calls.get(hashed)
        if hashed in self._aborted or not self._kept.get(hashed, True):
            return
        if step is not None and (buffered is None or step != self._steps[hashed]):
            # the callback does not run again, but the defer is called again (rule E1)
            raise UsageError(
                f"step {str(step)!r} aborts what was not deferred in it",
                fix="abort after the step has returned",
            )
        self._aborted.add(hashed)
        if buffered is not None:
            del self._calls[hashed]  # the server never hears of it
        else:
            self._calls[hashed] = call
