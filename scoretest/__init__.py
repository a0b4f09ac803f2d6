"""Test durable functions and deferred scorers in memory, with a virtual clock.

A name is imported when it is first used: pytest loads the plugin of this package in
every session, and production code that declares functions needs no harness.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import experiment, flow
    from ._model.event import Event
    from ._model.finding import Finding
    from ._model.flow import TriggerCron
    from ._model.life import Cancel, Singleton, Timeouts
    from ._model.limits import Limits
    from ._model.options import TriggerEvent
    from ._model.score import Score
    from ._model.session import EventMeta
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
    from .exploration.explored import explored
    from .exploration.explorer import explore
    from .reports.timeline import Timeline
    from .runtime.harness import Harness
    from .runtime.parts import RunStatus
    from .runtime.scores import Scores
    from .runtime.sent import Sent
    from .runtime.variants import VariantTable
    from .runtime.views import OpenWait, Run, ScoreRecord
    from .sdk.client import Client
    from .sdk.context import Context, ContextSync
    from .sdk.errors import NonRetriableError, RetryAfterError, StepError
    from .sdk.scorer import create_defer, create_scorer

__all__ = [
    "Cancel",
    "Client",
    "Context",
    "ContextSync",
    "DeadlockError",
    "Event",
    "EventMeta",
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
    "Singleton",
    "StalledError",
    "StepError",
    "Timeline",
    "Timeouts",
    "TriggerCron",
    "TriggerEvent",
    "UnderTestError",
    "UsageError",
    "VariantTable",
    "create_defer",
    "create_scorer",
    "experiment",
    "explore",
    "explored",
    "flow",
]

_MODULES = ("experiment", "flow")
_HOMES = {
    "Event": "._model.event",
    "EventMeta": "._model.session",
    "Cancel": "._model.life",
    "Finding": "._model.finding",
    "Limits": "._model.limits",
    "Singleton": "._model.life",
    "Timeouts": "._model.life",
    "TriggerCron": "._model.flow",
    "TriggerEvent": "._model.options",
    "Score": "._model.score",
    "DeadlockError": ".errors",
    "FindingsError": ".errors",
    "LivelockError": ".errors",
    "NotBuiltError": ".errors",
    "ScoretestError": ".errors",
    "StalledError": ".errors",
    "UnderTestError": ".errors",
    "UsageError": ".errors",
    "Timeline": ".reports.timeline",
    "Harness": ".runtime.harness",
    "RunStatus": ".runtime.parts",
    "Scores": ".runtime.scores",
    "Sent": ".runtime.sent",
    "VariantTable": ".runtime.variants",
    "OpenWait": ".runtime.views",
    "Run": ".runtime.views",
    "ScoreRecord": ".runtime.views",
    "Client": ".sdk.client",
    "Context": ".sdk.context",
    "ContextSync": ".sdk.context",
    "NonRetriableError": ".sdk.errors",
    "RetryAfterError": ".sdk.errors",
    "StepError": ".sdk.errors",
    "create_defer": ".sdk.scorer",
    "create_scorer": ".sdk.scorer",
    "experiment": ".experiment",
    "explore": ".exploration.explorer",
    "explored": ".exploration.explored",
    "flow": ".flow",
}

if not TYPE_CHECKING:  # to a type checker, any name would exist

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(_HOMES[name], __name__)
        value = home if name in _MODULES else getattr(home, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
