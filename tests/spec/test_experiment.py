"""group.experiment takes one of several ways, and stays on it for the whole run."""

import asyncio

import pytest

from scoretest import StepError, experiment

NO_STEP = "Experiment variants must invoke step tools to avoid replaying side effects"
NESTED = (
    "experiment 'inner' stands in a variant of experiment 'outer', and experiments "
    "cannot be nested"
)


def steps(run):
    """Return the steps of a run: id, status and output."""
    return [(step.id, step.status, step.output) for step in run.steps]


@pytest.fixture(params=["async", "sync"])
def colours(request, on, start):
    """Return a function that runs an experiment on colours, in both kinds of handler."""

    def run(select, **options):
        @on("shop/order", **{"retries": 0, **options})
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={
                    "blue": lambda: ctx.step.run("blue", str.upper, "blue"),
                    "green": lambda: ctx.step.run("green", str.upper, "green"),
                },
                select=select,
            )
            return [chosen.variant, chosen.result, chosen.experiment_ref.model_dump()]

        @on("shop/plain", **{"retries": 0, **options})
        def plain(ctx):
            chosen = ctx.group.experiment(
                "colour",
                variants={
                    "blue": lambda: ctx.step.run("blue", str.upper, "blue"),
                    "green": lambda: ctx.step.run("green", str.upper, "green"),
                },
                select=select,
            )
            return [chosen.variant, chosen.result, chosen.experiment_ref.model_dump()]

        return start("shop/order" if request.param == "async" else "shop/plain")

    return run


@pytest.mark.rule("G6")
class TestTheChoice:
    """The choice is a step of its own, named by the experiment."""

    @pytest.mark.parametrize(
        ("select", "strategy"),
        [
            (experiment.fixed("green"), "fixed"),
            (experiment.bucket("u", weights={"blue": 0, "green": 1}), "bucket"),
            (experiment.weighted({"blue": 0, "green": 1}), "weighted"),
            (experiment.custom(lambda: "green"), "custom"),
        ],
        ids=["fixed", "bucket", "weighted", "custom"],
    )
    def test_it_is_remembered_with_its_strategy(self, colours, select, strategy):
        """The memo holds the variant and the strategy; the other variant never runs."""
        run = colours(select)

        ref = {"experiment_name": "colour", "variant": "green"}
        assert run.output == ["green", "GREEN", ref]
        assert steps(run) == [
            ("colour", "Completed", {"variant": "green", "strategy": strategy}),
            ("green", "Completed", "GREEN"),
        ]
        assert run.entries == 3

    def test_it_is_made_once(self, colours):
        """A chooser is asked once, however often the handler is entered."""
        answers = iter(["blue", "green"])

        run = colours(experiment.custom(lambda: next(answers)))

        assert (run.output[0], next(answers)) == ("blue", "green")

    def test_each_run_has_its_own_chance(self, harness, on):
        """`weighted` spreads runs over the variants, the same ones for the same seed."""

        @on("shop/order")
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={
                    name: lambda name=name: ctx.step.run(name, str) for name in "ab"
                },
                select=experiment.weighted({"a": 1, "b": 1}),
            )
            return chosen.variant

        found = [harness.send("shop/order").runs[0] for _ in range(24)]

        assert "".join(run.output for run in found) == "".join(
            experiment.bucket(run.id).choose(["a", "b"], "") for run in found
        )
        assert {run.output for run in found} == {"a", "b"}

    def test_an_async_chooser(self, on, start):
        """In a coroutine handler the chooser may wait, as for a service of flags."""

        async def ask():
            await asyncio.sleep(5)
            return "blue"

        @on("shop/order")
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={"blue": lambda: ctx.step.run("blue", int)},
                select=experiment.custom(ask),
            )
            return chosen.variant

        assert start("shop/order").waiting_for is None

    def test_a_chooser_that_fails_is_tried_again(self, harness, on, start):
        """The choice is a step like any other, with its own attempts."""
        answers = iter([ValueError("down"), "blue"])

        def ask():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        @on("shop/order", retries=1)
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={"blue": lambda: ctx.step.run("blue", int)},
                select=experiment.custom(ask),
            )
            return chosen.variant

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.step("colour").attempts) == ("blue", 2)

    def test_a_stub_chooses_for_the_test(self, harness, on):
        """A stub of the choice sends a run down one way, whatever the strategy says."""

        @on("shop/order")
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={name: lambda: ctx.step.run("x", int) for name in "ab"},
                select=experiment.fixed("a"),
            )
            return chosen.variant

        harness.stub(order, "colour", returns={"variant": "b", "strategy": "fixed"})

        assert harness.send("shop/order").runs[0].output == "b"

    def test_two_calls_of_one_name_choose_twice(self, on, start):
        """As for any step, the second use of an id counts on (rule E5)."""

        @on("shop/order")
        async def order(ctx):
            found = []
            for user in ("user-0", "user-1", "user-7"):
                chosen = await ctx.group.experiment(
                    "tone",
                    variants={n: lambda: ctx.step.run("say", str) for n in "abc"},
                    select=experiment.bucket(user),
                )
                found.append(chosen.variant)
            return found

        run = start("shop/order")

        assert run.output == ["b", "c", "a"]
        assert [step.id for step in run.steps] == [
            "tone",
            "say",
            "tone:1",
            "say:1",
            "tone:2",
            "say:2",
        ]


