"""Sessions: what events and runs belong to, and what they hand on."""

import pytest

from scoretest import (
    Client,
    Event,
    Harness,
    Limits,
    TriggerEvent,
    UsageError,
    create_defer,
)
from scoretest.flow import Batch

CHAT = {"sessions": {"conversation": "chat-1"}}
NO_ID = (
    "the id of session 'chat' of event 'x' must be text that is not empty, or a finite "
    "number"
)


def said(meta):
    """Return an event that says *meta*."""
    return Event(name="shop/ask", meta=meta)


@pytest.fixture
def heard(on):
    """Serve a function that hears what others send, and return what it heard."""
    seen = []

    @on("shop/told")
    async def hear(ctx):
        seen.append(ctx.sessions)

    return seen


@pytest.fixture
def ask(harness, on):
    """Serve a handler for `shop/ask`, and return what starts it with some meta."""

    def serve(handler, **options):
        function = on("shop/ask", **options)(handler)

        def start(meta=None):
            harness.send(said(meta))
            return harness.run(function)

        return start

    return serve


async def nothing(ctx):
    """Return the run's sessions."""
    return ctx.sessions


class TestOfAnEvent:
    """What an event says, and what a run begins with."""

    @pytest.mark.parametrize(
        ("meta", "sessions"),
        [
            (CHAT, {"conversation": "chat-1"}),
            ({"sessions": {"b": "x", "a": "y"}}, {"a": "y", "b": "x"}),
            ({"sessions": {"turn": 2}}, {"turn": "2"}),
            ({"sessions": {"turn": -0.5}}, {"turn": "-0.5"}),
            ({"sessions": {"turn": 12.5}}, {"turn": "12.5"}),
            ({"sessions": {"turn": 1.5e-7}}, {"turn": "1.5e-7"}),
            ({"sessions": {"gone": None}}, {}),
            ({"sessions": {}}, {}),
            ({"sessions": None}, {}),
            ({}, {}),
            (None, {}),
            ({"propagated_sessions": {"a": 1}}, {"a": "1"}),
            ({"propagated_sessions": None}, {}),
            ({"sessions": {"a": 2}, "propagated_sessions": {"a": 1}}, {"a": "2"}),
            ({"sessions": {"a": None}, "propagated_sessions": {"a": 1}}, {}),
            ({"sessions": None, "propagated_sessions": {"a": 1}}, {}),
        ],
    )
    def test_a_run_begins_with_those_of_its_event(self, ask, meta, sessions):
        """The event's own win over those that it inherits; None takes one away."""
        run = ask(nothing)(meta)

        assert run.output == sessions
        assert run.sessions == sessions
        assert run.event.meta == ({"sessions": sessions} if sessions else None)

    def test_the_handler_sees_them_on_its_event(self, ask):
        """Each entry has a copy of its own."""
        seen = []

        async def spoil(ctx):
            seen.append(str(ctx.event.meta))
            ctx.event.meta["sessions"]["conversation"] = "spoilt"
            await ctx.step.run("a", str)
            return ctx.event.meta

        run = ask(spoil)(CHAT)

        assert run.event.meta == CHAT
        assert seen == [str(CHAT)] * 2

    def test_a_batch_has_what_all_its_events_share(self, harness, ask):
        """What one of them lacks, or has another id of, is not handed on."""
        ask(nothing, batch_events=Batch(max_size=2))
        one = {"sessions": {"conversation": "chat-1", "turn": 1, "a": "x"}}
        other = {"sessions": {"conversation": "chat-1", "turn": 2, "b": "x"}}

        (run,) = harness.send([said(one), said(other)]).runs

        assert run.output == run.sessions == {"conversation": "chat-1"}

    def test_a_wait_sees_them(self, harness, ask):
        """An expression may ask for them, and the matching event brings its own."""

        async def wait(ctx):
            same = (
                "async.meta.sessions.conversation == event.meta.sessions.conversation"
            )
            told = await ctx.step.wait_for_event(
                "told", event="shop/told", timeout="1d", if_exp=same
            )
            return told.meta

        run = ask(wait)(CHAT)
        harness.send(Event(name="shop/told"))
        harness.send(Event(name="shop/told", meta=CHAT))

        assert run.output == CHAT

    def test_an_event_without_any_prints_as_before(self):
        """What nobody uses is not shown."""
        assert "meta" not in repr(Event(name="x"))
        assert repr(Event(name="x", meta=CHAT)).endswith(f", ts=None, meta={CHAT})")


