"""Which handler is running here, and which variant of an experiment, if any.

The first is how `client.send` finds its world.
"""

from contextvars import ContextVar

from .._model.ports import RunPort

__all__ = ["VariantMark", "current_port", "current_variant", "note_step"]

current_port: ContextVar[RunPort | None] = ContextVar("scoretest_port", default=None)
"""The port of the handler that runs in this context, set by whoever enters it."""


class VariantMark:
    """The variant whose callback is under way.

    Attributes:
        experiment: The experiment's id.
        has_step: Whether the callback has come to a step.
    """

    __slots__ = ("experiment", "has_step")

    def __init__(self, experiment: str) -> None:
        self.experiment = experiment
        self.has_step = False


current_variant: ContextVar[VariantMark | None] = ContextVar(
    "scoretest_variant", default=None
)
"""The variant that runs in this context; tasks that it starts share it."""


def note_step() -> None:
    """Note that the handler has come to a step."""
    mark = current_variant.get()
    if mark is not None:
        mark.has_step = True
