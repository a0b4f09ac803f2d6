"""What an entry needs of whoever runs it.

The driver makes entries, so an entry cannot name the driver: it names this.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from .._engine import Live
from .._model.command import Command
from .._model.event import Event
from .._model.finding import run_where
from .._model.operation import Operation, Outcome
from .._model.place import Place
from .._model.score import ScoreValue
from ..sdk.client import Client
from ..sdk.function import AnyFunction
from ..times import Instant
from .context_source import ContextSource
from .faults import Faults
from .reading import Reads
from .stubs import Stubs

__all__ = ["Host", "Hosted", "run_where_of"]


class Hosted(Protocol):
    """What a host may ask of an entry: which run it belongs to, and where it is."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def step(self) -> str:
        """The steps whose callbacks are under way, or ""."""

    @property
    def function(self) -> AnyFunction:
        """Whose handler is entered."""


class Host(Protocol):
    """Runs entries: takes their answers, and does for them what leaves their run."""

    @property
    def now(self) -> Instant:
        """The present instant."""

    @property
    def stubs(self) -> Stubs:
        """What stands in for the callbacks of steps."""

    @property
    def faults(self) -> Faults:
        """What the test lets go wrong."""

    def client_of(self, function: AnyFunction) -> Client:
        """Return the client that a function is served with."""

    @property
    def reads(self) -> Reads | None:
        """What notes the keys that handlers ask for in vain, if anybody wants to know."""

    def source_of(self, live: Live, function: AnyFunction) -> ContextSource:
        """Return what the contexts of a run's entries tell of it."""

    def send(self, events: Sequence[Event], sender: Hosted | None = None) -> list[str]:
        """Let *events* arrive, and return the server's ids."""

    def write_score(
        self,
        name: str,
        value: ScoreValue,
        run_id: str,
        step_id: str | None,
        writer: str = "",
    ) -> None:
        """Write a checked score to the ledger."""

    def apply(self, command: Command) -> None:
        """Let one thing happen in the engine, and do what follows."""

    def report(
        self,
        live: Live,
        code: str,
        message: str,
        fix: str,
        place: Place | str,
        step: str,
    ) -> None:
        """Record a finding about a run, the first time that it is made."""

    @property
    def kept(self) -> dict[str, Any]:
        """The entries whose handlers wait where they are, by run."""

    def leave_when_idle(self, entry: Any) -> None:
        """Leave *entry*, one of a coroutine, when nothing else can happen in it."""

    def entry_ended(
        self, entry: Any, operations: tuple[Operation, ...], outcome: Outcome
    ) -> None:
        """Give the engine the answer of *entry*."""

    def crash(self, error: BaseException) -> None:
        """End the present operation with *error*, whatever else is going on."""

    def give_up_on(self, entry: Hosted, step_id: str) -> None:
        """End the operation because of a handler that cannot be left."""


def run_where_of(entry: Hosted | None, now: Instant) -> str:
    """Return where *entry* is, or "" for application code."""
    if entry is None:
        return ""
    options = entry.function.options
    return run_where(options.slug, options.place, entry.run_id, entry.step, now)
