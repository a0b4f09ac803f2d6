"""fixed, bucket, weighted and custom choose a variant, the first two as the real SDK."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoretest import NonRetriableError, UsageError, experiment

pytestmark = pytest.mark.rule("G6")

# what inngest 0.5.20a0 chooses for user-0, user-1, …, recorded
EQUAL = "bccbcbbaaacbcbaaabcabacbcaccaccbcabbbcbbbabbaabcaaabacbacaba"
UNEQUAL = "bbbbbbbababbbbaaabcababbbabbabbbbabbbbbbbbbbabbbbaababbababb"
WITHOUT_A = "bccccbbbbbcbcbbbbccbcbcccbccbccccbccbccbcbbcbbccbbbbbccbcbbb"
RECORDED = {
    "equal weights": (None, ["a", "b", "c"], EQUAL),
    "unequal weights": ({"c": 0.1, "a": 1, "b": 3}, ["a", "b", "c"], UNEQUAL),
    "a weight of zero": ({"b": 1, "a": 0, "c": 1}, ["c", "b", "a"], WITHOUT_A),
}
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
WEIGHTS = st.sampled_from([0, 1, 2, 80, 0.1, 1 / 3, 33.3, 1e-9, 1e300, 10**20])


@pytest.fixture(scope="module")
def real():
    """Return the real SDK's module, if the package is installed."""
    return pytest.importorskip("inngest.experimental.experiment")


def chosen(selection, names, run_id="01JGFJJZ00"):
    """Return what a selection chooses."""
    return selection.choose(names, run_id)


@pytest.mark.parametrize(
    ("weights", "names", "expected"), RECORDED.values(), ids=RECORDED
)
def test_bucket_chooses_what_was_recorded(weights, names, expected):
    """Sixty users fall into the variants that the real SDK gave them."""
    found = [
        chosen(experiment.bucket(f"user-{number}", weights=weights), names)
        for number in range(len(expected))
    ]

    assert "".join(found) == expected


@given(
    value=st.text(min_size=1).filter(str.strip),
    weights=st.dictionaries(NAMES, WEIGHTS, min_size=1).filter(
        lambda weights: sum(weights.values())
    ),
    random=st.randoms(),
)
def test_bucket_chooses_what_the_real_sdk_chooses(real, value, weights, random):
    """Whatever the value and the weights, the variant is that of the real package."""
    names = random.sample(list(weights), len(weights))

    assert chosen(experiment.bucket(value, weights=weights), names) == real.bucket(
        value, weights=weights
    ).choose(names)
    assert chosen(experiment.bucket(value), names) == real.bucket(value).choose(names)


def test_hundreds_of_users_fall_where_the_real_sdk_puts_them(real):
    """Five hundred ids and ten weight maps, compared with the real package."""
    maps = [{"control": n, "variant": 10 - n, "third": n % 3 / 7} for n in range(10)]
    ids = [f"user-{number}" for number in range(500)]

    def table(make, *more):
        return [
            make.bucket(value, weights=weights).choose([*weights], *more)
            for weights in maps
            for value in ids
        ]

    assert table(experiment, "") == table(real)


def test_the_names_are_those_of_the_real_module(real):
    """Moving code to the real SDK is changing the import; two strategies are ours."""

    more = {"Selection", "custom", "weighted"}
    assert set(experiment.__all__) == {*real.__all__, *more}


def test_fixed_chooses_its_variant():
    """Neither the names nor the run matter, and whether it exists is asked later."""
    assert chosen(experiment.fixed("green"), ["blue", "green"]) == "green"
    assert chosen(experiment.fixed("gone"), ["blue"]) == "gone"


def test_weighted_is_bucket_on_the_id_of_the_run():
    """Each run has its own chance, and the same run always the same."""
    weights = {"blue": 3, "green": 1}
    runs = [hashlib.sha256(bytes([n])).hexdigest()[:26] for n in range(200)]

    found = [chosen(experiment.weighted(weights), [*weights], run) for run in runs]

    assert found == [
        chosen(experiment.bucket(run, weights=weights), [*weights]) for run in runs
    ]
    assert 130 < found.count("blue") < 170


def test_weighted_takes_any_name():
    """Names that bucket refuses are sorted as text."""
    weights = {"gpt-4o": 1, "Über": 1}

    found = {
        chosen(experiment.weighted(weights), [*weights], str(n)) for n in range(20)
    }

    assert found == {"gpt-4o", "Über"}


def test_the_highest_hashes_fall_to_the_last_variant():
    """Parts that add up to less than one leave no user without a variant."""
    weights = dict.fromkeys((f"v{n}" for n in range(10)), 0.1)
    tail = (f"x{n}" for n in range(10**9))
    value = next(
        text
        for text in tail
        if hashlib.sha256(text.encode()).digest()[:2] == b"\xff\xff"
    )

    assert chosen(experiment.bucket(value, weights=weights), [*weights]) == "v9"


def test_custom_asks_its_function():
    """Whatever the function returns is the choice."""
    assert chosen(experiment.custom(lambda: "green"), ["blue", "green"]) == "green"


def test_the_weights_are_those_of_the_call():
    """Changing the mapping afterwards changes nothing."""
    weights = {"control": 0.0, "variant": 1.0}
    selection = experiment.bucket("alice", weights=weights)

    weights["control"] = 100.0

    assert selection.weights == (("control", 0.0), ("variant", 1.0))
    assert chosen(selection, ["control", "variant"]) == "variant"


@pytest.mark.parametrize("name", ["New", "new_flow", "gpt-4o", "4o", "é"])
def test_bucket_wants_plain_names(name):
    """A name that TypeScript might sort otherwise fails the run for good."""
    with pytest.raises(NonRetriableError, match="names are lower-case ASCII letters"):
        chosen(experiment.bucket("alice"), ["control", name])


@pytest.mark.parametrize("make", ["bucket", "weighted"])
@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], ["a", "c"]])
def test_weights_and_variants_must_be_the_same(make, names):
    """A weight too many or too few fails the run for good."""
    weights = {"a": 1, "b": 1}
    selection = (
        experiment.bucket("alice", weights=weights)
        if make == "bucket"
        else experiment.weighted(weights)
    )

    with pytest.raises(NonRetriableError) as caught:
        chosen(selection, names)

    assert (
        str(caught.value) == f"the weights are for ['a', 'b'] and the variants are "
        f"{names}"
    )


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"a": 0},
        {"a": -1},
        {"a": float("inf")},
        {"a": float("nan")},
        {"a": True},
        {"a": "1"},
        {"a": 10**400},
        {"a": 1.7e308, "b": 1.7e308},
        {"": 1},
        {1: 1},
        [("a", 1)],
    ],
    ids=repr,
)
def test_weights_that_nobody_can_choose_by(weights):
    """They are refused where they are written, by both strategies."""
    with pytest.raises(UsageError):
        experiment.bucket("alice", weights=weights)
    with pytest.raises(UsageError):
        experiment.weighted(weights)


def test_a_selection_shows_its_strategy():
    """The text of a selection is the same in every run of the test."""
    assert repr(experiment.custom(print)) == "<selection 'custom'>"
