"""Requests as the ``inngest`` package has them once it has read their JSON.

A harness and its functions live in one process, so that nothing is gained by writing a
request as text and reading it again, several times over. A request is put together
from the models that the package would make of the text; it takes them as they are. A
test compares both ways.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Self, TypeVar

import inngest

from ..._core.memos import Memo
from ..._json import CONTAINERS, Json, copy_json, copy_object
from .private import CommRequest, base, execution_request, net

__all__ = [
    "NO_TIMINGS",
    "REQUEST_URL",
    "Asked",
    "make_request",
    "request_body",
    "request_for",
]

M = TypeVar("M")

REQUEST_URL: Final = "http://scoretest.invalid/api/inngest"
_ROOT_STEP: Final = "step"  # the target of an entry for all steps

_ServerRequest: Final = execution_request.ServerRequest
_Ctx: Final = execution_request.ServerRequestCtx
_Stack: Final = execution_request.ServerRequestCtxStack
_HAS_DEFERS: Final = "defers" in _ServerRequest.model_fields
_HAS_META: Final = "meta" in inngest.Event.model_fields


class _NoTiming:
    """Stands for a stopwatch; the package's own one starts a task and reads a clock."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _NoTimings(net.ServerTimings):
    def __init__(self) -> None:
        timing: Any = _NoTiming()
        self.async_block = timing
        self.comm_handler = timing
        self.function = timing
        self.mw_transform_input = timing
        self.mw_transform_output = timing
        self.use_api = timing

    def to_header(self) -> str:
        return ""


NO_TIMINGS: Final = _NoTimings()


class Asked(NamedTuple):
    """What the server asks of the package: one entry (rule E6).

    Attributes:
        slug: The function's.
        run_id: The run's.
        entry: The number of the entry in the run.
        attempt: How often the same was tried before.
        most_attempts: How often it is tried at most.
        target: The hashed id of the only step to run, or "".
        events: The run's events on the wire, never changed.
        memos: The steps that have settled.
        defers: The defers that are known, and whether each can be aborted.
    """

    slug: str
    run_id: str
    entry: int
    attempt: int
    most_attempts: int
    target: str
    events: Sequence[Mapping[str, Json]]
    memos: Mapping[str, Memo]
    defers: Mapping[str, bool]


def request_for(asked: Asked) -> CommRequest:
    """Return the request for an entry."""
    job = f"{asked.run_id}.{asked.entry}"
    return make_request(
        request_body(asked),
        {"fnId": asked.slug, "stepId": asked.target or _ROOT_STEP},
        {"x-inngest-job-id": job, "x-request-id": job},
    )


def make_request(
    body: object, query: Mapping[str, str], headers: Mapping[str, str]
) -> CommRequest:
    """Return a request of the server, as it comes over a connection that is trusted.

    Args:
        body: JSON as bytes, or what `request_body` returns.
        query: What stands in the address.
        headers: The headers.
    """
    values = {
        "body": body,
        "headers": headers,
        "is_connect": True,
        "public_path": None,
        "query_params": query,
        "raw_request": None,
        "request_url": REQUEST_URL,
        "serve_origin": None,
        "serve_path": None,
        "timings": NO_TIMINGS,
    }
    return _made(CommRequest, values)


def request_body(asked: Asked) -> execution_request.ServerRequest:
    """Return what the package would read in the request's body."""
    ctx = {
        "attempt": asked.attempt,
        "disable_immediate_execution": bool(asked.target),
        "max_attempts": asked.most_attempts,
        "run_id": asked.run_id,
        "stack": _made(_Stack, {"stack": list(asked.memos)}),
    }
    body: dict[str, Any] = {
        "ctx": _made(_Ctx, ctx),
        "event": _event(asked.events[0]),
        "events": [_event(event) for event in asked.events],
        "steps": {hashed: _output(memo) for hashed, memo in asked.memos.items()},
        "use_api": False,
    }
    if _HAS_DEFERS:
        kind = execution_request.DeferredState
        body["defers"] = {
            h: _made(kind, {"abortable": can}) for h, can in asked.defers.items()
        }
    return _made(_ServerRequest, body)


def _event(wire: Mapping[str, Any]) -> inngest.Event:
    """Return an event with data of its own: a handler may change it."""
    if "meta" in wire:  # the package has a say in it
        return inngest.Event.model_validate_json(json.dumps(wire))
    values = {  # in the model's order, as `model_dump` shows them
        "data": copy_object(wire["data"]),
        "id": wire["id"],
        "name": wire["name"],
        "ts": wire["ts"],
    }
    given = {*values}
    if _HAS_META:
        values["meta"] = None
    return _made(inngest.Event, values, given)


def _output(memo: Memo) -> base.Output:
    """Return a memo; an event and a sleep have no wrapping, and come out the same."""
    _, data, error = memo
    if error is not None:
        told = {"message": error.message, "name": error.name, "stack": error.stack}
        told_error = _made(base.MemoizedError, told)
        return _made(base.Output, {"data": None, "error": told_error}, {"error"})
    if type(data) in CONTAINERS:
        data = copy_json(data)
    return _made(base.Output, {"data": data, "error": None}, {"data"})


def _made(kind: type[M], values: dict[str, Any], given: set[str] | None = None) -> M:
    """Return a model of *values*, unpickled as it were: `model_construct` is slow.

    Args:
        kind: The model's class.
        values: The fields, none missing.
        given: The names of those that are no defaults; None for all.
    """
    model: Any = kind.__new__(kind)
    model.__setstate__(
        {
            "__dict__": values,
            "__pydantic_extra__": None,
            "__pydantic_fields_set__": {*values} if given is None else given,
            "__pydantic_private__": None,
        }
    )
    made: M = model
    return made
