"""The JSON trace: every fact, and enough to draw the same timeline tomorrow."""

import copy
import json
import pickle
from dataclasses import fields
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import UsageError
from scoretest._model.event import ReceivedEvent
from scoretest._model.experiment import TakenVariant
from scoretest._model.fact import (
    Fact,
    RunRetried,
    ScoreWritten,
    SleepStarted,
    TraceEntry,
)
from scoretest._model.finding import Finding
from scoretest._model.operation import ErrorInfo, StepName
from scoretest._model.score import ScoreEntry
from scoretest.reports.timeline import Timeline
from scoretest.times import Duration, Instant

START = Instant(1_735_689_600_000_000)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
INSTANTS = st.integers(-(10**12), 10**15).map(lambda us: Instant(START + us))
NUMBERS = st.booleans() | st.floats(allow_nan=False) | st.integers()
RECORDS = {ReceivedEvent, StepName, ErrorInfo, ScoreEntry, Finding, TakenVariant}
WEIGHTS = dict[str, float | None]
WEIGHT_MAPS = st.dictionaries(st.text(), st.none() | NUMBERS)
KINDS = get_args(Fact)


def records(kind):
    """Return a strategy for records of *kind*, built from its annotations."""
    hints = get_type_hints(kind)
    parts = {field.name: values(hints[field.name]) for field in fields(kind)}
    if kind is ReceivedEvent:
        parts["wire"] = st.fixed_dictionaries(
            {
                "name": st.text(),
                "data": st.dictionaries(st.text(), JSON),
                "id": st.text(),
                "ts": st.integers(-(10**15), 10**15),
            }
        )
    return st.builds(kind, **parts)


def values(hint):
    """Return a strategy for what a field with this annotation holds."""
    members = set(get_args(hint)) or {hint}
    if hint in RECORDS:
        return records(hint)
    plain = {Instant: INSTANTS, int: st.integers(0, 10**9), WEIGHTS: WEIGHT_MAPS}
    if hint in plain:
        return plain[hint]
    if Duration in members:
        return st.none() | st.integers(0, 10**12)
    if float in members and str not in members:
        return NUMBERS
    is_json = any(get_origin(member) for member in members)
    return JSON if is_json else st.from_type(hint)


TRACES = st.lists(
    st.builds(
        TraceEntry,
        st.integers(0, 99),
        INSTANTS,
        st.sampled_from(KINDS).flatmap(records),
    ),
    max_size=5,
)


@settings(max_examples=40)
@given(TRACES)
def test_a_trace_survives_json(entries):
    """The timeline of a trace that went through JSON is the same text and document."""
    timeline = Timeline(entries, START)
    document = timeline.to_json()

    again = Timeline.from_json(json.loads(json.dumps(document)))

    assert str(again) == str(timeline)
    assert again.to_json() == document


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_is_told(kind):
    """Each kind of fact has a line or is implied, and comes back from JSON."""

    @settings(max_examples=20)
    @given(records(kind))
    def check(fact):
        timeline = Timeline([TraceEntry(0, START, fact)], START)

        assert str(timeline).startswith("Timeline from 2025-01-01 00:00:00 UTC")
        assert len(Timeline.from_json(timeline.to_json())) == 1

    check()


@settings(max_examples=40)
@given(TRACES)
def test_a_shift_in_time_shifts_the_head_only(entries):
    """A trace that begins on another day is the same document, start apart."""
    document = Timeline(entries, START).to_json()
    document["start"] = "2031-05-05T05:05:05+00:00"

    later = Timeline.from_json(document)

    assert later.to_json()["facts"] == document["facts"]


