"""What is explored: functions, their clients, and the events that begin it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

from .._core.cron import Schedule
from .._json import JsonObject, show, to_wire
from .._model.event import DEFERRED_SCHEDULE, SCHEDULED_TIMER, Event
from .._model.flow import TriggerCron
from .._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ..errors import UsageError
from ..runtime.foreign import (
    AnyClient,
    AnyEvent,
    ForeignFunction,
    Served,
    clients_of,
    deferring,
    own_event,
    translated,
)
from ..sdk.client import Client
from ..sdk.context import Context
from ..sdk.function import AnyFunction, Function
from ..times import Duration, Instant, format_duration
from .alphabet import trigger_data
from .handlers import handlers_of
from .stage import Letter

__all__ = ["App", "Plan", "Scenario", "apps_of", "make_plan"]

_EXPLORED: Final = "scoretest/explored"
_PARENT: Final = "explored-parent"
_SUBJECT: Final = "id"
_OF_THE_SERVER: Final = "inngest/"


Begin: TypeAlias = TriggerEvent | TriggerCron


class App(NamedTuple):
    """A client with its functions.

    Attributes:
        client: As a harness serves it.
        functions: Likewise.
        given: The client that the user holds.
    """

    client: Client
    functions: tuple[AnyFunction, ...]
    given: AnyClient


class Scenario(NamedTuple):
    """Functions by app, and the events that begin.

    Attributes:
        parts: Each client with its functions.
        starts: The events, in order.
        is_guessed: Whether their data still have to be found out.
        deferred: What a made-up parent defers, because nothing else does.
    """

    parts: tuple[App, ...]
    starts: tuple[Letter, ...]
    is_guessed: bool = False
    deferred: AnyFunction | None = None

    @property
    def apps(self) -> list[tuple[Client, tuple[AnyFunction, ...]]]:
        """Each client with its functions, as a harness serves them."""
        return [(part.client, part.functions) for part in self.parts]

    @property
    def functions(self) -> list[AnyFunction]:
        """All functions, the made-up parent too."""
        return [function for part in self.parts for function in part.functions]

    @property
    def cron(self) -> str:
        """The cron with which it begins, or ""."""
        (first, *_) = self.starts
        return str(first.data["cron"]) if first.name == SCHEDULED_TIMER else ""

    def begins_after(self, start: Instant) -> Duration:
        """Return how long after *start* it begins: at once, or when the cron fires."""
        due = Schedule(self.cron).after(start) if self.cron else start
        return Duration(due - start)

    @property
    def by_parent(self) -> bool:
        """Whether a parent was made up."""
        return self.deferred is not None

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the events whose data come from the start."""
        names = [start.name for start in self.starts]
        return (*names, DEFERRED_SCHEDULE) if self.by_parent else tuple(names)

    @property
    def crossing_starts(self) -> tuple[Letter, ...]:
        """The events that begin, such that a second run can be about something else.

        A deferred function that reads none of its data still has a parent of its own; so
        the made-up one gets something to be told by.
        """
        if (
            not self.by_parent
            or not self.is_guessed
            or any(s.data for s in self.starts)
        ):
            return self.starts
        return tuple(s._replace(data={_SUBJECT: "one"}) for s in self.starts)

    def begin_lines(self, start: Instant, armed: Sequence[str]) -> list[str]:
        """Return the lines with which a test begins; *armed* lets faults strike."""
        if self.cron:
            return [
                *armed,
                f'harness.advance("{format_duration(self.begins_after(start))}")',
            ]
        sends = [f"harness.send({s.name!r}, {s.data!r})" for s in self.starts]
        return [*self.parent_lines(), *armed, *sends]

    def parent_lines(self) -> list[str]:
        """Return the lines that make the parent in a test, if it was made up."""
        if self.deferred is None:
            return []
        name = next((h.__name__ for h in handlers_of(self.deferred)), "function")
        app_id = self.deferred.options.app_id
        if isinstance(self.deferred, ForeignFunction):
            trigger = f"inngest.TriggerEvent(event={_EXPLORED!r})"
            made, data = [], "dict(ctx.event.data)"
        else:
            trigger = f"scoretest.TriggerEvent(event={_EXPLORED!r})"
            made = [f"client = scoretest.Client({app_id!r})", ""]
            data = "ctx.event.data"
        return [
            *made,
            f'@client.create_function(fn_id="{_PARENT}", trigger={trigger})',
            "async def parent(ctx):",
            f'    ctx.defer("explored", function={name}, data={data})',
            "",
            f"harness.serve(client, [parent, {name}])",
        ]

    def __str__(self) -> str:
        slugs = ", ".join(function.id for function in self.functions)
        starts = [[s.name, s.data] for s in self.starts]
        return f"{slugs} after {json.dumps(starts, sort_keys=True, default=str)}"


