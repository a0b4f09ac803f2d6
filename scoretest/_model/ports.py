"""Ports: how the SDK reaches whoever runs its functions.

The runtime implements them for tests; an adapter implements them on the real SDK's
context. The SDK knows nothing else of either.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import NamedTuple, Protocol, TypeVar

from .._json import Json, JsonObject
from ..times import Duration, Instant
from .event import Event
from .experiment import ExperimentRef, TakenVariant
from .operation import DeferAbort, DeferAdd
from .place import Place
from .score import ScoreValue
from .session import EventMeta

__all__ = ["AsyncSteps", "Invoked", "RunPort", "SyncSteps", "WorldPort"]

T = TypeVar("T")


class Invoked(NamedTuple):
    """A function to invoke.

    Attributes:
        app_id: Its app; None for the caller's own.
        fn_id: Its id there.
        meta: What the call says of sessions.
    """

    app_id: str | None
    fn_id: str
    meta: EventMeta | None = None


class WorldPort(Protocol):
    """What application code may ask of the world that serves its client."""

    async def asend(self, events: Sequence[Event]) -> list[str]:
        """Send *events* in one request and return the server's ids (rule E4)."""

    def send(self, events: Sequence[Event]) -> list[str]:
        """Send *events* in one request and return the server's ids (rule E4)."""

    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score to the ledger (rule G1)."""

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Let the scores on a run, or on a step of it, count for a variant (G6)."""


class RunPort(WorldPort, Protocol):
    """What a handler's context may ask of the run it belongs to."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def now(self) -> Instant:
        """The present instant."""

    @property
    def sessions(self) -> dict[str, str]:
        """What the run hands on to what it sends; the handler may change it."""

    def is_of(self, client: object) -> bool:
        """Say whether *client* made the function whose handler runs."""

    @property
    def is_replaying(self) -> bool:
        """Whether the handler is still going over steps that it has done."""

    def report(self, code: str, message: str, fix: str, place: Place | str) -> None:
        """Tell the test something; *place* is where in the user's code."""

    def saw_defer(self, hashed: str) -> bool:
        """Say whether this entry called a defer of this id before."""

    def add_defer(self, hashed: str, make: Callable[[], DeferAdd]) -> None:
        """Buffer what *make* returns, unless the server has the defer (A3, A4)."""

    def abort_defer(self, call: DeferAbort) -> None:
        """Take a buffered defer back, or ask the server to (rule A6)."""

    def take_variant(self, choice: TakenVariant) -> None:
        """Note which variant the run takes, before its callback is called (G6)."""


class AsyncSteps(RunPort, Protocol):
    """The steps of a handler that is a coroutine function."""

    def track(
        self, tool: str, step_id: str, call: Coroutine[object, object, T], place: Place
    ) -> Coroutine[object, object, T]:
        """Return *call* of a tool such as ``step.run``, remembered until awaited."""

    async def run(
        self, step_id: str, body: Callable[[], Awaitable[object] | object], place: Place
    ) -> Json:
        """Call *body* once and remember what it returned."""

    async def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""

    async def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Leave the handler until an event matches, or the time is over."""

    async def invoke(
        self,
        step_id: str,
        function: Invoked,
        data: object,
        within: Duration | None,
        place: Place,
    ) -> Json:
        """Leave the handler until a run of *function* has ended."""

    async def parallel(
        self, branches: Sequence[Callable[[], Awaitable[T]]]
    ) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""


class SyncSteps(RunPort, Protocol):
    """The steps of a handler that is an ordinary function."""

    def run(self, step_id: str, body: Callable[[], object], place: Place) -> Json:
        """Call *body* once and remember what it returned."""

    def sleep_until(self, step_id: str, until: Instant, place: Place) -> None:
        """Leave the handler until the clock shows *until*."""

    def wait_for_event(
        self,
        step_id: str,
        event: str,
        expression: str | None,
        within: Duration,
        place: Place,
    ) -> JsonObject | None:
        """Leave the handler until an event matches, or the time is over."""

    def invoke(
        self,
        step_id: str,
        function: Invoked,
        data: object,
        within: Duration | None,
        place: Place,
    ) -> Json:
        """Leave the handler until a run of *function* has ended."""

    def parallel(self, branches: Sequence[Callable[[], T]]) -> tuple[T, ...]:
        """Go through all *branches*, and leave the handler once for all their steps."""
