"""Entries ahead of time: what would a run do if it were entered now?

The server enters a run when all that it has asked for is settled. Whoever wants to know
whether a run could go on before that enters it here; never in a world that goes on.
"""

from collections.abc import Sequence

from .._model.effect import Enter
from .._model.operation import DeferAbort, DeferAdd, Operation
from ._engine import Engine

__all__ = ["enter_ahead", "new_operations"]


def enter_ahead(engine: Engine, run_id: str) -> tuple[Enter, ...]:
    """Ask for an entry of a run although something of it is pending."""
    world = engine._world  # noqa: SLF001 -- of its own package
    world.enter(world.lives[run_id])
    return engine._take_effects()  # noqa: SLF001 -- likewise


def new_operations(
    engine: Engine, run_id: str, operations: Sequence[Operation]
) -> tuple[Operation, ...]:
    """Return what an entry has asked for and is not under way already."""
    known = engine.lives[run_id].memos.steps
    return tuple(
        operation
        for operation in operations
        if isinstance(operation, DeferAdd | DeferAbort)
        or operation.step.hashed not in known
    )
