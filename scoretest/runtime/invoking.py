"""The operation by which an entry invokes another function (rule E3)."""

from dataclasses import replace
from inspect import iscoroutine

from .._json import show, to_wire
from .._model.operation import InvokeFunction, StepName, StepRaised, StepRan
from .._model.place import Place
from .._model.ports import Invoked
from .._model.session import resolved, stamped
from ..errors import UsageError
from ..times import Duration
from .entry import Entry
from .stubs import Stub

__all__ = ["invocation", "stubbed"]


def invocation(
    entry: Entry,
    name: StepName,
    function: Invoked,
    data: object,
    within: Duration | None,
    place: Place,
) -> InvokeFunction | StepRan | StepRaised:
    """Return the call of *function* with *data*, or what a stub makes of it.

    Raises:
        UsageError: The data is no object that JSON can carry, or a session is none.
    """
    stub = entry.driver.stubs.standing_for(entry.function, name)
    if stub is not None:
        return stubbed(entry, name, stub)
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
    return InvokeFunction(name, slug, wire.value, within, sessions, wire.size)


def stubbed(entry: Entry, name: StepName, stub: Stub) -> StepRan | StepRaised:
    """Return the answer of a stub that stands for the invoked function.

    What it raises is the function's failure, which its caller does not retry (rule E3).
    """
    try:
        answer = entry.ran(name, _plain(stub.play(), name))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever a stub raises is its step's failure
        answer = entry.raised(name, error)
    if isinstance(answer, StepRaised):
        final = replace(answer.error, retriable=False)
        return replace(answer, error=final, op="InvokeFunction")
    return replace(answer, op="InvokeFunction")


def _plain(output: object, name: StepName) -> object:
    if not iscoroutine(output):
        return output
    output.close()
    raise UsageError(
        f"the stub of step {name.id!r}, which invokes, returned a coroutine",
        fix="let it call an ordinary function",
    )
