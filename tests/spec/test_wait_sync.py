"""Waits of a handler that is an ordinary function."""

import pytest

from scoretest import Event


@pytest.fixture
def checkout(on):
    """A function that waits for a payment without `await`."""

    @on("shop/checkout")
    def checkout(ctx):
        paid = ctx.step.wait_for_event(
            "paid",
            event="shop/paid",
            timeout="10s",
            if_exp="async.data.order == event.data.order",
        )
        return None if paid is None else dict(paid.data)

    return checkout


@pytest.mark.rule("B2", "B3")
@pytest.mark.usefixtures("checkout")
def test_a_matching_event_resumes_it(harness, start):
    """The handler goes on with the event's data in its second entry."""
    run = start("shop/checkout", {"order": 1})

    sent = harness.send("shop/paid", {"order": 1})

    assert (sent.resumed, run.output, run.entries) == ([run], {"order": 1}, 2)


@pytest.mark.rule("B3", "B9")
@pytest.mark.usefixtures("checkout")
def test_the_timeout_yields_none(harness, start):
    """Ten seconds later the wait yields None."""
    run = start("shop/checkout", {"order": 1})

    harness.fast_forward()

    assert (run.status, run.output, run.duration) == ("Completed", None, "10s")


@pytest.mark.rule("B10")
def test_a_timeout_below_a_second_raises_at_the_call(on, start):
    """A try around the call sees the refusal."""

    @on("shop/checkout")
    def checkout(ctx):
        try:
            ctx.step.wait_for_event("paid", event="shop/paid", timeout=100)
        except ValueError:
            return "a value error"
        except Exception as error:  # noqa: BLE001 -- the scenario catches all
            return type(error).__name__

    assert start("shop/checkout").output == "FunctionConfigInvalidError"


@pytest.mark.rule("B7", "B8")
def test_a_group_waits_and_sends(harness, on, start):
    """A wait matches what its neighbour in the group sends; the group settles once."""

    @on("shop/checkout")
    def checkout(ctx):
        paid, _, none = ctx.group.parallel(
            (
                lambda: ctx.step.wait_for_event(
                    "paid", event="shop/paid", timeout="6s"
                ),
                lambda: ctx.step.send_event("send", Event(name="shop/paid")),
                lambda: ctx.step.wait_for_event(
                    "never", event="shop/never", timeout="3s"
                ),
            )
        )
        return [paid.name, none]

    run = start("shop/checkout")
    harness.fast_forward()

    assert (run.output, run.entries, run.duration) == (["shop/paid", None], 3, "3s")


@pytest.mark.rule("B1")
def test_its_own_earlier_event_is_not_seen(harness, on, start):
    """An event that the run sent before its wait does not satisfy it."""

    @on("shop/checkout")
    def checkout(ctx):
        ctx.step.send_event("pay", Event(name="shop/paid"))
        return ctx.step.wait_for_event("paid", event="shop/paid", timeout="3s") is None

    run = start("shop/checkout")
    harness.fast_forward()

    assert run.output is True
