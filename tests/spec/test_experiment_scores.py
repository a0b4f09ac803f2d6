"""Scores that count for a variant, and the table that compares the variants."""

from dataclasses import dataclass

import pytest

from scoretest import Score, UsageError, experiment
from scoretest.experiment import ExperimentRef

pytestmark = pytest.mark.rule("G6")


@dataclass
class Count:
    """A payload of one number."""

    n: int


BLUE = ExperimentRef(experiment_name="colour", variant="blue")
GREEN = ExperimentRef(experiment_name="colour", variant="green")


@pytest.fixture
def order(on):
    """Return a function that takes the variant that its event names."""

    @on("shop/order")
    async def order(ctx):
        chosen = await ctx.group.experiment(
            "colour",
            variants={
                name: lambda name=name: ctx.step.run(name, str)
                for name in ("blue", "green")
            },
            select=experiment.fixed(ctx.event.data["variant"]),
        )
        return chosen.experiment_ref.model_dump()

    return order


@pytest.fixture
def runs(order, start):
    """Return a function that makes a run for each of the variants that it is given."""
    assert order
    return lambda *variants: [start("shop/order", {"variant": v}) for v in variants]


@pytest.fixture
def score(client):
    """Return a function that scores a run for the variant that it took."""

    def write(run, name, value, **more):
        client.score_experiment_sync(
            experiment=run.output, name=name, value=value, run_id=run.id, **more
        )

    return write


def standing(harness):
    """Return the scores that stand: name, value and variant."""
    return [
        (s.name, s.value, s.experiment and s.experiment.variant) for s in harness.scores
    ]


class TestScoreExperiment:
    """client.score_experiment assigns its target to the variant, then scores it."""

    def test_from_application_code(self, harness, client, runs):
        """The reference may have gone through JSON on its way to the application."""
        (run,) = runs("blue")

        client.score_experiment_sync(
            experiment=run.output, name="clicks", value=3, run_id=run.id
        )

        (record,) = harness.scores
        assert (record, record.run, record.experiment) == (
            Score("clicks", 3),
            run,
            BLUE,
        )

    def test_awaited_by_the_application(self, harness, client, runs):
        """The async twin writes the same."""
        (run,) = runs("green")

        async def click():
            await client.score_experiment(
                experiment=GREEN, name="clicks", value=True, run_id=run.id
            )

        harness.call(click)

        assert standing(harness) == [("clicks", True, "green")]

    def test_another_assignment_takes_all_scores_with_it(self, harness, client, runs):
        """A target has one assignment; a later one overwrites it without a word."""
        (run,) = runs("blue")
        for ref, name in ((BLUE, "clicks"), (GREEN, "cost")):
            client.score_experiment_sync(
                experiment=ref, name=name, value=1, run_id=run.id
            )

        assert standing(harness) == [("clicks", 1, "green"), ("cost", 1, "green")]
        assert harness.findings == []

    def test_a_plain_score_on_an_assigned_run_counts_too(
        self, harness, client, runs, score
    ):
        """The assignment is the run's, so that every score on it counts."""
        assigned, other = runs("blue", "blue")
        client.score_sync(name="before", value=1, run_id=assigned.id)
        score(assigned, "clicks", 1)
        client.score_sync(name="after", value=1, run_id=assigned.id)
        client.score_sync(name="after", value=1, run_id=other.id)

        assert standing(harness) == [
            ("before", 1, "blue"),
            ("clicks", 1, "blue"),
            ("after", 1, "blue"),
            ("after", 1, None),
        ]

    def test_a_step_has_an_assignment_of_its_own(self, harness, client, runs, score):
        """Assigning a step says nothing about its run."""
        (run,) = runs("blue")
        score(run, "clicks", 1, step_id="blue")
        client.score_sync(name="cost", value=1, run_id=run.id)

        assert standing(harness) == [("clicks", 1, "blue"), ("cost", 1, None)]

    @pytest.mark.rule("G3")
    def test_inside_a_step_it_is_written_once(self, harness, client, on, start):
        """In a step it is durable, in the body it repeats with every entry."""

        @on("shop/order")
        async def order(ctx):
            def click(name):
                return client.score_experiment(
                    experiment=BLUE, name=name, value=1, run_id=ctx.run_id
                )

            await click("body")
            await ctx.step.run("click", click, "step")

        start("shop/order")

        names = [record.name for record in harness.scores.history]
        assert names == ["body", "step", "body"]

    @pytest.mark.rule("G4")
    @pytest.mark.parametrize(
        "wrong",
        [
            {"value": float("nan")},
            {"value": "1"},
            {"name": " "},
            {"name": "it's"},
            {"run_id": " "},
            {"run_id": None},
            {"run_id": "x"},
            {"step_id": ""},
        ],
        ids=repr,
    )
    def test_what_the_server_refuses(self, harness, client, runs, wrong):
        """Names, values and targets are checked as for a plain score, before any write."""
        (run,) = runs("blue")
        right = {"name": "clicks", "value": 1, "run_id": run.id}

        with pytest.raises(ValueError):  # noqa: PT011 -- what the real SDK raises
            client.score_experiment_sync(experiment=BLUE, **{**right, **wrong})

        client.score_sync(**right)
        assert standing(harness) == [("clicks", 1, None)]

    @pytest.mark.parametrize("ref", [None, "blue", {"variant": "blue"}, object()])
    def test_what_is_no_reference(self, harness, client, runs, ref):
        """Anything else than a reference is refused, before any write."""
        (run,) = runs("blue")

        with pytest.raises(UsageError, match="experiment must be an ExperimentRef"):
            client.score_experiment_sync(
                experiment=ref, name="clicks", value=1, run_id=run.id
            )

        assert harness.scores == []

    def test_in_a_handler_a_mistake_is_told(self, harness, client, on, start):
        """A value that the server refuses is a finding of the test, with its place."""

        @on("shop/order", retries=0)
        async def order(ctx):
            await client.score_experiment(
                experiment=BLUE, name="clicks", value="1", run_id=ctx.run_id
            )

        run = start("shop/order")

        assert run.error.name == "ValueError"
        (finding,) = harness.findings
        assert finding.code == "SCORE_INVALID"
        assert "(spec/test_experiment_scores.py:" in finding.where
        harness.allow("SCORE_INVALID", reason="the mistake is the point")


