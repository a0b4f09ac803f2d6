"""Test durable functions and deferred scorers in memory, with a virtual clock."""

from ._model.event import Event
from ._model.finding import Finding
from ._model.limits import Limits
from ._model.options import TriggerEvent
from ._model.score import Score
from .errors import (
    DeadlockError,
    FindingsError,
    LivelockError,
    NotBuiltError,
    ScoretestError,
    StalledError,
    UnderTestError,
    UsageError,
)
from .reports.timeline import Timeline
from .runtime.harness import Harness
from .runtime.parts import RunStatus
from .runtime.scores import Scores
from .runtime.sent import Sent
from .runtime.views import OpenWait, Run, ScoreRecord
from .sdk.client import Client
from .sdk.context import Context, ContextSync
from .sdk.errors import NonRetriableError, RetryAfterError, StepError
from .sdk.scorer import create_defer, create_scorer

__all__ = [
    "Client",
    "Context",
    "ContextSync",
    "DeadlockError",
    "Event",
    "Finding",
    "FindingsError",
    "Harness",
    "Limits",
    "LivelockError",
    "NonRetriableError",
    "NotBuiltError",
    "OpenWait",
    "RetryAfterError",
    "Run",
    "RunStatus",
    "Score",
    "ScoreRecord",
    "Scores",
    "ScoretestError",
    "Sent",
    "StalledError",
    "StepError",
    "Timeline",
    "TriggerEvent",
    "UnderTestError",
    "UsageError",
    "create_defer",
    "create_scorer",
]
