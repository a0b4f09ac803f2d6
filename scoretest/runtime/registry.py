"""The functions that a world serves, by slug."""

from collections.abc import Sequence
from typing import final

from .._engine import Engine
from .._json import show
from .._model.command import ReportFinding
from .._model.finding import Finding
from .._model.options import TriggerEvent
from ..errors import UsageError
from ..sdk.client import Client
from ..sdk.function import AnyFunction, Function
from .coroutines import AsyncEntry
from .foreign import EntryKind, ForeignFunction
from .plain import PlainEntry

__all__ = ["Registry"]

_ONLY_AT_THE_END = "a wildcard stands for the end of a name, after '/' or '.'"


@final
class Registry:
    """Functions with what the engine does not need to know of them.

    Attributes:
        functions: By slug.
        clients: What each is served with, by slug.
        entry_kinds: What makes the entries of each, by slug.
        async_kind: What makes those of coroutine handlers that are served from now on.
    """

    def __init__(self, engine: Engine) -> None:
        self.async_kind: EntryKind = AsyncEntry
        self._engine = engine
        self.functions: dict[str, AnyFunction] = {}
        self.clients: dict[str, Client] = {}
        self.entry_kinds: dict[str, EntryKind] = {}

    def serve(self, client: Client, functions: Sequence[AnyFunction]) -> None:
        """Register functions that were checked."""
        parts = [part for function in functions for part in function.parts]
        conditions = [self._engine.conditions(part.options) for part in parts]
        for function, of_triggers in zip(parts, conditions, strict=True):
            self._engine.register(function.options, of_triggers)
            self.functions[function.id] = function
            self.clients[function.id] = client
            self.entry_kinds[function.id] = self._entry_kind(function)
            self._tell_dead(function)

    def _entry_kind(self, function: AnyFunction) -> EntryKind:
        if isinstance(function, ForeignFunction):
            return function.entry_kind
        return self.async_kind if function.is_async else PlainEntry

    def _tell_dead(self, function: AnyFunction) -> None:
        """Tell of the wildcards that stand where the server never matches them."""
        options = function.options
        for trigger in options.triggers:
            if isinstance(trigger, TriggerEvent) and trigger.is_dead:
                what = f"the trigger {trigger.event!r} of {function.id!r} never matches"
                fix = 'write TriggerEvent(event="support/*"), or name each event'
                self._tell(function, f"{what}: {_ONLY_AT_THE_END}", fix)
        for cancel in options.life.cancel:
            if "*" in cancel.event:
                what = f"the cancel on {cancel.event!r} of {function.id!r}"
                fix = "write a Cancel for each event"
                self._tell(function, f"{what} never matches: it has no wildcards", fix)

    def _tell(self, function: AnyFunction, message: str, fix: str) -> None:
        where = function.options.place
        finding = Finding(code="TRIGGER_DEAD", message=message, where=where, fix=fix)
        self._engine.apply(ReportFinding(finding))

    def slug_of(self, function: object) -> str:
        """Return the slug of a function that is served.

        Raises:
            UsageError: It is not.
        """
        if isinstance(function, Function) and function.id in self.functions:
            return function.id
        for slug, known in self.functions.items():
            if isinstance(known, ForeignFunction) and known.original is function:
                return slug
        served = ", ".join(sorted(self.functions)) or "none"
        if isinstance(function, str) and function in self.functions:
            raise UsageError(
                f"the function itself is needed here, not its id {function!r}",
                fix="pass the name that its decorator bound",
            )
        raise UsageError(
            f"{show(function)} is not served by this harness",
            seen=f"served: {served}",
            fix="pass the function itself, and add it to harness.serve(...)",
        )
