"""The example that this project began with runs as its users would write it."""

import pytest

pytest_plugins = ["pytester"]

APP = """\
from pydantic import BaseModel
from scoretest import Client, Context, Score, TriggerEvent, create_scorer

client = Client(app_id="support")

class FeedbackInput(BaseModel):
    ticketId: str
    runId: str

async def generate_ai_response(content: str) -> str:
    return f"Thanks for writing: {content}"

@create_scorer(client, fn_id="feedback-scorer", schema=FeedbackInput)
async def feedback_scorer(ctx: Context) -> Score:
    feedback = await ctx.step.wait_for_event(
        "wait-for-feedback",
        event="support/feedback.received",
        timeout="7d",
        if_exp=f"async.data.ticketId == '{ctx.event.data['input']['ticketId']}'",
    )
    if feedback is None:
        return Score("user-feedback", 0.5)
    return Score("user-feedback", 1 if feedback.data["helpful"] else 0)

@client.create_function(fn_id="handle-support-ticket", trigger=TriggerEvent(event="support/ticket.created"))
async def handle_support_ticket(ctx: Context) -> dict[str, str]:
    response = await ctx.step.run("generate-response", generate_ai_response, ctx.event.data["content"])
    ctx.defer(
        "score-feedback",
        function=feedback_scorer,
        data={"ticketId": ctx.event.data["ticketId"], "runId": ctx.run_id},
    )
    return {"response": response}
"""

TESTS = """\
import pytest
from app import client, feedback_scorer, handle_support_ticket
from scoretest import Harness

@pytest.fixture
def support(harness: Harness) -> Harness:
    harness.serve(client, functions=[handle_support_ticket, feedback_scorer])
    return harness

def open_ticket(support, ticket="tk_123"):
    sent = support.send("support/ticket.created", {"ticketId": ticket, "content": "my printer is on fire"})
    return sent.runs[0]

def test_helpful(support):
    ticket = open_ticket(support)
    assert ticket.status == "Completed" and ticket.output == {"response": "Thanks for writing: my printer is on fire"}
    support.advance("1h")
    support.send("support/feedback.received", {"ticketId": "tk_123", "helpful": True})
    assert [(s.name, s.value, s.run_id) for s in support.scores] == [("user-feedback", 1, ticket.id)]

def test_not_helpful(support):
    open_ticket(support)
    support.advance("6d 23h")
    support.send("support/feedback.received", {"ticketId": "tk_123", "helpful": False})
    assert support.scores["user-feedback"].value == 0

def test_silence_scores_the_default(support):
    open_ticket(support)
    support.advance("7d")
    assert support.scores["user-feedback"].value == 0.5

def test_feedback_for_another_ticket_changes_nothing(support):
    open_ticket(support)
    sent = support.send("support/feedback.received", {"ticketId": "tk_999", "helpful": True})
    assert not sent.resumed and len(support.waits) == 1 and not support.scores

def test_late_feedback_is_ignored(support):
    open_ticket(support)
    support.fast_forward()
    support.send("support/feedback.received", {"ticketId": "tk_123", "helpful": True})
    assert [s.value for s in support.scores] == [0.5]

def test_a_failing_scorer_never_touches_the_parent(support):
    ticket = open_ticket(support)
    with support.expect_failure(feedback_scorer) as failure:
        support.send("support/feedback.received", {"ticketId": "tk_123"})      # no "helpful": KeyError in the scorer
        support.fast_forward()
    assert failure.run.attempts == 5 and failure.run.error.name == "KeyError"
    assert ticket.status == "Completed" and not support.scores
"""


@pytest.fixture
def support(pytester, monkeypatch):
    """A folder with the example's two files; only scoretest's plugin is loaded."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p scoretest.pytest_plugin")
    pytester.makepyfile(app=APP, test_app=TESTS)
    return pytester


def test_the_example_passes_as_it_is_written(support):
    """A deferred scorer is tested through seven virtual days by six plain tests."""
    result = support.runpytest_inprocess()

    result.assert_outcomes(passed=6)


def test_a_broken_scorer_fails_the_test_that_sees_it(support):
    """A scorer that mixes up its scores fails two tests, with their timelines."""
    app = APP.replace("1 if", "0 if").replace("else 0)", "else 1)")
    support.makepyfile(app=app)

    result = support.runpytest_inprocess()

    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*scoretest timeline*", "*user-feedback*"])
