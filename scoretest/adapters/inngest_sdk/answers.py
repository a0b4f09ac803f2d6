"""What an SDK answers to an entry, as operations and an outcome."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ..._json import to_wire
from ..._model.command import TakeVariant
from ..._model.experiment import TakenVariant
from ..._model.operation import (
    DeferAbort,
    DeferAdd,
    InvokeFunction,
    Operation,
    Outcome,
    PlanStep,
    Raised,
    Returned,
    SleepUntil,
    StepRaised,
    WaitFor,
)
from ..._model.session import resolved
from ...errors import NotBuiltError, UsageError
from ...runtime.entry import Entry
from ...runtime.failures import describe_error
from ...runtime.invoking import stubbed
from ...times import to_duration, to_instant
from .package import Answer
from .protocol import error_of, step_name

__all__ = ["read"]

_OK: Final = 200
_PARTIAL: Final = 206

Item: TypeAlias = dict[str, Any]
"""One operation of an answer, as JSON."""

Headers: TypeAlias = dict[str, str]
"""The headers of an answer."""


def read(entry: Entry, answer: Answer) -> Outcome:
    """Put what *answer* asks for into *entry* and return how the entry ended."""
    body = answer.body
    if answer.status_code == _OK:
        if entry.is_left:
            entry.swallowed()
        return _returned(entry, body)
    if answer.status_code == _PARTIAL:
        try:
            return _read_items(entry, body, answer.headers)
        except NotBuiltError as unbuilt:
            entry.operations.clear()
            return entry.failed(unbuilt)
    return _failed(entry, body, answer.headers)


def _failed(entry: Entry, body: Item, headers: Headers) -> Outcome:
    # a step whose result is no JSON was reported, and its report could not be sent
    if entry.is_left and body.get("code") != "output_unserializable":
        lost = [*entry.operations]  # the defers that went down with the handler
        entry.swallowed()
        entry.operations += lost
    error = error_of(body, headers, entry.now, is_final=False)
    if error.name == "StepUnexpectedError":
        entry.report(
            "NONDETERMINISTIC",
            error.message,
            "let the same code reach the same steps on every entry",
            entry.function.options.place,
        )
    return Raised(error)


def _read_items(entry: Entry, items: list[Item], headers: Headers) -> Outcome:
    outcome: Outcome = None
    for item in items:
        if item["op"] == "RunComplete":
            if entry.is_left:
                entry.swallowed()
            outcome = _returned(entry, item.get("data"))
        else:
            entry.operations.append(_operation(entry, item, headers))
    return outcome


def _operation(entry: Entry, item: Item, headers: Headers) -> Operation:
    """Return the operation that an opcode stands for.

    Raises:
        NotBuiltError: The engine has none.
    """
    op = str(item["op"])
    reader = _READERS.get(op)
    if reader is None:
        raise NotBuiltError(
            f"step {item['displayName']!r} is a {op}, which is not built yet",
            fix="stub the step that it stands in, or leave it out in this test",
        )
    return reader(entry, item, headers)


def _returned(entry: Entry, value: object) -> Outcome:
    try:
        wire = entry.over_the_wire(value, "the handler's result")
    except UsageError as error:  # rule X3
        return Raised(describe_error(error, entry.now))
    return Returned(wire.value)


def _races(item: Item) -> bool:
    """Say whether a step's group goes on after each of its steps."""
    return (item.get("opts") or {}).get("parallelMode") == "race"


def _ran(entry: Entry, item: Item, _: Headers) -> Operation:
    if (item.get("opts") or {}).get("type") == "group.experiment":
        _take_variant(entry, item)
    return entry.ran(step_name(item), item.get("data"))


def _raised(entry: Entry, item: Item, headers: Headers) -> Operation:
    if item["error"].get("code") == "step_nested":
        entry.report(
            "NESTED_STEP",
            f"a step was called inside step {item['displayName']!r}",
            "call it before or after the outer step, never in its callback",
            entry.function.options.place,
        )
    is_final = item["op"] == "StepFailed"
    error = error_of(item["error"], headers, entry.now, is_final=is_final)
    return StepRaised(step_name(item), error)


def _sleep(_: Entry, item: Item, __: Headers) -> Operation:
    until = to_instant(item["name"], what="the end of a sleep")
    return SleepUntil(step_name(item), until, _races(item))


def _wait(_: Entry, item: Item, __: Headers) -> Operation:
    opts = item["opts"]
    within = to_duration(opts["timeout"], what="timeout")
    return WaitFor(step_name(item), item["name"], opts["if"], within, _races(item))


def _take_variant(entry: Entry, item: Item) -> None:
    """Tell the engine which variant an experiment took (rule G6)."""
    told: dict[str, Any] = {}
    for update in item.get("metadata") or ():
        told = update["values"]
    data = item.get("data")
    if not isinstance(data, dict):
        return
    weights = told.get("variant_weights") or {}
    names = told.get("available_variants") or [data.get("variant")]
    choice = TakenVariant(
        experiment=str(step_name(item)),
        variant=str(data.get("variant")),
        strategy=str(data.get("strategy")),
        variants={name: weights.get(name) for name in names},
    )
    entry.driver.apply(TakeVariant(entry.run_id, choice))


def _invoke(entry: Entry, item: Item, __: Headers) -> Operation:
    name, opts = step_name(item), item["opts"]
    stub = entry.driver.stubs.standing_for(entry.function, name)
    if stub is not None:
        return stubbed(entry, name, stub)
    payload, timeout = opts["payload"], opts["timeout"]
    wire = to_wire(payload["data"] or {})
    within = None if timeout is None else to_duration(timeout, what="timeout")
    return InvokeFunction(
        step=name,
        function=opts["function_id"],
        data=wire.value if isinstance(wire.value, dict) else {},
        timeout=within,
        sessions=resolved(payload.get("meta")),  # older versions have none
        size=wire.size,
        races=_races(item),
    )


def _defer(_: Entry, item: Item, __: Headers) -> Operation:
    opts = item["opts"]
    wire, meta = to_wire(opts["input"]), opts.get("meta")
    return DeferAdd(
        id=str(item["displayName"]),
        hashed=str(item["id"]),
        function=str(opts["fn_slug"]),
        data=wire.value if isinstance(wire.value, dict) else {},
        size=wire.size,
        sessions=resolved(meta),
        meta_size=0 if meta is None else to_wire(meta).size,
    )


def _infer(entry: Entry, item: Item, _: Headers) -> Operation:
    """Let a stub answer for the model that the server would call."""
    name = step_name(item)

    def refuse() -> object:
        raise NotBuiltError(
            f"step.ai.infer {name.id!r} would call a model, and no harness does",
            fix=f"harness.stub(function, {name.id!r}, returns={{...}})",
        )

    try:
        return entry.ran(name, entry.driver.stubs.call(entry.function, name, refuse))
    except NotBuiltError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a stub raises is its step's failure
        return entry.raised(name, error)


_READERS: Final[dict[str, Callable[[Entry, Item, Headers], Operation]]] = {
    "StepRun": _ran,
    "StepPlanned": lambda _, item, __: PlanStep(step_name(item), _races(item)),
    "StepError": _raised,
    "StepFailed": _raised,
    "Sleep": _sleep,
    "WaitForEvent": _wait,
    "InvokeFunction": _invoke,
    "DeferAdd": _defer,
    "DeferAbort": lambda _, item, __: DeferAbort(str(item["opts"]["target_hashed_id"])),
    "AIGateway": _infer,
}
"""What reads each opcode of the protocol."""
