"""The whole texts of what goes wrong with experiments."""

import pytest

from scoretest import TriggerEvent, UsageError, experiment
from scoretest.experiment import ExperimentRef


def variants(ctx):
    """Return variants that work."""
    return {"control": lambda: ctx.step.run("control", int)}


DECLARED = {
    "fixed": (
        lambda: experiment.fixed(" "),
        (
            "fixed() takes a variant's name, not ' '\n"
            '  fix:   write select=experiment.fixed("control")'
        ),
    ),
    "bucket": (
        lambda: experiment.bucket(7),
        (
            "bucket() takes a text that is not blank, not 7\n"
            "  fix:   hash what stays the same, for example a user's id"
        ),
    ),
    "no weights": (
        lambda: experiment.weighted(["control"]),
        (
            "the weights of weighted() must be a mapping, not ['control']\n"
            '  fix:   write {"control": 80, "candidate": 20}'
        ),
    ),
    "a weight": (
        lambda: experiment.bucket("alice", weights={"control": -1}),
        (
            "the weight of 'control' in bucket() must be a finite number from zero "
            "on, not -1\n"
            '  fix:   write {"control": 80, "candidate": 20}'
        ),
    ),
    "all weights": (
        lambda: experiment.weighted({"control": 0}),
        (
            "the weights of weighted() must have a finite sum above zero, and are "
            "{'control': 0}\n"
            '  fix:   write {"control": 80, "candidate": 20}'
        ),
    ),
    "custom": (
        lambda: experiment.custom("control"),
        (
            "custom() takes a function, not 'control'\n"
            '  fix:   write select=experiment.custom(lambda: "control")'
        ),
    ),
    "a reference": (
        lambda: ExperimentRef(experiment_name="tone", variant=""),
        (
            "variant must be text that is not blank, not ''\n"
            "  fix:   pass the experiment_ref that ctx.group.experiment(...) returned"
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), DECLARED.values(), ids=DECLARED)
def test_a_strategy_that_cannot_choose(refused, call, text):
    """It is refused where it is written."""
    assert refused(UsageError, call) == text


WHERE = (
    "  where: function 'support-handle' (errors/test_experiments.py:N), run RUN, "
    "virtual time 2025-01-01T00:00:00.000Z\n"
)
CALLED = {
    "an id": (
        lambda ctx: ctx.group.experiment("", variants={}, select=None),
        "an experiment's id must be text, not ''",
        'name it first: ctx.group.experiment("answer-model", ...)',
    ),
    "no variants": (
        lambda ctx: ctx.group.experiment("tone", variants={}, select=None),
        "experiment 'tone' needs variants, not {}",
        'write variants={"control": lambda: ctx.step.run("control", control), ...}',
    ),
    "a step that was called": (
        lambda ctx: ctx.group.experiment("tone", variants={"a": 1}, select=None),
        ("the variant 'a' of experiment 'tone' must be a name with a function, not 1"),
        'write variants={"control": lambda: ctx.step.run("control", control), ...}',
    ),
    "a selection": (
        lambda ctx: ctx.group.experiment("tone", variants=variants(ctx), select="a"),
        "select of experiment 'tone' must be a selection, not 'a'",
        (
            'write select=experiment.fixed("control"), with '
            "`from scoretest import experiment`"
        ),
    ),
}


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(("call", "what", "fix"), CALLED.values(), ids=CALLED)
def test_a_call_that_cannot_be_meant(handle, told, call, what, fix, kind):
    """The run fails, and the finding says what to write."""

    async def coroutine(ctx):
        await call(ctx)

    run = handle(coroutine if kind == "async" else call, retries=0)

    assert run.status == "Failed"
    assert told() == [f"USAGE_ERROR: {what}\n{WHERE}  fix:   {fix}"]


def test_a_variant_that_cannot_be_awaited(handle, told):
    """A coroutine handler needs variants that it can await."""

    async def handler(ctx):
        await ctx.group.experiment(
            "tone", variants={"a": lambda: 1}, select=experiment.fixed("a")
        )

    handle(handler, retries=0)

    (text,) = told()
    assert text.startswith(
        "USAGE_ERROR: variant 'a' of experiment 'tone' returned 1, which cannot be "
        "awaited\n"
    )


@pytest.mark.parametrize("which", ["variant", "chooser"])
def test_a_coroutine_in_a_plain_handler(handle, told, which):
    """A plain handler can await neither a variant nor a chooser."""

    async def one():
        return "a"

    def handler(ctx):
        ctx.group.experiment(
            "tone",
            variants={"a": one},
            select=experiment.custom(one)
            if which == "chooser"
            else experiment.fixed("a"),
        )

    handle(handler, retries=0)

    what = "variant 'a'" if which == "variant" else "the chooser"
    (text,) = told()
    assert text.startswith(
        f"USAGE_ERROR: {what} of experiment 'tone' returned a coroutine to a plain "
        "handler\n"
    )
    assert text.endswith(
        "  fix:   make the handler `async def`, or the function an ordinary one"
    )


def test_a_stub_that_is_no_choice(harness, client, told):
    """A stub of the choice has to return what the step would."""

    @client.create_function(fn_id="x", trigger=TriggerEvent(event="x"), retries=0)
    async def handler(ctx):
        await ctx.group.experiment(
            "tone", variants=variants(ctx), select=experiment.fixed("control")
        )

    harness.serve(client, functions=[handler])
    harness.stub(handler, "tone", returns="control")
    harness.send("x")
    assert harness.runs[0].status == "Failed"

    (text,) = told()
    assert text.startswith(
        "USAGE_ERROR: the choice of experiment 'tone' cannot be 'control'\n"
    )
    assert text.endswith(
        '  fix:   let its stub return {"variant": "control", "strategy": "fixed"}'
    )


def test_a_defer_with_a_wrong_reference(handle, told, scorer):
    """The defer is skipped and the parent goes on."""

    def handler(ctx):
        ctx.defer("s", function=scorer, data={}, experiment="a")

    run = handle(handler)

    assert run.status == "Completed"
    (text,) = told()
    assert text == (
        "DEFER_SKIPPED: the defer 's' was skipped: experiment must be an "
        f"ExperimentRef, not 'a'\n{WHERE}"
        "  fix:   pass the experiment_ref that ctx.group.experiment(...) returned"
    )


def test_a_score_for_no_variant(refused, client):
    """The reference is checked after the score, and before anything is written."""

    def write():
        client.score_experiment_sync(
            experiment="tone", name="x", value=1, run_id="01JGFJJZ00" + "0" * 16
        )

    assert refused(UsageError, write) == (
        "experiment must be an ExperimentRef, not 'tone'\n"
        "  fix:   pass the experiment_ref that ctx.group.experiment(...) returned"
    )


@pytest.fixture
def scored(harness, client):
    """Return a world in which one run counts for a variant and has two scores."""
    harness.serve(client, functions=[])
    ref = ExperimentRef(experiment_name="tone", variant="warm")
    for name in ("helpful", "cost"):
        client.score_experiment_sync(
            experiment=ref, name=name, value=1, run_id="01JGFJJZ00" + "0" * 16
        )
    return harness


READ = {
    "no experiment": (
        lambda scores: scores.by_variant("tome"),
        (
            "no run took a variant of 'tome'; did you mean 'tone'?\n"
            "  seen:  the experiments are ['tone']\n"
            "  fix:   name what ctx.group.experiment(...) was given"
        ),
    ),
    "no score": (
        lambda scores: scores.by_variant("tone", score="helpfull"),
        (
            "experiment 'tone' has no score 'helpfull'; did you mean 'helpful'?\n"
            "  seen:  its scores are ['helpful', 'cost']\n"
            "  fix:   score its runs with client.score_experiment(...), or with a "
            "scorer whose defer carries the experiment"
        ),
    ),
    "no variant": (
        lambda scores: scores.by_variant("tone")["arm"],
        (
            "experiment 'tone' has no variant 'arm'; did you mean 'warm'?\n"
            "  fix:   take one of ['warm']"
        ),
    ),
    "several rows": (
        lambda scores: scores.by_variant("tone")["warm"],
        (
            "variant 'warm' of experiment 'tone' has a row for each of the scores "
            "['helpful', 'cost']\n"
            "  fix:   name one: scores.by_variant('tone', score='helpful')"
        ),
    ),
}


@pytest.mark.parametrize(("call", "text"), READ.values(), ids=READ)
def test_what_cannot_be_compared(scored, refused, call, text):
    """The message names what there is."""
    assert refused(UsageError, lambda: call(scored.scores)) == text


def test_no_experiments_at_all(harness, refused):
    """A world without experiments says so."""
    assert refused(UsageError, lambda: harness.scores.by_variant("tone")) == (
        "no run took a variant of 'tone'\n"
        "  seen:  no experiments at all\n"
        "  fix:   name what ctx.group.experiment(...) was given"
    )
