"""The timeline of a failing example, in Hypothesis's own report."""

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["note_timeline"]


class _Later:
    """A text that is made only when Hypothesis prints it: for the final example."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __repr__(self) -> str:
        return f"scoretest timeline:\n{self._make()}"


def note_timeline(make: Callable[[], object]) -> None:
    """Note what *make* returns, if an example of a property is under way."""
    hypothesis: Any = sys.modules.get("hypothesis")
    if hypothesis is not None and hypothesis.currently_in_test_context():
        hypothesis.note(_Later(make))
