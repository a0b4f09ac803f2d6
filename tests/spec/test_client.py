"""The client's ways out: from handlers, from applications, into the right world."""

import asyncio

import pytest

from scoretest import Client, Event, TriggerEvent, UsageError


@pytest.fixture
def heard(on):
    """The names of the tickets that arrived, in order."""
    found = []

    @on("shop/ticket")
    async def listen(ctx):
        found.append(ctx.event.data.get("n"))

    return found


def ticket(n):
    """Return an event that `heard` hears."""
    return Event(name="shop/ticket", data={"n": n})


class TestFromTheApplication:
    """Code outside every handler reaches the one world that serves its client."""

    def test_send_sync_settles(self, harness, client, heard):
        """In a plain test `send_sync` returns when everything due now has run."""
        (first,) = client.send_sync(ticket(1))

        assert heard == [1]
        assert [e.id for e in harness.events if e.name == "shop/ticket"] == [first]

    def test_several_events_are_one_request(self, client, heard):
        """A list of events arrives in its order, and has an id for each."""
        ids = client.send_sync([ticket(n) for n in range(3)])

        assert (len(set(ids)), heard) == (3, [0, 1, 2])

    @pytest.mark.rule("E4")
    def test_the_ids_are_the_servers(self, harness, client, heard):
        """An event with an id of its own gets another one back; handlers see theirs."""
        (given,) = client.send_sync(Event(name="shop/ticket", id="mine"))

        assert (given == "mine", heard) == (False, [None])
        assert [e.id for e in harness.events if e.name == "shop/ticket"] == ["mine"]

    def test_an_application_that_awaits(self, harness, client, heard):
        """`harness.call` runs a coroutine of the application, and its sends settle."""

        async def handle_click(n):
            ids = await client.send(ticket(n))
            await asyncio.sleep(60)
            return [len(ids), list(heard)]

        begin = harness.now
        result = harness.call(handle_click, 7)

        assert result == [1, [7]]
        assert (harness.now - begin).total_seconds() == 60

    def test_send_sync_in_a_call(self, harness, client, heard):
        """Inside `harness.call`, `send_sync` only sends; the call settles at its end."""

        async def handle_click():
            client.send_sync(ticket(1))
            return list(heard)

        assert (harness.call(handle_click), heard) == ([], [1])

    @pytest.mark.rule("G1")
    def test_score_in_a_call(self, harness, client, on, start):
        """An application that awaits scores a run as well."""

        @on("shop/work")
        async def work(_ctx):
            return "done"

        run = start("shop/work")

        harness.call(client.score, name="thumbs", value=True, run_id=run.id)

        (record,) = harness.scores
        assert (record.value, record.run, record.scorer) == (True, run, None)


class TestFromAHandler:
    """Inside a handler the client reaches the world that runs the handler."""

    def test_send_in_the_body_repeats(self, harness, on, start, client, heard):
        """A send between steps is repeated by every entry that reaches it."""

        @on("shop/order")
        async def order(ctx):
            await client.send(ticket(1))
            await ctx.step.run("charge", int)
            return "done"

        run = start("shop/order")

        assert (run.output, run.entries, heard) == ("done", 2, [1, 1])
        assert len(harness.events) == 3 + 3  # the sent ones, and news of three ends

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_send_in_a_step_is_sent_once(self, on, start, client, heard, kind):
        """A send in a step's callback is as durable as the step."""
        if kind == "async":

            @on("shop/order")
            async def order(ctx):
                ids = await ctx.step.run("tell", client.send, ticket(1))
                await ctx.step.run("charge", int)
                return len(ids)

        else:

            @on("shop/order")
            def order(ctx):
                ids = ctx.step.run("tell", client.send_sync, ticket(1))
                ctx.step.run("charge", int)
                return len(ids)

        run = start("shop/order")

        assert (run.output, run.entries, heard) == (1, 3, [1])

    def test_the_world_that_runs_it(self, harnesses, client):
        """With two worlds for one client, a handler's send stays in its own."""

        @client.create_function(fn_id="order", trigger=TriggerEvent(event="shop/order"))
        async def order(_ctx):
            await client.send(Event(name="shop/done"))
            client.send_sync(Event(name="shop/done"))

        first, second = (harnesses().serve(client, [order]) for _ in range(2))

        second.send("shop/order")

        assert first.events == []
        assert [e.name for e in second.events][:3] == [
            "shop/order",
            "shop/done",
            "shop/done",
        ]

    def test_a_client_that_nobody_serves(self, harness, on, start):
        """A handler may send through any client; its own world gets the event."""
        other = Client(app_id="elsewhere")

        @on("shop/order")
        async def order(_ctx):
            await other.send(ticket(1))

        start("shop/order")

        assert [e.name for e in harness.events][:2] == ["shop/order", "shop/ticket"]


