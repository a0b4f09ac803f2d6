"""What a handler is given: its event, its run, and the tools to make steps with."""

from collections.abc import Mapping
from dataclasses import dataclass
from logging import LoggerAdapter
from typing import TYPE_CHECKING, Any, final

from .._json import Json
from .._model.event import Event
from .._model.place import told
from .._model.ports import AsyncSteps, RunPort, SyncSteps
from ..errors import NotBuiltError
from .defer import DeferHandle, add_defer
from .group import Group, GroupSync
from .places import caller
from .step import Step
from .step_sync import StepSync

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["Context", "ContextSync", "DeferredParent", "RunFacts"]


@final
@dataclass(frozen=True, slots=True)
class DeferredParent:
    """The run that scheduled this deferred run (rule A9).

    Attributes:
        fn_slug: Its function.
        run_id: Its id; what a scorer scores.
    """

    fn_slug: str
    run_id: str


class ReplayAwareLogger(LoggerAdapter):  # type: ignore[type-arg]  # generic in stubs only, a plain class at run time
    """A logger that is silent while the handler goes over steps it has done."""

    def __init__(self, logger: Any, port: RunPort) -> None:
        super().__init__(logger, {})
        self._port = port

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 -- logging's name
        """Say whether a record of *level* would be handled now."""
        return not self._port.is_replaying and super().isEnabledFor(level)

    def process(
        self,
        msg: Any,
        kwargs: "MutableMapping[str, Any]",
    ) -> "tuple[Any, MutableMapping[str, Any]]":
        """Leave the record as it is."""
        return msg, kwargs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a context tells of its run; filled in by whoever enters the handler.

    Attributes:
        event: The event that started the run; a deferred payload stands in its data.
        events: All of them; one, until batches are built.
        run_id: The run's id.
        attempt: The attempt of this unit, counted from 0 (rule D2).
        parents: The runs that deferred this one.
        input: The payload as the schema's own type, or as a mapping.
        logger: Where the handler may log.
    """

    event: Event
    events: list[Event]
    run_id: str
    attempt: int
    parents: list[DeferredParent]
    input: Any
    logger: Any


class _ContextBase:
    """What both kinds of context share."""

    def __init__(self, facts: RunFacts, port: RunPort) -> None:
        self._facts = facts
        self._port = port
        self.logger = ReplayAwareLogger(facts.logger, port)

    @property
    def event(self) -> Event:
        """The event that started the run."""
        return self._facts.event

    @property
    def events(self) -> list[Event]:
        """All events that started the run; one, until batches are built."""
        return self._facts.events

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._facts.run_id

    @property
    def attempt(self) -> int:
        """The attempt of the unit that is entered, counted from 0 (rule D2)."""
        return self._facts.attempt

    @property
    def parents(self) -> list[DeferredParent]:
        """The runs that deferred this one; empty in an ordinary run."""
        return self._facts.parents

    @property
    def input(self) -> Any:
        """The payload: the schema's own type when there is one, else a mapping."""
        return self._facts.input

    @property
    def sessions(self) -> dict[str, str]:
        """The run's sessions; not built yet."""
        raise NotBuiltError(
            "ctx.sessions is not built yet",
            where=f"run {self.run_id}",
            fix="carry what you need in the event's data",
        )

    def defer(
        self,
        defer_id: str,
        *,
        function: object,
        data: Mapping[str, Json] | Mapping[str, object],
        meta: object = None,
        experiment: object = None,
    ) -> DeferHandle:
        """Start *function* with *data* when this run has ended.

        A call that the server would refuse is skipped and the parent goes on, as in
        production; the test is told by the finding DEFER_SKIPPED.

        Args:
            defer_id: The call's identity in this run; the first call of an id wins.
            function: Made by `create_defer` or `create_scorer`.
            data: A JSON object that fits the function's schema.
            meta: Not built yet.
            experiment: Not built yet.

        Returns:
            A handle whose `abort()` takes the defer back.

        Source: rules A1 to A6 and A12.
        """
        if meta is not None or experiment is not None:
            name = "meta" if meta is not None else "experiment"
            raise NotBuiltError(
                f"{name}= of defer {defer_id!r} is not built yet",
                where=told(caller()),
                fix=f"leave {name}= out in this test; nothing would act on it",
            )
        return add_defer(self._port, defer_id, function, data, caller())


@final
class Context(_ContextBase):
    """What a coroutine handler is given."""

    def __init__(self, facts: RunFacts, port: AsyncSteps) -> None:
        super().__init__(facts, port)
        self.step = Step(port)
        self.group = Group(port)


@final
class ContextSync(_ContextBase):
    """What an ordinary handler is given: the same tools, without ``await``."""

    def __init__(self, facts: RunFacts, port: SyncSteps) -> None:
        super().__init__(facts, port)
        self.step = StepSync(port)
        self.group = GroupSync(port)
