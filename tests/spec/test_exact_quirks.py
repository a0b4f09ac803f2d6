"""`Harness(quirks="exact")`: the accidents of the server happen here, too."""

from collections.abc import Iterator

import pytest

from scoretest import Client, Context, Event, Harness, TriggerEvent
from scoretest.flow import Batch, Debounce

CROWD = 50


@pytest.fixture
def client() -> Client:
    """An app."""
    return Client(app_id="shop")


@pytest.fixture
def harness() -> Iterator[Harness]:
    """A world that copies the server's accidents."""
    with Harness(quirks="exact", strict=False) as world:
        yield world


@pytest.mark.rule("C9")
def test_a_request_that_the_server_cannot_take_is_sent_21_times(harness, client):
    """The run is entered with rising attempts, whatever its retries, and then left."""
    attempts = []

    @client.create_function(fn_id="stuck", trigger=TriggerEvent(event="go"), retries=0)
    async def stuck(ctx: Context):
        attempts.append(ctx.attempt)
        await ctx.step.wait_for_event(
            "answer",
            event="answer",
            timeout="1h",
            if_exp="async.data.n == event.data.n",
        )

    harness.serve(client, functions=[stuck])
    run = harness.send("go", {"n": 1e21}).runs[0]
    harness.fast_forward()

    assert attempts == list(range(21))
    assert (run.status, run.ended_at) == ("Running", None)
    assert [event.name for event in harness.events] == ["go"]
    assert [finding.code for finding in harness.findings] == ["INVALID_EXPRESSION"]


EXPRESSIONS = {
    "'k' in async.data.o": False,
    "'a' in async.data.l": True,
    "!('k' in async.data.missing)": False,
    "async.data.missing < 1": False,
    "async.data.nul <= 0": False,
    "async.data.n < 2": True,
    "async.data.l == [1, 'a']": False,
    "async.data.n <= async.data.f": False,
    "json_parse(async.data.j).a == 1": False,
    "async['data'].n == 1": False,
    "async.data.x == 'y' || true || '' == ''": False,
    "async.data.x == 'no' || async.data.n == 1": True,
    "async.data.missing < 1 || async.data.n == 1": True,
    "async.data.x == 'no' || async.data.missing < 1": False,
    "async.data.missing < 1 && async.data.n == 1": False,
    "async.data.x == 'abc' && async.data.n == 1": True,
    "async.data.missing == null": True,
    "async.data.n == 2": False,
}
ANSWER = {
    "x": "abc",
    "n": 1,
    "f": 1.5,
    "nul": None,
    "l": [1, "a"],
    "o": {"k": 1},
    "j": '{"a": 1}',
}


def met(harness, client, text, crowd):
    """Return whether a wait among *crowd* others is met by the answer."""

    @client.create_function(fn_id="fills", trigger=TriggerEvent(event="fill"))
    async def fills(ctx: Context):
        await ctx.step.wait_for_event(
            "answer", event="answer", timeout="1h", if_exp="async.data.n == 7"
        )

    @client.create_function(fn_id="waits", trigger=TriggerEvent(event="wait"))
    async def waits(ctx: Context):
        got = await ctx.step.wait_for_event(
            "answer", event="answer", timeout="1h", if_exp=text
        )
        return got is not None

    harness.serve(client, functions=[fills, waits])
    harness.send([Event(name="fill")] * crowd)
    run = harness.send("wait").runs[0]
    harness.send("answer", ANSWER)
    harness.advance("1h")
    return run.output


@pytest.mark.rule("C12")
@pytest.mark.parametrize(("text", "is_found"), EXPRESSIONS.items(), ids=EXPRESSIONS)
def test_among_fifty_waits_another_matcher_is_asked(harness, client, text, is_found):
    """It misses what it cannot file under one path and one literal."""
    assert met(harness, client, text, CROWD - 1) is is_found


@pytest.mark.rule("C12")
def test_among_49_waits_each_is_asked_for_itself(harness, client):
    """One wait fewer, and the expression matches."""
    assert met(harness, client, "async.data.missing < 1", CROWD - 2) is True


@pytest.mark.rule("C12")
def test_a_wait_without_a_condition_is_found_in_every_crowd(harness, client):
    """There is nothing to file."""
    assert met(harness, client, None, CROWD) is True


@pytest.mark.rule("C12")
def test_no_crowd_changes_a_verdict_without_the_profile(client):
    """The default world gives the verdict of one wait alone."""
    with Harness() as world:
        assert met(world, client, "async.data.missing < 1", CROWD) is True


@pytest.mark.rule("X2")
def test_a_batch_that_fills_slowly_waits_for_its_timeout(harness, client):
    """It is full after two seconds and runs after ten; the next event begins another."""

    @client.create_function(
        fn_id="all",
        trigger=TriggerEvent(event="one"),
        batch_events=Batch(max_size=2, timeout="10s"),
    )
    async def gather(ctx: Context):
        return [event.data["i"] for event in ctx.events]

    harness.serve(client, functions=[gather])
    harness.send("one", {"i": 0})
    harness.advance("2s")
    harness.send("one", {"i": 1})
    assert harness.runs == []
    harness.advance("8s")
    assert [run.output for run in harness.runs] == [[0, 1]]

    harness.send("one", {"i": 2})
    harness.advance("1s")
    harness.send("one", {"i": 3})
    harness.send("one", {"i": 4})
    harness.fast_forward()

    assert [run.output for run in harness.runs] == [[0, 1], [2, 3], [4]]


@pytest.mark.rule("X1", "F6")
def test_fast_events_put_off_the_timeout_of_a_debounce(harness, client):
    """Events within a second of each other go on beyond it; slower ones do not."""

    @client.create_function(
        fn_id="last",
        trigger=TriggerEvent(event="one"),
        debounce=Debounce(period="2s", timeout="4s"),
    )
    async def last(ctx: Context):
        return ctx.event.data["i"]

    harness.serve(client, functions=[last])
    for i in range(16):
        harness.send("one", {"i": i})
        harness.advance("500ms")
    harness.fast_forward()
    assert [run.output for run in harness.runs] == [15]

    for i in range(4):
        harness.send("one", {"i": i})
        harness.advance("1500ms")
    harness.fast_forward()
    assert [run.output for run in harness.runs][1:] == [2, 3]
