"""Functions that another package made: how a harness comes to serve them.

A package's adapter translates its client and functions into ones that a harness
serves. The adapter stands a floor above, so it is known here by its name alone, and
imported when somebody serves what it translates; nobody else pays for it.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias, cast, final

from .._engine import Live
from .._model.effect import Enter
from .._model.event import Event
from .._model.options import FunctionOptions
from ..sdk.client import Client
from ..sdk.function import AnyFunction, Function
from .entry import Entry, Request
from .host import Host

__all__ = [
    "AnyClient",
    "AnyEvent",
    "EntryKind",
    "ForeignFunction",
    "Served",
    "Translated",
    "own_event",
    "translated",
]

_ADAPTERS: Final = {"inngest": "inngest_sdk"}
"""The package of a client, and the adapter of its functions."""


class Served(Protocol):
    """A function, whoever made it: it has a slug."""

    @property
    def id(self) -> str:
        """The slug, ``"{app_id}-{fn_id}"``."""


class ForeignClient(Protocol):
    """A client of another package; its adapter knows more of it."""

    app_id: str


AnyClient: TypeAlias = Client | ForeignClient
"""A client, whoever made it."""


class ForeignEvent(Protocol):
    """An event of another package; its adapter knows more of it."""

    name: str
    id: str
    ts: int


AnyEvent: TypeAlias = Event | ForeignEvent
"""An event, whoever made it."""

Translated: TypeAlias = tuple[Client, Sequence[AnyFunction]]
"""A client and functions that a harness can serve."""


class EntryKind(Protocol):
    """Makes the entries of a function."""

    def __call__(
        self,
        driver: Host,
        live: Live,
        effect: Enter,
        function: Any,
        request: Request,
        /,
    ) -> Entry:
        """Return the entry that *effect* asks for."""


class _Adapter(Protocol):
    def translate(self, client: object, functions: object) -> Translated:
        """Return what stands for *client* and *functions* here."""

    def translate_event(self, event: object) -> object:
        """Return what stands for *event* here."""


@final
class ForeignFunction(Function[Any]):
    """A function that another package made.

    Attributes:
        original: What the user holds.
        entry_kind: What makes its entries.
    """

    def __init__(
        self,
        options: FunctionOptions,
        handler: Any,
        *,
        original: object,
        entry_kind: EntryKind,
    ) -> None:
        super().__init__(options, handler)
        self.original = original
        self.entry_kind = entry_kind


def translated(client: object, functions: object) -> Translated:
    """Return *client* and *functions* as a harness serves them.

    What no adapter knows comes back as it is; the checks say what is wrong with it.

    Raises:
        UsageError: The adapter cannot serve one of them.
    """
    adapter = _adapter_of(client)
    if adapter is not None:
        return adapter.translate(client, functions)
    return cast("Translated", (client, functions))


def own_event(event: object) -> object:
    """Return *event* as a harness sends it; what no adapter knows as it is."""
    adapter = None if isinstance(event, Event) else _adapter_of(event)
    return event if adapter is None else adapter.translate_event(event)


def _adapter_of(thing: object) -> _Adapter | None:
    for kind in type(thing).__mro__:
        name = _ADAPTERS.get(kind.__module__.partition(".")[0])
        if name is not None:
            adapter = import_module(f"...adapters.{name}", __name__)
            return cast("_Adapter", adapter)
    return None
