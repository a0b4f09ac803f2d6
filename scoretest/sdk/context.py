"""What a handler is given: its event, its run, and the tools to make steps with."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, final

from .._json import Json
from .._model.event import Event
from .._model.experiment import ExperimentRef
from .._model.ports import AsyncSteps, RunPort, SyncSteps
from .._model.session import EventMeta
from .defer import DeferHandle, Wanted, add_defer
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
        experiment: The experiment and the variant that the defer carried, or None.
    """

    fn_slug: str
    run_id: str
    experiment: ExperimentRef | None = None


class ReplayAwareLogger(logging.LoggerAdapter):  # type: ignore[type-arg]  # generic in stubs only, a plain class at run time
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


class RunFacts(Protocol):
    """What a context tells of its run; whoever enters the handler provides it.

    Each is made when it is first read: an entry that goes over finished steps reads
    little of it.
    """

    def find_logger(self) -> logging.Logger:
        """Return the logger of the function's client."""

    def make_events(self) -> list[Event]:
        """Return the events that started the run, each a copy of its own."""

    def make_parents(self) -> list[DeferredParent]:
        """Return the runs that deferred this one."""

    def make_input(self) -> object:
        """Return the payload as the schema's own type, or as a mapping."""


class _ContextBase:
    """What both kinds of context share."""

    def __init__(self, facts: RunFacts, port: RunPort, attempt: int) -> None:
        self._facts = facts
        self._port = port
        self.run_id = port.run_id
        """The run's id."""
        self.attempt = attempt
        """The attempt of the unit that is entered, counted from 0 (rule D2)."""
        # not a cached_property: its lock costs more than the event
        self._events: list[Event] | None = None

    @cached_property
    def logger(self) -> ReplayAwareLogger:
        """The client's logger, silent while steps that are done are gone over."""
        return ReplayAwareLogger(self._facts.find_logger(), self._port)

    @property
    def events(self) -> list[Event]:
        """All events that started the run: one, or those of its batch (rule F7)."""
        if self._events is None:
            self._events = self._facts.make_events()
        return self._events

    @property
    def event(self) -> Event:
        """The event that started the run."""
        return self.events[0]

    @cached_property
    def parents(self) -> list[DeferredParent]:
        """The runs that deferred this one; empty in an ordinary run (rule A9)."""
        return self._facts.make_parents()

    @cached_property
    def input(self) -> Any:
        """The payload: the schema's own type when there is one, else a mapping."""
        return self._facts.make_input()

    @property
    def sessions(self) -> dict[str, str]:
        """The run's sessions by their keys: what its events share.

        What the run sends, invokes and defers inherits them as they are then: change
        the mapping to hand on something else.
        """
        return self._port.sessions

    def defer(
        self,
        defer_id: str,
        *,
        function: object,
        data: Mapping[str, Json] | Mapping[str, object],
        meta: EventMeta | None = None,
        experiment: ExperimentRef | None = None,
    ) -> DeferHandle:
        """Start *function* with *data* when this run has ended.

        A call that the server would refuse is skipped and the parent goes on, as in
        production; the test is told by the finding DEFER_SKIPPED.

        Args:
            defer_id: The call's identity in this run; the first call of an id wins.
            function: Made by `create_defer` or `create_scorer`.
            data: A JSON object that fits the function's schema.
            meta: Sessions of the deferred run, beside those of this one.
            experiment: The `experiment_ref` of an experiment's result: the deferred
                run finds it at ``ctx.parents[0].experiment``, and a scorer's score
                counts for its variant.

        Returns:
            A handle whose `abort()` takes the defer back.

        Source: rules A1 to A6, A9 and A12.
        """
        wanted = Wanted(defer_id, function, data, experiment, meta, caller())
        return add_defer(self._port, wanted)


@final
class Context(_ContextBase):
    """What a coroutine handler is given."""

    def __init__(self, facts: RunFacts, port: AsyncSteps, attempt: int) -> None:
        super().__init__(facts, port, attempt)
        self.step = Step(port)
        self._steps = port

    @property
    def group(self) -> Group:
        """Several steps at once."""
        return Group(self._steps)


@final
class ContextSync(_ContextBase):
    """What an ordinary handler is given: the same tools, without ``await``."""

    def __init__(self, facts: RunFacts, port: SyncSteps, attempt: int) -> None:
        super().__init__(facts, port, attempt)
        self.step = StepSync(port)
        self._steps = port

    @property
    def group(self) -> GroupSync:
        """Several steps at once."""
        return GroupSync(self._steps)
