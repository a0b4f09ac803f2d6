"""The family of errors: their message, their way through pickle, and their causes."""

import copy
import pickle
from importlib import import_module
from pkgutil import walk_packages

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scoretest
from scoretest import (
    DeadlockError,
    FindingsError,
    LivelockError,
    NonRetriableError,
    NotBuiltError,
    RetryAfterError,
    ScoretestError,
    StalledError,
    StepError,
    UnderTestError,
    UsageError,
)
from scoretest._json import NotJsonError, show
from scoretest._model.score import InvalidScoreError
from scoretest.errors import InternalError, compose, near_miss
from scoretest.expr import EvaluationError, ExpressionError, LimitExceededError
from scoretest.runtime.sent import NoRunError
from scoretest.sdk.errors import FunctionConfigInvalidError
from scoretest.times import to_instant

# each class, what a run calls it, and what else it is
FAMILY = {
    ScoretestError: ("ScoretestError", Exception),
    UsageError: ("UsageError", ScoretestError),
    NotBuiltError: ("NotBuiltError", UsageError),
    UnderTestError: ("UnderTestError", ScoretestError),
    FindingsError: ("FindingsError", UnderTestError),
    DeadlockError: ("DeadlockError", UnderTestError),
    LivelockError: ("LivelockError", UnderTestError),
    StalledError: ("StalledError", UnderTestError),
    InternalError: ("InternalError", ScoretestError),
    NotJsonError: ("OutputUnserializableError", UsageError),
    InvalidScoreError: ("ValueError", ValueError),
    FunctionConfigInvalidError: ("FunctionConfigInvalidError", UsageError),
    EvaluationError: ("EvaluationError", UsageError),
    LimitExceededError: ("LimitExceededError", EvaluationError),
    NoRunError: ("NoRunError", IndexError),
}
PARTS = {"where": "shop.py:7", "seen": "'chrage'", "fix": "write 'charge'"}


def made(kind):
    """Return an error with all its parts."""
    return kind("there is no step 'charge'", **PARTS)


def family(kind):
    """Return all subclasses of *kind*, and itself."""
    return {kind}.union(*map(family, kind.__subclasses__()))


def test_the_family_is_complete():
    """Every error class of the package stands in the table, or has its own test."""
    for module in walk_packages(scoretest.__path__, "scoretest."):
        if not module.name.endswith("__main__"):
            import_module(module.name)

    ours = {kind for kind in family(ScoretestError) if "scoretest" in kind.__module__}
    assert ours == {*FAMILY, ExpressionError}


@pytest.mark.parametrize("kind", FAMILY)
def test_the_whole_message(kind):
    """What, where, seen and fix, each on its line; `args` hold the first."""
    error = made(kind)

    assert str(error) == (
        "there is no step 'charge'\n"
        "  where: shop.py:7\n"
        "  seen:  'chrage'\n"
        "  fix:   write 'charge'"
    )
    assert error.args == ("there is no step 'charge'",)


@pytest.mark.parametrize("kind", FAMILY)
def test_what_an_error_is(kind):
    """Its name in a run's report, and the class that a test may catch."""
    name, base = FAMILY[kind]

    assert made(kind).name == name
    assert issubclass(kind, base)
    assert issubclass(kind, ScoretestError)


@pytest.mark.parametrize(
    "way",
    [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))],  # noqa: S301 -- our own bytes
)
@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_survives_its_way_home(kind, way):
    """Copied or pickled, as xdist does it, an error keeps everything it says."""
    error = made(kind)
    error.add_note("seen by worker 2")

    other = way(error)

    assert type(other) is kind
    assert (str(other), other.args, vars(other)) == (
        str(error),
        error.args,
        vars(error),
    )


@pytest.mark.parametrize(
    "error",
    [
        NonRetriableError("no", quiet=True),
        StepError("no", "KeyError", "Traceback"),
        RetryAfterError("busy", 5000, quiet=True),
    ],
)
def test_the_errors_of_handlers_survive_too(error):
    """What handlers raise can be copied, and says its message."""
    other = copy.copy(error)

    assert (type(other), str(other), vars(other)) == (
        type(error),
        str(error),
        vars(error),
    )


MESSAGES = {
    "only what": ({}, "nothing ran"),
    "with a fix": ({"fix": "send an event"}, "nothing ran\n  fix:   send an event"),
    "with a place": ({"where": "a.py:1"}, "nothing ran\n  where: a.py:1"),
    "with a near miss": ({"seen": "'x'"}, "nothing ran\n  seen:  'x'"),
    "with all": (
        {"fix": "send", "seen": "'x'", "where": "a.py:1"},
        "nothing ran\n  where: a.py:1\n  seen:  'x'\n  fix:   send",
    ),
    "with empty parts": ({"where": "", "seen": "", "fix": ""}, "nothing ran"),
}


@pytest.mark.parametrize(("parts", "text"), MESSAGES.values(), ids=MESSAGES)
def test_how_a_message_is_composed(parts, text):
    """Parts that are empty have no line; the others always stand in one order."""
    assert compose("nothing ran", **parts) == text


NAMES = ["retries", "trigger", "fn_id"]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("retrys", NAMES, "; did you mean 'retries'?"),
        ("retries", NAMES, "; did you mean 'retries'?"),
        ("colour", NAMES, ""),
        ("", NAMES, ""),
        (7, NAMES, ""),
        ("retrys", [], ""),
        ("retrys", iter(NAMES), "; did you mean 'retries'?"),
    ],
)
def test_the_nearest_name(name, known, hint):
    """A hint is given when a known name is near, whatever was written."""
    assert near_miss(name, known) == hint


@given(st.text(), st.lists(st.text()))
def test_a_hint_only_ever_names_what_is_known(name, known):
    """The nearest name is one of the list."""
    hint = near_miss(name, known)

    assert hint == "" or hint in {f"; did you mean {k!r}?" for k in known}


class Silent:
    """Something that cannot be shown."""

    def __repr__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("tk_1", "'tk_1'"),
        ("x" * 100, "'" + "x" * 78 + "…"),
        ("x" * 78, "'" + "x" * 78 + "'"),
        (Silent(), "an object of type Silent"),
    ],
)
def test_how_a_value_is_shown(value, text):
    """Short, on one line of at most 80 characters, and never failing itself."""
    assert show(value) == text


def test_an_address_is_never_shown():
    """Two objects of one kind look the same, in every process."""
    assert show(object()) == show(object()) == "<object object at 0x…>"


def test_a_cause_is_kept(handle):
    """What made a step fail stays at the error that the handler sees, with its place."""

    async def handler(ctx):
        await ctx.step.run("charge", lambda: {}["card"])

    run = handle(handler, retries=0)

    assert (run.error.name, run.error.message) == ("KeyError", "'card'")
    assert run.error.stack.count("errors/test_family.py") >= 1


def test_a_cause_that_is_noise_is_left_out():
    """An error about a value does not show how Python failed to read it."""
    with pytest.raises(UsageError) as caught:
        to_instant("yesterday", what="start")

    assert caught.value.__suppress_context__


def test_an_expression_that_cannot_be_registered(refused):
    """The text is shown with the place in it."""
    from scoretest.expr import compile as compiled  # noqa: PLC0415 -- its name is taken

    assert refused(ExpressionError, compiled, "async.data.id == tk_1") == (
        "'tk_1' is not a declared name\n"
        "  seen:  async.data.id == tk_1\n"
        "                          ^^^^\n"
        "  fix:   put text between quotes, 'tk_1', or start the path with "
        "`async.data.`"
    )
