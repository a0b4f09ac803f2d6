"""Groups: several steps at once, and one of several ways to go."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar, final

from .._json import Together, show
from .._model.ports import AsyncSteps, SyncSteps
from ..errors import UsageError
from .experiment import ExperimentResult, Selection
from .places import caller
from .trial import Trial, try_async, try_sync

__all__ = ["Group", "GroupSync"]

T = TypeVar("T")


@final
class Group:
    """Run steps side by side, or one variant of several."""

    def __init__(self, port: AsyncSteps) -> None:
        self._port = port

    async def parallel(
        self, callables: tuple[Callable[[], Awaitable[T]], ...]
    ) -> tuple[T, ...]:
        """Go through all *callables* and wait for the steps of all of them.

        Each may contain several steps; they advance in lock step.

        Args:
            callables: Functions without arguments that return an awaitable, such as
                ``lambda: ctx.step.run("charge", charge)``.

        Returns:
            Their results, in the order of *callables*.

        Source: rules B7, E1.
        """
        return Together(await self._port.parallel(_checked(callables)))

    def experiment(
        self,
        experiment_id: str,
        *,
        variants: Mapping[str, Callable[[], Awaitable[T]]],
        select: Selection,
    ) -> Coroutine[Any, Any, ExperimentResult[T]]:
        """Choose one of *variants* once, and go through its callback.

        Args:
            experiment_id: The experiment's name, and that of the step that chooses.
            variants: Functions without arguments that return an awaitable; each must
                come to a step.
            select: Made by `scoretest.experiment.fixed`, `bucket`, `weighted` or
                `custom`.

        Returns:
            The variant's result, its name, and a reference to score it by.

        Raises:
            NonRetriableError: No step in the variant, no such variant, or an
                experiment in an experiment.

        Source: rule G6.
        """
        trial, place = Trial(experiment_id, variants, select), caller()
        call = try_async(self._port, trial, place)
        return self._port.track("group.experiment", experiment_id, call, place)


@final
class GroupSync:
    """The same tools for a handler that is an ordinary function."""

    def __init__(self, port: SyncSteps) -> None:
        self._port = port

    def parallel(self, callables: tuple[Callable[[], T], ...]) -> tuple[T, ...]:
        """Go through all *callables* and wait for the steps of all of them.

        Args:
            callables: Functions without arguments, such as
                ``lambda: ctx.step.run("charge", charge)``.

        Returns:
            Their results, in the order of *callables*.

        Source: rules B7, E1.
        """
        return Together(self._port.parallel(_checked(callables)))

    def experiment(
        self,
        experiment_id: str,
        *,
        variants: Mapping[str, Callable[[], T]],
        select: Selection,
    ) -> ExperimentResult[T]:
        """Choose one of *variants* once, and call it; see `Group.experiment`."""
        trial = Trial(experiment_id, variants, select)
        return try_sync(self._port, trial, caller())


def _checked(callables: tuple[Callable[[], T], ...]) -> tuple[Callable[[], T], ...]:
    for item in callables:
        if not callable(item):
            raise UsageError(
                f"group.parallel takes functions, not {_shown(item)}",
                fix='write (lambda: ctx.step.run("a", a), lambda: ...) around the steps',
            )
    return tuple(callables)


def _shown(item: object) -> str:
    # the commonest mistake, and our own coroutine's name would tell nothing
    return "a step that was called" if isinstance(item, Coroutine) else show(item)
