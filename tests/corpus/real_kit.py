"""Pairs with the real package: a function with one real bug, and its fixed twin."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import inngest
from inngest.experimental.deferred import create_defer

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
ID = "async.data.ticketId == event.data.ticketId"
CREATED = inngest.TriggerEvent(event="shop/ticket.created")


class Pair(NamedTuple):
    """A bug by the code that has to find it."""

    code: str
    name: str
    build: Callable[[bool], list[Any]]


PAIRS: list[Pair] = []


def shop() -> inngest.Inngest:
    """Return a client."""
    return inngest.Inngest(app_id="shop", is_production=False)


def scorer(code: str, **options: Any) -> Callable[[Any], Any]:
    """Keep a deferred function that stands alone: the bug, or the fixed twin."""

    def build_one(make: Any, fixed: object) -> list[Any]:
        client = shop()
        decorate = create_defer(client, fn_id="scorer", **options)
        return [decorate(make(client, fixed))]

    return _keeper(code, build_one)


def parent(code: str, **options: Any) -> Callable[[Any], Any]:
    """Keep a function that an event starts."""

    def build_one(make: Any, fixed: object) -> list[Any]:
        client = shop()
        decorate = client.create_function(fn_id="parent", trigger=CREATED, **options)
        return [decorate(make(client, fixed))]

    return _keeper(code, build_one)


def app(code: str) -> Callable[[Any], Any]:
    """Keep an app of several functions."""
    return _keeper(code, lambda make, fixed: make(shop(), fixed))


def _keeper(code: str, build_one: Any) -> Callable[[Any], Any]:
    def keep(make: Any) -> Any:
        PAIRS.append(Pair(code, make.__name__, lambda fixed: build_one(make, fixed)))
        return make

    return keep


async def wait(ctx: Any, name: str = "feedback", **options: Any) -> Any:
    """Wait a week for an event of this ticket."""
    chosen = {"event": f"shop/{name}", "timeout": WEEK, "if_exp": ID} | options
    return await ctx.step.wait_for_event(f"wait-{name}", **chosen)


def simple(client: inngest.Inngest) -> Any:
    """Return a deferred scorer that is right."""

    @create_defer(client, fn_id="simple")
    async def simple_scorer(ctx: inngest.Context) -> None:
        ticket = ctx.event.data["ticketId"]
        feedback = await wait(ctx)
        parent_ = ctx.parents[0]
        name, value = f"quality-{ticket}", 0 if feedback is None else 1
        if parent_.experiment is None:
            await client.score(name=name, value=value, run_id=parent_.run_id)
        else:
            await client.score_experiment(
                experiment=parent_.experiment,
                name=name,
                value=value,
                run_id=parent_.run_id,
            )

    return simple_scorer
