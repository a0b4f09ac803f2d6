"""Values that are pasted into an expression."""

import json

import pytest

from scoretest.expr import HOSTILE_IDS, compile, injection_findings  # noqa: A004 -- the API's own name


def outcomes(build):
    """Return the outcome for each id that did harm."""
    return {found.id: found.outcome for found in injection_findings(build)}


@pytest.mark.rule("X5")
def test_a_pasted_id_breaks_or_changes_the_expression():
    """An f-string with quotes: four ids break it, two change what it means."""
    found = outcomes(lambda key: f"async.data.id == '{key}'")

    assert found == {
        "x' || true || '": "breaks",
        "x' || 'a' == 'a": "changes",
        "x' || true //": "changes",
        "x\\": "breaks",
        "it's": "breaks",
        "a\nb": "breaks",
    }


@pytest.mark.rule("C10")
def test_escaping_keeps_the_shape_but_never_matches():
    """The engine does not decode escapes, so an escaped id equals nothing."""
    found = outcomes(lambda key: f"async.data.id == {json.dumps(key)}")

    assert found == {
        '" || "" == "': "never matches",
        "x\\": "never matches",
        'say "hi"': "never matches",
        "a\nb": "never matches",
    }


def test_a_bare_id_is_changed_by_code():
    """Without quotes an id is an expression."""
    found = outcomes(lambda key: f"async.data.id == {1 if key == 'tk_1' else key}")

    assert found["1 || true"] == "changes"


def test_a_comparison_of_paths_is_safe():
    """Nothing is pasted, so nothing can be changed."""
    assert outcomes(lambda _: "async.data.id == event.data.id") == {}


@pytest.mark.rule("X5")
def test_a_condition_after_the_pasted_text_does_not_help():
    """A backslash swallows the quote, and a comment swallows the rest."""
    found = outcomes(
        lambda key: f"async.data.id == '{key}' && async.data.plan == 'pro'"
    )

    assert found["x' || true //"] == "changes"


def test_there_are_nine_hostile_ids():
    """The list is part of the API: the explorer runs each of them."""
    assert len(set(HOSTILE_IDS)) == 9


@pytest.mark.rule("C10")
def test_an_interpolated_value_injects_nothing():
    """A hostile value of the trigger is only a value."""
    for hostile in HOSTILE_IDS:
        compiled = compile(
            "event.data.id == async.data.id", trigger={"data": {"id": hostile}}
        )

        assert compiled.matches({"data": {"id": "another"}}) is False