class Plan(NamedTuple):
    """How functions can be begun.

    Attributes:
        parts: Each client with its functions.
        first: With what the exploration begins.
        roots: Every function that has to have run in the end, with its trigger.
    """

    parts: tuple[App, ...]
    first: Scenario
    roots: tuple[tuple[AnyFunction, Begin | None], ...]

    def others(self, covered: Mapping[tuple[str, str], None]) -> Iterator[Scenario]:
        """Yield what begins functions that have not run yet; *covered* grows meanwhile.

        Args:
            covered: The slugs of what has run, with the names of the events.
        """
        for function, trigger in self.roots:
            name = DEFERRED_SCHEDULE if trigger is None else _name(trigger)
            if (function.id, name) not in covered:
                yield _beginning(self.parts, function, trigger, None)


def make_plan(
    functions: Sequence[Served],
    start: AnyEvent | str | Sequence[AnyEvent] | None,
    data: Mapping[str, Any] | None,
    client: AnyClient | None,
    beside: Sequence[Served] = (),
) -> Plan:
    """Check what is to be explored.

    Args:
        functions: What has to run.
        start: What begins, if the user said so.
        data: The data of that.
        client: The client, where it cannot be found.
        beside: What is served as well.

    Raises:
        UsageError: There is no function, or nothing that could start one.
    """
    if not functions:
        raise UsageError(
            "there is no function to explore",
            fix="write explore(handle_ticket, feedback_scorer)",
        )
    every = list(dict.fromkeys((*functions, *beside)))
    parts = tuple(apps_of(every, client))
    wanted = {function.id for function in functions}
    roots = tuple(
        root for part in parts for root in _roots(part) if root[0].id in wanted
    )
    order = sorted(roots, key=_rank)
    if start is not None:
        starts = _starts(start, data)
        first = _given(parts, starts, order)
        return Plan(parts, first, tuple(order) if data is None else ())
    if not order:
        raise UsageError(
            f"nothing starts {show(functions[0])}",
            fix="pass start=Event(name=..., data=...), or its parent as well",
        )
    (function, trigger), *_ = order
    return Plan(parts, _beginning(parts, function, trigger, data), tuple(order))


def _rank(root: tuple[AnyFunction, Begin | None]) -> int:
    """Put what events start before what the clock starts, and what is deferred last."""
    trigger = root[1]
    return 2 if trigger is None else int(isinstance(trigger, TriggerCron))


def _given(
    parts: tuple[App, ...],
    starts: tuple[Letter, ...],
    order: Sequence[tuple[AnyFunction, Begin | None]],
) -> Scenario:
    """Return what the given events begin; a lone deferred function gets their data."""
    if order and all(trigger is None for _, trigger in order):
        names = [f.options.triggers for part in parts for f in part.functions]
        if not any(names):
            return _beginning(parts, order[0][0], None, starts[0].data)
    return Scenario(parts, starts)


def _roots(part: App) -> Iterator[tuple[AnyFunction, Begin | None]]:
    for function in part.functions:
        if function.options.kind is not FunctionKind.ORDINARY:
            yield function, None
        for trigger in function.options.triggers:
            if isinstance(trigger, TriggerCron) or _is_a_users(trigger):
                yield function, trigger


def _is_a_users(trigger: TriggerEvent) -> bool:
    return not trigger.event.startswith(_OF_THE_SERVER)


def _name(trigger: Begin) -> str:
    if isinstance(trigger, TriggerCron):
        return SCHEDULED_TIMER
    return trigger.event if trigger.prefix is None else f"{trigger.prefix}explored"


