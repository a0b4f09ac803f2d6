"""What the conversion asks of the package beneath its surface.

The package lets nobody see what the server has accepted already, nor run a step of an
experiment that it did not start itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ...._model.experiment import TakenVariant
from ..private import HAS_ALPHA, base, group, known_defers, run_context

__all__ = [
    "INTERRUPTS",
    "in_variant",
    "interrupt_in",
    "is_planning",
    "knows_defer",
    "note_choice",
    "sessions_of",
]

INTERRUPTS: Final = (base.ResponseInterrupt, base.SkipInterrupt)
"""How the package leaves a handler at a step."""

_EXPERIMENT: Final = "group.experiment"


def is_planning() -> bool:
    """Say whether a group is going through its branches."""
    return group.in_parallel.get()


def knows_defer(ctx: Any, hashed: str) -> bool:
    """Say whether the server has the defer of this hashed id (rule A4)."""
    return hashed in known_defers(ctx)


def sessions_of(ctx: Any) -> dict[str, str]:
    """Return what the run hands on: the package's own map, for the handler to change."""
    found: dict[str, str] = ctx.sessions if HAS_ALPHA else {}
    return found


def interrupt_in(several: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """Return the interrupt that a task group has wrapped, if there is one."""
    found, _ = several.split(INTERRUPTS)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]  # type: ignore[assignment]  # a group again, or what it holds
    return found


def note_choice(choice: TakenVariant) -> None:
    """Let the step under way tell the server of *choice*, as the package's own does."""
    step = run_context.current_step.get()
    if step is None:
        return
    values: dict[str, object] = {
        "name": choice.experiment,
        "variant": choice.variant,
        "selection_strategy": choice.strategy,
        "available_variants": list(choice.variants),
    }
    if any(weight is not None for weight in choice.variants.values()):
        values["variant_weights"] = dict(choice.variants)
    step.opts = {**(step.opts or {}), "type": _EXPERIMENT}
    step.metadata.append(
        {
            "kind": "inngest.experiment",
            "scope": "step",
            "op": "merge",
            "values": values,
        }
    )


@contextmanager
def in_variant(choice: TakenVariant | None) -> Iterator[None]:
    """Let the steps called inside be told of as steps of a variant, if there is one."""
    if choice is None:
        yield
        return
    told: dict[str, object] = {
        "experimentName": choice.experiment,
        "variant": choice.variant,
        "selectionStrategy": choice.strategy,
    }
    token = run_context.current_experiment.set(run_context.ExperimentContext(told))
    try:
        yield
    finally:
        run_context.current_experiment.reset(token)
