"""Scores: how well a run did, as the ledger keeps them."""

import math
import re
from dataclasses import dataclass
from typing import TypeAlias, final

from .._json import show
from ..errors import UsageError
from ..times import Instant
from .limits import SCORE_NAME_BYTES
from .record import record

__all__ = ["InvalidScoreError", "Score", "ScoreEntry", "ScoreValue", "check_score"]

_NUMBERS = (bool, int, float)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f'\ud800-\udfff]")


class InvalidScoreError(UsageError, ValueError):
    """A score that the server's metadata cannot hold (rule G4)."""

    @property
    def name(self) -> str:
        """The real SDK raises a plain ValueError here, and a run's error says so."""
        return "ValueError"


ScoreValue: TypeAlias = bool | int | float
"""A finite number, or a bool."""


@final
@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer returns: how well its parent's run did.

    Attributes:
        name: What was measured; at most 128 bytes, no control characters, no ``'``.
        value: A finite number or a bool.

    Source: rule G4. A bad name or value is told when the score is written, so that
    the run reports it as the server's SDK would.
    """

    name: str
    value: ScoreValue


def check_score(name: object, value: object) -> None:
    """Refuse what the real SDK refuses.

    Raises:
        InvalidScoreError: The name is no usable text, or the value no finite number.

    Source: rule G4.
    """
    if not isinstance(name, str) or not name.strip():
        raise InvalidScoreError(
            f"a score's name must be text that is not blank, not {show(name)}",
            fix='name what was measured, for example "user-feedback"',
        )
    if (
        _FORBIDDEN.search(name)
        or len(name.encode("utf-8", "replace")) > SCORE_NAME_BYTES
    ):
        raise InvalidScoreError(
            f"the score name {show(name)} is too long or holds a forbidden character",
            fix="use at most 128 bytes, without control characters and single quotes",
        )
    if not isinstance(value, _NUMBERS) or not _is_finite(value):
        raise InvalidScoreError(
            f"the value of score {name!r} must be a finite number or a bool, "
            f"not {show(value)}",
            fix="write None instead of a score when there is nothing to say",
        )


def _is_finite(value: float) -> bool:
    return isinstance(value, int) or math.isfinite(value)


@record
class ScoreEntry:
    """One write to the ledger.

    Attributes:
        name: What was measured.
        value: A finite number or a bool, kept as it is.
        run_id: The run that is scored.
        step_id: The scored step's own id, or None when the run is scored.
        writer: The run whose handler wrote it, or "" for the application.
        at: When it was written.
    """

    name: str
    value: ScoreValue
    run_id: str
    step_id: str | None
    writer: str
    at: Instant
