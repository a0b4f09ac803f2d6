"""What is there for failures is explored, too: a step fails for good, once on a timeline."""

import pytest

import scoretest
from scoretest import Client, Context, Harness, StepError, TriggerEvent

CREATED = TriggerEvent(event="shop/ticket.created")
FAILED = TriggerEvent(event="inngest/function.failed")
DATA = {"ticketId": "tk_1"}
FAILING = "failing step 'answer' of shop-parent"


def app(handler=None, watcher=None, *, catches=False):
    """Return a client, a function that answers, and one that watches failures."""
    client = Client("shop")

    @client.create_function(fn_id="parent", trigger=CREATED, on_failure=handler)
    async def parent(ctx: Context) -> str:
        try:
            return await ctx.step.run("answer", lambda: "hello")
        except StepError:
            if catches:
                return "sorry"
            raise

    functions = [parent]
    if watcher is not None:
        functions.append(
            client.create_function(fn_id="watcher", trigger=FAILED)(watcher)
        )
    return client, functions


def telling(*path):
    """Return a handler that tells what its event holds at *path*."""

    async def tell(ctx: Context) -> object:
        told = ctx.event.data
        for key in path:
            told = told[key]
        return await ctx.step.run("tell", lambda: told)

    return tell


def explored(client, functions, **options):
    """Explore the functions."""
    return scoretest.explore(*functions, client=client, data=DATA, **options)


def told(exploration):
    """Return the findings: code, function and timeline."""
    return [
        (found.code, found.function, [str(signal) for signal in found.timeline])
        for found in exploration.findings
    ]


@pytest.mark.rule("D6")
@pytest.mark.parametrize("key", [("error", "message"), ("event", "data", "ticketId")])
def test_a_failure_handler_is_entered(key):
    """It has the event of the server, and its end is a row of the table."""
    found = explored(*app(telling(*key)))

    assert told(found) == []
    assert [(row.signals, row.via) for row in found.table().rows] == [
        ((), ("answer",)),
        ((FAILING,), ("tell",)),
    ]


@pytest.mark.parametrize("key", [("err",), ("ticketId",)])
def test_a_failure_handler_that_fails(key):
    """A mistake in it is found; that the parent has failed is none."""
    found = explored(*app(telling(*key)))

    assert told(found) == [("RUN_FAILED", "shop-parent-failure", [FAILING])]


def test_a_function_that_watches_failures():
    """It is started as the server starts it, and not with made-up data."""
    right = explored(*app(watcher=telling("function_id")))
    wrong = explored(*app(watcher=telling("fn_id")))

    assert told(right) == []
    assert told(wrong) == [("RUN_FAILED", "shop-watcher", [FAILING])]


def test_a_failure_that_is_caught():
    """Nobody hears of it, and it is no timeline of its own."""
    found = explored(*app(telling("err"), catches=True))

    assert (told(found), len(found.leaves)) == ([], 1)


def test_without_faults_no_step_fails():
    """`max_faults=0` leaves it out."""
    found = explored(*app(telling("err")), max_faults=0)

    assert (told(found), len(found.leaves)) == ([], 1)


def test_a_failure_is_played_again():
    """The code brings it along."""
    found = explored(*app(telling("err")))
    (failed,) = found.findings

    assert "KeyError: 'err'" in str(found.replay(failed.replay))


@pytest.fixture
def pasted():
    """The test to paste for a failure handler that fails, and what runs it."""
    found = explored(*app(telling("err")))
    text = found.regression_test(found.findings[0], "import scoretest")

    def run(client, functions):
        names = {"parent": functions[0]}
        exec(text, names)  # noqa: S102 -- the text is what a user pastes
        with Harness(strict=False) as harness:
            harness.serve(client, functions)
            names["test_shop_parent_failure_run_failed"](harness)

    return text, run


def test_the_test_to_paste_lets_the_step_fail(pasted):
    """It fails with the mistake, and passes without."""
    text, run = pasted

    assert (
        "harness.stub(parent, 'answer', "
        "raises=RuntimeError('a failure that was made up'))"
    ) in text
    with pytest.raises(AssertionError):
        run(*app(telling("err")))
    run(*app(telling("error", "message")))
