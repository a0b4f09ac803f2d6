"""What is explored: functions, their clients, and the events that begin it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from .._json import JsonObject, show, to_wire
from .._model.event import Event
from .._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ..errors import UsageError
from ..runtime.foreign import AnyClient, Served
from ..sdk.client import Client
from ..sdk.context import Context
from ..sdk.function import AnyFunction
from .stage import Letter

__all__ = ["Scenario", "make_scenario"]

_EXPLORED = "scoretest/explored"
_PARENT = "explored-parent"


class Scenario(NamedTuple):
    """Functions by app, and the events that begin.

    Attributes:
        apps: Each client with its functions.
        starts: The events, in order.
        is_guessed: Whether their data still have to be found out.
        by_parent: Whether a parent was made up, because only deferred work was given.
    """

    apps: tuple[tuple[AnyClient, tuple[Served, ...]], ...]
    starts: tuple[Letter, ...]
    is_guessed: bool = False
    by_parent: bool = False

    @property
    def functions(self) -> list[Served]:
        """All functions, the made-up parent too."""
        return [function for _, functions in self.apps for function in functions]

    def parent_lines(self) -> list[str]:
        """Return the lines that make the parent in a test, if it was made up."""
        if not self.by_parent:
            return []
        client, (function, *_) = self.apps[0]
        name = getattr(getattr(function, "handler", None), "__name__", "function")
        trigger = f"scoretest.TriggerEvent(event={_EXPLORED!r})"
        return [
            f"client = scoretest.Client({client.app_id!r})",
            "",
            f'@client.create_function(fn_id="{_PARENT}", trigger={trigger})',
            "async def parent(ctx):",
            f'    ctx.defer("explored", function={name}, data=ctx.event.data)',
            "",
            f"harness.serve(client, [parent, {name}])",
        ]

    def __str__(self) -> str:
        slugs = ", ".join(function.id for function in self.functions)
        starts = [[s.name, s.data] for s in self.starts]
        return f"{slugs} after {json.dumps(starts, sort_keys=True, default=str)}"


def make_scenario(
    functions: Sequence[Served],
    start: Event | str | Sequence[Event] | None,
    data: Mapping[str, Any] | None,
    client: AnyClient | None,
) -> Scenario:
    """Check what is to be explored.

    Raises:
        UsageError: There is no function, or nothing that could start one.
    """
    if not functions:
        raise UsageError(
            "there is no function to explore",
            fix="write explore(handle_ticket, feedback_scorer)",
        )
    apps = _by_app(functions, client)
    if start is not None:
        return Scenario(apps, _starts(start, data))
    trigger = _first_trigger(functions)
    if trigger is not None:
        letter = Letter(trigger, _plain(data or {}), "start")
        return Scenario(apps, (letter,), is_guessed=data is None)
    (app, served), *others = apps
    parent = _parent(app, functions[0])
    apps = ((app, (*served, parent)), *others)
    start_letter = Letter(_EXPLORED, _plain(data or {}), "start")
    return Scenario(apps, (start_letter,), is_guessed=False, by_parent=True)


def _starts(
    start: Event | str | Sequence[Event], data: Mapping[str, Any] | None
) -> tuple[Letter, ...]:
    if isinstance(start, str):
        return (Letter(start, _plain(data or {}), "start"),)
    events = [start] if isinstance(start, Event) else list(start)
    if not events or not all(isinstance(event, Event) for event in events):
        raise UsageError(
            f"start must be an event's name, an Event or a list of those, not {show(start)}",
            fix='write start="support/ticket.created", data={...}',
        )
    return tuple(Letter(e.name, _plain(e.data), "start") for e in events)


def _plain(data: Mapping[str, Any]) -> JsonObject:
    return cast("JsonObject", to_wire(dict(data), what="the start data").value)


def _options(function: Served) -> FunctionOptions | None:
    options = getattr(function, "options", None)
    return options if isinstance(options, FunctionOptions) else None


def _first_trigger(functions: Sequence[Served]) -> str | None:
    for function in functions:
        options = _options(function)
        for trigger in options.triggers if options else ():
            if isinstance(trigger, TriggerEvent) and trigger.prefix is None:
                return trigger.event
    return None


def _by_app(
    functions: Sequence[Served], client: AnyClient | None
) -> tuple[tuple[AnyClient, tuple[Served, ...]], ...]:
    if client is not None:
        return ((client, tuple(functions)),)
    found: dict[str, tuple[AnyClient, list[Served]]] = {}
    for function in functions:
        options = _options(function)
        if options is None:
            raise UsageError(
                f"the client of {show(function)} is not known",
                fix="pass it: explore(function, client=client)",
            )
        known = found.get(options.app_id)
        if known is None:
            known = found[options.app_id] = (_client_of(function, options.app_id), [])
        known[1].append(function)
    return tuple((client, tuple(served)) for client, served in found.values())


def _client_of(function: Served, app_id: str) -> AnyClient:
    """Return the client beside which the handler was written, or one of its app."""
    handler = getattr(function, "handler", None)
    for value in getattr(handler, "__globals__", {}).values():
        if isinstance(value, Client) and value.app_id == app_id:
            return value
    return Client(app_id)


def _parent(client: AnyClient, function: Served) -> AnyFunction:
    """Return a function that defers *function* with the data of its event."""
    options = _options(function)
    if (
        not isinstance(client, Client)
        or options is None
        or (options.kind is FunctionKind.ORDINARY)
    ):
        raise UsageError(
            f"nothing starts {show(function)}",
            fix="pass start=Event(name=..., data=...), or its parent as well",
        )

    async def defer_it(ctx: Context) -> None:
        data = {k: v for k, v in ctx.event.data.items() if k != "input"}
        ctx.defer("explored", function=function, data=data)

    decorate = client.create_function(
        fn_id=_PARENT, trigger=TriggerEvent(event=_EXPLORED)
    )
    return decorate(defer_it)
