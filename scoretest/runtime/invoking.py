"""The operation by which an entry invokes another function (rule E3)."""

from .._json import show, to_wire
from .._model.operation import InvokeFunction, StepName
from .._model.place import Place
from .._model.ports import Invoked
from .._model.session import resolved, stamped
from ..errors import UsageError
from ..times import Duration
from .entry import Entry

__all__ = ["invocation"]


def invocation(
    entry: Entry,
    name: StepName,
    function: Invoked,
    data: object,
    within: Duration | None,
    place: Place,
) -> InvokeFunction:
    """Return the call of *function* with *data*.

    Raises:
        UsageError: The data is no object that JSON can carry, or a session is none.
    """
    what = f"the data of step {str(name)!r}"
    wire = to_wire({} if data is None else data, what=what)
    if not isinstance(wire.value, dict):
        raise UsageError(
            f"{what} must be an object, not {show(data)}",
            fix='pass data={"ticketId": ...}',
        )
    for loss in wire.losses:
        fix = "pass what JSON can carry"
        entry.report("LOSSY_OUTPUT", f"{loss.path}: {loss.what}", fix, place)
    app_id = function.app_id or entry.function.options.app_id
    slug = f"{app_id}-{function.fn_id}"
    sessions = resolved(stamped(function.meta, entry.sessions, f"step {str(name)!r}"))
    return InvokeFunction(name, slug, wire.value, within, sessions)
