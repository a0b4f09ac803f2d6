"""How application code reaches a world through its client."""

import asyncio
from collections.abc import Callable, Sequence
from typing import final

from .._model.command import AssignVariant
from .._model.event import Event
from .._model.experiment import ExperimentRef
from .._model.score import ScoreValue
from ..errors import UsageError
from .driver import Driver

__all__ = ["Door"]


@final
class Door:
    """The port that a harness gives to the clients it serves."""

    def __init__(self, driver: Driver, settle: Callable[[], None]) -> None:
        self._driver = driver
        self._settle = settle

    def send(self, events: Sequence[Event]) -> list[str]:
        """Send *events* and run everything due now, unless the loop is running."""
        if self._driver.loop.is_running():  # inside harness.call(): the call settles
            return self._driver.send(events)
        ids = self._driver.send(events)
        self._settle()
        return ids

    async def asend(self, events: Sequence[Event]) -> list[str]:
        """Send *events* and wait until everything due now has run."""
        loop = self._driver.loop
        if asyncio.get_running_loop() is not loop:
            raise UsageError(
                "client.send was awaited on an event loop that is not the harness's",
                fix="run the application's code with harness.call(function, ...)",
            )
        ids = self._driver.send(events)
        await loop.settle()
        return ids

    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score to the ledger."""
        self._driver.write_score(name, value, run_id, step_id)

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Let the scores on a target count for a variant."""
        self._driver.apply(AssignVariant(ref, run_id, step_id))