class TestScorers:
    """A scorer's score counts for the variant that its defer carries."""

    @pytest.mark.rule("A9")
    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_its_score_counts_for_the_variant(self, harness, on, start, scorer, kind):
        """The parent is assigned and scored in the step `score`."""
        results = [Score("helpful", value=True), Score("cost", 0.5)]
        if kind == "async":

            @scorer()
            async def judge(_ctx):
                return results

        else:

            @scorer()
            def judge(_ctx):
                return results

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={}, experiment=GREEN)

        parent = start("shop/order")

        assert standing(harness) == [("helpful", True, "green"), ("cost", 0.5, "green")]
        assert [record.run for record in harness.scores] == [parent, parent]

    def test_without_an_experiment_it_counts_for_none(self, harness, on, start, scorer):
        """A defer that carries no reference makes a plain score."""

        @scorer()
        async def judge(ctx):
            assert ctx.parents[0].experiment is None
            return Score("helpful", value=True)

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={})

        start("shop/order")

        assert standing(harness) == [("helpful", True, None)]

    def test_the_payload_is_free_of_it(self, harness, on, start, scorer):
        """The schema and the handler see the payload only."""
        seen = []

        @scorer(schema=Count)
        async def judge(ctx):
            seen.append((ctx.input, dict(ctx.event.data)))

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={"n": 1}, experiment=BLUE)

        start("shop/order")

        assert seen == [(Count(1), {"n": 1, "input": {"n": 1}})]
        assert harness.scores == []

    @pytest.mark.rule("A12")
    @pytest.mark.parametrize(
        "ref", ["blue", {"variant": "blue"}, {"experiment_name": "", "variant": "x"}]
    )
    def test_a_defer_with_no_reference(self, harness, on, start, scorer, ref):
        """A wrong reference skips the defer as any wrong argument does."""

        @scorer()
        async def judge(_ctx):
            return Score("helpful", value=True)

        @on("shop/order")
        async def order(ctx):
            ctx.defer("judge", function=judge, data={}, experiment=ref)

        run = start("shop/order")

        assert (run.status, run.deferred) == ("Completed", [])
        assert [finding.code for finding in harness.findings] == ["DEFER_SKIPPED"]
        harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


