"""Converted functions without a harness: what a server's requests are answered.

The requests are those of the protocol (rule E6), handed to the package's own handler.
"""

import asyncio
import datetime as dt
import json
import logging

import inngest
import pytest

from scoretest import Client, Event, NonRetriableError, TriggerEvent, create_defer
from scoretest._ids import hash_id
from scoretest.adapters.inngest_sdk import to_inngest
from scoretest.adapters.inngest_sdk.package import open_handler
from scoretest.adapters.inngest_sdk.requests import make_request

RUN = "01JGFJJZ0070D92C9528B72F6F"
ORDER = TriggerEvent(event="order")


class Server:
    """Asks for entries as the server does."""

    def __init__(self, client, app, functions):
        self._handler = open_handler(app, to_inngest(client, functions, app))

    def ask(self, slug, *, steps=None, event=None, is_async=True):
        """Return the answer to a request for one entry."""
        wire = event or {"name": "order", "data": {}, "id": "e1", "ts": 1735689600000}
        body = {
            "ctx": {
                "attempt": 0,
                "disable_immediate_execution": False,
                "run_id": RUN,
                "stack": {"stack": [*(steps or {})]},
            },
            "event": wire,
            "events": [wire],
            "steps": {hash_id(name): memo for name, memo in (steps or {}).items()},
            "use_api": False,
        }
        query = {"fnId": slug, "stepId": "step"}
        request = make_request(json.dumps(body).encode(), query, {})
        if is_async:
            return asyncio.run(self._handler.post(request))
        return self._handler.post_sync(request)


@pytest.fixture
def client():
    """Return the app whose functions a test declares."""
    return Client(app_id="shop")


@pytest.fixture
def serve(client, app):
    """Convert functions and return their server."""
    return lambda *functions: Server(client, app, functions)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_run_from_its_first_request_to_its_last(client, serve, is_async):
    """A step, a sleep, a result: the opcodes of the protocol."""

    async def ship(ctx):
        box = await ctx.step.run("pack", lambda: "box")
        await ctx.step.sleep("dry", "1h")
        return box

    def ship_sync(ctx):
        box = ctx.step.run("pack", lambda: "box")
        ctx.step.sleep("dry", "1h")
        return box

    make = client.create_function(fn_id="ship", trigger=ORDER)
    server = serve(make(ship if is_async else ship_sync))
    before = dt.datetime.now(dt.UTC)  # noqa: TID251 -- production has no other clock
    (packed,) = server.ask("shop-ship", is_async=is_async).body
    done = {"pack": {"data": "box"}}
    (dried,) = server.ask("shop-ship", steps=done, is_async=is_async).body
    end = server.ask("shop-ship", steps={**done, "dry": None}, is_async=is_async)

    assert (packed["op"], packed["displayName"], packed["data"]) == (
        "StepRun",
        "pack",
        "box",
    )
    until = dt.datetime.fromisoformat(dried["name"])
    assert dt.timedelta(minutes=59) < until - before < dt.timedelta(minutes=61)
    assert (end.status_code, end.body) == (200, "box")


def test_a_wait_gets_its_event(client, serve):
    """The memo is the event, as it came."""

    @client.create_function(fn_id="ship", trigger=ORDER)
    async def ship(ctx):
        paid = await ctx.step.wait_for_event("paid", event="paid", timeout="1d")
        return [paid.name, paid.data, paid.id, paid.ts.isoformat()]

    server = serve(ship)
    (waited,) = server.ask("shop-ship").body
    paid = {"name": "paid", "data": {"n": 1}, "id": "e2", "ts": 1735689600000}

    assert (waited["op"], waited["opts"]) == (
        "WaitForEvent",
        {"if": None, "timeout": "1d"},
    )
    assert server.ask("shop-ship", steps={"paid": paid}).body == [
        "paid",
        {"n": 1},
        "e2",
        "2025-01-01T00:00:00+00:00",
    ]


@pytest.mark.rule("A9")
def test_a_deferred_function_and_its_defer(client, serve):
    """The defer goes with the answer; its event comes back, with routing."""

    @create_defer(client, fn_id="audit")
    async def audit(ctx):
        if_exp = "async.data.n == event.data.input.n"
        await ctx.step.wait_for_event("w", event="e", timeout="1d", if_exp=if_exp)

    @client.create_function(fn_id="ship", trigger=ORDER)
    async def ship(ctx):
        ctx.defer("audit", function=audit, data={"n": 7})
        return ctx.parents

    server = serve(audit, ship)
    added, complete = server.ask("shop-ship").body
    routing = {"parent_fn_slug": "shop-ship", "parent_run_id": RUN}
    event = {
        "name": "inngest/deferred.schedule",
        "data": {"n": 7, "_inngest": routing},
        "id": "e3",
        "ts": 1735689600000,
    }
    (waited,) = server.ask("shop-audit", event=event).body

    assert (added["op"], added["opts"]) == (
        "DeferAdd",
        {"fn_slug": "shop-audit", "input": {"n": 7}},
    )
    assert (complete["op"], complete["data"]) == ("RunComplete", [])
    assert waited["opts"]["if"] == "async.data.n == event.data.n"


def test_what_a_test_would_be_told_is_logged(client, serve, app, caplog):
    """No harness is there to hear it, so that the log has to."""
    app.set_logger(logging.getLogger("shop"))

    @client.create_function(fn_id="ship", trigger=ORDER)
    async def ship(ctx):
        data = {"pair": (1, 2)}
        return await ctx.step.invoke_by_id("a", function_id="b", data=data)

    with caplog.at_level(logging.WARNING, logger="shop"):
        (invoked,) = serve(ship).ask("shop-ship").body

    assert invoked["opts"]["payload"]["data"] == {"pair": [1, 2]}
    (line,) = (r.getMessage() for r in caplog.records if r.name == "shop")
    assert line.startswith("LOSSY_OUTPUT at inngest_sdk/test_converted_alone.py:")
    assert line.endswith("tuple became a list; pass what JSON can carry")


@pytest.mark.parametrize(
    ("error", "status"), [("NonRetriableError", "true"), ("LookupError", None)]
)
def test_an_error_has_its_header(client, serve, error, status):
    """D4: what must not be tried again says so to the server."""

    @client.create_function(fn_id="ship", trigger=ORDER)
    def ship(_ctx):
        kind = NonRetriableError if status else LookupError
        raise kind("no box")

    answer = serve(ship).ask("shop-ship", is_async=False)

    assert (answer.status_code, answer.body["name"]) == (500, error)
    assert answer.headers.get("x-inngest-no-retry") == status


def test_application_code_goes_to_the_server(client, serve):
    """Our client opens the package's connection, which this test has cut."""

    @client.create_function(fn_id="ship", trigger=ORDER)
    def ship(_ctx):
        """Do nothing."""

    serve(ship)
    sender = inngest.Inngest(app_id="shop", is_production=False)
    to_inngest(client, [ship], sender)

    with pytest.raises(pytest.fail.Exception, match="a socket was to be connected"):
        client.send_sync(Event(name="order"))
