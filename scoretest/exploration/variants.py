"""Variants of experiments: which one a run takes hangs on a hash, and any may come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, final

from .._json import JsonObject
from .._model.fact import VariantTaken
from .search import Node, Transition
from .stage import Letter, Move, Stage
from .timelines import VARIANT

__all__ = ["Variants"]

_BY_HASH: Final = ("bucket", "weighted")
"""The strategies that leave it to a key, or to the run's id, which variant is taken."""
_MOST: Final = 8


class _Choice(NamedTuple):
    """A variant that runs of a function may take."""

    function: str
    experiment: str
    variant: str
    strategy: str

    @property
    def memo(self) -> JsonObject:
        """What the step of the choice remembers (rule G6)."""
        return {"variant": self.variant, "strategy": self.strategy}


@final
class Variants:
    """The variants that runs take on a stage, and those that they might take.

    Args:
        stage: Where.

    Attributes:
        left_out: Why some are left out, each reason once.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.restart()

    def restart(self) -> None:
        """Forget everything: the search begins anew."""
        self._known: dict[_Choice, None] = {}
        self._waiting: list[_Choice] = []
        self._forced: _Choice | None = None
        self.left_out: dict[str, None] = {}

    def note(self, transition: Transition) -> None:
        """Take notice of the variants that runs took, or might have taken."""
        lives = transition.node.engine.lives
        for _, fact in transition.facts:
            if isinstance(fact, VariantTaken) and fact.choice.strategy in _BY_HASH:
                slug = lives[fact.run_id].run.function.slug
                self._note(slug, fact)

    def _note(self, slug: str, fact: VariantTaken) -> None:
        choice = fact.choice
        taken = _Choice(slug, choice.experiment, choice.variant, choice.strategy)
        self._known.setdefault(taken)
        for name, weight in choice.variants.items():
            other = taken._replace(variant=name)
            if weight == 0 or other in self._known:
                continue
            if len(self._known) >= _MOST:
                self.left_out[f"variants of experiments beyond {_MOST}"] = None
                return
            self._known[other] = None
            self._waiting.append(other)

    def forced(self) -> Iterator[None]:
        """Let runs take one variant after the other that none has taken by itself."""
        while self._waiting:
            self._forced = self._waiting.pop(0)
            with self._stubbed(self._forced):
                yield
            self._forced = None

    @contextmanager
    def _stubbed(self, choice: _Choice) -> Iterator[None]:
        stubs = self._stage.driver.stubs
        stub = stubs.add(
            choice.function, choice.experiment, returns=choice.memo, place=""
        )
        try:
            yield
        finally:
            stubs.remove(stub)

    def begin(self) -> list[Move]:
        """Return what stands at the beginning of a timeline, besides its start."""
        if self._forced is None:
            return []
        data: JsonObject = {
            "function": self._forced.function,
            "step": self._forced.experiment,
            "choice": self._forced.memo,
        }
        return [Move(self._stage.start, Letter(VARIANT, data, "choice"))]

    def is_taken(self, leaf: Node) -> bool:
        """Say whether a world came to the choice, and took what it had to."""
        forced = self._forced
        return forced is None or any(
            (fact.choice.experiment, fact.choice.variant)
            == (forced.experiment, forced.variant)
            for _, fact in leaf.engine.facts_of(VariantTaken)
        )