@pytest.mark.rule("G6")
class TestVariants:
    """A variant's callback is ordinary code of the handler, with steps in it."""

    def test_a_variant_may_have_many_steps(self, harness, on, start):
        """Steps, sleeps and waits of the variant happen as they would outside of it."""

        @on("shop/order")
        async def order(ctx):
            async def slow():
                one = await ctx.step.run("one", lambda: 1)
                await ctx.step.sleep("pause", "1d")
                return one + 1

            chosen = await ctx.group.experiment(
                "pace", variants={"slow": slow}, select=experiment.fixed("slow")
            )
            await ctx.step.run("after", lambda: None)
            return chosen.result

        run = start("shop/order")
        harness.fast_forward()

        assert (run.output, run.duration) == (2, "1d")

    def test_steps_in_tasks_of_the_variant_count(self, on, start):
        """A variant that only starts tasks with steps has its steps."""

        @on("shop/order")
        async def order(ctx):
            async def both():
                return await asyncio.gather(
                    ctx.step.run("one", lambda: 1), ctx.step.run("two", lambda: 2)
                )

            chosen = await ctx.group.experiment(
                "pair", variants={"both": both}, select=experiment.fixed("both")
            )
            return chosen.result

        assert start("shop/order").output == [1, 2]

    def test_experiments_side_by_side(self, on, start):
        """Two experiments in a parallel group choose and run each on its own."""

        @on("shop/order")
        async def order(ctx):
            def trial(name):
                return lambda: ctx.group.experiment(
                    name,
                    variants={"v": lambda: ctx.step.run(f"{name}-step", lambda: name)},
                    select=experiment.fixed("v"),
                )

            found = await ctx.group.parallel((trial("one"), trial("two")))
            return [chosen.result for chosen in found]

        assert start("shop/order").output == ["one", "two"]

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_failing_variant_is_the_handlers_affair(self, on, start, kind):
        """What a step of the variant raises can be caught around the experiment."""

        def fail():
            raise KeyError("boom")

        @on("shop/order", retries=0)
        async def order(ctx):
            try:
                await ctx.group.experiment(
                    "colour",
                    variants={"blue": lambda: ctx.step.run("blue", fail)},
                    select=experiment.fixed("blue"),
                )
            except StepError as error:
                return error.name

        @on("shop/plain", retries=0)
        def plain(ctx):
            try:
                ctx.group.experiment(
                    "colour",
                    variants={"blue": lambda: ctx.step.run("blue", fail)},
                    select=experiment.fixed("blue"),
                )
            except StepError as error:
                return error.name

        run = start("shop/order" if kind == "async" else "shop/plain")

        assert run.output == "KeyError"


