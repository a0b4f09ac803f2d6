"""What a failed assertion says of scores, runs and sent events: which differs, and why."""

from inspect import cleandoc

import pytest

pytest_plugins = ["pytester"]

SUPPORT = """
from scoretest import Context, Score, create_scorer

@create_scorer(client, fn_id="scorer")
async def scorer(ctx: Context) -> list[Score]:
    feedback = await ctx.step.wait_for_event(
        "feedback", event="feedback", timeout="7d", match="data.id"
    )
    return [Score("helpful", 0.5 if feedback is None else feedback.data["stars"] / 5)]

@client.create_function(fn_id="ticket", trigger=TriggerEvent(event="ticket"))
async def ticket(ctx: Context) -> None:
    ctx.defer("score", function=scorer, data={"id": ctx.event.data["id"]})

@pytest.fixture
def world(harness):
    harness.serve(client, [ticket, scorer, fail])
    return harness

def after_feedback(world, stars, id="A"):
    world.send("ticket", {"id": "A"})
    world.advance("1h")
    return world.send("feedback", {"id": id, "stars": stars})
"""
CASES = {
    "a score with another value": (
        """
        after_feedback(world, 1)
        assert world.scores == [Score("helpful", 1.0)]
        """,
        """
        1 score differs; on the left: helpful = 0.2 on shop-ticket #1
          at 0 there is helpful = 0.2 on shop-ticket #1, not helpful = 1.0, because
            +0s  started   deferred by shop-ticket #1
            +1h  matched   feedback by feedback {"id": "A", "stars": 1}
            +1h  score     helpful = 0.2 on shop-ticket #1
        """,
    ),
    "a score that nobody expected": (
        """
        world.send("ticket", {"id": "A"})
        world.advance("8d")
        assert [] == world.scores
        """,
        """
        1 score differs; on the right: helpful = 0.5 on shop-ticket #1
          at 0 there is helpful = 0.5 on shop-ticket #1 too, because
            +0s  started   deferred by shop-ticket #1
            +7d  timed out feedback: no such event came
            +7d  score     helpful = 0.5 on shop-ticket #1
        """,
    ),
    "a score that was not written": (
        """
        assert world.scores == [Score("helpful", 1.0)]
        """,
        """
        1 score differs; on the left: none
          at 0 there is no helpful = 1.0
        """,
    ),
    "one score of a run": (
        """
        after_feedback(world, 1)
        assert world.run(ticket).scores[0] == Score("helpful", 1.0)
        """,
        """
        helpful = 0.2 on shop-ticket #1 is not helpful = 1.0, because
            +0s  started   deferred by shop-ticket #1
            +1h  matched   feedback by feedback {"id": "A", "stars": 1}
            +1h  score     helpful = 0.2 on shop-ticket #1
        """,
    ),
    "a score that is not among them": (
        """
        after_feedback(world, 1)
        assert Score("helpful", 1.0) in world.scores
        """,
        """
        no such score: helpful = 1.0
          helpful = 0.2 on shop-ticket #1, because
            +0s  started   deferred by shop-ticket #1
            +1h  matched   feedback by feedback {"id": "A", "stars": 1}
            +1h  score     helpful = 0.2 on shop-ticket #1
        """,
    ),
    "a name that no score has": (
        """
        after_feedback(world, 1)
        assert Score("helpfull", 0.2) in world.scores
        """,
        """
        no such score: helpfull = 0.2
          there are: helpful = 0.2 on shop-ticket #1
        """,
    ),
    "a score that the application wrote": (
        """
        run = world.send("ticket", {"id": "A"}).runs[0]
        client.score_sync(name="price", value=3, run_id=run.id, step_id="llm")
        assert world.scores == []
        """,
        """
        1 score differs; on the left: price = 3 on step 'llm' of shop-ticket #1
          at 0 there is price = 3 on step 'llm' of shop-ticket #1 too, because
            +0s  score     price = 3 on step llm of shop-ticket #1, by the application
        """,
    ),
    "the status of a run": (
        """
        run = world.send("fail", {"id": 7}).runs[0]
        assert run.status == "Completed"
        """,
        """
        shop-fail #1 (Failed) is not 'Completed', because
            +0s  started   by fail
            +0s  failed    LookupError: 7 at {folder}/app.py:14
        """,
    ),
    "a run that still waits": (
        """
        world.send("ticket", {"id": "A"})
        assert "Completed" == world.run(scorer).status
        """,
        """
        shop-scorer #1 (Running) is not 'Completed', because
            +0s  started   deferred by shop-ticket #1
            waits for event 'feedback' if event.data.id == async.data.id until \
2025-01-08T00:00:00.000Z
        """,
    ),
    "a run that was cancelled": (
        """
        world.send("ticket", {"id": "A"})
        world.cancel(world.run(scorer))
        assert world.run(scorer).status == "Completed"
        """,
        """
        shop-scorer #1 (Cancelled) is not 'Completed', because
            +0s  started   deferred by shop-ticket #1
            +0s  cancelled by the test
        """,
    ),
    "two runs": (
        """
        one = world.send("ticket", {"id": "A"}).runs[0]
        two = world.send("ticket", {"id": "B"}).runs[0]
        assert one == two
        """,
        """
        shop-ticket #1 (Completed) is not shop-ticket #2 (Completed), because
            +0s  started   by ticket
            +0s  completed
        """,
    ),
    "a run that an event did not resume": (
        """
        sent = after_feedback(world, 5, id="B")
        assert sent.resumed == [world.run(scorer)]
        """,
        """
        1 run differs; on the left: none
          at 0 there is no shop-scorer #1 (Running)
            step 'feedback' waits for event 'feedback' if event.data.id == \
async.data.id until 2025-01-08T00:00:00.000Z
            why not: async.data.id is "B" (string); wanted "A" (string)
        """,
    ),
    "a run that an event resumed": (
        """
        sent = after_feedback(world, 5)
        assert sent.resumed == []
        """,
        """
        1 run differs; on the left: shop-scorer #1 (Completed)
          at 0 there is shop-scorer #1 (Completed) too, because
            +0s  started   deferred by shop-ticket #1
            +1h  matched   feedback by feedback {"id": "A", "stars": 5}
            +1h  score     helpful = 1.0 on shop-ticket #1
            +1h  completed {"name": "helpful", "value": 1.0}
        """,
    ),
    "something that is no score": (
        """
        run = world.send("ticket", {"id": "A"}).runs[0]
        assert run == 5
        """,
        """
        shop-ticket #1 (Completed) is not 5, because
            +0s  started   by ticket
            +0s  completed
        """,
    ),
    "events with other data": (
        """
        from scoretest import Event
        world.send([Event(name="a", id="1", ts=1_735_689_600_000), Event(name="b", id="2", ts=1_735_689_600_000)])
        sent = world.events
        assert [e for e in sent if e.name == "a"] == [Event(name="a", data={"x": 1}, ts=1_735_689_600_000)]
        """,
        """
        1 event differs; on the left: event 'a'
          at 0 there is event 'a'
            data: {}, not {'x': 1}
            id: '1', not ''
        """,
    ),
    "an event too many": (
        """
        world.send("a", ts=1_735_689_600_000)
        assert world.events == []
        """,
        """
        1 event differs; on the left: event 'a'
          at 0 there is event 'a'
            and there should be none
        """,
    ),
    "a run that an event did not start": (
        """
        old = world.send("ticket", {"id": "A"}).runs
        assert world.send("tickets").runs == old
        """,
        """
        1 run differs; on the left: none
          at 0 there is no shop-ticket #1 (Completed)
            +0s  started   by ticket
            +0s  completed
        """,
    ),
}


