"""What our client asks for, asked of the package's client.

In a handler and in the code of the application alike it goes where the package's client
goes: to the server, or to the harness that serves the package's client.
"""

from collections.abc import Sequence
from typing import Any

import inngest

from ...._json import to_wire
from ...._model.event import Event
from ...._model.experiment import ExperimentRef
from ...._model.score import Score, ScoreValue
from ...._model.session import EventMeta
from ....errors import NotBuiltError
from ....times import MILLISECOND, to_instant
from ..private import HAS_ALPHA
from ..versions import SUPPORTED, installed_version

__all__ = ["InngestWorld", "alpha_needed", "meta_given", "their_ref"]


def alpha_needed(what: str) -> None:
    """Refuse *what* if the installed version of the package has no such thing.

    Raises:
        NotBuiltError: It has not.
    """
    if not HAS_ALPHA:
        raise NotBuiltError(
            f"inngest {installed_version()} has no {what}",
            fix=f"install a version that has: inngest=={SUPPORTED[-1]}",
        )


class InngestWorld:
    """Stands for a world of ours before the package's client."""

    def __init__(self, client: inngest.Inngest) -> None:
        self._client: Any = client
        self._assigned: dict[tuple[str, str | None], ExperimentRef] = {}

    # --- events ---------------------------------------------------------------------

    async def asend(self, events: Sequence[Event]) -> list[str]:
        """Send *events* in one request and return the server's ids (rule E4)."""
        ids: list[str] = await self._client.send(_outgoing(events))
        return ids

    def send(self, events: Sequence[Event]) -> list[str]:
        """Send *events* in one request and return the server's ids (rule E4)."""
        ids: list[str] = self._client.send_sync(_outgoing(events))
        return ids

    # --- scores ---------------------------------------------------------------------

    def write_score(
        self, *, name: str, value: ScoreValue, run_id: str, step_id: str | None
    ) -> None:
        """Write a checked score (rule G1)."""
        alpha_needed("scores")
        ref = self._assigned.pop((run_id, step_id), None)
        verb, attribution = "score_sync", _attribution(ref)
        if ref is not None:
            verb = "score_experiment_sync"
        write = getattr(self._client, verb)
        write(name=name, value=value, run_id=run_id, step_id=step_id, **attribution)

    def assign_variant(
        self, ref: ExperimentRef, *, run_id: str, step_id: str | None
    ) -> None:
        """Keep the variant for the score that follows: the package writes both (G6)."""
        self._assigned[run_id, step_id] = ref

    async def ascore(
        self, score: Score, run_id: str, step_id: str | None, ref: ExperimentRef | None
    ) -> None:
        """Write a checked score, and before it the variant that it counts for."""
        alpha_needed("scores")
        write = self._client.score if ref is None else self._client.score_experiment
        await write(
            name=score.name,
            value=score.value,
            run_id=run_id,
            step_id=step_id,
            **_attribution(ref),
        )


def _outgoing(events: Sequence[Event]) -> list[inngest.Event]:
    return [
        inngest.Event(
            name=event.name,
            data=_data(event),
            id=event.id,
            ts=0 if event.ts is None else _milliseconds(event),
            **meta_given(event.meta),
        )
        for event in events
    ]


def meta_given(meta: EventMeta | None) -> dict[str, Any]:
    """Return the argument that says what an event, or a call, says of sessions.

    Raises:
        NotBuiltError: The installed version of the package has no sessions.
    """
    if meta is None:
        return {}
    alpha_needed("sessions")
    return {"meta": meta}


def _data(event: Event) -> Any:
    """Return the data as JSON has it; the package takes nothing else."""
    return to_wire(event.data, what=f"the data of event {event.name!r}").value


def _milliseconds(event: Event) -> int:
    return to_instant(event.ts, what="an event's ts") // MILLISECOND


def _attribution(ref: ExperimentRef | None) -> dict[str, Any]:
    """Return the argument that names a variant, as the package's own reference."""
    return {} if ref is None else {"experiment": their_ref(ref)}


def their_ref(ref: ExperimentRef) -> Any:
    """Return *ref* as the package's own reference."""
    from inngest.experimental.experiment import ExperimentRef as Theirs  # noqa: PLC0415 -- older versions have no such module

    return Theirs(experiment_name=ref.experiment_name, variant=ref.variant)
