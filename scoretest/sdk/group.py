"""Groups: several steps at once."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import NoReturn, TypeVar, final

from .._json import show
from .._model.ports import AsyncSteps, SyncSteps
from ..errors import NotBuiltError, UsageError

__all__ = ["Group", "GroupSync"]

T = TypeVar("T")


@final
class Group:
    """Run steps side by side."""

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
        return await self._port.parallel(_checked(callables))

    async def experiment(self, experiment_id: str, **_: object) -> NoReturn:
        """Choose a variant; not built yet."""
        raise _no_experiments(experiment_id)


@final
class GroupSync:
    """Run steps side by side, in a handler that is an ordinary function."""

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
        return self._port.parallel(_checked(callables))

    def experiment(self, experiment_id: str, **_: object) -> NoReturn:
        """Choose a variant; not built yet."""
        raise _no_experiments(experiment_id)


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


def _no_experiments(experiment_id: object) -> NotBuiltError:
    return NotBuiltError(
        f"ctx.group.experiment({show(experiment_id)}) is not built yet",
        fix="choose the variant in a step of your own",
    )
