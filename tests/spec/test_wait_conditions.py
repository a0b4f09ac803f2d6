"""A wait's condition: `if_exp`, the short form `match`, and what is refused."""

import pytest


@pytest.fixture
def wait_with(on):
    """Declare a function that waits with the given condition and says whether it met."""

    def declare(**condition):
        @on("shop/checkout")
        async def checkout(ctx):
            paid = await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="10s", **condition
            )
            return paid is not None

        return checkout

    return declare


def test_only_an_event_that_meets_the_condition_resumes(harness, wait_with, start):
    """An event that fails `if_exp` leaves the run waiting; one that meets it does not."""
    wait_with(if_exp="async.data.order == event.data.order")
    run = start("shop/checkout", {"order": "A-1"})

    wrong = harness.send("shop/paid", {"order": "A-2"})
    right = harness.send("shop/paid", {"order": "A-1"})

    assert (wrong.resumed, right.resumed) == ([], [run])
    assert run.output is True


def test_all_parts_of_a_conjunction_have_to_hold(harness, wait_with, start):
    """Conditions joined by && are met together or not at all."""
    wait_with(if_exp="async.data.order == event.data.order && async.data.ok == true")
    run = start("shop/checkout", {"order": "A-1"})

    refused = harness.send("shop/paid", {"order": "A-1", "ok": False})
    sent = harness.send("shop/paid", {"order": "A-1", "ok": True})

    assert (refused.resumed, sent.resumed) == ([], [run])


def test_match_is_short_for_equality_at_one_path(harness, wait_with, start):
    """`match="data.order"` compares that path of the trigger and of the event."""
    wait_with(match="data.order")
    run = start("shop/checkout", {"order": "A-1"})

    refused = harness.send("shop/paid", {"order": "A-2"})
    sent = harness.send("shop/paid", {"order": "A-1"})

    assert [wait.expression for wait in refused.ignored] == [
        "event.data.order == async.data.order"
    ]
    assert (refused.resumed, sent.resumed) == ([], [run])


def test_a_condition_of_one_run_does_not_bind_another(harness, wait_with, start):
    """Each run's wait compares with the event that started that run."""
    wait_with(if_exp="async.data.order == event.data.order")
    runs = [start("shop/checkout", {"order": name}) for name in ("A-1", "A-2", "A-1")]

    sent = harness.send("shop/paid", {"order": "A-1"})

    assert sent.resumed == [runs[0], runs[2]]
    assert [wait.run for wait in sent.ignored] == [runs[1]]


@pytest.mark.rule("C8", "B4")
def test_a_condition_that_does_not_compile_fails_the_run_at_once(harness, on, start):
    """No retry follows and the handler cannot catch it; the finding quotes the place."""
    log = []

    @on("shop/checkout", retries=3)
    async def checkout(ctx):
        log.append(ctx.attempt)
        try:
            await ctx.step.wait_for_event(
                "paid", event="shop/paid", timeout="3s", if_exp="async.data.x === 1"
            )
        except Exception:  # noqa: BLE001 -- nothing reaches it, which is the point
            log.append("caught")

    run = start("shop/checkout")

    assert (run.status, run.error.name, run.error.message, log) == (
        "Failed",
        "InvalidExpression",
        "Wait for event If expression failed to compile",
        [0],
    )
    (finding,) = harness.findings
    assert finding.code == "INVALID_EXPRESSION"
    assert "step 'paid'" in finding.where
    assert "test_wait_conditions.py:" in finding.where
    assert finding.fix.endswith("; production fails the run at once (rule C8)")
    harness.allow("INVALID_EXPRESSION", reason="the expression is wrong on purpose")


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        (
            {"if_exp": "async.data.a", "match": "data.a"},
            "step 'paid' has both if_exp and match",
        ),
        ({"match": ""}, "match of step 'paid' must be a path, not ''"),
        ({"match": 7}, "match of step 'paid' must be a path, not 7"),
        ({"if_exp": 7}, "if_exp of step 'paid' must be text, not 7"),
    ],
)
def test_a_condition_of_the_wrong_kind_is_a_mistake_of_the_handler(
    harness, wait_with, start, condition, what
):
    """The run fails with UsageError, and the finding says what to write instead."""
    wait_with(**condition)

    harness.allow("RUN_FAILED", reason="the condition is wrong on purpose")
    start("shop/checkout")
    harness.fast_forward()

    assert [(f.code, f.message) for f in harness.findings] == [("USAGE_ERROR", what)]
    harness.allow("USAGE_ERROR", reason="the condition is wrong on purpose")


@pytest.mark.parametrize("event", ["", None, 7])
def test_a_wait_needs_the_name_of_an_event(harness, on, start, event):
    """A wait for something that is no event name is a mistake of the handler."""

    @on("shop/checkout", retries=0)
    async def checkout(ctx):
        await ctx.step.wait_for_event("paid", event=event, timeout="3s")

    run = start("shop/checkout")

    assert run.error.message == (
        f"step 'paid' waits for {event!r}, which is no event name"
    )
    assert [finding.code for finding in harness.findings] == ["USAGE_ERROR"]
    harness.allow("USAGE_ERROR", reason="the name is wrong on purpose")


@pytest.mark.rule("B3", "C2")
@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("has(async.user)", True),
        ("async.user == {}", True),
        ("async.user == null", False),
        ("event.user == null", False),
        ("async.user.id == null", True),
    ],
)
def test_every_event_has_a_user_without_anything(
    harness, wait_with, start, condition, is_met
):
    """The server gives each event a `user`; nobody can put anything into it."""
    wait_with(if_exp=condition)
    run = start("shop/checkout")

    harness.send("shop/paid")
    harness.fast_forward()

    assert run.output is is_met
