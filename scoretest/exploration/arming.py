"""What is arranged before a timeline begins: crashes, failures, variants of experiments.

It stands on a timeline like a signal, so that a code and a pasted test arrange it again.
"""

from collections.abc import Iterator, Sequence

from ..runtime.foreign import Served
from ..runtime.harness import Harness
from .arrangements import FAILING
from .handlers import handlers_of
from .timelines import CRASH, FAILURE, Signal

__all__ = ["arm", "armed_lines"]


def arm(
    harness: Harness, functions: Sequence[Served], signals: Sequence[Signal]
) -> None:
    """Arrange what a timeline has beside its signals."""
    for signal, function in _armed(functions, signals):
        step = str(signal.data["step"])
        if signal.name == CRASH:
            harness.faults.crash_after(function, step)
        elif signal.name == FAILURE:
            harness.stub(function, step, raises=RuntimeError(FAILING))
        else:
            harness.stub(function, step, returns=signal.data["choice"])


def armed_lines(functions: Sequence[Served], signals: Sequence[Signal]) -> list[str]:
    """Return the lines of a test that arrange what a timeline has beside its signals."""
    lines: list[str] = []
    for signal, function in _armed(functions, signals):
        name = next((h.__name__ for h in handlers_of(function)), "function")
        step = signal.data["step"]
        if signal.name == CRASH:
            lines.append(f"harness.faults.crash_after({name}, {step!r})")
        elif signal.name == FAILURE:
            error = repr(RuntimeError(FAILING))
            lines.append(f"harness.stub({name}, {step!r}, raises={error})")
        else:
            choice = signal.data["choice"]
            lines.append(f"harness.stub({name}, {step!r}, returns={choice!r})")
    return lines


def _armed(
    functions: Sequence[Served], signals: Sequence[Signal]
) -> Iterator[tuple[Signal, Served]]:
    """Yield what is to be arranged, and for which function."""
    for signal in signals:
        for function in functions:
            if signal.is_armed and function.id == signal.data["function"]:
                yield signal, function
