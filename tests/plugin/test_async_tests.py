"""Async tests that hold a harness: both plugins, their modes, workers and fixtures."""

import pytest

pytest_plugins = ["pytester"]

SUPPORT = """
import asyncio
from scoretest import (
    Client, Context, Event, LivelockError, Score, TriggerEvent, create_scorer
)

client = Client(app_id="support")

@create_scorer(client, fn_id="feedback-scorer")
async def feedback_scorer(ctx: Context) -> Score:
    feedback = await ctx.step.wait_for_event(
        "wait", event="support/feedback.received", timeout="7d", match="data.ticketId"
    )
    return Score("user-feedback", 0.5 if feedback is None else int(feedback.data["helpful"]))

@client.create_function(
    fn_id="handle", trigger=TriggerEvent(event="support/ticket.created")
)
async def handle_support_ticket(ctx: Context) -> None:
    await ctx.step.run("answer", lambda: "Have you tried water?")
    ctx.defer(
        "score", function=feedback_scorer, data={"ticketId": ctx.event.data["ticketId"]}
    )
"""
# word for word the example of the documentation, under the mark of one plugin
HELPFUL = """
@pytest.mark.{mark}
async def test_helpful(harness):
    harness.serve(client, functions=[handle_support_ticket, feedback_scorer])
    await harness.asend("support/ticket.created", {{"ticketId": "tk_1", "content": "hi"}})
    await harness.aadvance("1h")
    await client.send(Event(name="support/feedback.received", data={{"ticketId": "tk_1", "helpful": True}}))
    assert harness.scores["user-feedback"].value == 1
"""
# what every plugin and mode must run: fixtures of both kinds, and a day of sleep
MORE = """
@pytest{fixture}
async def {mark}_served(harness):
    harness.serve(client, functions=[handle_support_ticket, feedback_scorer])
    await harness.asend("support/ticket.created", {{"ticketId": "tk_1"}})
    yield harness
    assert harness.scores["user-feedback"].value == 0.5

@pytest.fixture
def opened(harness):
    harness.serve(client, functions=[handle_support_ticket, feedback_scorer])
    harness.send("support/ticket.created", {{"ticketId": "tk_1"}})
    return harness

@pytest.mark.{mark}
async def test_a_fixture_that_awaits({mark}_served):
    await asyncio.sleep(8 * 86400)
    assert {mark}_served.now.day == 9

@pytest.mark.{mark}
async def test_a_fixture_that_does_not(opened):
    async with asyncio.timeout(10 * 86400):
        await opened.afast_forward()
    assert opened.scores["user-feedback"].value == 0.5

def test_sync(opened, fast_forward):
    fast_forward()
    assert opened.scores["user-feedback"].value == 0.5
"""
ANYIO = "from scoretest.pytest_anyio import anyio_backend\n"
ASYNCIO = 'pytest_plugins = ["scoretest.pytest_asyncio"]\n'
MODES = {
    "anyio strict": (["anyio"], []),
    "anyio auto": (["anyio"], ["-o", "anyio_mode=auto"]),
    "asyncio strict": (["asyncio"], []),
    "asyncio auto": (["asyncio"], ["-o", "asyncio_mode=auto"]),
    "both strict": (["anyio", "asyncio"], []),
    "both installed, asyncio auto": (["anyio", "asyncio"], ["-o", "asyncio_mode=auto"]),
    "both auto": (
        ["anyio", "asyncio"],
        ["-o", "asyncio_mode=auto", "-o", "anyio_mode=auto"],
    ),
}
LOADED = {
    "anyio": ["-p", "anyio.pytest_plugin"],
    "asyncio": [
        "-p",
        "pytest_asyncio.plugin",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
    ],
}


@pytest.fixture
def session(pytester, inner):
    """Run tests with the plugins and opt-ins named, and return what pytest says."""

    def run(names, source, *options, by=inner):
        pytester.makepyfile(support=SUPPORT)
        both = {"anyio": ANYIO, "asyncio": ASYNCIO}
        pytester.makeconftest("".join(both[name] for name in names))
        loaded = [option for name in names for option in LOADED[name]]
        head = "import asyncio, pytest_asyncio\nfrom support import *\n"
        # an inner session of this process finds the opt-in imported, by tests before it
        loaded += [
            "-W",
            "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
        ]
        done = by(head + source, *options, *loaded, "-q", "-p", "no:cacheprovider")
        return done[1] if isinstance(done, tuple) else done.stdout.str()

    return run


def written_for(names, options):
    """Return tests under the marks of *names*; in auto mode there is no mark."""
    sources = []
    for name in names:
        fixture = ".fixture" if name == "anyio" else "_asyncio.fixture"
        source = (HELPFUL + MORE).format(mark=name, fixture=fixture)
        if f"{name}_mode=auto" in options:
            source = source.replace(f"@pytest.mark.{name}\n", "")
        sources.append(source.replace("def test_", f"def test_{name}_"))
    return "\n".join(sources)


