"""The event that starts a deferred run, as each of its readers sees it."""

import pytest

from scoretest import UsageError, create_defer
from scoretest.times import MILLISECOND, to_instant


@pytest.fixture
def seen():
    """What a deferred handler was given."""
    return {}


@pytest.fixture
def audit(deferred, seen):
    """A deferred function that shows what it was given."""

    @deferred(retries=0)
    async def audit(ctx):
        seen.update(
            name=ctx.event.name,
            data=dict(ctx.event.data),
            input=ctx.input,
            parents=[(parent.fn_slug, parent.run_id) for parent in ctx.parents],
            events=len(ctx.events),
            attempt=ctx.attempt,
        )

    return audit


@pytest.fixture
def deferring(on, start, audit):
    """Return a function that runs a parent which defers the given data."""

    def run(data):
        @on("shop/order")
        async def order(ctx):
            await ctx.step.sleep("pause", "5s")
            ctx.defer("audit", function=audit, data=data)

        return start("shop/order")

    return run


def scheduled(harness):
    """Return the only event that the server made for a defer."""
    (event,) = (e for e in harness.events if e.name == "inngest/deferred.schedule")
    return event


@pytest.mark.rule("A9")
class TestTheEvent:
    """The server sends one `inngest/deferred.schedule` event for each defer."""

    def test_on_the_wire(self, harness, deferring, audit):
        """The user's data and the routing stand side by side in the event's data."""
        run = deferring({"n": 7})
        harness.fast_forward()

        routing = scheduled(harness).data["_inngest"]
        assert scheduled(harness).data == {"n": 7, "_inngest": routing}
        assert list(routing.pop("parent_defer_span")) == ["dsid", "dstp", "tp", "ts"]
        assert routing == {
            "fn_slug": audit.id,
            "parent_app_id": "shop",
            "parent_fn_id": "shop-order",
            "parent_fn_slug": "shop-order",
            "parent_run_id": run.id,
        }

    def test_its_id_and_its_time(self, harness, deferring):
        """The id begins with the time of the parent's start, the ts is its end."""
        run = deferring({})
        harness.fast_forward()

        event = scheduled(harness)
        assert (event.id[:10], len(event.id)) == (run.id[:10], 26)
        assert event.ts == run.ended_at
        assert to_instant(event.ts, what="ts") % MILLISECOND == 0

    def test_in_the_handler(self, harness, deferring, seen):
        """The handler sees the payload, once more under `input`, and no routing."""
        payload = {"a": 1, "b": {"c": [True, None]}}
        run = deferring(payload)
        harness.fast_forward()

        assert seen == {
            "name": "inngest/deferred.schedule",
            "data": {**payload, "input": payload},
            "input": payload,
            "parents": [("shop-order", run.id)],
            "events": 1,
            "attempt": 0,
        }

    def test_a_payload_with_its_own_input(self, harness, deferring, seen):
        """A payload that has an `input` keeps it; nothing is laid over it."""
        payload = {"input": "mine", "n": 1}
        deferring(payload)
        harness.fast_forward()

        assert (seen["data"], seen["input"]) == (payload, payload)

    def test_each_entry_sees_it_fresh(self, on, start, deferred):
        """What a handler does to its event is gone in the next entry."""

        @deferred()
        async def audit(ctx):
            ctx.event.data["items"].append("x")
            ctx.event.data["input"]["items"].append("y")
            ctx.input["items"].append("z")
            await ctx.step.run("charge", int)
            return [ctx.event.data["items"], ctx.input["items"]]

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"items": []})

        run = start("shop/order")

        assert run.deferred[0].output in ([["x", "y"], ["z"]], [["x"], ["z"]])

    def test_the_parent_keeps_its_object(self, on, start, audit, seen):
        """What happens to the data after the call does not reach the deferred run."""

        @on("shop/order")
        async def order(ctx):
            data = {"items": [1]}
            ctx.defer("audit", function=audit, data=data)
            data["items"].append(2)

        start("shop/order")

        assert seen["input"] == {"items": [1]}

    def test_an_ordinary_run_has_no_parents(self, on, start):
        """A run that an event started has no parents and its data as input."""

        @on("shop/order")
        async def order(ctx):
            return [ctx.parents, ctx.input, dict(ctx.event.data)]

        run = start("shop/order", {"n": 1})

        assert run.output == [[], {"n": 1}, {"n": 1}]
        assert run.parent is None