@pytest.mark.parametrize(("body", "text"), CASES.values(), ids=CASES)
def test_what_is_said(pytester, inner, body, text):
    """The difference comes first, then the facts that led to it."""
    lines = "\n".join(f"    {line}" for line in cleandoc(body).splitlines())

    result = inner(f"{SUPPORT}\ndef test_it(world):\n{lines}\n", "-vv")

    said = [line[8:] for line in result.stdout.lines if line.startswith("E ")]
    shown = "\n".join(said).removeprefix("AssertionError: ")
    assert shown == "assert " + cleandoc(text).replace("{folder}", pytester.path.name)


def test_the_status_of_a_run_in_an_earlier_world(inner):
    """With several worlds, the run is found in the one where it was read."""
    result = inner(
        SUPPORT
        + """
def test_it(world, harnesses):
    run = world.send("fail", {"id": 7}).runs[0]
    harnesses()
    assert run.status == 5
"""
    )

    assert "shop-fail #1 (Failed) is not '5', because" in result.stdout.str()


def test_the_status_of_a_run_in_a_world_of_its_own(inner):
    """A world that no fixture made is not known here; pytest says what it can."""
    result = inner(
        SUPPORT
        + """
from scoretest import Harness

def test_it():
    with Harness() as world:
        world.serve(client, [fail])
        assert world.send("fail", {"id": 7}).runs[0].status == "Completed"
"""
    )

    text = result.stdout.str()
    assert "because" not in text
    assert "RunStatus.FAILED" in text


def test_at_most_three_differences(inner):
    """A list that is wrong altogether is told by its beginning."""
    result = inner(
        SUPPORT
        + """
def test_it(world):
    for id in "ABCDE":
        world.send("ticket", {"id": id})
    world.advance("8d")
    assert world.scores == []
""",
        "-vv",
    )

    text = result.stdout.str()
    assert "assert 5 scores differ; on the left: helpful = 0.5 on" in text
    assert "shop-ticket #3, 2 more" in text
    assert "at 2 there is" in text
    assert "at 3 there is" not in text


@pytest.mark.parametrize(
    "comparison",
    [
        "world.scores != []",
        "world.scores == None",
        "[Score('a', 1)] == [Score('a', 2)]",
        "world.scores == ()",
        "1 in world.scores",
        "world.scores == 5",
        "world.runs == []",
        "[1, 2] == [1, 3]",
    ],
)
def test_what_is_left_to_pytest(inner, comparison):
    """Where there is nothing to explain, pytest says what it always says."""
    result = inner(
        f"""{SUPPORT}
def test_it(world):
    assert ({comparison}) is None or {comparison}
    raise AssertionError("as always")
"""
    )

    text = result.stdout.str()
    assert "INTERNALERROR" not in text
    assert "on the left" not in text


def test_a_comparison_is_not_a_look(inner):
    """A failed run that only pytest's report has looked at is still a finding."""
    result = inner(
        SUPPORT
        + """
def test_it(world):
    run = world.send("fail", {"id": 7}).runs[0]
    try:
        assert [run] == []
    except AssertionError:
        pass
"""
    )

    result.stdout.fnmatch_lines(["RUN_FAILED: a run of 'shop-fail' failed with *"])