@pytest.mark.parametrize(("names", "options"), MODES.values(), ids=MODES)
def test_each_plugin_in_each_mode(session, names, options):
    """The documented example, fixtures of both kinds and a sync test pass together."""
    text = session(names, written_for(names, options), *options)

    assert f"{4 * len(names)} passed" in text, text


@pytest.mark.parametrize("names", [["anyio"], ["asyncio"]], ids=["anyio", "asyncio"])
def test_under_workers(session, outer, names):
    """Two worker processes run async tests as one does."""
    pytest.importorskip("xdist")

    workers = ["-p", "xdist", "-p", "xdist.looponfail", "-n", "2"]
    text = session(names, written_for(names, []), *workers, by=outer)

    assert "4 passed" in text, text


@pytest.mark.parametrize("scope", ["class", "module", "session"])
def test_a_loop_for_several_tests(session, scope):
    """On a loop that outlives its test, each test has its own world and its own time."""
    tests = "".join(
        f"""
@pytest.mark.asyncio(loop_scope="{scope}")
class Test{number}:
    async def test_one(self, harness):
        harness.serve(client, functions=[handle_support_ticket, feedback_scorer])
        await harness.asend("support/ticket.created", {{"ticketId": "tk_1"}})
        await harness.afast_forward()
        assert harness.now.isoformat() == "2025-01-08T00:00:00+00:00"

    async def test_two(self, harness):
        await asyncio.sleep(1)
        assert harness.now.isoformat() == "2025-01-01T00:00:00+00:00"
        await asyncio.sleep(1)
        assert harness.now.isoformat() == "2025-01-01T00:00:01+00:00"
"""
        for number in range(2)
    )

    text = session(["asyncio"], tests)

    assert "4 passed" in text, text


def test_other_tests_keep_their_loop(session):
    """Under pytest-asyncio, a test without a harness runs in real time as before."""
    text = session(
        ["asyncio"],
        """
def kind(): return type(asyncio.get_running_loop()).__name__

@pytest.mark.asyncio
async def test_plain(): assert kind() != "SharedLoop"

@pytest.mark.asyncio
async def test_held(harness): assert kind() == "SharedLoop"

@pytest.mark.asyncio
async def test_verb(send_event): assert kind() == "SharedLoop"

@pytest.mark.asyncio
@pytest.mark.scoretest
async def test_marked(): assert kind() == "SharedLoop"
""",
        "--strict-markers",
    )

    assert "4 passed" in text, text


@pytest.mark.parametrize("name", LOADED)
def test_without_the_opt_in(inner, name):
    """On a loop in real time the message says which line is missing."""
    result = inner(
        f"""
@pytest.mark.{name}
async def test_it(harness): await harness.asend("order")
@pytest.fixture
def anyio_backend(): return "asyncio"
""",
        *LOADED[name],
    )

    text = result.stdout.str()

    assert "UsageError: harness.asend needs an event loop in virtual time, and" in text
    assert "`from scoretest.pytest_anyio import anyio_backend` for tests of" in text
    assert '`pytest_plugins = ["scoretest.pytest_asyncio"]` for tests of' in text


ITSELF = "test_a_deadlock_in_the_test_itself.py"


def test_an_opt_in_without_its_plugin(pytester, inner):
    """Who opts in to pytest-asyncio, and has none or an old one, is told at once."""
    pytester.makeconftest(ASYNCIO)

    result = inner("def test_it(): pass")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.str().strip() == (
        "ERROR: scoretest.pytest_asyncio needs the plugin pytest-asyncio, 1.4 or later: "
        "python3 -m pip install --upgrade pytest-asyncio"
    )


@pytest.mark.parametrize("name", LOADED)
def test_a_deadlock_in_the_test_itself(pytester, session, name):
    """A test that awaits what never comes fails with its line, at once and briefly."""
    text = session(
        [name],
        f"""
@pytest.mark.{name}
async def test_it(harness):
    harness.serve(client, [handle_support_ticket]); await asyncio.Event().wait()

def test_after(harness): harness.send("x")
""",
    )

    assert "1 failed, 1 passed" in text, text
    shown = text.partition("___ test_it ___")[2].partition("\n")[2]
    assert shown.partition("\n---")[0] == (
        "everything waits, and no timer is set that could end it\n"
        f"  where: test_it is at {pytester.path.name}/{ITSELF}:8; no handler is under "
        "way\n"
        "  fix:   send or set what is waited for, or give the wait a time-out"
    )


