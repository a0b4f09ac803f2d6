"""An application of the real package and its tests; read by mypy, never executed."""

from typing import assert_type

import inngest
from inngest.experimental import create_defer

from scoretest import Harness, Run

client = inngest.Inngest(app_id="support")


@create_defer(client, fn_id="scorer")
async def scorer(ctx: inngest.Context) -> None:
    """Score the parent."""
    await client.score(name="good", value=1, run_id=ctx.parents[0].run_id)


@client.create_function(fn_id="handle", trigger=inngest.TriggerEvent(event="ticket"))
def handle(ctx: inngest.ContextSync) -> str:
    """Answer a ticket."""
    ctx.defer("score", function=scorer, data={})
    return ctx.step.run("answer", lambda: "Try water.")


def test_functions_of_the_package(harness: Harness) -> None:
    """A harness takes the package's client and functions wherever it takes ours."""
    assert_type(harness.serve(client, functions=[handle, scorer]), Harness)
    harness.stub(handle, "answer", returns="Try light.")
    assert_type(harness.run(scorer), Run)
    with harness.expect_failure(handle) as failing:
        harness.send(inngest.Event(name="ticket", data={"ticketId": "tk_1"}))
    assert_type(failing.run, Run)
