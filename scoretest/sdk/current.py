"""Which handler is running here, if any: how `client.send` finds its world."""

from contextvars import ContextVar

from .._model.ports import RunPort

__all__ = ["current_port"]

current_port: ContextVar[RunPort | None] = ContextVar("scoretest_port", default=None)
"""The port of the handler that runs in this context, set by whoever enters it."""
