"""Schemas: what a deferred payload must look like, on its way and on arrival."""

import sys
import typing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

import pytest
from pydantic import BaseModel, ConfigDict, field_validator
from typing_extensions import TypedDict

from scoretest import Score, UsageError, create_defer, create_scorer


class Model(BaseModel):
    """A model that forbids what it does not name."""

    model_config = ConfigDict(extra="forbid")
    ticket: str
    stars: int = 3


@dataclass
class Data:
    """The same as a dataclass."""

    ticket: str
    stars: int = 3


class _Ticket(TypedDict):
    ticket: str


class Typed(_Ticket, total=False):
    """The same as a TypedDict, which has no defaults."""

    stars: int


class Mood(Enum):
    """A closed set of words."""

    GOOD = "good"


class Strict(BaseModel):
    """A model that takes JSON literally."""

    model_config = ConfigDict(strict=True)
    at: datetime
    mood: Mood
    pair: tuple[int, int]


class Fussy(BaseModel):
    """A model whose own validator breaks."""

    n: int

    @field_validator("n")
    @classmethod
    def check(cls, _):
        """Break."""
        raise RuntimeError("broken validator")


class Upper(BaseModel):
    """A model that changes what it is given."""

    ticket: str
    tags: list[str] = field(default_factory=list)

    @field_validator("ticket")
    @classmethod
    def check(cls, value):
        """Write tickets in capitals."""
        return value.upper()


@pytest.fixture
def deferring(on, start):
    """Return a function that runs a parent which defers *data* to *function*."""

    def run(function, data):
        @on("shop/order")
        async def order(ctx):
            ctx.defer("audit", function=function, data=data)
            return "ok"

        return start("shop/order")

    return run


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Model, Model(ticket="A-1", stars=3)),
        (Data, Data("A-1", 3)),
        (Typed, {"ticket": "A-1"}),
        (None, {"ticket": "A-1"}),
    ],
    ids=["model", "dataclass", "TypedDict", "none"],
)
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_the_input_is_of_the_schemas_type(deferred, deferring, schema, expected, kind):
    """`ctx.input` is the validated object, `ctx.event.data` the JSON mapping."""
    seen = []
    if kind == "async":

        @deferred(schema=schema)
        async def audit(ctx):
            seen.append((ctx.input, dict(ctx.event.data)))

    else:

        @deferred(schema=schema)
        def audit(ctx):
            seen.append((ctx.input, dict(ctx.event.data)))

    deferring(audit, {"ticket": "A-1"})

    ((given, data),) = seen
    assert (type(given), given) == (type(expected), expected)
    assert data == {"ticket": "A-1", "input": {"ticket": "A-1"}}


@pytest.mark.rule("A12")
@pytest.mark.parametrize("schema", [Model, Data, Typed])
def test_a_payload_that_does_not_fit_is_skipped(harness, deferred, deferring, schema):
    """A misfit is told at the defer call; the parent goes on and nothing runs."""

    @deferred(schema=schema)
    async def audit(_ctx):
        return "never"

    run = deferring(audit, {"ticket": 7, "stars": "many"})

    assert (run.output, run.deferred) == ("ok", [])
    (finding,) = harness.findings
    assert finding.code == "DEFER_SKIPPED"
    assert finding.message == (
        "the defer 'audit' was skipped: the data does not fit "
        f"{schema.__name__}: ticket: Input should be a valid string; stars: Input "
        "should be a valid integer, unable to parse string as an integer"
    )
    assert finding.fix == "send what 'shop-audit' declares as its schema"
    harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


def test_a_forbidden_extra_field(harness, deferred, deferring):
    """A model that forbids extra fields refuses the user's, and never sees our own."""

    @deferred(schema=Model)
    async def audit(_ctx):
        return "never"

    run = deferring(audit, {"ticket": "A-1", "input": {}})

    assert run.deferred == []
    assert "input: Extra inputs are not permitted" in harness.findings[0].message
    harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


def test_a_strict_schema_reads_json(deferred, deferring):
    """A strict model takes text for a time, a word for a member, a list for a pair."""

    @deferred(schema=Strict)
    async def audit(ctx):
        given = ctx.input
        return [given.at == datetime(2025, 1, 1, tzinfo=UTC), given.mood.name]

    data = {"at": "2025-01-01T00:00:00Z", "mood": "good", "pair": [1, 2]}
    run = deferring(audit, data)

    assert [child.output for child in run.deferred] == [[True, "GOOD"]]


