"""What is found out about a lone function: its client, and a parent that defers it."""

import gc
from collections.abc import Iterator, Sequence
from inspect import unwrap
from types import CellType, FunctionType
from typing import Any, Final

import inngest

from ...errors import UsageError
from .private import handler_of

__all__ = ["clients_of", "deferring"]

_NEAR: Final = 2


def clients_of(functions: Sequence[inngest.Function[Any]]) -> list[inngest.Inngest]:
    """Return the clients that *functions* were made with, one for each.

    A function does not know its client; its handler's module, or whatever made the
    handler, usually does, or those of the other functions of the app. Where nobody does,
    no handler can use its client, and any one of its app will do.

    Raises:
        UsageError: Clients that differ could be the one.
    """
    apps = [function.id.removesuffix(f"-{function.local_id}") for function in functions]
    known: dict[str, inngest.Inngest] = {}
    for function in functions:
        for client in _beside(unwrap(handler_of(function)), _NEAR):
            if client.app_id in apps:
                known.setdefault(client.app_id, client)
    for function, app_id in zip(functions, apps, strict=True):
        if app_id not in known:
            known[app_id] = _any_client(app_id, function)
    return [known[app_id] for app_id in apps]


def _any_client(app_id: str, function: inngest.Function[Any]) -> inngest.Inngest:
    alive = [c for c in _clients(gc.get_objects()) if c.app_id == app_id]
    if len(alive) == 1:
        return alive[0]
    if any(client.middleware for client in alive):
        raise UsageError(
            f"the client of {function.id!r} is not known",
            fix="pass it: explore(function, client=client)",
        )
    return inngest.Inngest(app_id=app_id, is_production=False)


def _beside(thing: object, depth: int) -> Iterator[inngest.Inngest]:
    """Yield the clients that a handler, or a function that it calls, can name."""
    if not isinstance(thing, FunctionType):
        return
    cells = [cell for cell in thing.__closure__ or () if _is_filled(cell)]
    near = [*(cell.cell_contents for cell in cells), *_named(thing)]
    yield from _clients(near)
    yield from _clients(thing.__globals__.values())
    if depth:
        for inner in near:
            yield from _beside(unwrap(inner) if callable(inner) else inner, depth - 1)


def _named(function: FunctionType) -> Iterator[object]:
    names = function.__globals__
    return (names[name] for name in function.__code__.co_names if name in names)


def _is_filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # nobody has filled it yet
        return False


def _clients(things: Any) -> Iterator[inngest.Inngest]:
    return (thing for thing in list(things) if isinstance(thing, inngest.Inngest))


def deferring(
    client: inngest.Inngest, function: Any, fn_id: str, event: str
) -> inngest.Function[Any]:
    """Return a function that defers *function* with the data of its event."""

    async def defer_it(ctx: inngest.Context) -> None:
        ctx.defer("explored", function=function, data=dict(ctx.event.data))

    trigger = inngest.TriggerEvent(event=event)
    return client.create_function(fn_id=fn_id, trigger=trigger)(defer_it)
