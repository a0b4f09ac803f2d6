"""How application code reaches a world through its client."""

from collections.abc import Callable, Sequence
from typing import final

from .._model.command import AssignVariant
from .._model.event import Event
from .._model.experiment import ExperimentRef
from .._model.score import ScoreValue
from .awaited_scores import AwaitedScores
from .driver import Driver
from .residence import Residence

__all__ = ["Door"]


@final
class Door(AwaitedScores):
    """The port that a harness gives to the clients it serves."""

    def __init__(
        self, driver: Driver, residence: Residence, settle: Callable[[], None]
    ) -> None:
        self._driver = driver
        self._residence = residence
        self._settle = settle

    def send(self, events: Sequence[Event]) -> list[str]:
        """Send *events* and run everything due now, unless the loop is running."""
        self._residence.stand_here("client.send_sync")
        ids = self._driver.send(events)
        if not self._driver.loop.is_running():  # else who awaits settles
            self._settle()
        return ids

    async def asend(self, events: Sequence[Event]) -> list[str]:
        """Send *events* and wait until everything due now has run."""
        self._residence.await_here("client.send")
        ids = self._driver.send(events)
        await self._driver.loop.settle()
        return ids

    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score to the ledger."""
        self._residence.look_around()
        self._driver.write_score(name, value, run_id, step_id)

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Let the scores on a target count for a variant."""
        self._driver.apply(AssignVariant(ref, run_id, step_id))
