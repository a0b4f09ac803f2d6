"""How a handler is left at a step, and where in a handler the code is.

Control leaves by exceptions that are no `Exception`, for the reason that the real SDK
has too: users write ``except Exception`` around their steps.
"""

from collections.abc import Sequence
from contextvars import ContextVar

from .._model.operation import Operation, StepName

__all__ = ["LeaveHandler", "NestedStep", "in_group", "in_step"]

in_group: ContextVar[bool] = ContextVar("scoretest_in_group", default=False)
"""Whether a parallel group is gathering steps here."""

in_step: ContextVar[StepName | None] = ContextVar("scoretest_in_step", default=None)
"""The step whose callback runs here."""


class LeaveHandler(BaseException):
    """Unwinds a handler, or a branch of a group, whose next step is not done.

    A `BaseException`, so that the user's ``except Exception`` does not catch it.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__()
        self.operations = tuple(operations)


class NestedStep(BaseException):
    """Unwinds the callback of a step that called another step (rule E5)."""