def test_the_document(world):
    """A document has its format, its start, and a flat object for each fact."""
    world.at("1h").event("ticket", {"n": 1}).queued(parent="r0")

    assert world.timeline.to_json() == {
        "format": "scoretest.trace/1",
        "start": "2025-01-01T00:00:00.000000+00:00",
        "facts": [
            {
                "sequence": 0,
                "at_us": 3_600_000_000,
                "fact": "EventReceived",
                "event": {
                    "internal_id": "e1",
                    "wire": {
                        "name": "ticket",
                        "data": {"n": 1},
                        "id": "e1",
                        "ts": 1_735_693_200_000,
                    },
                    "received_at_us": 3_600_000_000,
                    "sender": "",
                    "depth": 0,
                },
            },
            {
                "sequence": 1,
                "at_us": 3_600_000_000,
                "fact": "RunQueued",
                "run_id": "r1",
                "function": "shop-pay",
                "event_id": "e1",
                "parent": "r0",
            },
        ],
    }


def test_times_are_offsets_and_durations_lengths(world, step):
    """Every instant counts from the start, a duration from zero."""
    error = ErrorInfo(name="E", message="", retry_after=Duration(5))
    world.tell(
        RunRetried("r1", error, 1, world.instant("1s")),
        SleepStarted("r1", step("nap"), world.instant("2s")),
    )
    retried, sleeping = world.timeline.to_json()["facts"]

    assert retried["due_us"] == 1_000_000
    assert retried["error"]["retry_after_us"] == 5
    assert sleeping["until_us"] == 2_000_000


def test_a_document_is_a_copy(world):
    """Whoever changes the document changes nothing else."""
    world.event("ticket", {"list": [1]})
    timeline = world.timeline
    document = timeline.to_json()

    document["facts"][0]["event"]["wire"]["data"]["list"].append(2)

    assert timeline.to_json()["facts"][0]["event"]["wire"]["data"] == {"list": [1]}


class TestTimelineAsACollection:
    """A timeline holds the facts so far."""

    def test_it_yields_facts(self, world):
        """Iterating yields the entries of the trace, oldest first."""
        world.event("a").queued()

        assert list(world.timeline) == world.entries
        assert len(world.timeline) == 2

    def test_it_is_a_snapshot(self, world):
        """What happens later is not in it."""
        timeline = world.event("a").timeline

        world.queued()

        assert len(timeline) == 1

    def test_it_equals_a_timeline_of_the_same_facts(self, world):
        """Facts and start make a timeline."""
        timeline = world.event("a").timeline

        assert timeline == world.timeline
        assert timeline == copy.deepcopy(pickle.loads(pickle.dumps(timeline)))  # noqa: S301 -- just written
        assert timeline != Timeline(world.entries, Instant(0))
        assert timeline != "a"


def document_of(*facts):
    """Return a document that holds *facts* as they are."""
    return {
        "format": "scoretest.trace/1",
        "start": "2025-01-01T00:00:00Z",
        "facts": list(facts),
    }


def aborted(**parts):
    """Return a fact in writing, a little changed."""
    fact = {"sequence": 0, "at_us": 0, "fact": "DeferAborted", "run_id": "r"}
    return {**fact, "defer": "d", **parts}


def without(key):
    """Return a fact in writing, without one of its keys."""
    return {name: value for name, value in aborted().items() if name != key}


def deep(levels):
    """Return a list in a list in a list."""
    value = []
    for _ in range(levels):
        value = [value]
    return value


