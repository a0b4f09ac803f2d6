"""Test durable functions and deferred scorers in memory, with a virtual clock."""

from ._model.event import Event
from ._model.finding import Finding
from ._model.limits import Limits
from ._model.options import TriggerEvent
from ._model.score import Score
from .errors import (
    FindingsError,
    NotBuiltError,
    ScoretestError,
    UnderTestError,
    UsageError,
)
from .runtime.harness import Harness
from .sdk.client import Client
from .sdk.context import Context, ContextSync
from .sdk.errors import NonRetriableError, RetryAfterError, StepError
from .sdk.scorer import create_defer, create_scorer

__all__ = [
    "Client",
    "Context",
    "ContextSync",
    "Event",
    "Finding",
    "FindingsError",
    "Harness",
    "Limits",
    "NonRetriableError",
    "NotBuiltError",
    "RetryAfterError",
    "Score",
    "ScoretestError",
    "StepError",
    "TriggerEvent",
    "UnderTestError",
    "UsageError",
    "create_defer",
    "create_scorer",
]
