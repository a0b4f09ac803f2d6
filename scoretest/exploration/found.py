"""One finding of an exploration."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from ..errors import compose
from ..runtime.foreign import Served
from .timelines import Signal

__all__ = ["Found", "where_of"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that is wrong on a timeline.

    Attributes:
        code: One of the documented codes, such as ``"SCORE_NEVER_WRITTEN"``.
        message: What happens, in one sentence.
        function: The slug of the function.
        where: The place in the user's file.
        timeline: The signals; between them only time passes.
        replay: The code of the timeline.
        fix: What to do about it.
    """

    code: str
    message: str
    function: str
    where: str
    timeline: tuple[Signal, ...]
    replay: str
    fix: str

    def __str__(self) -> str:
        signals = " · ".join(map(str, self.timeline)) or "no signal"
        return compose(
            f"{self.code}: {self.message}",
            where=f"{self.function} ({self.where})" if self.function else self.where,
            seen=f"timeline: {signals}; replay: {self.replay}",
            fix=self.fix,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "function": self.function,
            "where": self.where,
            "timeline": [
                {"after_us": s.after, "event": s.name, "data": s.data}
                for s in self.timeline
            ],
            "replay": self.replay,
            "fix": self.fix,
        }


def where_of(functions: Sequence[Served], slug: str) -> str:
    """Return the place of a function."""
    for function in functions:
        if function.id == slug:
            return str(getattr(getattr(function, "options", None), "place", ""))
    return ""