class TestByVariant:
    """scores.by_variant compares the variants of one experiment."""

    def test_each_variant_has_a_row(self, harness, runs, score):
        """How many runs were scored, the mean of their values, the part of all."""
        for run, value in zip(
            runs("blue", "green", "blue", "blue"), (1, 5, 2, 6), strict=True
        ):
            score(run, "clicks", value)

        assert harness.scores.by_variant("colour") == [
            ("blue", "clicks", 3, 3.0, 0.75),
            ("green", "clicks", 1, 5.0, 0.25),
        ]

    def test_a_bool_is_one_or_zero(self, harness, runs, score):
        """The mean of bools is the part of the true ones; the share counts runs."""
        for run, value in zip(
            runs(*["blue"] * 4), (True, False, True, True), strict=True
        ):
            score(run, "helpful", value)

        assert harness.scores.by_variant("colour")["blue"] == (
            "blue",
            "helpful",
            4,
            0.75,
            1.0,
        )

    def test_a_variant_without_scores_is_there(self, harness, runs, score):
        """Every variant of the call has its row, even one that no run took."""
        (run,) = runs("green")
        score(run, "clicks", 1)

        assert harness.scores.by_variant("colour") == [
            ("blue", "clicks", 0, None, 0.0),
            ("green", "clicks", 1, 1.0, 1.0),
        ]

    def test_an_experiment_without_scores(self, harness, runs):
        """Before the first score a row says nothing but its variant."""
        runs("green")

        assert harness.scores.by_variant("colour") == [
            ("blue", None, 0, None, 0.0),
            ("green", None, 0, None, 0.0),
        ]

    def test_several_scores(self, harness, runs, score):
        """Each score name is compared by itself, and one can be asked for."""
        blue, green = runs("blue", "green")
        for run, value in ((blue, 1), (green, 2)):
            score(run, "clicks", value)
        score(green, "cost", 0.5)

        scores = harness.scores
        assert [row[:3] for row in scores.by_variant("colour")] == [
            ("blue", "clicks", 1),
            ("green", "clicks", 1),
            ("blue", "cost", 0),
            ("green", "cost", 1),
        ]
        assert scores.by_variant("colour", score="cost")["green"].mean == 0.5

    def test_what_counts(self, harness, client, runs, score):
        """The value that stands of a run counts; other experiments and steps do not."""
        (run, other) = runs("blue", "blue")
        score(run, "clicks", 1)
        score(run, "clicks", 9)
        score(run, "clicks", 100, step_id="blue")
        ref = ExperimentRef(experiment_name="font", variant="blue")
        client.score_experiment_sync(
            experiment=ref, name="clicks", value=7, run_id=other.id
        )

        assert harness.scores.by_variant("colour")["blue"][2:4] == (1, 9.0)
        assert harness.scores.by_variant("font") == [("blue", "clicks", 1, 7.0, 1.0)]

    @pytest.mark.parametrize(
        ("values", "mean"),
        [
            ((0.1, 0.2, 0.3), 0.2),
            ((1e308, 1e308), 1e308),
            ((10**400, 10**400), float("inf")),
            ((-(10**400), 0), float("-inf")),
            ((-1, 1), 0.0),
        ],
        ids=["tenths", "large floats", "large", "negative", "zero"],
    )
    def test_the_mean_is_exact(self, harness, runs, score, values, mean):
        """It is rounded once, whatever the order and the size of the values."""
        for run, value in zip(runs(*["blue"] * len(values)), values, strict=True):
            score(run, "x", value)

        assert harness.scores.by_variant("colour")["blue"].mean == mean

    def test_it_reads_as_a_list(self, harness, runs, score):
        """Rows by place, by slice, by name and one after the other; equal to a list."""
        for run in runs("blue", "green"):
            score(run, "clicks", 1)
        table = harness.scores.by_variant("colour")

        rows = list(table)
        assert (len(table), table[0], table[-1:]) == (2, rows[0], rows[1:])
        assert (table["green"], table["green"].share) == (rows[1], 0.5)
        assert (table == rows, table == harness.scores.by_variant("colour")) == (
            True,
            True,
        )
        assert table != rows[:1]
        assert table != "blue"
        assert repr(table) == f"<variants of 'colour': {rows!r}>"

    def test_it_prints_as_a_table(self, harness, runs, score):
        """Names to the left, numbers to the right, a share in percent."""
        for run, value in zip(runs("blue", "green", "blue"), (1, 5, 2), strict=True):
            score(run, "clicks", value)
        (last,) = runs("green")
        score(last, "helpful", value=True)

        assert str(harness.scores.by_variant("colour")).split("\n") == [
            "variant  score    n  mean  share",
            "blue     clicks   2   1.5    67%",
            "green    clicks   1     5    33%",
            "blue     helpful  0     -     0%",
            "green    helpful  1     1   100%",
        ]

    @pytest.mark.parametrize("name", ["a" * 128, "漢" * 42, "##[group]" * 9])
    def test_it_is_never_wider_than_80_columns(self, harness, client, runs, name):
        """Long names are cut, and what a log would obey is escaped."""
        (run,) = runs("blue")
        ref = ExperimentRef(experiment_name="wide", variant=name)
        client.score_experiment_sync(
            experiment=ref, name=name, value=-1.234e-300, run_id=run.id
        )

        text = str(harness.scores.by_variant("wide"))

        widths = [sum(1 + (char == "漢") for char in line) for line in text.split("\n")]
        assert max(widths) <= 80
        assert "…" in text
        assert "##[" not in text

    def test_what_cannot_be_compared(self, harness, runs, score):
        """Unknown experiments, scores and variants are errors, and so is ambiguity."""
        (run,) = runs("blue")
        score(run, "clicks", 1)
        score(run, "cost", 1)

        with pytest.raises(UsageError, match="did you mean 'colour'"):
            harness.scores.by_variant("color")
        with pytest.raises(UsageError, match="did you mean 'clicks'"):
            harness.scores.by_variant("colour", score="click")
        with pytest.raises(UsageError, match="did you mean 'blue'"):
            _ = harness.scores.by_variant("colour")["blu"]
        with pytest.raises(UsageError, match="a row for each of the scores"):
            _ = harness.scores.by_variant("colour")["blue"]


