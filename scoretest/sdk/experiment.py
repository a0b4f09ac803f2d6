"""How an experiment chooses its variant: the strategies.

`fixed` and `bucket` choose what the real SDK chooses: the same hash, the same order of
variants, the same arithmetic. `weighted` and `custom` are the TypeScript SDK's; there,
too, the first takes its chance from the run's id, which the harness derives from its
seed. So nothing here is random.

Source: rule G6; `inngest.experimental.experiment` of inngest 0.5.20a0.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Final, Generic, TypeAlias, TypeVar, final

from .._json import show
from .._model.experiment import ExperimentRef
from ..errors import UsageError
from .errors import NonRetriableError

__all__ = [
    "ExperimentResult",
    "Selection",
    "bucket",
    "custom",
    "fixed",
    "is_name",
    "weighted",
]

T_co = TypeVar("T_co", covariant=True)

Weights: TypeAlias = tuple[tuple[str, float], ...]
Chooser: TypeAlias = Callable[[], str | Awaitable[str]]
Pick: TypeAlias = Callable[[Sequence[str], str], str | Awaitable[str]]

# the real SDK keeps to names that TypeScript sorts as Python does
_BUCKET_NAME: Final = re.compile(r"[a-z][a-z0-9]*")
_HASHES: Final = 0x1_0000_0000  # the first 32 bits of the digest are read


@final
@dataclass(frozen=True, slots=True)
class ExperimentResult(Generic[T_co]):
    """What an experiment yields.

    Attributes:
        result: What the variant's callback returned.
        variant: The variant's name.
        experiment_ref: What a score needs to count for the variant.
    """

    result: T_co
    variant: str
    experiment_ref: ExperimentRef


@final
class Selection:
    """A way to choose; made by `fixed`, `bucket`, `weighted` and `custom`.

    Attributes:
        strategy: The name of the function that made it.
        weights: The weight of each variant, where the strategy was given weights.
    """

    def __init__(
        self, strategy: str, pick: Pick, weights: Weights | None = None
    ) -> None:
        self.strategy = strategy
        self.weights = weights
        self._pick = pick

    def __repr__(self) -> str:
        return f"<selection {self.strategy!r}>"

    def choose(self, names: Sequence[str], run_id: str) -> str | Awaitable[str]:
        """Return the variant for a run; it may be none of the *names*.

        Raises:
            NonRetriableError: The weights and the names do not go together.
        """
        return self._pick(names, run_id)


def fixed(variant: str) -> Selection:
    """Always choose this variant.

    Raises:
        UsageError: *variant* is no name.
    """
    if not is_name(variant):
        raise UsageError(
            f"fixed() takes a variant's name, not {show(variant)}",
            fix='write select=experiment.fixed("control")',
        )
    return Selection("fixed", lambda _names, _run_id: variant)


def bucket(value: str, *, weights: Mapping[str, float] | None = None) -> Selection:
    """Always choose the same variant for the same *value*, such as a user's id.

    Args:
        value: What is hashed.
        weights: Relative weights of all variants; equal ones when left out.

    Raises:
        UsageError: *value* is blank or no text, or a weight is no finite number from
            zero on, or all are zero.
    """
    if not is_name(value):
        raise UsageError(
            f"bucket() takes a text that is not blank, not {show(value)}",
            fix="hash what stays the same, for example a user's id",
        )
    shares = None if weights is None else _checked_weights("bucket", weights)

    def pick(names: Sequence[str], _run_id: str) -> str:
        for name in names:
            if _BUCKET_NAME.fullmatch(name) is None:
                raise NonRetriableError(
                    f"bucket() cannot use the variant {name!r}: names are lower-case "
                    "ASCII letters and digits, a letter first"
                )
        equal = tuple((name, 1.0) for name in names)
        return _by_weight(value, shares or equal, names)

    return Selection("bucket", pick, shares)


def weighted(weights: Mapping[str, float]) -> Selection:
    """Choose by weight, anew for each run; the chance is in the run's id.

    The same as ``bucket(ctx.run_id, weights=weights)``, for variants of any name.

    Raises:
        UsageError: A weight is no finite number from zero on, or all are zero.
    """
    shares = _checked_weights("weighted", weights)
    return Selection(
        "weighted", lambda names, run_id: _by_weight(run_id, shares, names), shares
    )


def custom(chooser: Chooser) -> Selection:
    """Let *chooser* choose: a function without arguments that returns a name.

    It is called once for each run, in the step that remembers the choice, so that it
    may ask a database or a service for flags. In a coroutine handler it may be async.

    Raises:
        UsageError: *chooser* cannot be called.
    """
    if not callable(chooser):
        raise UsageError(
            f"custom() takes a function, not {show(chooser)}",
            fix='write select=experiment.custom(lambda: "control")',
        )
    return Selection("custom", lambda _names, _run_id: chooser())


def is_name(value: object) -> bool:
    """Say whether *value* is text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def _checked_weights(maker: str, weights: object) -> Weights:
    """Return a snapshot of *weights*.

    Raises:
        UsageError: Nobody could choose by them.
    """
    if not isinstance(weights, Mapping):
        raise UsageError(
            f"the weights of {maker}() must be a mapping, not {show(weights)}",
            fix='write {"control": 80, "candidate": 20}',
        )
    for name, weight in weights.items():
        if not is_name(name) or not _is_weight(weight):
            raise UsageError(
                f"the weight of {show(name)} in {maker}() must be a finite number "
                f"from zero on, not {show(weight)}",
                fix='write {"control": 80, "candidate": 20}',
            )
    if not 0 < sum(map(float, weights.values())) < inf:
        raise UsageError(
            f"the weights of {maker}() must have a finite sum above zero, "
            f"and are {show(dict(weights))}",
            fix='write {"control": 80, "candidate": 20}',
        )
    return tuple(weights.items())


def _is_weight(weight: object) -> bool:
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    try:
        return is_number and 0 <= float(weight) < inf  # type: ignore[arg-type]  # a number, as was just seen
    except OverflowError:
        return False


def _by_weight(key: str, weights: Weights, names: Sequence[str]) -> str:
    """Return the name on whose part of [0, 1) the hash of *key* falls (rule G6)."""
    if {name for name, _ in weights} != set(names):
        raise NonRetriableError(
            f"the weights are for {sorted(name for name, _ in weights)} and the "
            f"variants are {sorted(names)}"
        )
    fraction = int(sha256(key.encode()).hexdigest()[:8], 16) / _HASHES
    total = sum(weight for _, weight in weights)
    upper = 0.0
    *others, (last, _) = sorted(weights)
    for name, weight in others:
        upper += weight / total
        if fraction < upper:
            return name
    return last  # also when the sum of all parts stays a little below one
