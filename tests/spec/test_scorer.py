"""A scorer's result becomes a score of the run that deferred it."""

import pytest

from scoretest import Score

pytestmark = pytest.mark.rule("G1")


@pytest.fixture
def scored(harness, on, start, scorer):
    """Return a function that runs a parent with a scorer that returns a result."""

    def run(result, kind="async", **options):
        if kind == "async":

            @scorer(**options)
            async def judge(_ctx):
                return result

        else:

            @scorer(**options)
            def judge(_ctx):
                return result

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        parent = start("shop/order")
        harness.fast_forward()
        return parent

    return run


def standing(harness):
    """Return the scores that stand: name, value and target."""
    return [(s.name, s.value, s.run_id, s.step_id) for s in harness.scores]


@pytest.mark.parametrize("kind", ["async", "sync"])
class TestResults:
    """A scorer returns a score, a dict, a list of either, or None."""

    @pytest.mark.parametrize(
        ("result", "output"),
        [
            (Score("quality", 0.9), {"name": "quality", "value": 0.9}),
            ({"name": "quality", "value": 0.9}, {"name": "quality", "value": 0.9}),
            ([Score("quality", 0.9)], {"name": "quality", "value": 0.9}),
            (({"name": "quality", "value": 0.9},), {"name": "quality", "value": 0.9}),
        ],
        ids=["Score", "dict", "list", "tuple"],
    )
    def test_one_score(self, harness, scored, kind, result, output):
        """One score, in whatever form, lands on the parent's run and is the output."""
        parent = scored(result, kind)

        (child,) = parent.deferred
        assert standing(harness) == [("quality", 0.9, parent.id, None)]
        assert child.output == output

    @pytest.mark.parametrize(
        "result", [None, [], [None, []]], ids=["None", "empty", "nested"]
    )
    def test_no_score(self, harness, scored, kind, result):
        """None, and a list of nothing, writes no score and makes no step."""
        parent = scored(result, kind)

        (child,) = parent.deferred
        assert (standing(harness), child.steps, child.output) == ([], [], None)

    def test_several_scores(self, harness, scored, kind):
        """Each score of a list is a step of its own, in the order of the list."""
        parent = scored([Score("a", 1), {"name": "b", "value": True}, None], kind)

        (child,) = parent.deferred
        assert standing(harness) == [
            ("a", 1, parent.id, None),
            ("b", True, parent.id, None),
        ]
        assert [(s.id, s.op) for s in child.steps] == [
            ("score", "StepRun"),
            ("score:1", "StepRun"),
        ]
        assert child.output == [
            {"name": "a", "value": 1},
            {"name": "b", "value": True},
        ]

    @pytest.mark.parametrize("value", [True, False, 1, 0, 1.0, 0.5, -3])
    def test_the_value_keeps_its_type(self, harness, scored, kind, value):
        """A bool stays a bool, an integer an integer, a float a float."""
        scored(Score("quality", value), kind)

        (record,) = harness.scores
        assert (record.value, type(record.value)) == (value, type(value))


@pytest.mark.rule("G3")
class TestTheStep:
    """A scorer's score is written in a durable step."""

    def test_it_is_named_score(self, scored):
        """The step's id is `score`, and its entry is followed by one more."""
        parent = scored(Score("quality", 1))

        (child,) = parent.deferred
        assert [(s.id, s.status, s.output) for s in child.steps] == [
            ("score", "Completed", None)
        ]
        assert child.entries == 2

    def test_it_is_written_once(self, harness, on, start, scorer):
        """Several scores make several entries, and still each is written once."""

        @scorer()
        async def judge(ctx):
            await ctx.step.run("think", int)
            return [Score(name, 1) for name in "abc"]

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        parent = start("shop/order")

        assert parent.deferred[0].entries == 5
        assert [s.name for s in harness.scores.history] == ["a", "b", "c"]

    def test_an_own_step_of_that_name(self, harness, on, start, scorer):
        """A scorer with its own step `score` still writes its score."""

        @scorer()
        async def judge(ctx):
            return Score("quality", await ctx.step.run("score", int, 7))

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        parent = start("shop/order")

        assert harness.scores == [Score("quality", 7)]
        assert [s.id for s in parent.deferred[0].steps] == ["score", "score:1"]

    def test_who_wrote_it_and_when(self, harness, on, start, scorer):
        """The record knows its scorer, its run and the instant of writing."""

        @scorer()
        async def judge(ctx):
            await ctx.step.sleep("ponder", "2d")
            return Score("quality", 1)

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        parent = start("shop/order")
        harness.fast_forward()

        (record,) = harness.scores
        assert (record.run, record.scorer) == (parent, parent.deferred[0])
        assert record.at == harness.now
        assert (record.at - parent.started_at).days == 2
        assert (parent.scores, record.experiment) == ([Score("quality", 1)], None)


