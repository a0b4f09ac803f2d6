"""A trial: one call of `ctx.group.experiment`, from the choice to the variant's result.

The choice is a step, named by the experiment, so that it is made once for each run. The
variant's callback is called with every entry; a callback that comes to no step would
repeat its effects with each, and is refused (rule G6).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import isawaitable, iscoroutine
from typing import Final, Generic, TypeVar, final

from .._json import Json, show
from .._model.experiment import ExperimentRef, TakenVariant
from .._model.place import Place
from .._model.ports import AsyncSteps, RunPort, SyncSteps
from ..errors import UsageError, near_miss
from .current import VariantMark, current_variant
from .errors import NonRetriableError
from .experiment import ExperimentResult, Selection, is_name

__all__ = ["Trial", "try_async", "try_sync"]

T = TypeVar("T")
C = TypeVar("C", bound=Callable[[], object])

# in the server's words, which its users search for
_NO_STEP: Final = (
    "Experiment variants must invoke step tools to avoid replaying side effects"
)
_EXAMPLE: Final = (
    'write variants={"control": lambda: ctx.step.run("control", control), ...}'
)


@final
class Trial(Generic[C]):
    """What an experiment was called with, checked."""

    def __init__(
        self, experiment: str, variants: Mapping[str, C], select: Selection
    ) -> None:
        _check(experiment, variants, select)
        self.experiment = experiment
        self.variants = dict(variants)
        self.select = select

    def choice(self, chosen: object) -> Json:
        """Return what the step remembers.

        Raises:
            NonRetriableError: What was chosen is no variant.
        """
        if not isinstance(chosen, str) or chosen not in self.variants:
            raise NonRetriableError(
                f"experiment {self.experiment!r} has no variant {show(chosen)}"
                f"{near_miss(chosen, self.variants)}"
            )
        return {"variant": chosen, "strategy": self.select.strategy}

    def taken(self, memo: Json) -> TakenVariant:
        """Return the choice that the step remembered.

        Raises:
            UsageError: Something else than a choice was remembered.
            NonRetriableError: The variant is no longer there.
        """
        choice = memo if isinstance(memo, dict) else {}
        variant, strategy = choice.get("variant"), choice.get("strategy")
        if not isinstance(variant, str) or not isinstance(strategy, str):
            raise UsageError(
                f"the choice of experiment {self.experiment!r} cannot be {show(memo)}",
                fix='let its stub return {"variant": "control", "strategy": "fixed"}',
            )
        if variant not in self.variants:
            raise NonRetriableError(
                f"experiment {self.experiment!r} no longer has the variant "
                f"{variant!r} that this run took{near_miss(variant, self.variants)}"
            )
        weights = dict(self.select.weights or ())
        variants = {name: weights.get(name) for name in self.variants}
        return TakenVariant(self.experiment, variant, strategy, variants)

    def result(self, taken: TakenVariant, output: T) -> ExperimentResult[T]:
        """Return what the call yields."""
        ref = ExperimentRef(experiment_name=self.experiment, variant=taken.variant)
        return ExperimentResult(output, taken.variant, ref)


def _check(experiment: object, variants: object, select: object) -> None:
    """Refuse a call that cannot be a trial.

    Raises:
        UsageError: A part of it is of a wrong kind.
    """
    if not is_name(experiment):
        raise UsageError(
            f"an experiment's id must be text, not {show(experiment)}",
            fix='name it first: ctx.group.experiment("answer-model", ...)',
        )
    if not isinstance(variants, Mapping) or not variants:
        raise UsageError(
            f"experiment {experiment!r} needs variants, not {show(variants)}",
            fix=_EXAMPLE,
        )
    for name, callback in variants.items():
        if not is_name(name) or not callable(callback):
            raise UsageError(
                f"the variant {show(name)} of experiment {experiment!r} must be "
                f"a name with a function, not {show(callback)}",
                fix=_EXAMPLE,
            )
    if not isinstance(select, Selection):
        raise UsageError(
            f"select of experiment {experiment!r} must be a selection, "
            f"not {show(select)}",
            fix='write select=experiment.fixed("control"), with '
            "`from scoretest import experiment`",
        )


async def try_async(
    port: AsyncSteps, trial: Trial[Callable[[], Awaitable[T]]], place: Place
) -> ExperimentResult[T]:
    """Choose once, then go through the variant's callback."""
    _refuse_nested(trial.experiment)

    async def choose() -> Json:
        chosen = trial.select.choose([*trial.variants], port.run_id)
        memo = trial.choice(await chosen if isawaitable(chosen) else chosen)
        port.note_choice(trial.taken(memo))
        return memo

    taken = trial.taken(await port.run(trial.experiment, choose, place))
    with _variant(port, taken):
        output = trial.variants[taken.variant]()
        if not isawaitable(output):
            raise UsageError(
                f"variant {taken.variant!r} of experiment {trial.experiment!r} "
                f"returned {show(output)}, which cannot be awaited",
                fix=_EXAMPLE,
            )
        return_value = await output
    return trial.result(taken, return_value)


def try_sync(
    port: SyncSteps, trial: Trial[Callable[[], T]], place: Place
) -> ExperimentResult[T]:
    """Choose once, then go through the variant's callback."""
    _refuse_nested(trial.experiment)

    def choose() -> Json:
        chosen = trial.select.choose([*trial.variants], port.run_id)
        memo = trial.choice(_not_async(chosen, "the chooser", trial.experiment))
        port.note_choice(trial.taken(memo))
        return memo

    taken = trial.taken(port.run(trial.experiment, choose, place))
    with _variant(port, taken):
        what = f"variant {taken.variant!r}"
        output = _not_async(trial.variants[taken.variant](), what, trial.experiment)
    return trial.result(taken, output)


def _refuse_nested(experiment: str) -> None:
    outer = current_variant.get()
    if outer is not None:
        raise NonRetriableError(
            f"experiment {experiment!r} stands in a variant of experiment "
            f"{outer.experiment!r}, and experiments cannot be nested"
        )


@contextmanager
def _variant(port: RunPort, taken: TakenVariant) -> Iterator[None]:
    """Hold the callback of a variant; refuse one that came to no step.

    Raises:
        NonRetriableError: It came to its end without one.
    """
    port.take_variant(taken)
    mark = VariantMark(taken.experiment)
    token = current_variant.set(mark)
    try:
        yield
    finally:
        current_variant.reset(token)
    if not mark.has_step:
        raise NonRetriableError(_NO_STEP)


def _not_async(value: T, what: str, experiment: str) -> T:
    if not iscoroutine(value):
        return value
    value.close()
    raise UsageError(
        f"{what} of experiment {experiment!r} returned a coroutine to a plain handler",
        fix="make the handler `async def`, or the function an ordinary one",
    )