class TestWhichWorld:
    """Without a handler around it, a call needs exactly one open world."""

    @pytest.mark.parametrize("verb", ["send_sync", "score_sync"])
    def test_none(self, verb):
        """A client that no open harness serves says so, and what to do."""
        client = Client(app_id="shop")

        with pytest.raises(UsageError) as refusal:
            call(client, verb)

        assert refusal.value.what == (
            f"client.{verb} does not know where to go: no open harness serves the app "
            "'shop'"
        )
        assert refusal.value.fix == "call harness.serve(client, functions=[...]) first"

    def test_a_closed_one_does_not_count(self, harnesses, client):
        """A harness that was closed lets its clients go."""
        world = harnesses().serve(client, functions=[])
        world.close()

        with pytest.raises(UsageError, match="no open harness serves the app 'shop'"):
            client.send_sync(ticket(1))

    @pytest.mark.parametrize("verb", ["send_sync", "score_sync"])
    def test_two(self, harnesses, client, verb):
        """A client that two open harnesses serve names the way out."""
        for _ in range(2):
            harnesses().serve(client, functions=[])

        with pytest.raises(UsageError) as refusal:
            call(client, verb)

        assert refusal.value.what == (
            f"client.{verb} does not know where to go: 2 harnesses serve the app 'shop'"
        )
        assert refusal.value.fix == (
            "close one of them, or send with harness.send(...)"
        )

    def test_one_of_two_is_left(self, harnesses, client):
        """Closing one of two makes the other the only one."""
        first, second = (harnesses().serve(client, functions=[]) for _ in range(2))
        first.close()

        client.send_sync(ticket(1))

        assert (len(first.events), len(second.events)) == (0, 1)

    def test_another_event_loop(self, harness, client):
        """A send that is awaited on a loop of real time is refused."""
        harness.serve(client, functions=[])

        with pytest.raises(
            UsageError, match="needs an event loop in virtual"
        ) as refusal:
            asyncio.run(client.send(ticket(1)))

        assert "harness.call(function, ...)" in refusal.value.fix


class TestWhatIsSent:
    """A client checks its events as the server would."""

    @pytest.mark.parametrize("event", ["shop/ticket", {"name": "x"}, None, [1]])
    def test_only_events(self, harness, client, event):
        """Names, dicts and numbers are no events."""
        harness.serve(client, functions=[])

        with pytest.raises(UsageError, match="only events can be sent, not "):
            client.send_sync(event)

    @pytest.mark.rule("A10")
    def test_reserved_names(self, harness, client, heard):
        """One event that the server refuses keeps its whole request from arriving."""
        with pytest.raises(UsageError, match="reserved for internal use: inngest/x"):
            client.send_sync([ticket(1), Event(name="inngest/x")])

        assert (heard, harness.events) == ([], [])

    def test_in_a_handler(self, harness, on, start, client):
        """A refused event raises in the handler, and is a finding of the test."""

        @on("shop/order", retries=0)
        async def order(_ctx):
            await client.send(Event(name="inngest/x"))

        run = start("shop/order")

        assert (run.status, run.error.name) == ("Failed", "UsageError")
        assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
        harness.allow("USAGE_ERROR", reason="the mistake is the point")


def call(client, verb):
    """Call a verb of *client* in its simplest way."""
    if verb == "send_sync":
        client.send_sync(ticket(1))
    else:
        client.score_sync(name="a", value=1, run_id="01JGFJJZ00" + "0" * 16)


def test_a_client_shows_its_app():
    """The text of a client is the call that made it."""
    assert repr(Client(app_id="shop")) == "Client(app_id='shop')"