UNCHANGED = "\n  fix:   pass what Timeline.to_json() returned, unchanged"
ISO = '\n  fix:   write it like "2025-01-01T00:00:00Z"'
OTHER_VERSION = "\n  fix:   read it with the version of scoretest that wrote it"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "the document must be an object, not None" + UNCHANGED),
        ({}, "the document lacks key 'facts'" + UNCHANGED),
        (
            {**document_of(), "more": 1},
            "the document has an unknown key 'more'" + UNCHANGED,
        ),
        (
            {**document_of(), "format": "scoretest.trace/2"},
            "the trace has the format 'scoretest.trace/2', not 'scoretest.trace/1'"
            + OTHER_VERSION,
        ),
        (
            {**document_of(), "start": "yesterday"},
            "start 'yesterday' is not an ISO 8601 time" + ISO,
        ),
        ({**document_of(), "facts": {}}, "facts must be a list, not {}" + UNCHANGED),
        (document_of(1), "facts[0] is of no known kind: None" + OTHER_VERSION),
        (
            document_of(aborted(), aborted(fact="DeferAbort")),
            "facts[1] is of no known kind: 'DeferAbort'; did you mean 'DeferAborted'?"
            + OTHER_VERSION,
        ),
        (document_of(without("defer")), "facts[0] lacks key 'defer'" + UNCHANGED),
        (document_of(aborted(x=1)), "facts[0] has an unknown key 'x'" + UNCHANGED),
        (
            document_of(aborted(sequence=True)),
            "facts[0].sequence must be an integer, not True" + UNCHANGED,
        ),
        (
            document_of(aborted(at_us=0.5)),
            "facts[0].at_us must be an integer, not 0.5" + UNCHANGED,
        ),
        (
            document_of(aborted(defer=None)),
            "facts[0].defer must be text, not None" + UNCHANGED,
        ),
    ],
)
def test_a_wrong_document_is_refused(document, message):
    """What is no trace is refused with the path to what is wrong."""
    with pytest.raises(UsageError) as caught:
        Timeline.from_json(document)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("value", "1", "facts[0].entry.value must be a number or a bool, not '1'"),
        ("step_id", 1, "facts[0].entry.step_id must be text or null, not 1"),
        ("at_us", None, "facts[0].entry.at_us must be an integer, not None"),
    ],
)
def test_a_wrong_field_of_a_record_is_refused(world, key, value, message):
    """The path leads into the records of a fact."""
    entry = ScoreEntry(
        name="n", value=1, run_id="r", step_id=None, writer="", at=world.now
    )
    document = world.tell(ScoreWritten(entry)).timeline.to_json()
    document["facts"][0]["entry"][key] = value

    with pytest.raises(UsageError) as caught:
        Timeline.from_json(document)

    assert caught.value.what == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({1, 2}, "a trace holds JSON data only, not {1, 2}"),
        (deep(100_000), "the trace is nested too deeply"),
    ],
    ids=["a set", "a deep list"],
)
def test_data_that_is_no_json_is_refused(world, data, message):
    """A document that was never JSON has an end, and an error of ours."""
    document = world.event("ticket").timeline.to_json()
    document["facts"][0]["event"]["wire"]["data"] = {"x": data}

    with pytest.raises(UsageError) as caught:
        Timeline.from_json(document)

    assert caught.value.what == message


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("name", None, "facts[0].event.wire.name must be text, not None"),
        ("data", [], "facts[0].event.wire.data must be an object, not []"),
        ("ts", True, "facts[0].event.wire.ts must be an integer, not True"),
        ("ts", 2**63, f"facts[0].event.wire.ts must be an integer, not {2**63}"),
    ],
)
def test_an_event_without_its_wire_is_refused(world, key, value, message):
    """What the server gives to every event has to be there."""
    document = world.event("ticket").timeline.to_json()
    document["facts"][0]["event"]["wire"][key] = value

    with pytest.raises(UsageError) as caught:
        Timeline.from_json(document)

    assert caught.value.what == message


@given(st.data())
def test_a_damaged_document_raises_nothing_foreign(data):
    """Whatever stands in the place of a value, the answer is a text or our error."""
    entries = [TraceEntry(0, START, data.draw(st.sampled_from(KINDS).flatmap(records)))]
    document = Timeline(entries, START).to_json()
    place = document["facts"][0]
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key]:
            break
        place = place[key]
    place[key] = data.draw(JSON | st.just(2**70) | st.just(-(10**400)))

    try:
        text = str(Timeline.from_json(document))
    except UsageError as error:
        text = str(error)

    assert text