@pytest.mark.rule("A11")
class TestFailure:
    """A scorer that fails is its own affair."""

    def test_a_failing_scorer_writes_nothing(self, harness, on, start, scorer):
        """The parent stays completed and unscored when its scorer fails."""

        @scorer(retries=2)
        async def judge(_ctx):
            raise KeyError("helpful")

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})
            return "done"

        parent = start("shop/order")
        with harness.expect_failure(judge) as failure:
            harness.fast_forward()

        assert (parent.status, parent.output) == ("Completed", "done")
        assert (failure.run.attempts, failure.run.error.name) == (3, "KeyError")
        assert harness.scores == []

    def test_a_scorer_that_recovers_scores_once(self, harness, on, start, scorer):
        """The attempt that succeeds writes the score, and no other does."""

        @scorer()
        async def judge(ctx):
            if ctx.attempt < 2:
                raise ValueError("flaky")
            return Score("quality", ctx.attempt)

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        start("shop/order")
        harness.fast_forward()

        assert harness.scores.history == [Score("quality", 2)]

    def test_a_failed_parent_is_scored(self, on, start, scorer):
        """The scorer of a failed run scores it as any other."""

        @scorer()
        async def judge(_ctx):
            return Score("quality", 0)

        @on("shop/order", retries=0)
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})
            await ctx.step.run("charge", int)
            raise ValueError("boom")

        parent = start("shop/order")

        assert (parent.status, parent.scores) == ("Failed", [Score("quality", 0)])

    @pytest.mark.parametrize(
        "result",
        ["0.5", 1, {"name": "quality"}, {"name": "a", "value": 1, "x": 2}, [1]],
        ids=["text", "number", "no value", "extra key", "list of numbers"],
    )
    def test_a_result_that_is_no_score(self, harness, scored, result):
        """Anything else fails the scorer, and the finding says what to return."""
        parent = scored(result, retries=0)

        (child,) = parent.deferred
        assert (child.status, child.error.name) == ("Failed", "UsageError")
        assert harness.scores == []
        (finding,) = harness.findings
        assert finding.code == "USAGE_ERROR"
        assert finding.message.startswith("scorer 'shop-judge' returned ")
        assert finding.message.endswith(", which is no score")
        assert finding.fix.startswith('return Score("user-feedback", 1)')
        harness.allow("USAGE_ERROR", reason="the mistake is the point")

    @pytest.mark.rule("G4")
    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_score_that_the_server_refuses(self, harness, scored, kind):
        """A value that no score can have fails the step `score`, and is told once."""
        parent = scored(Score("quality", float("nan")), kind, retries=1)

        (child,) = parent.deferred
        assert (child.status, child.error.name) == ("Failed", "ValueError")
        assert [(s.id, s.status, s.attempts) for s in child.steps] == [
            ("score", "Failed", 2)
        ]
        (finding,) = harness.findings
        assert (finding.code, finding.message) == (
            "SCORE_INVALID",
            "the value of score 'quality' must be a finite number or a bool, not nan",
        )
        assert "(spec/test_scorer.py:" in finding.where
        harness.allow("SCORE_INVALID", reason="the mistake is the point")


def test_a_nested_scorer_scores_the_run_that_deferred_it(
    harness, on, start, deferred, scorer
):
    """A scorer that a deferred function deferred scores that function's run."""

    @scorer()
    async def judge(_ctx):
        return Score("quality", 1)

    @deferred()
    async def audit(ctx):
        ctx.defer("judge", function=judge, data={})

    @on("shop/order")
    async def order(ctx):
        ctx.defer("audit", function=audit, data={})

    parent = start("shop/order")

    (child,) = parent.deferred
    assert standing(harness) == [("quality", 1, child.id, None)]


def test_every_parent_gets_its_own_score(harness, on, scorer):
    """Three tickets with one scorer have three scores, each on its own run."""

    @scorer()
    async def judge(ctx):
        return Score("quality", ctx.input["n"])

    @on("shop/order")
    async def order(ctx):
        ctx.defer("judge", function=judge, data={"n": ctx.event.data["n"]})

    runs = [harness.send("shop/order", {"n": n}).runs[0] for n in range(3)]

    assert standing(harness) == [("quality", n, runs[n].id, None) for n in range(3)]
