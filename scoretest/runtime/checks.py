"""What the harness is given, checked: each function returns clean values or raises."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from .._json import show
from .._model.event import Event
from .._model.limits import Limits
from ..errors import UsageError
from ..sdk.arguments import event_list
from ..sdk.client import Client
from ..sdk.function import AnyFunction, Function
from .foreign import own_event

__all__ = ["as_events", "check_choices", "check_served"]

_BUILT = {
    "wall_clock": (None, "freezegun", "time-machine"),
    "reentry": ("step", "wait", "never"),
    "quirks": ("report", "exact"),
    "io": ("block", "forbid"),
    "strict": (True, False),
}


def check_choices(**choices: object) -> None:
    """Refuse a choice of a world that does not exist.

    Raises:
        UsageError: The message names the choice and its values.
    """
    for name, value in choices.items():
        if name in _BUILT and value not in _BUILT[name]:
            known = " or ".join(map(repr, _BUILT[name]))
            raise UsageError(
                f"Harness({name}=...) must be {known}, not {show(value)}",
                fix=f"leave {name}= out for {_BUILT[name][0]!r}",
            )
    seed, limits = choices["seed"], choices["limits"]
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise UsageError(
            f"Harness(seed=...) must be a whole number, not {show(seed)}",
            fix="write Harness(seed=7)",
        )
    if limits is not None and not isinstance(limits, Limits):
        raise UsageError(
            f"Harness(limits=...) must be Limits, not {show(limits)}",
            fix="write Harness(limits=Limits(defers_per_run=3))",
        )


def as_events(
    event: object, data: object, event_id: str | None, ts: datetime | int | None
) -> Sequence[Event]:
    """Return the events that a call to `Harness.send` means.

    Raises:
        UsageError: It is not a name with data, an event, or a list of events.
    """
    if isinstance(event, str):
        if data is not None and not isinstance(data, Mapping):
            raise UsageError(
                f"the data of event {event!r} must be an object, not {show(data)}",
                fix='write harness.send("support/ticket.created", {"ticketId": ...})',
            )
        return [Event(name=event, data=data or {}, id=event_id or "", ts=ts)]  # type: ignore[arg-type]  # Event checks and converts them
    if data is not None or event_id is not None or ts is not None:
        raise UsageError(
            f"data, id and ts go with an event's name, not with {show(event)}",
            fix="put them into the Event",
        )
    events = event if isinstance(event, list | tuple) else [event]
    return event_list([own_event(one) for one in events])


def check_served(
    client: object,
    functions: object,
    clients: Mapping[str, Client],
    served: Mapping[str, Function[object]],
) -> None:
    """Refuse what a harness cannot serve, before anything of it is registered.

    Raises:
        UsageError: A wrong kind of thing, another app's function, an id that is taken,
            or a second client of one app.
    """
    if not isinstance(client, Client):
        _refuse_client(client)
    elif clients.get(client.app_id, client) is not client:
        raise UsageError(
            f"two clients have the app id {client.app_id!r}",
            fix="use one Client object for an app, or give the other its own app_id",
        )
    elif not isinstance(functions, list | tuple):
        raise UsageError(
            f"functions must be a list, not {show(functions)}",
            fix="write harness.serve(client, functions=[handle_ticket, scorer])",
        )
    else:
        places = {slug: function.options.place for slug, function in served.items()}
        for function in functions:
            _check_kind(function)
            for part in function.parts:
                _check_function(part, client, places)
                places[part.id] = part.options.place


def _refuse_client(client: object) -> None:
    raise UsageError(
        f"serve() takes a Client, not {show(client)}",
        fix='make one: client = Client(app_id="support")',
    )


def _check_kind(function: object) -> None:
    if not isinstance(function, Function):
        raise UsageError(
            f"{show(function)} is no function that can be served",
            fix="decorate it with @client.create_function or @create_scorer",
        )


def _check_function(
    function: AnyFunction, client: Client, places: Mapping[str, str]
) -> None:
    if function.options.app_id != client.app_id:
        raise UsageError(
            f"function {function.id!r} belongs to the app "
            f"{function.options.app_id!r}, not to {client.app_id!r}",
            where=function.options.place,
            fix="serve it with its own client, in a second call of serve()",
        )
    if function.id in places:
        raise UsageError(
            f"two functions have the id {function.id!r}",
            where=f"{places[function.id]} and {function.options.place}",
            fix="give each function its own fn_id, and serve each once",
        )