def test_a_broken_validator_does_not_fail_the_parent(harness, deferred, deferring):
    """Whatever a schema's own code raises, the call is skipped and told."""

    @deferred(schema=Fussy)
    async def audit(_ctx):
        return "never"

    run = deferring(audit, {"n": 1})

    assert (run.output, run.deferred) == ("ok", [])
    (finding,) = harness.findings
    assert (finding.code, finding.message) == (
        "DEFER_SKIPPED",
        "the defer 'audit' was skipped: RuntimeError('broken validator')",
    )
    harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


def test_what_is_sent_is_what_was_given(deferred, deferring):
    """Validation at the call does not change the data; on arrival it is seen changed."""

    @deferred(schema=Upper)
    async def audit(ctx):
        return [ctx.event.data["ticket"], ctx.input.ticket]

    run = deferring(audit, {"ticket": "a-1"})

    assert [child.output for child in run.deferred] == [["a-1", "A-1"]]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes both there")
def test_a_typed_dict_that_pydantic_cannot_read(harness, deferred, deferring):
    """Before Python 3.12 pydantic wants another TypedDict, and the finding says so."""

    class Plain(typing.TypedDict):
        ticket: str

    @deferred(schema=Plain)
    async def audit(_ctx):
        return "never"

    run = deferring(audit, {"ticket": "A-1"})

    assert (run.output, run.deferred) == ("ok", [])
    assert harness.findings[0].message.startswith(
        "the defer 'audit' was skipped: the schema Plain of 'shop-audit' cannot be "
        "used: Please use `typing_extensions.TypedDict` instead"
    )
    harness.allow("DEFER_SKIPPED", reason="the mistake is the point")


def test_it_is_checked_again_on_arrival(harness, on, start, client):
    """A function that was declared anew meanwhile refuses the old payload for good."""
    sender = create_defer(client, fn_id="audit", schema=Data)(print)

    class Stricter(BaseModel):
        ticket: int

    @create_defer(client, fn_id="audit", schema=Stricter)
    async def audit(_ctx):
        return "never"

    harness.serve(client, functions=[audit])

    @on("shop/order")
    async def order(ctx):
        ctx.defer("audit", function=sender, data={"ticket": "A-1"})

    with harness.expect_failure(audit) as failure:
        run = start("shop/order")

    assert run.status == "Completed"
    assert (failure.run.error.name, failure.run.entries) == ("NonRetriableError", 1)
    assert failure.run.error.message == (
        "the data does not fit Stricter: ticket: Input should be a valid integer, "
        "unable to parse string as an integer"
    )


def test_a_scorer_has_a_schema_too(harness, deferring, scorer):
    """A scorer reads its payload as an object and scores by it."""

    @scorer(schema=Model)
    async def judge(ctx):
        return Score("stars", ctx.input.stars)

    run = deferring(judge, {"ticket": "A-1", "stars": 5})

    assert harness.scores == [Score("stars", 5)]
    assert run.scores == [Score("stars", 5)]


@pytest.mark.parametrize("create", [create_defer, create_scorer])
@pytest.mark.parametrize("schema", [{"ticket": str}, "Model", 7, Model(ticket="A")])
def test_what_is_no_schema(client, create, schema):
    """A schema is a class; anything else is refused when the function is declared."""
    with pytest.raises(UsageError, match="schema of 'shop-audit' must be a class"):
        create(client, fn_id="audit", schema=schema)(print)


@dataclass
class Lines:
    """A dataclass with others inside."""

    items: list[Data]


def test_a_misfit_deep_inside_is_named_by_its_path(harness, deferred, deferring):
    """The message leads to the place through lists and fields."""

    @deferred(schema=Lines)
    async def audit(_ctx):
        return "never"

    deferring(audit, {"items": [{"ticket": "A"}, {"stars": 1}]})

    assert harness.findings[0].message.endswith("Lines: items.1.ticket: Field required")
    harness.allow("DEFER_SKIPPED", reason="the mistake is the point")