@pytest.mark.parametrize("name", LOADED)
def test_what_a_verb_raises_is_shown_where_it_is_awaited(session, name):
    """A program without end fails the test at the line of its verb."""
    text = session(
        [name],
        f"""
@client.create_function(fn_id="endless", trigger=TriggerEvent(event="go"))
async def endless(ctx):
    while True:
        await asyncio.sleep(1)

@pytest.mark.{name}
async def test_it(harness):
    harness.serve(client, [endless])
    await harness.asend("go")
    await harness.afast_forward()

@pytest.mark.{name}
async def test_it_may_go_on(harness):
    harness.serve(client, [endless])
    await harness.asend("go")
    with pytest.raises(LivelockError) as caught:
        await harness.afast_forward()
    await harness.aadvance("1m")
    assert "function 'support-endless'" in caught.value.where
    assert harness.now.minute == 6
""",
        "-o",
        "scoretest_max_jumps=300",
    )

    assert "1 failed, 1 passed" in text
    assert ">       await harness.afast_forward()" in text
    assert "LivelockError: the clock has moved 300 times" in text
    assert "runtime/" not in text


@pytest.mark.parametrize("name", LOADED)
def test_findings_and_deadlocks_at_the_end(session, name):
    """A verdict is a failure of the async test, and says what it says elsewhere."""
    text = session(
        [name],
        f"""
@client.create_function(fn_id="fails", trigger=TriggerEvent(event="fail"), retries=0)
async def fails(ctx): raise LookupError("7")

@client.create_function(fn_id="stuck", trigger=TriggerEvent(event="stick"))
async def stuck(ctx): await asyncio.Event().wait()

@client.create_function(fn_id="naps", trigger=TriggerEvent(event="nap"), retries=0)
async def naps(ctx): await asyncio.sleep(60)

@pytest.mark.{name}
async def test_fails(harness):
    harness.serve(client, [fails])
    await harness.asend("fail")

@pytest.mark.{name}
async def test_stuck(harness):
    harness.serve(client, [stuck])
    await harness.asend("stick")

@pytest.mark.{name}
async def test_naps(harness):
    harness.serve(client, [naps])
    await harness.asend("nap")

@pytest.mark.{name}
async def test_fails_by_itself(harness):
    harness.serve(client, [naps])
    await harness.asend("nap")
    assert 0, "mine"
""",
    )

    assert "3 failed, 1 passed" in text, text
    assert "RUN_FAILED: a run of 'support-fails' failed with LookupError: 7" in text
    assert "a handler waits for something that nobody is going to do" in text
    assert "AssertionError: mine" in text
    assert "never awaited" not in text
    assert "destroyed" not in text


PROPERTY = """
from hypothesis import given, settings, strategies as st

seen = []

@pytest.mark.{name}
@settings(max_examples=12, derandomize=True, database=None)
@given(hours=st.integers(0, 400))
async def test_it(harnesses, hours):
    async with harnesses() as world:
        world.serve(client, functions=[handle_support_ticket, feedback_scorer])
        await world.asend("support/ticket.created", {{"ticketId": "tk_1"}})
        await asyncio.sleep(hours * 3600)
        seen.append((len(world.runs), world.now.isoformat()[:4]))
        assert len(world.scores) == (hours >= 168)
        assert {law}

def test_each_example_had_a_world_of_its_own():
    assert set(seen) == {{(2, "2025")}}
"""


@pytest.mark.parametrize("name", LOADED)
def test_a_property(session, name):
    """Each example has a world of its own; nothing warns, no health check complains."""
    source = PROPERTY.format(name=name, law="hours >= 0")

    text = session([name], source, "-p", "_hypothesis_pytestplugin", "-W", "error")

    assert "2 passed" in text, text


@pytest.mark.parametrize("name", LOADED)
def test_a_property_that_does_not_hold(session, name):
    """The smallest example is shown, with the timeline of its world."""
    source = PROPERTY.format(name=name, law="hours < 200")

    text = session([name], source, "-p", "_hypothesis_pytestplugin", "-W", "error")

    assert "1 failed, 1 passed" in text, text
    assert "hours=200" in text
    assert "user-feedback = 0.5 on support-handle #1" in text


@pytest.mark.rule("F1")
@pytest.mark.parametrize("name", LOADED)
def test_a_run_is_cancelled_in_an_async_test(session, name):
    """What the server sends of it has arrived when the verb returns."""
    text = session(
        [name],
        f"""
@client.create_function(fn_id="naps", trigger=TriggerEvent(event="nap"))
async def naps(ctx): await ctx.step.sleep("nap", "1h")

@pytest.mark.{name}
async def test_it(harness):
    harness.serve(client, [naps])
    sent = await harness.asend("nap")
    await harness.acancel(sent.runs[0])
    assert sent.runs[0].status == "Cancelled"
    assert harness.events[-1].name == "inngest/function.cancelled"
""",
    )

    assert "1 passed" in text, text
