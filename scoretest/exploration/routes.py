"""Routes: what led to a world, without the values that were said on the way.

A handler that is not the same on every entry shows it by its route: where it takes other
steps, at the latest. So of the worlds that the same kinds of signals led to, by the same
steps, only the first ones are entered twice; the newest signal counts with all its values.
"""

from typing import Final, TypeAlias, final
from weakref import WeakKeyDictionary

from .._engine import Engine
from .._model.fact import Fact
from .search import Transition

__all__ = ["Routes"]

_MOST_ALIKE: Final = 2

_Sight: TypeAlias = tuple[type[Fact], str]


@final
class Routes:
    """Counts the transitions of each route.

    Args:
        merges: Whether transitions of one route stand for each other.
    """

    def __init__(self, *, merges: bool) -> None:
        self._merges = merges
        self._numbers: dict[object, int] = {}
        self._of: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()
        self._met: dict[object, int] = {}

    def is_known(self, transition: Transition) -> bool:
        """Say whether transitions of this route were met often enough."""
        if not self._merges:
            return False
        letter = transition.node.moves[-1].letter
        seen = tuple(_sight(fact) for _, fact in transition.facts)
        before = self._of.get(transition.before, -1)
        said = None if letter is None else (letter.name, letter.label)
        self._of[transition.node.engine] = self._numbers.setdefault(
            (before, said, seen), len(self._numbers)
        )
        exactly = "" if letter is None else repr(letter.data)
        key = (before, said, seen, exactly)
        count = self._met[key] = self._met.get(key, 0) + 1
        return count > _MOST_ALIKE


def _sight(fact: Fact) -> _Sight:
    """Return what a fact is, and of which step."""
    return type(fact), str(getattr(fact, "step", ""))