class TestHandedOn:
    """What a run sends, invokes and defers inherits its sessions."""

    @pytest.mark.parametrize(
        ("meta", "sessions"),
        [
            (None, {"conversation": "chat-1"}),
            ({"sessions": {}}, {"conversation": "chat-1"}),
            ({"sessions": {"turn": 2}}, {"conversation": "chat-1", "turn": "2"}),
            ({"sessions": {"conversation": "chat-2"}}, {"conversation": "chat-2"}),
            ({"sessions": {"conversation": None}}, {}),
            ({"sessions": None}, {}),
            ({"propagated_sessions": {"a": "b"}}, {"conversation": "chat-1"}),
        ],
    )
    def test_by_a_step_that_sends(self, ask, heard, meta, sessions):
        """The event's own sessions win; what it says that it inherits does not."""

        async def tell(ctx):
            await ctx.step.send_event("tell", Event(name="shop/told", meta=meta))

        ask(tell)(CHAT)

        assert heard == [sessions]

    def test_by_a_step_of_an_ordinary_handler(self, ask, heard):
        """It does the same without await."""

        def tell(ctx):
            ctx.step.send_event("tell", Event(name="shop/told"))

        ask(tell)(CHAT)

        assert heard == [{"conversation": "chat-1"}]

    @pytest.mark.parametrize(
        ("meta", "sessions"),
        [
            (None, {"conversation": "chat-1"}),
            ({"propagated_sessions": {"a": "b"}}, {"a": "b"}),
        ],
    )
    def test_by_the_client(self, ask, heard, client, meta, sessions):
        """What an event says that it inherits stands."""

        async def tell(ctx):
            assert ctx.sessions
            await client.send(Event(name="shop/told", meta=meta))

        ask(tell)(CHAT)

        assert heard == [sessions]

    def test_not_by_the_client_of_another_app(self, ask, heard):
        """Nor by another client of the same app."""
        other = Client(app_id="shop")

        async def tell(ctx):
            assert ctx.sessions
            other.send_sync(Event(name="shop/told"))

        ask(tell)(CHAT)

        assert heard == [{}]

    def test_not_by_application_code(self, client, heard, on):
        """An event of the application has its own sessions only."""
        on("shop/ask")(nothing)

        client.send_sync([Event(name="shop/told", meta=CHAT), Event(name="shop/told")])

        assert heard == [{"conversation": "chat-1"}, {}]

    def test_as_the_handler_has_changed_them(self, ask, heard):
        """The mapping is the handler's to change; what is sent reads it then."""

        async def tell(ctx):
            ctx.sessions["turn"] = 1
            await ctx.step.send_event("one", Event(name="shop/told"))
            ctx.sessions.clear()
            await ctx.step.send_event("two", Event(name="shop/told"))

        run = ask(tell)(CHAT)

        assert heard == [{"conversation": "chat-1", "turn": "1"}, {}]
        assert run.sessions == {"conversation": "chat-1"}

    def test_to_an_invoked_function(self, ask, on):
        """A call may say sessions of its own."""

        @on("shop/sum")
        async def add(ctx):
            return ctx.sessions

        async def call(ctx):
            plain = await ctx.step.invoke("a", function=add)
            meta = {"sessions": {"turn": 2}}
            own = await ctx.step.invoke_by_id("b", function_id="add", meta=meta)
            none = await ctx.step.invoke("c", function=add, meta={"sessions": None})
            return [plain, own, none]

        run = ask(call)(CHAT)

        assert run.output == [
            {"conversation": "chat-1"},
            {"conversation": "chat-1", "turn": "2"},
            {},
        ]

    def test_to_an_invoked_function_of_an_ordinary_handler(self, ask, on):
        """The same without await."""

        @on("shop/sum")
        def add(ctx):
            return ctx.sessions

        def call(ctx):
            plain = ctx.step.invoke("a", function=add)
            own = ctx.step.invoke_by_id("b", function_id="add", meta={"sessions": None})
            return [plain, own]

        assert ask(call)(CHAT).output == [{"conversation": "chat-1"}, {}]

    def test_to_a_deferred_function(self, ask, deferred):
        """A defer may say sessions of its own; a retry keeps those of the first call."""

        @deferred()
        async def audit(ctx):
            return [ctx.sessions, ctx.parents[0].fn_slug]

        async def order(ctx):
            ctx.defer("a", function=audit, data={})
            ctx.defer("b", function=audit, data={}, meta={"sessions": {"turn": 2}})
            ctx.defer("c", function=audit, data={}, meta={"sessions": None})
            await ctx.step.run("sent", str)
            ctx.sessions.clear()

        run = ask(order)(CHAT)

        assert [late.output[0] for late in run.deferred] == [
            {"conversation": "chat-1"},
            {"conversation": "chat-1", "turn": "2"},
            {},
        ]

    def test_the_news_of_a_run_has_none(self, harness, ask):
        """The event inside of it has those that it came with."""
        ask(nothing)(CHAT)

        (news,) = [e for e in harness.events if e.name == "inngest/function.finished"]

        assert news.meta is None
        assert news.data["event"]["meta"] == CHAT

    def test_the_timeline_tells_of_them(self, harness, ask, heard, deferred):
        """Where an event comes, and where a run begins whose event has no line."""

        @deferred()
        async def audit(_):
            pass

        async def order(ctx):
            await ctx.step.send_event("tell", Event(name="shop/told"))
            ctx.sessions.clear()
            ctx.defer("a", function=audit, data={}, meta={"sessions": {"turn": 2}})

        ask(order)(CHAT)

        assert heard
        told = [line for line in str(harness.timeline).split("\n") if "sessi" in line]
        assert told == [
            '+0s  event     shop/ask (sessions {"conversation": "chat-1"}) {}',
            '       sends     shop/told (sessions {"conversation": "chat-1"}) {}',
            '       started   deferred by shop-order #1, sessions {"turn": "2"}',
        ]

    def test_a_secret_is_not_shown(self, harness, ask):
        """A session whose key says that it is one is blacked out."""
        ask(nothing)({"sessions": {"token": "s3cret"}})

        assert "s3cret" not in str(harness.timeline)
        assert "s3cret" not in str(harness.timeline.to_json())