class TestExpressions:
    """Match expressions of a deferred run see the payload and the routing."""

    @pytest.mark.parametrize(
        ("condition", "matches"),
        [
            ("event.data.ticket == async.data.ticket", True),
            ("event.data.input.ticket == async.data.ticket", True),
            ("event.data._inngest.parent_run_id == async.data.run", True),
            ("event.name == 'inngest/deferred.schedule'", True),
            ("event.data.event.data.ticket == async.data.ticket", False),
            ("event.data.missing == async.data.ticket", False),
        ],
    )
    def test_a_wait(self, harness, on, start, deferred, condition, matches):
        """`event` is the deferred event: the data directly, and under `input`."""

        @deferred()
        async def audit(ctx):
            found = await ctx.step.wait_for_event(
                "reply", event="shop/reply", timeout="5s", if_exp=condition
            )
            return found is not None

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"ticket": "A-1"})

        run = start("shop/order")
        harness.send("shop/reply", {"ticket": "A-1", "run": run.id})
        harness.fast_forward()

        assert run.deferred[0].output is matches

    def test_an_own_input_is_what_expressions_see(self, harness, on, start, deferred):
        """A payload's own `input` stands for itself in expressions, too."""

        @deferred()
        async def audit(ctx):
            found = await ctx.step.wait_for_event(
                "reply",
                event="shop/reply",
                timeout="5s",
                if_exp="event.data.input == async.data.want",
            )
            return found is not None

        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=audit, data={"input": "mine"})

        run = start("shop/order")
        harness.send("shop/reply", {"want": "mine"})

        assert run.deferred[0].output is True


@pytest.mark.rule("A10")
class TestRouting:
    """A deferred event reaches the function that it names, if that is served."""

    def test_an_unregistered_target(self, harness, on, start, client):
        """A target that is not served loses the defer; the finding names the nearest."""
        audit = create_defer(client, fn_id="audit")(print)

        @on("shop/order")
        async def audits(ctx):
            ctx.defer("audit", function=audit, data={})
            return "done"

        run = start("shop/order")

        assert (run.output, run.deferred, len(harness.runs)) == ("done", [], 1)
        (finding,) = harness.findings
        assert finding.code == "DEFER_LOST"
        assert finding.message == (
            "the defer 'audit' starts 'shop-audit', which is not served; did you mean "
            "'shop-audits'?"
        )
        assert "harness.serve(client, functions=[...])" in finding.fix
        harness.allow("DEFER_LOST", reason="the loss is the point")

    def test_a_function_may_listen_to_all(self, harness, on, deferring, seen):
        """A user's trigger on the deferred event starts beside the target, and sees all."""
        heard = []

        @on("inngest/deferred.schedule")
        async def spy(ctx):
            heard.append(ctx.event.data["_inngest"]["fn_slug"])
            assert "input" not in ctx.event.data
            return ctx.parents

        deferring({"n": 1})
        harness.fast_forward()

        assert (heard, seen["input"]) == (["shop-audit"], {"n": 1})
        assert harness.run(spy).output == []
        assert harness.run(spy).parent is None

    @pytest.mark.parametrize("name", ["inngest/deferred.schedule", "inngest/x"])
    def test_users_cannot_send_it(self, harness, name):
        """An event whose name begins with `inngest/` is refused in the server's words."""
        with pytest.raises(UsageError) as refusal:
            harness.send(name, {"_inngest": {"fn_slug": "shop-audit"}})

        assert refusal.value.what == (
            f"event name is reserved for internal use: {name}"
        )
