"""Scores that handlers and applications write themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest import Client, TriggerEvent

UNKNOWN_RUN = "01JGFJJZ00" + "0" * 16


def standing(harness):
    """Return the scores that stand: name, value and scored step."""
    return [(s.name, s.value, s.step_id) for s in harness.scores]


@pytest.fixture
def work(on, client):
    """A function that scores itself: in a step, on a step and on the run."""

    @on("shop/work", retries=0)
    async def work(ctx):
        async def judge():
            await client.score(name="in_step", value=0.5, run_id=ctx.run_id)
            return 1

        await ctx.step.run("judge", judge)
        await client.score(
            name="on_step", value=True, run_id=ctx.run_id, step_id="judge"
        )
        await client.score(name="on_run", value=3, run_id=ctx.run_id)
        return "ok"

    return work


@pytest.mark.rule("G1")
class TestPlaces:
    """A score can be written from anywhere, onto a run or one of its steps."""

    @pytest.mark.usefixtures("work")
    def test_in_a_step_on_a_step_and_on_the_run(self, harness, start):
        """A handler scores its run and its steps, from steps and from between them."""
        run = start("shop/work")

        assert (run.output, run.entries) == ("ok", 2)
        assert standing(harness) == [
            ("in_step", 0.5, None),
            ("on_step", True, "judge"),
            ("on_run", 3, None),
        ]
        assert {s.run_id for s in harness.scores} == {run.id}

    def test_from_a_plain_handler(self, harness, on, start, client):
        """`score_sync` does in an ordinary function what `score` does in a coroutine."""

        @on("shop/work")
        def work(ctx):
            ctx.step.run(
                "judge",
                lambda: client.score_sync(name="a", value=1, run_id=ctx.run_id),
            )
            client.score_sync(name="b", value=2, run_id=ctx.run_id, step_id="judge")

        start("shop/work")

        assert standing(harness) == [("a", 1, None), ("b", 2, "judge")]

    def test_after_the_run_has_ended(self, harness, on, start, client):
        """A function that hears of the end scores the run that ended."""

        @on("inngest/function.finished")
        async def judge(ctx):
            data = ctx.event.data
            await client.score(
                name="late", value=data["result"] * 2, run_id=data["run_id"]
            )

        @on("shop/work")
        async def work(_ctx):
            return 4

        run = start("shop/work")

        (record,) = harness.scores
        assert (record.name, record.value, record.run) == ("late", 8, run)
        assert (record.scorer, harness.run(judge).status) == (None, "Completed")

    def test_a_deferred_function_scores_its_parent(
        self, harness, on, start, client, deferred
    ):
        """A deferred function reaches its parent's run through `ctx.parents`."""

        @deferred()
        async def judge(ctx):
            async def write():
                points = ctx.event.data["points"]
                parent = ctx.parents[0].run_id
                await client.score(name="quality", value=points / 10, run_id=parent)
                return "scored"

            return await ctx.step.run("write", write)

        @on("shop/work")
        async def work(ctx):
            ctx.defer("judge", function=judge, data={"points": 9})

        run = start("shop/work")

        (record,) = harness.scores
        assert (record.value, record.run) == (0.9, run)
        assert (record.scorer, record.scorer.output) == (run.deferred[0], "scored")

    @pytest.mark.usefixtures("work")
    def test_from_the_application(self, harness, start, client):
        """Code outside every handler scores a run; such a score has no scorer."""
        run = start("shop/work")
        harness.advance("1d")

        client.score_sync(name="thumbs", value=True, run_id=run.id)

        record = harness.scores["thumbs"]
        assert (record.value, record.run, record.scorer) == (True, run, None)
        assert record.at == harness.now

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_step_score(self, harness, on, start, kind):
        """`step.score` scores its own run by default, or another's step."""
        if kind == "async":

            @on("shop/work")
            async def work(ctx):
                await ctx.step.score("one", name="a", value=1)
                await ctx.step.score(
                    "two",
                    name="b",
                    value=False,
                    run_id=UNKNOWN_RUN,
                    target_step_id="charge",
                )

        else:

            @on("shop/work")
            def work(ctx):
                ctx.step.score("one", name="a", value=1)
                ctx.step.score(
                    "two",
                    name="b",
                    value=False,
                    run_id=UNKNOWN_RUN,
                    target_step_id="charge",
                )

        run = start("shop/work")

        assert standing(harness) == [("a", 1, None), ("b", False, "charge")]
        assert [s.run_id for s in harness.scores] == [run.id, UNKNOWN_RUN]
        assert [(s.id, s.output) for s in run.steps] == [("one", None), ("two", None)]


