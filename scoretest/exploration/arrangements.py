"""What no signal brings about, and still has to come: other variants, and failures.

Which variant of an experiment a run takes hangs on a hash, and any may come. What is there
for failures, a failure handler or a function that `inngest/function.failed` starts, runs
only after one. Each of these is arranged once, by a stub, and searched with.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, final

from .._json import JsonObject
from .._model.event import FUNCTION_FAILED
from .._model.fact import Fact, RunQueued, StepCompleted, VariantTaken
from ..runtime.foreign import Served
from .search import Node, Transition
from .stage import Letter, Move, Stage
from .timelines import FAILURE, VARIANT

__all__ = ["FAILING", "Arrangements"]

FAILING: Final = "a failure that was made up"
"""With what a step fails."""
_BY_HASH: Final = ("bucket", "weighted")
"""The strategies that leave it to a key, or to the run's id, which variant is taken."""
_MOST: Final = 8


class _Stubbed(NamedTuple):
    """A step of a function, and what it comes to: a choice, or a failure."""

    function: str
    step: str
    variant: str = ""
    strategy: str = ""

    @property
    def letter(self) -> Letter:
        """What stands for it on a timeline."""
        data: JsonObject = {"function": self.function, "step": self.step}
        if not self.variant:
            return Letter(FAILURE, data, "choice")
        choice: JsonObject = {"variant": self.variant, "strategy": self.strategy}
        return Letter(VARIANT, {**data, "choice": choice}, "choice")

    @property
    def outcome(self) -> dict[str, Any]:
        """What the stub does."""
        if self.variant:
            return {"returns": self.letter.data["choice"]}
        return {"raises": RuntimeError(FAILING)}


@final
class Arrangements:
    """What is arranged on a stage, one thing after the other.

    Args:
        stage: Where.
        functions: What is served.
        has_faults: Whether steps fail, too.

    Attributes:
        left_out: Why something is left out, each reason once.
    """

    def __init__(
        self, stage: Stage, functions: Sequence[Served], *, has_faults: bool
    ) -> None:
        self._stage = stage
        is_watched = any(_watches_failures(function) for function in functions)
        minded = functions if has_faults else ()
        self._minded = {f.id for f in minded if is_watched or _has_handler(f)}
        self.restart()

    def restart(self) -> None:
        """Forget everything: the search begins anew."""
        self._known: dict[_Stubbed, None] = {}
        self._waiting: list[_Stubbed] = []
        self._failing: dict[str, _Stubbed] = {}
        self._ran: set[str] = set()
        self._now: _Stubbed | None = None
        self.left_out: dict[str, None] = {}

    def note(self, transition: Transition) -> None:
        """Take notice of what runs have come to."""
        lives = transition.node.engine.lives
        for _, fact in transition.facts:
            if isinstance(fact, RunQueued | StepCompleted | VariantTaken):
                live = lives[fact.run_id]
                self._note(live.run.function.slug, live, fact)

    def _note(self, slug: str, live: Any, fact: Fact) -> None:
        if isinstance(fact, VariantTaken) and fact.choice.strategy in _BY_HASH:
            self._note_variants(slug, fact)
        if isinstance(fact, StepCompleted) and slug in self._minded:
            steps = live.memos.steps.values()
            if any(s.name == fact.step and s.op == "StepRun" for s in steps):
                self._failing.setdefault(slug, _Stubbed(slug, fact.step.id))
        if isinstance(fact, RunQueued) and not self.is_failing:
            self._ran.add(slug)

    def _note_variants(self, slug: str, fact: VariantTaken) -> None:
        choice = fact.choice
        taken = _Stubbed(slug, choice.experiment, choice.variant, choice.strategy)
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

    def made(self) -> Iterator[None]:
        """Arrange one thing after the other: the variants first, and then the failures."""
        while self._waiting:
            yield from self._made(self._waiting.pop(0))
        failing = list(self._failing.values())
        if len(failing) > _MOST:
            self.left_out[f"failures of more than {_MOST} functions"] = None
        for one in failing[:_MOST]:
            yield from self._made(one)

    def _made(self, stubbed: _Stubbed) -> Iterator[None]:
        self._now = stubbed
        with self._standing(stubbed):
            yield
        self._now = None

    @contextmanager
    def _standing(self, stubbed: _Stubbed) -> Iterator[None]:
        stubs = self._stage.driver.stubs
        stub = stubs.add(stubbed.function, stubbed.step, **stubbed.outcome, place="")
        try:
            yield
        finally:
            stubs.remove(stub)

    @property
    def is_failing(self) -> bool:
        """Whether a failure is arranged now."""
        return self._now is not None and not self._now.variant

    def begin(self) -> list[Move]:
        """Return what stands at the beginning of a timeline, besides its start."""
        now = self._now
        return [] if now is None else [Move(self._stage.start, now.letter)]

    def is_excused(self, slug: str) -> bool:
        """Say whether what is wrong with a function may come of a failure alone."""
        return self.is_failing and (slug in self._ran or not slug)

    def is_met(self, leaf: Node) -> bool:
        """Say whether a world came to what is arranged."""
        now = self._now
        if now is None:
            return True
        if self.is_failing:
            lives = leaf.engine.lives.values()
            return any(live.run.function.slug not in self._ran for live in lives)
        return any(
            (fact.choice.experiment, fact.choice.variant) == (now.step, now.variant)
            for _, fact in leaf.engine.facts_of(VariantTaken)
        )


def _has_handler(function: Served) -> bool:
    return getattr(function, "on_failure", None) is not None


def _watches_failures(function: Served) -> bool:
    triggers = getattr(getattr(function, "options", None), "triggers", ())
    return any(getattr(t, "event", "") == FUNCTION_FAILED for t in triggers)
