"""Functions of the real SDK are explored as ours are, with nothing said about them."""

from datetime import timedelta
from itertools import count

import pytest

pytest.importorskip("inngest.experimental.deferred")

import inngest
from inngest.experimental.deferred import create_defer
from pydantic import BaseModel

import scoretest
from scoretest import Harness, UsageError
from scoretest.exploration.targets import find_target

from . import app_of_the_real_sdk
from .app_of_the_real_sdk import answer, client, digest, feedback

MODULE = app_of_the_real_sdk.__name__
DAY = timedelta(days=1)
SAME = "async.data.ticket == event.data.ticket"


def told(exploration):
    """Return what was found: codes and functions."""
    return [(found.code, found.function) for found in exploration.findings]


def explored(name):
    """Explore a target, as the command line does."""
    target = find_target(name)
    return scoretest.explore(
        *target.functions, start=target.starts, beside=target.beside
    )


def shop():
    """Return a client."""
    return inngest.Inngest(app_id="shop", is_production=False)


@pytest.fixture(autouse=True)
def _module(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, MODULE, app_of_the_real_sdk)


def test_a_module_is_looked_at_whole():
    """Its START begins; what that does not reach begins in its own way."""
    found = explored(MODULE)

    assert told(found) == [
        ("SCORE_NEVER_WRITTEN", "support-feedback"),
        ("RUN_FAILED", "support-digest"),
    ]
    assert found.is_exhaustive
    assert [len(table.rows) for table in found.tables()] == [3, 2]


def test_a_function_of_a_module_is_served_with_the_others():
    """So that its defers are not lost."""
    target = find_target(f"{MODULE}:answer")

    assert target.functions == (answer,)
    assert target.beside == (feedback, digest)
    assert told(explored(f"{MODULE}:answer")) == [
        ("SCORE_NEVER_WRITTEN", "support-feedback")
    ]


def test_a_list_of_a_module_says_itself_what_is_served():
    """As the list that an app is served with."""
    target = find_target(f"{MODULE}:APP")

    assert (target.functions, target.beside) == ((answer, feedback), ())


def test_what_a_cron_starts_is_played_again_and_tested():
    """The code and the pasted test wait for the cron."""
    found = explored(MODULE)
    failed = found.findings[1]

    assert "cron      0 8 * * *" in str(found.replay(failed.replay))
    text = found.regression_test(failed, "import scoretest")
    assert 'harness.advance("8h")' in text
    names = {}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes
    test = next(names[name] for name in names if name.startswith("test_"))
    with Harness(strict=False) as harness:
        harness.serve(client, [answer, feedback, digest])
        with pytest.raises(AssertionError):
            test(harness)


def test_what_a_cron_starts_is_explored_again():
    """Where no one run shows what is wrong, the pasted test lets the clock begin."""
    numbers = count()
    trigger = inngest.TriggerCron(cron="0 8 * * *")

    @shop().create_function(fn_id="report", trigger=trigger, retries=0)
    async def report(ctx):
        await ctx.step.run(f"part {next(numbers)}", lambda: None)
        await ctx.step.sleep("pause", DAY)

    found = scoretest.explore(report)
    (finding,) = [f for f in found.findings if f.code == "NONDETERMINISTIC"]
    names = {"report": report}
    exec(found.regression_test(finding, "import scoretest"), names)  # noqa: S102 -- the text is what a user pastes

    with pytest.raises(AssertionError):
        names["test_shop_report_nondeterministic"]()


def test_the_pasted_test_of_a_lone_scorer_makes_its_parent():
    """With the client of the scorer, which its handler uses."""
    found = scoretest.explore(feedback)
    (silent,) = found.findings
    text = found.regression_test(silent, "import inngest")
    names = {"client": client, "feedback": feedback}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes

    with Harness(strict=False) as harness, pytest.raises(AssertionError):
        names["test_support_feedback_score_never_written"](harness)


def test_a_signal_is_given_what_its_handler_asks_for():
    """Both answers of a reader, late ones and those of a model, too."""
    shop_ = shop()

    class Rating(BaseModel):
        stars: int

    @create_defer(shop_, fn_id="rating")
    async def rating(ctx):
        first = await ctx.step.wait_for_event(
            "a", event="shop/a", timeout=DAY, if_exp=SAME
        )
        second = await ctx.step.wait_for_event(
            "b", event="shop/b", timeout=DAY, if_exp=SAME
        )
        value = 0.0
        if first is not None and second is not None:
            value = Rating.model_validate(first.data).stars + second.data["bonus"]["n"]
        await shop_.score(name="r", value=value, run_id=ctx.parents[0].run_id)

    found = scoretest.explore(rating)

    assert told(found) == []
    scores = {s.value for leaf in found.leaves for s in leaf.engine.scores}
    assert scores > {0.0, 2}


def test_start_data_satisfy_a_trigger_and_what_is_read_late():
    """A condition, a list, a date, an optional key, and what only a branch reads."""
    shop_ = shop()
    trigger = inngest.TriggerEvent(
        event="shop/order", expression="event.data.paid == true"
    )

    @shop_.create_function(fn_id="order", trigger=trigger)
    def order(ctx):
        items = [item["sku"].upper() for item in ctx.event.data["items"]]
        note = ctx.event.data.get("note", "none")
        paid = ctx.step.wait_for_event(
            "paid",
            event="shop/paid",
            timeout=DAY,
            if_exp="async.data.order == event.data.order.id",
        )
        return [items, note, paid is None or ctx.event.data["email"].lower()]

    found = scoretest.explore(order)

    assert told(found) == []
    assert found.scenario.starts[0].data == {
        "paid": True,
        "items": [{"sku": "one"}],
        "note": "one",
        "order": {"id": "one"},
        "email": "one",
    }


def test_a_client_that_nobody_knows_is_asked_for():
    """Where one of several could be meant, and they differ."""
    keep = [inngest.Inngest(app_id="twice", is_production=False) for _ in range(2)]
    keep[0].add_middleware(inngest.Middleware)

    @keep[1].create_function(
        fn_id="x", trigger=inngest.TriggerEvent(event="twice/x"), retries=0
    )
    async def lonely(_):
        return 1

    with pytest.raises(UsageError, match="the client of 'twice-x' is not known"):
        scoretest.explore(lonely)
    assert told(scoretest.explore(lonely, client=keep[1])) == []
