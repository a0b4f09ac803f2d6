"""Experiments: which variant of some work a run took, and which one a score is for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, final

from .._json import show
from ..errors import UsageError
from .record import record

__all__ = ["EXPERIMENT_KEY", "ExperimentRef", "TakenVariant", "checked_ref"]

EXPERIMENT_KEY: Final = (
    "_inngestExperiment"  # in the data of a deferred event (rule A9)
)
_FIX: Final = "pass the experiment_ref that ctx.group.experiment(...) returned"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRef:
    """An experiment and the variant that a run took of it.

    Attributes:
        experiment_name: The id that `ctx.group.experiment` was given.
        variant: The variant's name.
    """

    experiment_name: str
    variant: str

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not isinstance(value, str) or not value.strip():
                raise UsageError(
                    f"{name} must be text that is not blank, not {show(value)}",
                    fix=_FIX,
                )

    def model_dump(self) -> dict[str, str]:
        """Return it as JSON can carry it; what takes a reference takes this too."""
        return asdict(self)


@record
class TakenVariant:
    """The choice of one experiment in one run.

    Attributes:
        experiment: The experiment's id.
        variant: What was chosen.
        strategy: How: ``"fixed"``, ``"bucket"``, ``"weighted"`` or ``"custom"``.
        variants: Each variant's weight; null where the strategy has none.
    """

    experiment: str
    variant: str
    strategy: str
    variants: dict[str, float | None]


def checked_ref(value: object) -> ExperimentRef:
    """Return the reference that *value* is, or that it was before it became JSON.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(value, ExperimentRef):
        return value
    keys = {"experiment_name", "variant"}
    if isinstance(value, Mapping) and set(value) == keys:
        return ExperimentRef(**value)
    raise UsageError(
        f"experiment must be an ExperimentRef, not {show(value)}", fix=_FIX
    )
