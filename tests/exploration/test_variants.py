"""Every variant of an experiment is explored, whatever the hash of a key makes of it."""

import pytest

import scoretest
from scoretest import Client, Context, Harness, TriggerEvent, experiment

CREATED = TriggerEvent(event="shop/ticket.created")
DATA = {"ticketId": "tk_1"}
ID = "async.data.ticketId == event.data.ticketId"


def parent(select, variants=("calm", "warm"), *, fails="", waits=False):
    """Return a function that goes the way of one of some variants, and returns it."""
    client = Client("shop")

    @client.create_function(fn_id="parent", trigger=CREATED, retries=0)
    async def parent_(ctx: Context) -> str:
        if waits and await wait(ctx) is None:
            return "nothing"
        taken = await ctx.group.experiment(
            "tone",
            variants={
                name: lambda name=name: ctx.step.run(name, lambda: len(name))
                for name in variants
            },
            select=select,
        )
        if taken.variant == fails:
            raise ValueError(fails)
        return taken.variant

    return client, parent_


async def wait(ctx):
    """Wait a day for an event of this ticket."""
    return await ctx.step.wait_for_event("go", event="shop/go", timeout="1d", if_exp=ID)


def explored(client, function, **options):
    """Explore the function."""
    return scoretest.explore(function, client=client, data=DATA, **options)


def rows(exploration):
    """Return the signals and the steps of every timeline."""
    return [(row.signals, row.via) for row in exploration.table().rows]


@pytest.mark.rule("G6")
@pytest.mark.parametrize(
    ("select", "others"),
    [
        (experiment.bucket("tk_1"), ["warm"]),
        (experiment.bucket("tk_1", weights={"calm": 1, "warm": 99}), ["calm"]),
        (experiment.bucket("tk_1", weights={"calm": 1, "warm": 0}), []),
        (experiment.fixed("calm"), []),
        (experiment.custom(lambda: "calm"), []),
    ],
)
def test_the_variants_that_a_key_may_lead_to(select, others):
    """What chooses by a hash chooses each in the end, but for those without weight."""
    found = explored(*parent(select))

    assert [signals for signals, _ in rows(found)] == [
        (),
        *((f"variant {name!r} of 'tone'",) for name in others),
    ]
    assert (found.findings, found.is_exhaustive) == ((), True)


def test_more_than_two_variants():
    """Each of them has its timelines."""
    names = ("calm", "warm", "odd")
    found = explored(*parent(experiment.weighted(dict.fromkeys(names, 1)), names))

    assert sorted(via[-1] for _, via in rows(found)) == sorted(names)


def test_an_experiment_that_not_every_timeline_comes_to():
    """A timeline that comes to no choice is told once."""
    found = explored(*parent(experiment.bucket("tk_1"), waits=True))

    go = '+12h shop/go(ticketId="tk_1")'
    assert [signals for signals, _ in rows(found)] == [
        (),
        (go,),
        ("variant 'warm' of 'tone'", go),
    ]


@pytest.fixture
def failing():
    """A function that fails with the variant that it does not take by itself."""
    return parent(experiment.bucket("tk_1"), fails="warm")


def test_what_is_wrong_with_a_variant_is_played_again(failing):
    """The code brings the variant along."""
    found = explored(*failing)
    (failed,) = found.findings

    assert [str(signal) for signal in failed.timeline] == ["variant 'warm' of 'tone'"]
    assert "ValueError: warm" in str(found.replay(failed.replay))


def test_the_test_to_paste_stubs_the_choice(failing):
    """It is a plain test, and fails until the variant is mended."""
    client, function = failing
    found = explored(*failing)
    text = found.regression_test(found.findings[0], "import scoretest")
    names = {"parent_": function}
    exec(text, names)  # noqa: S102 -- the text is what a user pastes

    assert (
        "harness.stub(parent_, 'tone', "
        "returns={'variant': 'warm', 'strategy': 'bucket'})"
    ) in text
    with Harness(strict=False) as harness:
        harness.serve(client, [function])
        with pytest.raises(AssertionError):
            names["test_shop_parent_run_failed"](harness)


def test_a_test_on_every_timeline_runs_with_every_variant():
    """The body sees what came of each."""
    client, function = parent(experiment.bucket("tk_1"), waits=True)
    outputs = []

    @scoretest.explored(function, client=client, data=DATA)
    def test(harness):
        outputs.append(harness.runs[0].output)

    test()

    assert outputs == ["nothing", "calm", "warm"]


def test_too_many_variants():
    """Not all of them are tried, and it is said."""
    names = [f"v{number}" for number in range(10)]
    found = explored(*parent(experiment.bucket("tk_1"), names))

    assert len(rows(found)) == 8
    assert found.left_out == ("variants of experiments beyond 8",)
