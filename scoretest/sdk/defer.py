"""Deferred work: scheduled by a run, started when that run has ended.

Nothing that is wrong with a defer ever fails its parent: production logs it and goes on
(rule A12). So does this module, and it tells the test.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast, final

from .._ids import hash_id
from .._json import JsonObject, show, to_wire
from .._model.experiment import EXPERIMENT_KEY, checked_ref
from .._model.operation import DeferAbort, DeferAdd
from .._model.options import FunctionKind, FunctionOptions
from .._model.place import Place
from .._model.ports import RunPort
from .._model.session import checked_meta, resolved, stamped
from ..errors import ScoretestError, UsageError
from .current import current_port
from .places import caller
from .schema import Schema

__all__ = ["DeferHandle", "Wanted", "add_defer"]

_RESERVED = ("_inngest", EXPERIMENT_KEY)


class _Target(Protocol):
    """What a defer can start."""

    options: FunctionOptions
    schema: Schema | None


@final
class DeferHandle:
    """Takes a defer back, as long as its run has not ended (rule A6)."""

    def __init__(self, abort: Callable[[Place], None]) -> None:
        self._abort = abort

    def abort(self) -> None:
        """Take the defer back; it does nothing when the call was skipped."""
        self._abort(caller())


class Wanted(NamedTuple):
    """What `ctx.defer` was called with, and where; nothing of it is checked yet."""

    id: object
    function: object
    data: object
    experiment: object
    meta: object
    place: Place


def add_defer(port: RunPort, wanted: Wanted) -> DeferHandle:
    """Buffer a defer, or skip it and say why."""
    try:
        _check_running(port, "a defer")
        target = _target(wanted.function)
        hashed = _checked_id(port, wanted.id)
        port.add_defer(hashed, lambda: _call(port, target, hashed, wanted))
    except Exception as error:  # noqa: BLE001 -- a schema's own validators may raise anything
        what = f"the defer {show(wanted.id)} was skipped"
        _skip(port, what, error, wanted.place)
        return DeferHandle(lambda _: None)
    return DeferHandle(lambda where: _abort(port, str(wanted.id), hashed, where))


def _abort(port: RunPort, defer_id: str, hashed: str, place: Place) -> None:
    try:
        _check_running(port, "an abort")
        port.abort_defer(DeferAbort(hashed))
    except UsageError as error:
        _skip(port, f"the abort of defer {defer_id!r} was skipped", error, place)


def _skip(port: RunPort, what: str, error: Exception, place: Place) -> None:
    why, fix = show(error), ""
    if isinstance(error, ScoretestError):
        why, fix = error.what, error.fix
    port.report(
        "DEFER_SKIPPED",
        f"{what}: {why}",
        fix or "mend the call; production only logs it",
        place,
    )


def _check_running(port: RunPort, what: str) -> None:
    if current_port.get() is not port:
        raise UsageError(
            f"{what} needs the handler whose context it belongs to, and that is not "
            "running here",
            fix="call it in the handler, or in the callback of one of its steps",
        )


def _checked_id(port: RunPort, defer_id: object) -> str:
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
    return hashed


def _call(port: RunPort, target: _Target, hashed: str, wanted: Wanted) -> DeferAdd:
    """Return what the server is told of a call.

    Raises:
        UsageError: The server, or the function's schema, would refuse the data.
    """
    routing = _routing(wanted.experiment)
    wire = to_wire({**_checked_data(wanted.data), **routing}, what="data")
    data: JsonObject = wire.value if isinstance(wire.value, dict) else {}
    if target.schema is not None:
        target.schema.validate({k: data[k] for k in data if k not in routing})
    what = f"defer {wanted.id!r}"
    meta = stamped(checked_meta(wanted.meta, what), port.sessions, what)
    for loss in wire.losses:
        port.report(
            "LOSSY_OUTPUT",
            f"{loss.path} of {what}: {loss.what}",
            "pass what JSON can carry",
            wanted.place,
        )
    return DeferAdd(
        id=str(wanted.id),
        hashed=hashed,
        function=target.options.slug,
        data=data,
        size=wire.size,
        sessions=resolved(meta),
        meta_size=0 if meta is None else to_wire(meta).size,
    )


def _routing(experiment: object) -> JsonObject:
    """Return what stands beside the payload in the event (rule A9)."""
    if experiment is None:
        return {}
    ref = checked_ref(experiment)
    return {
        EXPERIMENT_KEY: {"experimentName": ref.experiment_name, "variant": ref.variant}
    }


def _checked_data(data: object) -> dict[str, object]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise UsageError(
            f"its data must be an object with text keys, not {show(data)}",
            fix='pass data={"ticketId": ...}',
        )
    for key in _RESERVED:
        if key in data:
            raise UsageError(
                f"its data holds the reserved key {key!r}", fix="rename the key"
            )
    return data


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
