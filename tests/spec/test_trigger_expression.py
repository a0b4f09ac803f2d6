"""A trigger may have a condition on its event."""

import pytest

from scoretest import Client, TriggerEvent
from scoretest.expr import ExpressionError


@pytest.fixture
def serve(harness):
    """Return what serves a function with these triggers, and the log of its runs."""

    def with_triggers(*triggers):
        client, log = Client(app_id="shop"), []

        @client.create_function(fn_id="order", trigger=list(triggers))
        def order(ctx):
            log.append(ctx.event.data)

        harness.serve(client, functions=[order])
        return log

    return with_triggers


@pytest.mark.rule("C13")
class TestACondition:
    """TriggerEvent(expression=...) lets an event start a run only when it holds."""

    def test_an_event_that_meets_it_starts_a_run(self, harness, serve):
        """The expression sees the event under the name ``event``."""
        log = serve(TriggerEvent(event="order", expression="event.data.plan == 'pro'"))

        harness.send("order", {"plan": "pro"})

        assert log == [{"plan": "pro"}]

    def test_another_event_starts_none(self, harness, serve):
        """An event for which it is false is received and starts nothing."""
        log = serve(TriggerEvent(event="order", expression="event.data.plan == 'pro'"))

        sent = harness.send("order", {"plan": "free"})

        assert (sent.runs, log) == ([], [])

    def test_a_missing_key_is_null(self, harness, serve):
        """A path that the event lacks equals null."""
        log = serve(TriggerEvent(event="order", expression="event.data.nope == null"))

        harness.send("order", {})

        assert log == [{}]

    def test_an_error_in_it_starts_none(self, harness, serve):
        """An expression that cannot be evaluated on the event does not hold."""
        log = serve(TriggerEvent(event="order", expression="event.data.s > 5"))

        harness.send("order", {"s": "Hello"})

        assert log == []


@pytest.mark.rule("C13", "H1")
def test_triggers_that_both_hold_start_one_run(harness, serve):
    """A function starts once for an event, however many of its triggers hold."""
    log = serve(
        TriggerEvent(event="order", expression="event.data.n > 1"),
        TriggerEvent(event="order", expression="event.data.n > 2"),
    )

    harness.send("order", {"n": 3})

    assert log == [{"n": 3}]


def test_what_does_not_compile_is_refused_when_it_is_served(harness):
    """The error shows the place in the text, and nothing is registered."""
    client = Client(app_id="shop")
    trigger = TriggerEvent(event="order", expression="event.data.plan = 'pro'")
    order = client.create_function(fn_id="order", trigger=trigger)(print)

    with pytest.raises(ExpressionError) as caught:
        harness.serve(client, functions=[order])

    assert caught.value.kind == "compile"
    assert harness.send("order").runs == []
