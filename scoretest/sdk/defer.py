"""Deferred work: scheduled by a run, started when that run has ended.

Nothing that is wrong with a defer ever fails its parent: production logs it and goes on
(rule A12). So does this module, and it tells the test.
"""

from collections.abc import Callable
from typing import Any, Protocol, cast, final

from .._ids import hash_id
from .._json import JsonObject, show, to_wire
from .._model.operation import DeferAbort, DeferAdd
from .._model.options import FunctionKind, FunctionOptions
from .._model.place import Place
from .._model.ports import RunPort
from ..errors import ScoretestError, UsageError
from .schema import Schema

__all__ = ["DeferHandle", "add_defer"]

_RESERVED = ("_inngest", "_inngestExperiment")


class _Target(Protocol):
    """What a defer can start."""

    options: FunctionOptions
    schema: Schema | None


@final
class DeferHandle:
    """Takes a defer back, as long as its run has not ended (rule A6)."""

    def __init__(self, abort: Callable[[], None]) -> None:
        self._abort = abort

    def abort(self) -> None:
        """Take the defer back; it does nothing when the call was skipped."""
        self._abort()


def add_defer(
    port: RunPort, defer_id: object, function: object, data: object, place: Place
) -> DeferHandle:
    """Buffer a defer, or skip it and say why."""
    try:
        call = _checked(port, defer_id, function, data)
    except ScoretestError as error:
        port.report(
            "DEFER_SKIPPED",
            f"the defer {show(defer_id)} was skipped: {error.what}",
            error.fix or "mend the call; production only logs it",
            place,
        )
        return DeferHandle(lambda: None)
    port.add_defer(call)
    return DeferHandle(lambda: port.abort_defer(DeferAbort(call.hashed), place))


def _checked(port: RunPort, defer_id: object, function: object, data: Any) -> DeferAdd:
    target = _target(function)
    if not isinstance(defer_id, str) or not defer_id:
        raise UsageError(
            f"a defer's id must be text, not {show(defer_id)}",
            fix='name it, for example ctx.defer("score-feedback", ...)',
        )
    hashed = hash_id(defer_id)
    if port.saw_defer(hashed):
        raise UsageError(
            f"its id {defer_id!r} was used before in this run",
            fix="give each defer an id of its own; the first call of an id wins",
        )
    return _with_data(port, target, defer_id, hashed, data)


def _with_data(
    port: RunPort, target: _Target, defer_id: str, hashed: str, data: Any
) -> DeferAdd:  # anything a user may pass
    if not isinstance(data, dict):
        raise UsageError(
            f"its data must be an object with text keys, not {show(data)}",
            fix='pass data={"ticketId": ...}',
        )
    for key in _RESERVED:
        if key in data:
            raise UsageError(
                f"its data holds the reserved key {key!r}", fix="rename the key"
            )
    wire = to_wire(data, what="data")
    payload: JsonObject = wire.value if isinstance(wire.value, dict) else {}
    if target.schema is not None:
        target.schema.validate(payload)
    for loss in wire.losses:
        port.report(
            "LOSSY_OUTPUT",
            f"{loss.path} of defer {defer_id!r}: {loss.what}",
            "pass what JSON can carry",
            target.options.place,
        )
    return DeferAdd(
        id=defer_id,
        hashed=hashed,
        function=target.options.slug,
        data=payload,
        size=wire.size,
    )


def _target(function: object) -> _Target:
    options = getattr(function, "options", None)
    if isinstance(options, FunctionOptions) and (
        options.kind is not FunctionKind.ORDINARY
    ):
        return cast("_Target", function)
    raise UsageError(
        f"{show(function)} is no deferred function",
        fix="make it with create_defer or create_scorer",
    )