class TestLimits:
    """The server's: at most so many, so long; what is over is refused."""

    @pytest.mark.parametrize(
        ("sessions", "why"),
        [
            ({f"k{n}": "x" for n in range(4)}, None),
            ({f"k{n}": "x" for n in range(5)}, None),
            (
                {f"k{n}": "x" for n in range(6)},
                "it has 6 sessions, over 5: k0, k1, k2, k3, k4, k5",
            ),
            ({"k" * 127: "x"}, None),
            ({"k" * 128: "x"}, None),
            (
                {"k" * 129: "x"},
                "its session key 'kkkkkkkkkkkkkkkkkkkk'… has 129 bytes, over 128",
            ),
            (
                {"é" * 65: "x"},
                "its session key 'éééééééééééééééééééé'… has 130 bytes, over 128",
            ),
            ({"k": "x" * 511}, None),
            ({"k": "x" * 512}, None),
            ({"k": "x" * 513}, "the id of its session 'k' has 513 bytes, over 512"),
        ],
    )
    def test_of_an_event(self, harness, on, sessions, why):
        """Text is measured as UTF-8."""
        on("shop/ask")(nothing)

        if why is None:
            (run,) = harness.send(said({"sessions": sessions})).runs
            assert run.sessions == sessions
            return
        with pytest.raises(UsageError) as caught:
            harness.send(said({"sessions": sessions}))
        assert caught.value.what == f"event 'shop/ask' is refused: {why}"

    def test_of_what_is_sent(self, harness, ask, heard):
        """Inherited ones count; the handler may let one of them go."""

        async def tell(ctx):
            own = {"n": "x", "k0": ctx.event.meta["sessions"]["k0"] if heard else None}
            event = Event(name="shop/told", meta={"sessions": own})
            await ctx.step.send_event("tell", event)

        start = ask(tell, retries=0)
        five = {"sessions": {f"k{n}": "x" for n in range(5)}}
        start(five)

        (over,) = harness.send(said(five)).runs
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert [len(sessions) for sessions in heard] == [5]
        assert over.error.message == (
            "event 'shop/told' is refused: it has 6 sessions, over 5: "
            "k0, k1, k2, k3, k4, n"
        )

    def test_of_a_call(self, harness, ask, on):
        """The step fails, and its error says why."""

        @on("shop/sum")
        async def add(ctx):
            return len(ctx.sessions)

        async def call(ctx):
            key = "k5" if ctx.event.meta["sessions"]["k0"] == "over" else "k4"
            return await ctx.step.invoke(
                "a", function=add, meta={"sessions": {key: "x"}}
            )

        start = ask(call)
        five = {f"k{n}": "x" for n in range(5)}
        start({"sessions": five})
        (over,) = harness.send(said({"sessions": {**five, "k0": "over"}})).runs

        assert [
            run.output for run in harness.runs if run.function_id == "shop-call"
        ] == [
            5,
            None,
        ]
        assert over.error.message.startswith("it has 6 sessions, over 5: k0, k1")

    @pytest.mark.rule("A7")
    @pytest.mark.parametrize(("count", "ran"), [(4, 1), (5, 1), (6, 0)])
    def test_of_a_defer(self, harness, ask, deferred, count, ran):
        """It is rejected, and its parent goes on."""

        @deferred()
        async def audit(_):
            pass

        async def order(ctx):
            own = {f"k{n}": "x" for n in range(count)}
            ctx.defer("a", function=audit, data={}, meta={"sessions": own})

        run = ask(order)()
        codes = [finding.code for finding in harness.findings]
        harness.allow("DEFER_LIMIT", reason="it is the subject")

        assert (run.status, len(run.deferred)) == ("Completed", ran)
        assert codes == ([] if ran else ["DEFER_LIMIT"])

    @pytest.mark.rule("A7")
    @pytest.mark.parametrize(("most", "ran"), [(30, 0), (31, 1), (32, 1)])
    def test_of_the_meta_of_a_defer(self, most, ran):
        """Its bytes have a limit of their own; here it has 31."""
        client = Client(app_id="shop")
        # {"sessions": {"conv": "chat"}} as it is measured
        meta = {"sessions": {"conv": "chat-"}}

        @create_defer(client, fn_id="audit")
        async def audit(_):
            pass

        @client.create_function(fn_id="order", trigger=TriggerEvent(event="shop/ask"))
        async def order(ctx):
            ctx.defer("a", function=audit, data={}, meta=meta)

        with Harness(limits=Limits(defer_meta_bytes=most), strict=False) as harness:
            harness.serve(client, functions=[order, audit])
            (run,) = harness.send("shop/ask").runs

            assert len(run.deferred) == ran
            assert [finding.message for finding in harness.findings] == (
                []
                if ran
                else ["the defer 'a' was rejected: its meta has 31 bytes, over 30"]
            )

    @pytest.mark.parametrize(("count", "notes"), [(24, 0), (25, 0), (26, 1)])
    def test_of_a_run(self, harness, ask, count, notes):
        """A batch with more sessions is noted: the server lists its run under 25."""
        ask(nothing, batch_events=Batch(max_size=30, timeout="5s"))

        harness.send([said({"sessions": {"chat": n}}) for n in range(count)])
        harness.advance("5s")

        text = " ".join(str(harness.timeline).split())
        assert text.count("have 26 sessions together; the server lists") == notes
        assert text.count("note ") == notes


