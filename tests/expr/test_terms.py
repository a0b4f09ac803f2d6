# ruff: noqa: SLF001 -- the cache is emptied and looked into
"""Index terms, the cache, and what an evaluation leaves alone."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest._model.predicate import IndexTerm, Predicate, index_key
from scoretest.expr import _expression, compile  # noqa: A004 -- the API's own name

VALUES = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        5,
        -5,
        1.5,
        "",
        "a",
        "5",
        2**53 - 1,
        2**53,
        2**53 + 1,
        [],
        ["a"],
        {},
        {"k": "a"},
    ]
)
KEYS = ["a", "b", "c"]
EVENTS = st.fixed_dictionaries({"data": st.dictionaries(st.sampled_from(KEYS), VALUES)})
LITERALS = [
    "'a'",
    "'5'",
    "''",
    "5",
    "1.5",
    "5u",
    "-5",
    "true",
    "null",
    "9007199254740992",
    "['a', 5]",
]
PATHS = [*(f"async.data.{key}" for key in KEYS), "async.data['a']", "async.data.a.k"]
LEAVES = st.builds(
    "{} {} {}".format,
    st.sampled_from(PATHS + LITERALS),
    st.sampled_from(["==", "==", "!=", "<", "in"]),
    st.sampled_from(PATHS + LITERALS),
)
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("async.data.x == 'a'", [(("data", "x"), [("s", "a")])]),
        ("5 == async.data.x", [(("data", "x"), [("n", 5.0)])]),
        ("async.data['x'].y == 'a'", [(("data", "x", "y"), [("s", "a")])]),
        ("async.data.x in ['a', 5, 'a']", [(("data", "x"), [("s", "a"), ("n", 5.0)])]),
        (
            "async.data.x == 'a' || async.data.x == 'b'",
            [(("data", "x"), [("s", "a"), ("s", "b")])],
        ),
        (
            "async.data.x == 'a' && (async.data.y == 1 && async.data.z > 2)",
            [(("data", "x"), [("s", "a")]), (("data", "y"), [("n", 1.0)])],
        ),
        ("async.data.x == 'a' || async.data.y == 'b'", []),
        ("async.data.x == 'a' || true", []),
        (
            "async.data.x == 'a' && (async.a > 1 && async.b > 1)",
            [(("data", "x"), [("s", "a")])],
        ),
        ("!(async.data.x == 'a')", []),
        ("async.data.x == 5u", []),
        ("async.data.x == 9007199254740992", []),
        ("async.data.x == true", []),
        ("async.data.x == null", []),
        ("async.data.l[0] == 'a'", []),
        ("async.data.x == async.data.y", []),
        ("async.data.x in ['a', true]", []),
        ("async.data.x in []", []),
        ("'a' in [async.data.x]", []),
        ("vars.a == 'a'", []),
    ],
)
def test_required_equalities_are_terms(text, terms):
    """The required comparisons of a path with a text or a number, and nothing else."""
    expected = tuple(IndexTerm(path, tuple(keys)) for path, keys in terms)

    assert compile(text).terms == expected


def test_the_terms_of_a_trigger_expression_start_at_event():
    """A trigger's expression asks about `event`."""
    compiled = compile("event.data.x == 'a' && async.data.y == 'b'", kind="trigger")

    assert compiled.terms == (IndexTerm(("data", "x"), (("s", "a"),)),)


def at(event, path):
    """Return the value at *path*, or None."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, event=EVENTS)
def test_an_event_without_the_keys_of_a_term_never_matches(text, event):
    """The index is sound: what it leaves out could not have matched."""
    try:
        compiled = compile(text)
    except Exception:  # noqa: BLE001 -- `5 in 5` and the like do not register
        return

    lacking = [t for t in compiled.terms if index_key(at(event, t.path)) not in t.keys]

    assert not (lacking and compiled.matches(event))


@settings(max_examples=200, deadline=None)
@given(text=TEXTS, event=EVENTS)
def test_a_verdict_does_not_depend_on_the_cache(text, event):
    """Cold or warm, the same verdict; and the event is left as it was."""
    before = copy.deepcopy(event)

    def ask():
        try:
            return compile(text).matches(event)
        except Exception as error:  # noqa: BLE001 -- compared below
            return str(error)

    warm = ask()
    for cache in (_expression._checked, _expression._registers, _expression._program):
        cache.cache_clear()

    assert (ask(), ask(), event) == (warm, warm, before)


def test_ids_share_one_tree():
    """Expressions that differ in their text literals have one program."""
    one, other = (compile(f"async.data.id == '{key}'") for key in ("tk_1", "tk_2"))

    assert one._program is other._program
    assert [e.matches({"data": {"id": "tk_2"}}) for e in (one, other)] == [False, True]


def test_a_compiled_expression_is_a_predicate():
    """The engine may ask it everything that the port promises."""
    predicate: Predicate = compile("async.data.x == 'a'")

    assert (predicate.text, predicate.stored) == ("async.data.x == 'a'",) * 2
    assert predicate.matches({"data": {"x": "a"}}) is True
    assert predicate.explain({"data": {"x": "a"}}) == 'matches: async.data.x == "a"'


def test_any_mapping_is_an_event():
    """`matches` takes mappings, not only dicts."""
    from types import MappingProxyType  # noqa: PLC0415 -- used here alone

    event = MappingProxyType({"data": {"x": "a"}})

    assert compile("async.data.x == 'a'").matches(event) is True


@pytest.mark.rule("C2")
def test_a_key_in_brackets_is_not_taken_for_the_name_of_its_literal():
    """The first literal is lifted as ``a``; the field ``a`` is another path."""
    found = compile("async.data['k'] == 1 || async.data.a == 2")

    assert found.terms == ()
    assert [found.matches({"data": data}) for data in ({"k": 1}, {"a": 2})] == [
        True,
        True,
    ]
