"""Pairs: a scorer with one real bug, and its fixed twin."""

from collections.abc import Callable
from typing import Any, NamedTuple

from scoretest import Client, Context, Score, TriggerEvent, create_scorer

TICKET = {"ticketId": "tk_1", "plan": "pro"}
ID = "async.data.ticketId == event.data.ticketId"


class Pair(NamedTuple):
    """A bug by the code that has to find it."""

    code: str
    name: str
    build: Callable[[bool], dict[str, Any]]


PAIRS: list[Pair] = []


def pair(code: str) -> Callable[[Callable[[bool], dict[str, Any]]], Any]:
    """Keep what the decorated function builds: the bug, or the fixed twin."""

    def keep(build: Callable[[bool], dict[str, Any]]) -> Any:
        PAIRS.append(Pair(code, build.__name__, build))
        return build

    return keep


def scorer(handler: Any, data: dict[str, Any] | None = None, **options: Any) -> dict:
    """Return what `explore` is given for a scorer that stands alone."""
    client = Client("shop")
    function = create_scorer(client, fn_id="scorer", **options)(handler)
    return {"functions": [function], "data": data or TICKET, "client": client}


def parent(handler: Any, *others: Any, **options: Any) -> dict:
    """Return what `explore` is given for a function that an event starts."""
    client = Client("shop")
    trigger = TriggerEvent(event="shop/ticket.created")
    made = client.create_function(fn_id="parent", trigger=trigger, **options)(handler)
    return {"functions": [made, *others], "data": TICKET, "client": client}


async def wait(ctx: Context, name: str = "feedback", **options: Any) -> Any:
    """Wait a week for an event of this ticket."""
    chosen = {"event": f"shop/{name}", "timeout": "7d", "if_exp": ID} | options
    return await ctx.step.wait_for_event(f"wait-{name}", **chosen)


def simple(client: Client) -> Any:
    """Return a scorer that is right."""

    @create_scorer(client, fn_id="simple")
    async def simple_scorer(ctx: Context) -> Score:
        name = f"quality-{ctx.event.data['ticketId']}"
        return Score(name, 0 if await wait(ctx) is None else 1)

    return simple_scorer