def _beginning(
    parts: tuple[App, ...],
    function: AnyFunction,
    trigger: Begin | None,
    data: Mapping[str, Any] | None,
) -> Scenario:
    """Return what begins one function; by a made-up parent when nothing triggers it."""
    if isinstance(trigger, TriggerCron):
        return Scenario(
            parts, (Letter(SCHEDULED_TIMER, {"cron": trigger.cron}, "start"),)
        )
    if trigger is not None:
        known = trigger_data(trigger.expression) if data is None else _plain(data)
        letter = Letter(_name(trigger), known, "start")
        return Scenario(parts, (letter,), is_guessed=data is None)
    letter = Letter(_EXPLORED, _plain(data or {}), "start")
    with_parent = tuple(_with_parent(part, function) for part in parts)
    return Scenario(with_parent, (letter,), is_guessed=data is None, deferred=function)


def _starts(
    start: AnyEvent | str | Sequence[AnyEvent], data: Mapping[str, Any] | None
) -> tuple[Letter, ...]:
    if isinstance(start, str):
        return (Letter(start, _plain(data or {}), "start"),)
    own = own_event(start)
    many = start if isinstance(start, list | tuple) else ()
    events = [own] if isinstance(own, Event) else [own_event(event) for event in many]
    if not events or not all(isinstance(event, Event) for event in events):
        raise UsageError(
            f"start must be an event's name, an Event or a list of those, not {show(start)}",
            fix='write start="support/ticket.created", data={...}',
        )
    return tuple(
        Letter(e.name, _plain(e.data), "start") for e in events if isinstance(e, Event)
    )


def _plain(data: Mapping[str, Any]) -> JsonObject:
    return cast("JsonObject", to_wire(dict(data), what="the start data").value)


# --- clients --------------------------------------------------------------------------


def apps_of(
    functions: Sequence[Served], client: AnyClient | None = None
) -> Iterator[App]:
    """Yield each client with its functions, in the order of the first ones."""
    groups: list[tuple[AnyClient, list[Served]]] = []
    strangers = [f for f in functions if client is None or not _fits(f, client)]
    theirs = dict(zip(strangers, clients_of(strangers), strict=True))
    for function in functions:
        given = theirs.get(function) or client
        if function in theirs and theirs[function] is None:
            given = _own_client(function, [one for one, _ in groups])
        served = next((some for one, some in groups if one is given), None)
        if served is None:
            groups.append((cast("AnyClient", given), served := []))
        served.append(function)
    for one, some in groups:
        ours, translations = translated(one, some)
        yield App(ours, tuple(translations), one)


def _fits(function: Served, client: AnyClient) -> bool:
    """Say whether a function is of a client's app."""
    is_of_app = function.id.startswith(f"{client.app_id}-")
    return is_of_app and isinstance(client, Client) is isinstance(function, Function)


def _own_client(function: Served, known: Sequence[AnyClient]) -> AnyClient:
    """Return the client beside which the handler was written, or one of its app."""
    options = getattr(function, "options", None)
    if not isinstance(options, FunctionOptions):
        raise UsageError(
            f"{show(function)} is no function",
            fix="pass what a client's create_function or create_defer returned",
        )
    beside = getattr(getattr(function, "handler", None), "__globals__", {}).values()
    for value in (*known, *beside):
        if isinstance(value, Client) and value.app_id == options.app_id:
            return value
    return Client(options.app_id)


def _with_parent(part: App, function: AnyFunction) -> App:
    """Return an app with a function that defers *function*, if that is of the app."""
    if function not in part.functions:
        return part
    if isinstance(function, ForeignFunction):
        made = deferring(part.given, function.original, _PARENT, _EXPLORED)
        originals = [
            f.original for f in part.functions if isinstance(f, ForeignFunction)
        ]
        client, functions = translated(part.given, [*originals, made])
        return App(client, tuple(functions), part.given)
    return part._replace(functions=(*part.functions, _parent(part.client, function)))


def _parent(client: Client, function: AnyFunction) -> AnyFunction:
    """Return a function that defers *function* with the data of its event."""

    async def defer_it(ctx: Context) -> None:
        data = {k: v for k, v in ctx.event.data.items() if k != "input"}
        ctx.defer("explored", function=cast("Any", function), data=data)

    decorate = client.create_function(
        fn_id=_PARENT, trigger=TriggerEvent(event=_EXPLORED)
    )
    return decorate(defer_it)