@pytest.mark.rule("G6")
class TestRefusals:
    """What can never work fails the run at once, without another attempt."""

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_a_variant_without_a_step(self, on, start, kind):
        """The run fails in the server's words, in the entry after the choice."""

        @on("shop/order")
        async def order(ctx):
            async def bare():
                return 1

            await ctx.group.experiment(
                "colour", variants={"a": bare}, select=experiment.fixed("a")
            )

        @on("shop/plain")
        def plain(ctx):
            ctx.group.experiment(
                "colour", variants={"a": lambda: 1}, select=experiment.fixed("a")
            )

        run = start("shop/order" if kind == "async" else "shop/plain")

        assert (run.error.name, run.error.message, run.entries) == (
            "NonRetriableError",
            NO_STEP,
            2,
        )

    @pytest.mark.parametrize(
        "select",
        [experiment.fixed, lambda name: experiment.custom(lambda: name)],
        ids=["fixed", "custom"],
    )
    def test_a_choice_that_is_no_variant(self, colours, select):
        """The message names the nearest variant; nothing is remembered."""
        run = colours(select("gren"), retries=4)

        assert (run.error.name, run.error.message) == (
            "NonRetriableError",
            "experiment 'colour' has no variant 'gren'; did you mean 'green'?",
        )
        assert (run.steps, run.entries) == ([], 1)

    def test_a_variant_that_is_gone(self, harness, on, start):
        """A deploy that removes the variant of a run under way fails that run."""
        names = ["old", "new"]

        @on("shop/order")
        async def order(ctx):
            await ctx.group.experiment(
                "engine",
                variants={n: lambda: ctx.step.sleep("s", "1d") for n in names},
                select=experiment.fixed(names[0]),
            )

        run = start("shop/order")
        names.remove("old")
        harness.fast_forward()

        assert run.error.message == (
            "experiment 'engine' no longer has the variant 'old' that this run took"
        )

    @pytest.mark.parametrize("kind", ["async", "sync"])
    def test_an_experiment_in_a_variant(self, on, start, kind):
        """Experiments cannot be nested."""

        def inner(ctx):
            return ctx.group.experiment(
                "inner",
                variants={"x": lambda: ctx.step.run("x", int)},
                select=experiment.fixed("x"),
            )

        @on("shop/order")
        async def order(ctx):
            await ctx.group.experiment(
                "outer",
                variants={"y": lambda: inner(ctx)},
                select=experiment.fixed("y"),
            )

        @on("shop/plain")
        def plain(ctx):
            ctx.group.experiment(
                "outer",
                variants={"y": lambda: inner(ctx)},
                select=experiment.fixed("y"),
            )

        run = start("shop/order" if kind == "async" else "shop/plain")

        assert (run.error.name, run.error.message) == (
            "NonRetriableError",
            NESTED,
        )

    def test_an_experiment_in_a_step(self, harness, on, start):
        """The choice is a step, and so it is a step in a step (rule E5)."""

        @on("shop/order")
        async def order(ctx):
            await ctx.step.run(
                "outer",
                lambda: ctx.group.experiment(
                    "inner",
                    variants={"x": lambda: ctx.step.run("x", int)},
                    select=experiment.fixed("x"),
                ),
            )

        run = start("shop/order")

        assert run.status == "Failed"
        assert [finding.code for finding in harness.findings] == ["NESTED_STEP"]
        harness.allow("NESTED_STEP", reason="the mistake is the point")

    def test_an_experiment_that_nobody_awaits(self, harness, on, start):
        """It never chooses, and the finding names the call."""

        @on("shop/order")
        async def order(ctx):
            ctx.group.experiment(
                "colour",
                variants={"x": lambda: ctx.step.run("x", int)},
                select=experiment.fixed("x"),
            )

        run = start("shop/order")

        assert run.steps == []
        assert [finding.code for finding in harness.findings] == ["STEP_NOT_AWAITED"]
        harness.allow("STEP_NOT_AWAITED", reason="the mistake is the point")