class TestMistakes:
    """What is no session is refused where it is written."""

    @pytest.mark.parametrize(
        ("meta", "what"),
        [
            ("chat", "the meta of event 'x' must be an object, not 'chat'"),
            (
                {"sessions": "chat"},
                "the sessions of event 'x' must be an object, not 'chat'",
            ),
            (
                {"sessions": {"": "chat"}},
                "a session key of event 'x' must be text that is not empty, not ''",
            ),
            (
                {"sessions": {1: "chat"}},
                "a session key of event 'x' must be text that is not empty, not 1",
            ),
            *(
                (
                    {"sessions": {"chat": value}},
                    f"{NO_ID}, not {shown}",
                )
                for value, shown in [
                    ("", "''"),
                    (True, "True"),
                    (float("nan"), "nan"),
                    (float("inf"), "inf"),
                    (10**400, "1" + "0" * 78 + "…"),
                    ([1], "[1]"),
                ]
            ),
            (
                {"propagated_sessions": {"chat": None}},
                f"{NO_ID}, not None",
            ),
        ],
    )
    def test_in_an_event(self, meta, what):
        """The error has the value, and a fix."""
        with pytest.raises(UsageError) as caught:
            Event(name="x", meta=meta)

        assert caught.value.what == what
        assert caught.value.fix == 'write meta={"sessions": {"conversation": "chat-1"}}'

    def test_in_a_defer(self, harness, ask, deferred):
        """It is skipped, and its parent goes on (rule A12)."""

        @deferred()
        async def audit(_):
            pass

        async def order(ctx):
            ctx.defer("a", function=audit, data={}, meta={"sessions": 1})

        run = ask(order)()
        (finding,) = harness.findings
        harness.allow("DEFER_SKIPPED", reason="it is the subject")

        assert (run.status, run.deferred) == ("Completed", [])
        assert finding.message == (
            "the defer 'a' was skipped: the sessions of defer 'a' must be an object, "
            "not 1"
        )

    @pytest.mark.parametrize("tool", ["invoke", "sessions"])
    def test_in_a_handler(self, harness, ask, on, tool):
        """A call with a wrong meta, and a mapping that holds no sessions any more."""

        @on("shop/sum")
        async def add(_):
            pass

        async def order(ctx):
            if tool == "invoke":
                await ctx.step.invoke("a", function=add, meta={"sessions": 1})
            ctx.sessions["chat"] = ""
            await ctx.step.invoke("a", function=add)

        run = ask(order, retries=0)()
        harness.allow("USAGE_ERROR", reason="it is the subject")

        assert run.error.name == "UsageError"
        assert "of step 'a' must be" in run.error.message


def test_explain_looks_at_sessions(harness, ask):
    """An event that is only asked about has the sessions that it would have."""

    async def wait(ctx):
        same = "async.meta.sessions.conversation == 'chat-1'"
        await ctx.step.wait_for_event(
            "told", event="shop/told", timeout="1d", if_exp=same
        )

    ask(wait)()

    would = harness.explain(Event(name="shop/told", meta=CHAT))
    would_not = harness.explain(Event(name="shop/told"))

    assert "no open wait on this event's name refused it" in str(would)
    assert "async.meta.sessions.conversation == 'chat-1'" in str(would_not)