class TestTheTimeline:
    """The timeline tells which way a run went and what a score counts for."""

    def test_the_whole_story(self, harness, client, on, deferred, start):
        """The choice, the assignment, and an assignment that overwrites another."""

        @deferred()
        async def judge(ctx):
            parent = ctx.parents[0]
            await client.score_experiment(
                experiment=parent.experiment,
                name="clicks",
                value=3,
                run_id=parent.run_id,
            )

        @on("shop/order")
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={"blue": lambda: ctx.step.run("paint", lambda: "BLUE")},
                select=experiment.bucket("user-1"),
            )
            ref = chosen.experiment_ref
            ctx.defer("judge", function=judge, data={}, experiment=ref)

        run = start("shop/order")
        harness.advance("1h")
        client.score_experiment_sync(
            experiment=GREEN, name="clicks", value=4, run_id=run.id, step_id="paint"
        )
        client.score_experiment_sync(
            experiment=GREEN, name="clicks", value=4, run_id=run.id
        )

        assert str(harness.timeline).split("\n")[3:] == [
            "+0s  event     shop/order {}",
            "     shop-order #1",
            "       started   by shop/order",
            "       variant   blue of colour (bucket)",
            '       step      paint → "BLUE"',
            "       defer     judge → shop-judge",
            "       completed",
            "     shop-judge #1",
            "       started   deferred by shop-order #1",
            "       credited  blue of colour, for shop-order #1",
            "       score     clicks = 3 on shop-order #1",
            "       completed",
            "",
            "+1h  credited  green of colour, for step paint of shop-order #1, by the",
            "               application",
            "",
            "     score     clicks = 4 on step paint of shop-order #1, by the application",
            "",
            "     credited  green of colour, not blue any more, for shop-order #1, by the",
            "               application",
            "",
            "     score     clicks = 4 on shop-order #1, by the application",
        ]

    def test_the_facts(self, harness, client, runs):
        """The JSON trace has the choice with all weights, and each assignment."""
        (run,) = runs("blue")
        client.score_experiment_sync(
            experiment=GREEN, name="clicks", value=4, run_id=run.id
        )

        facts = harness.timeline.to_json()["facts"]

        found = [fact for fact in facts if fact["fact"].startswith("Variant")]
        for fact in found:
            del fact["sequence"]
        assert found == [
            {
                "at_us": 0,
                "fact": "VariantTaken",
                "run_id": run.id,
                "choice": {
                    "experiment": "colour",
                    "variant": "blue",
                    "strategy": "fixed",
                    "variants": {"blue": None, "green": None},
                },
            },
            {
                "at_us": 0,
                "fact": "VariantAssigned",
                "run_id": run.id,
                "step_id": None,
                "experiment": "colour",
                "variant": "green",
                "writer": "",
                "before": "",
            },
        ]
