"""Sessions of the real package: what it writes down is what is handed on."""

import inngest
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scoretest import Event

sessions = pytest.importorskip("inngest._internal.sessions")  # since 0.5.20a0

CHAT = inngest.EventMeta(sessions={"conversation": "chat-1"})


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
@example(1e21)
@example(1e-7)
@example(12.5)
@example(-0.0)
@example(123456789012345680000)
@example(0.000001)
@example(1.5e300)
def test_numbers_are_written_as_the_package_writes_them(number):
    """An id that is a number becomes the same text."""
    meta = {"sessions": {"id": number}}

    assert Event(name="x", meta=meta).meta == sessions.normalize_meta(meta)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
        min_size=1,
        max_size=4,
    )
)
def test_a_run_begins_with_what_the_package_finds(layers):
    """What the events of a batch share is the same."""
    from scoretest._model.session import shared  # noqa: PLC0415 -- only here

    theirs = [inngest.Event(name="x", meta={"sessions": layer}) for layer in layers]
    ours = [{"meta": {"sessions": layer}} for layer in layers]

    assert shared(ours) == sessions.get_shared_sessions(theirs)


@pytest.fixture
def heard(on):
    """Serve a function that hears what others send, and return what it heard."""
    seen = []

    @on("told")
    def hear(ctx):
        seen.append(ctx.sessions)
        return ctx.event.meta

    return seen


class TestHandedOn:
    """What a run sends, invokes and defers inherits its sessions."""

    def test_by_steps_and_the_client(self, harness, app, on, heard):
        """Each as the package has stamped it."""
        turn = inngest.EventMeta(sessions={"turn": 2})
        none = inngest.EventMeta(sessions=None)

        @on("ask")
        async def ask(ctx):
            events = [
                inngest.Event(name="told"),
                inngest.Event(name="told", meta=turn),
                inngest.Event(name="told", meta=none),
            ]
            await ctx.step.send_event("tell", events)
            ctx.sessions["later"] = "yes"
            await app.send(inngest.Event(name="told"))
            return ctx.event.meta

        (run,) = harness.send(inngest.Event(name="ask", meta=CHAT)).runs

        assert run.output == CHAT
        assert run.sessions == {"conversation": "chat-1"}
        assert heard == [
            {"conversation": "chat-1"},
            {"conversation": "chat-1", "turn": "2"},
            {},
            {"conversation": "chat-1", "later": "yes"},
        ]

    def test_not_by_another_client(self, harness, on, heard):
        """The client of another app hands nothing on."""
        other = inngest.Inngest(app_id="other")
        harness.serve(other, functions=[])

        @on("ask")
        def ask(_):
            other.send_sync(inngest.Event(name="told"))

        harness.send(inngest.Event(name="ask", meta=CHAT))

        assert heard == [{}]

    def test_to_an_invoked_function(self, harness, on, heard):
        """With the call's own sessions, and without."""

        @on("ask")
        def ask(ctx):
            meta = inngest.EventMeta(sessions={"turn": 2})
            by_id = ctx.step.invoke_by_id("a", function_id="hear", meta=meta)
            return [by_id, ctx.step.invoke_by_id("b", function_id="hear")]

        (run,) = harness.send(inngest.Event(name="ask", meta=CHAT)).runs

        assert run.output[1] == CHAT
        assert heard[0] == {"conversation": "chat-1", "turn": "2"}

    def test_to_a_deferred_function(self, harness, on, deferred):
        """With the defer's own sessions."""

        @deferred()
        def audit(ctx):
            return ctx.sessions

        @on("ask")
        def ask(ctx):
            meta = inngest.EventMeta(sessions={"turn": 2})
            ctx.defer("a", function=audit, data={}, meta=meta)
            ctx.defer("b", function=audit, data={})

        (run,) = harness.send(inngest.Event(name="ask", meta=CHAT)).runs

        assert [late.output for late in run.deferred] == [
            {"conversation": "chat-1", "turn": "2"},
            {"conversation": "chat-1"},
        ]


class TestLimits:
    """The server's refusals reach the handler as in production."""

    @pytest.mark.parametrize(("count", "is_sent"), [(4, True), (5, True), (6, False)])
    def test_of_what_is_sent(self, harness, on, heard, count, is_sent):
        """The package raises what the server answers."""

        @on("ask", retries=0)
        def ask(ctx):
            own = {f"k{n}": "x" for n in range(count)}
            event = inngest.Event(name="told", meta=inngest.EventMeta(sessions=own))
            try:
                ctx.step.send_event("tell", event)
            except inngest.StepError as error:
                return error.message
            return ""

        (run,) = harness.send("ask").runs

        assert (len(heard) == 1) is is_sent
        assert ("it has 6 sessions, over 5" in run.output) is not is_sent

    def test_of_a_call(self, harness, on, heard):
        """The step fails."""

        @on("ask")
        def ask(ctx):
            own = {f"k{n}": "x" for n in range(6)}
            meta = inngest.EventMeta(sessions=own)
            try:
                ctx.step.invoke_by_id("a", function_id="hear", meta=meta)
            except inngest.StepError as error:
                return error.message

        (run,) = harness.send("ask").runs

        assert run.output == "it has 6 sessions, over 5: k0, k1, k2, k3, k4, k5"
        assert heard == []

    @pytest.mark.rule("A7")
    def test_of_a_defer(self, harness, on, deferred):
        """It is rejected."""

        @deferred()
        def audit(ctx):
            return ctx.sessions

        @on("ask")
        def ask(ctx):
            own = {f"k{n}": "x" for n in range(6)}
            meta = inngest.EventMeta(sessions=own)
            ctx.defer("a", function=audit, data={}, meta=meta)

        (run,) = harness.send("ask").runs
        (finding,) = harness.findings
        harness.allow("DEFER_LIMIT", reason="it is the subject")

        assert run.deferred == []
        assert finding.message.startswith("the defer 'a' was rejected: it has 6")