@pytest.mark.rule("G2")
class TestRepeated:
    """A later score of one name on one target replaces the earlier one."""

    def test_other_names_are_kept(self, harness, on, start, client):
        """A later score with another name leaves the earlier ones in place."""

        @on("shop/work")
        async def work(ctx):
            async def judge():
                await client.score(name="a", value=1, run_id=ctx.run_id)
                await client.score(name="b", value=2, run_id=ctx.run_id)

            async def judge_again():
                await client.score(name="c", value=3, run_id=ctx.run_id)

            await ctx.step.run("judge", judge)
            await ctx.step.sleep("nap", "2s")
            await ctx.step.run("judge-again", judge_again)

        run = start("shop/work")
        harness.fast_forward()

        assert run.entries == 4
        assert standing(harness) == [("a", 1, None), ("b", 2, None), ("c", 3, None)]

    def test_the_last_write_wins(self, harness, start, client, work):
        """The last value stands, of whatever type; the history has them all."""
        del work
        run = start("shop/work")

        for value in (10, 5, True):
            client.score_sync(name="a", value=value, run_id=run.id)

        assert [(s.name, s.value) for s in harness.scores.named("a")] == [("a", True)]
        history = [s.value for s in harness.scores.history if s.name == "a"]
        assert history == [10, 5, True]

    def test_a_step_is_another_target(self, harness, client, work, start):
        """The same name on the run, on a step and on another run are three scores."""
        del work
        run = start("shop/work")

        client.score_sync(name="a", value=1, run_id=run.id)
        client.score_sync(name="a", value=2, run_id=run.id, step_id="judge")
        client.score_sync(name="a", value=3, run_id=UNKNOWN_RUN)

        assert [s.value for s in harness.scores.named("a")] == [1, 2, 3]


@pytest.mark.rule("G3")
class TestDurable:
    """Only a step writes once; any other call repeats with the body."""

    def test_an_unwrapped_call_repeats(self, harness, on, start, client):
        """A score between two steps is written by every entry that reaches it."""

        @on("shop/work")
        async def work(ctx):
            await client.score(name="a", value=1, run_id=ctx.run_id)
            await ctx.step.run("one", int)
            await ctx.step.run("two", int)

        start("shop/work")

        assert (len(harness.scores), len(harness.scores.history)) == (1, 3)

    def test_a_step_does_not(self, harness, on, start):
        """`step.score` writes once, however often the body is entered."""

        @on("shop/work")
        async def work(ctx):
            await ctx.step.score("judge", name="a", value=1)
            await ctx.step.run("one", int)
            await ctx.step.run("two", int)

        run = start("shop/work")

        assert (run.entries, len(harness.scores.history)) == (4, 1)

    def test_a_retried_step_keeps_the_last_attempt(self, harness, on, start, client):
        """Each attempt of a step writes its score; the last one stands."""

        @on("shop/work", retries=2)
        async def work(ctx):
            async def judge():
                await client.score(
                    name="a", value=ctx.attempt, run_id=ctx.run_id, step_id="judge"
                )
                if ctx.attempt < 1:
                    raise ValueError("flaky")
                return 1

            return await ctx.step.run("judge", judge)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.output, run.entries) == (1, 3)
        assert standing(harness) == [("a", 1, "judge")]
        assert [s.value for s in harness.scores.history] == [0, 1]


ACCEPTED = [
    ("a", -1),
    ("a", 1e300),
    ("a", 10**30),
    ("a", True),
    ("two words", 0),
    ("a.b/c-d", 0),
    ('say "so"', 0),
    ("n" * 128, 0),
    ("é" * 64, 0),
]
REFUSED = [
    ("a", float("nan")),
    ("a", float("inf")),
    ("a", float("-inf")),
    ("a", "1"),
    ("a", None),
    ("a", [1]),
    ("", 1),
    ("  ", 1),
    (None, 1),
    ("a\nb", 1),
    ("a\x7f", 1),
    ("it's", 1),
    ("n" * 129, 1),
    ("é" * 64 + "n", 1),
    ("\ud800", 1),
]


