"""priority=: a run goes ahead of others of its function, or behind them."""

import pytest

from scoretest import Event
from scoretest.flow import Concurrency, Priority

pytestmark = pytest.mark.rule("F8")


@pytest.fixture
def order(on, harness):
    """Serve a function under a limit of one; return (number, second) of each start."""

    def serve(run):
        seen, begin = [], harness.now

        @on(
            "shop/order",
            concurrency=[Concurrency(limit=1)],
            priority=Priority(run=run),
        )
        async def work(ctx):
            after = int((harness.now - begin).total_seconds())
            seen.append((ctx.event.data["n"], after))

        return seen

    return serve


def send(harness, *priorities):
    """Send a numbered event for each priority, in one request."""
    harness.send(
        [
            Event(name="shop/order", data={"n": n, "p": p})
            for n, p in enumerate(priorities)
        ]
    )
    harness.fast_forward()


def test_a_higher_priority_goes_first(harness, order):
    """F8: who waits for its turn is passed by who has a higher priority."""
    seen = order("int(event.data.p)")

    send(harness, 0, 0, 600)

    assert [n for n, _ in seen] == [0, 2, 1]


def test_a_negative_priority_starts_later(harness, order):
    """So many seconds below zero, so much later."""
    seen = order("int(event.data.p)")

    send(harness, -600, 0)

    assert seen == [(1, 0), (0, 600)]


@pytest.mark.parametrize(("given", "after"), [(-599, 599), (-600, 600), (-601, 600)])
def test_a_priority_has_a_limit(harness, order, given, after):
    """More than 600 counts as 600."""
    seen = order("int(event.data.p)")

    send(harness, given)

    assert seen == [(0, after)]


def test_a_number_of_json_is_ignored(harness, order):
    """A number of an event is a fraction to the server; the harness says so."""
    seen = order("event.data.p")

    send(harness, 0, 0, 600)

    assert [n for n, _ in seen] == [0, 1, 2]
    finding = harness.findings[0]
    assert finding.code == "OPTION_IGNORED"
    assert finding.message == (
        "the priority 'event.data.p' gives 0.0, no whole number of seconds; "
        "production ignores it"
    )
    harness.allow("OPTION_IGNORED", reason="the mistake is the point")


def test_a_run_says_that_it_starts_later(harness, order):
    """`waiting_for` tells the instant, and the timeline the reason."""
    order("int(event.data.p)")

    (run,) = harness.send("shop/order", {"n": 0, "p": -60}).runs

    assert run.waiting_for == "its start at 2025-01-01T00:01:00.000Z"
    assert "held      priority of -1m" in str(harness.timeline)
    harness.fast_forward()
