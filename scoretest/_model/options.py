"""What a function is to the engine: a name, triggers, retries, and no code."""

from dataclasses import dataclass
from enum import Enum
from typing import final

from .._json import show
from ..errors import UsageError
from .flow import NO_FLOW_OPTIONS, FlowOptions, TriggerCron
from .life import NO_LIFE_OPTIONS, LifeOptions

__all__ = ["FunctionKind", "FunctionOptions", "TriggerEvent"]


class FunctionKind(Enum):
    """How a function comes to run."""

    ORDINARY = "function"
    DEFERRED = "deferred function"
    SCORER = "scorer"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerEvent:
    """Start a run for each event of this name.

    Attributes:
        event: The name. A ``*`` at its end, after ``/`` or ``.``, stands for whatever
            follows (rule H1).
        expression: A match expression about ``event``; checked when it is served.
    """

    event: str
    expression: str | None = None

    def __post_init__(self) -> None:
        event: object = self.event
        if not isinstance(event, str) or not event:
            raise UsageError(
                f"a trigger's event must be a name, not {show(event)}",
                fix='write TriggerEvent(event="support/ticket.created")',
            )
        expression: object = self.expression
        if expression is not None and not isinstance(expression, str):
            raise UsageError(
                f"a trigger's expression must be text, not {show(expression)}",
                fix="write expression=\"event.data.plan == 'pro'\"",
            )

    @property
    def prefix(self) -> str | None:
        """What the names begin with that its wildcard matches; None without one."""
        is_wild = self.event.endswith(("/*", ".*"))
        return self.event[:-1] if is_wild else None

    @property
    def is_dead(self) -> bool:
        """Whether it has a wildcard where the server never matches one (rule H1)."""
        return "*" in (self.event if self.prefix is None else self.prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionOptions:
    """A function as it is registered with the engine.

    Attributes:
        slug: ``"{app_id}-{fn_id}"``, unique in a world.
        app_id: The client's app.
        triggers: The events and times that start a run; none for deferred functions.
        retries: How many attempts may follow the first; None is the engine's default.
        kind: Ordinary, deferred or scorer.
        place: ``file:line`` of the handler.
        shows_input: Whether a deferred payload also stands under ``input``, in the
            handler's event and in expressions.
        life: What ends its runs early, and what keeps them from beginning.
        flow: How many of its runs there are, and when each may go on.
    """

    slug: str
    app_id: str
    triggers: tuple[TriggerEvent | TriggerCron, ...]
    retries: int | None
    kind: FunctionKind
    place: str
    shows_input: bool = False
    life: LifeOptions = NO_LIFE_OPTIONS
    flow: FlowOptions = NO_FLOW_OPTIONS