@pytest.mark.rule("G4")
class TestChecks:
    """What no score can be is refused before it is written."""

    @pytest.mark.parametrize(("name", "value"), ACCEPTED)
    def test_accepted(self, harness, client, name, value):
        """Finite numbers and bools are values, and nearly any text is a name."""
        harness.serve(client, functions=[])

        client.score_sync(name=name, value=value, run_id=UNKNOWN_RUN)

        assert standing(harness) == [(name, value, None)]

    @pytest.mark.parametrize(("name", "value"), REFUSED)
    def test_refused(self, harness, client, name, value):
        """The call raises a ValueError that is a UsageError, and nothing is written."""
        harness.serve(client, functions=[])

        with pytest.raises(ValueError, match="score") as refusal:
            client.score_sync(name=name, value=value, run_id=UNKNOWN_RUN)

        assert (refusal.value.fix != "", harness.scores) == (True, [])

    @pytest.mark.parametrize("run_id", ["", " ", None, 7])
    def test_a_blank_run(self, harness, client, run_id):
        """A run has to be named by text that is not blank."""
        harness.serve(client, functions=[])

        with pytest.raises(ValueError, match="run_id must be text that is not blank"):
            client.score_sync(name="a", value=1, run_id=run_id)

        assert harness.scores == []

    @pytest.mark.parametrize("step_id", ["", " ", 7])
    def test_a_blank_step(self, harness, client, step_id):
        """A step is named by text that is not blank, or not at all."""
        harness.serve(client, functions=[])

        with pytest.raises(ValueError, match="step_id must be text that is not blank"):
            client.score_sync(name="a", value=1, run_id=UNKNOWN_RUN, step_id=step_id)

        assert harness.scores == []

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_in_a_handler_it_is_a_finding(self, harness, on, start, client, kind):
        """A handler may catch the refusal; the test is told all the same."""
        if kind == "async":

            @on("shop/work")
            async def work(ctx):
                async def judge():
                    try:
                        await client.score(name="a", value=1, run_id=" ")
                    except ValueError:
                        return "refused"

                return await ctx.step.run("judge", judge)

        else:

            @on("shop/work")
            def work(ctx):
                def judge():
                    try:
                        client.score_sync(name="a", value=1, run_id=" ")
                    except ValueError:
                        return "refused"

                return ctx.step.run("judge", judge)

        run = start("shop/work")

        assert (run.output, run.entries, harness.scores) == ("refused", 2, [])
        (finding,) = harness.findings
        line = work.handler.__code__.co_firstlineno + 4
        assert finding.code == "SCORE_INVALID"
        assert finding.message == "run_id must be text that is not blank, not ' '"
        assert f"(spec/test_score_writing.py:{line})" in finding.where
        harness.allow("SCORE_INVALID", reason="the mistake is the point")

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_step_that_scores_nonsense_fails(self, harness, on, start, kind):
        """`step.score` is checked in its step: retried, then a StepError."""
        if kind == "async":

            @on("shop/work", retries=1)
            async def work(ctx):
                await ctx.step.score("judge", name="it's", value=1)

        else:

            @on("shop/work", retries=1)
            def work(ctx):
                ctx.step.score("judge", name="it's", value=1)

        run = start("shop/work")
        harness.fast_forward()

        assert (run.status, run.error.name) == ("Failed", "ValueError")
        assert run.step("judge").attempts == 2
        (finding,) = harness.findings
        line = work.handler.__code__.co_firstlineno + 2
        assert finding.code == "SCORE_INVALID"
        assert f"(spec/test_score_writing.py:{line})" in finding.where
        harness.allow("SCORE_INVALID", reason="the mistake is the point")


@pytest.mark.rule("G5")
class TestUnknownTargets:
    """The server stores scores for runs and steps that it does not know."""

    def test_an_unknown_run(self, harness, client):
        """A score on a run that never was is kept, and has no run."""
        harness.serve(client, functions=[])

        client.score_sync(name="a", value=1, run_id=UNKNOWN_RUN)

        (record,) = harness.scores
        assert (record.run_id, record.run) == (UNKNOWN_RUN, None)

    def test_an_unknown_step(self, harness, client, start, work):
        """A score on a step that the run never had is kept."""
        del work
        run = start("shop/work")

        client.score_sync(name="a", value=1, run_id=run.id, step_id="nope")

        assert harness.scores["a"].step_id == "nope"

    @pytest.mark.parametrize("run_id", ["nope", "handle-ticket", "0" * 25, "U" * 26])
    def test_what_is_no_run_at_all(self, harness, client, run_id):
        """Text that is no ULID is refused, as the server refuses it."""
        harness.serve(client, functions=[])

        with pytest.raises(ValueError, match="is not the id of a run"):
            client.score_sync(name="a", value=1, run_id=run_id)

        assert harness.scores == []


@given(
    values=st.lists(
        st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
        max_size=5,
    )
)
def test_a_score_is_never_lost_when_its_run_fails(harnesses, values):
    """Whatever a run has scored before it fails stays written, in order."""
    client = Client(app_id="shop")

    @client.create_function(
        fn_id="work", trigger=TriggerEvent(event="shop/work"), retries=1
    )
    async def work(ctx):
        for number, value in enumerate(values):
            await ctx.step.score(f"judge-{number}", name=f"s{number}", value=value)
        raise ValueError("boom")

    with harnesses() as world:
        world.serve(client, functions=[work])
        with world.expect_failure(work) as failure:
            world.send("shop/work")
            world.fast_forward()
        found = [(s.name, s.value, type(s.value)) for s in failure.run.scores]
        assert found == [(f"s{n}", v, type(v)) for n, v in enumerate(values)]