@pytest.mark.rule("G6")
class TestScenarios:
    """The public scenarios of the corpus, written for this SDK."""

    def test_the_choice_is_memoised(self, on, start):
        """The choice is a step and one variant runs once.

        The scenario score__experiment_choice_is_memoised.
        """
        log = []

        @on("exp_memo/work", retries=0)
        async def work(ctx):
            async def blue():
                log.append("blue")
                return "BLUE"

            async def green():
                log.append("green")
                return "GREEN"

            chosen = await ctx.group.experiment(
                "colour",
                variants={
                    "blue": lambda: ctx.step.run("blue", blue),
                    "green": lambda: ctx.step.run("green", green),
                },
                select=experiment.fixed("green"),
            )
            await ctx.step.run("after", lambda: "after")
            return [chosen.variant, chosen.result]

        run = start("exp_memo/work", {})

        assert (run.status, run.output, run.entries) == (
            "Completed",
            ["green", "GREEN"],
            4,
        )
        assert log == ["green"]

    def test_a_variant_needs_a_step(self, on, start):
        """A variant that uses no step fails the run.

        The scenario score__experiment_variant_needs_a_step.
        """

        @on("exp_nostep/work", retries=2)
        async def work(ctx):
            async def bare():
                return "bare"

            chosen = await ctx.group.experiment(
                "colour", variants={"a": bare}, select=experiment.fixed("a")
            )
            return chosen.result

        run = start("exp_nostep/work", {})

        assert (run.status, run.entries) == ("Failed", 2)
        assert (run.error.name, run.error.message) == (
            "NonRetriableError",
            NO_STEP,
        )

    @pytest.mark.rule("A9")
    def test_a_defer_carries_the_experiment(self, on, deferred, start):
        """The reference is in the event and at ctx.parents[0].

        The scenario defer__carries_the_experiment.
        """
        log = []

        @deferred(retries=0)
        async def audit(ctx):
            ref = ctx.parents[0].experiment
            # beside the payload this SDK shows it under `input`, as the seed does
            keys = sorted(set(ctx.event.data) - {"input"})
            log.append((ref.experiment_name, ref.variant, keys))

        @on("exp_defer/order")
        async def order(ctx):
            chosen = await ctx.group.experiment(
                "button-colour",
                variants={
                    "blue": lambda: ctx.step.run("blue", lambda: "BLUE"),
                    "green": lambda: ctx.step.run("green", lambda: "GREEN"),
                },
                select=experiment.fixed("green"),
            )
            ref = chosen.experiment_ref
            ctx.defer("audit-order", function=audit, data={"n": 1}, experiment=ref)
            return [chosen.variant, chosen.result]

        run = start("exp_defer/order", {})

        (child,) = run.deferred
        assert (run.output, run.entries) == (["green", "GREEN"], 3)
        assert (child.status, child.output, child.entries) == ("Completed", None, 1)
        assert log == [("button-colour", "green", ["n"])]
        data = dict(child.event.data)
        assert data.pop("_inngest")["fn_slug"] == "shop-audit"
        assert data == {
            "n": 1,
            "_inngestExperiment": {
                "experimentName": "button-colour",
                "variant": "green",
            },
        }

    @pytest.mark.rule("G1")
    def test_a_score_from_a_deferred_function(
        self, harness, client, on, deferred, start
    ):
        """The score ties the run to the variant.

        The scenario score__experiment_score_from_a_deferred_function.
        """
        log = []

        @deferred(retries=0)
        async def judge(ctx):
            parent = ctx.parents[0]
            log.append(parent.experiment.model_dump())
            await client.score_experiment(
                experiment=parent.experiment,
                name="clicks",
                value=0.4,
                run_id=parent.run_id,
            )

        @on("score_exp/work")
        async def work(ctx):
            chosen = await ctx.group.experiment(
                "colour",
                variants={
                    "blue": lambda: ctx.step.run("blue", lambda: "BLUE"),
                    "green": lambda: ctx.step.run("green", lambda: "GREEN"),
                },
                select=experiment.fixed("blue"),
            )
            ctx.defer(
                "judge-it", function=judge, data={}, experiment=chosen.experiment_ref
            )
            return chosen.result

        run = start("score_exp/work", {})

        assert (run.output, run.entries, run.deferred[0].entries) == ("BLUE", 3, 1)
        assert log == [{"experiment_name": "colour", "variant": "blue"}]
        (record,) = harness.scores
        assert (record.run, record.name, record.value) == (run, "clicks", 0.4)
        assert record.experiment == experiment.ExperimentRef(
            experiment_name="colour", variant="blue"
        )
