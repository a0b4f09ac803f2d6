"""What two plays of one move are compared by."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from .._model.fact import (
    EventReceived,
    Fact,
    InvokeStarted,
    RunCompleted,
    RunFailed,
    ScoreWritten,
    SleepStarted,
    StepCompleted,
    StepPlanned,
    WaitOpened,
)

__all__ = ["Difference", "Told", "parting", "shown", "told", "told_at_the_end"]

Told: TypeAlias = tuple[str, str, str]
"""A run, what it came to, and what it gave along with that."""


class Difference(NamedTuple):
    """The first place at which two plays differ."""

    place: int
    ours: Told | None
    theirs: Told | None

    @property
    def is_of_path(self) -> bool:
        """Whether other steps were reached, not only other results."""
        return (self.ours or ())[:2] != (self.theirs or ())[:2]

    @property
    def is_of_step(self) -> bool:
        """Whether a step is another one, not only how long it lasts."""
        names = [told[1].partition(" until ")[0] if told else "" for told in self[1:]]
        return names[0] != names[1]

    @property
    def run_id(self) -> str:
        """Whose step it is."""
        return (self.ours or self.theirs or ("",))[0]


def told(facts: Iterator[Fact]) -> list[Told]:
    """Return what runs came to, with what they gave along."""
    return [one for fact in facts if (one := _of_fact(fact)) is not None]


def told_at_the_end(facts: Iterator[Fact]) -> list[Told]:
    """Return what runs came to, their results and failures among that."""
    return [one for fact in facts if (one := _of_end(fact) or _of_fact(fact))]


def _of_end(fact: Fact) -> Told | None:
    match fact:
        case RunCompleted():
            return fact.run_id, "the result", repr(fact.output)
        case RunFailed():
            return fact.run_id, f"the failure {fact.error.name!r}", fact.error.message
    return None


def _of_fact(fact: Fact) -> Told | None:
    match fact:
        case EventReceived() if fact.event.sender:
            sent = fact.event
            is_own = not sent.name.startswith("inngest/")
            payload = repr(sent.data) if is_own else ""
            return sent.sender, f"the event {sent.name!r}", payload
        case ScoreWritten():
            entry = fact.entry
            return entry.writer, f"the score {entry.name!r}", repr(entry.value)
        case StepCompleted():
            return fact.run_id, f"the step {str(fact.step)!r}", repr(fact.output)
    return _of_step(fact)


def _of_step(fact: Fact) -> Told | None:
    match fact:
        case WaitOpened():
            what = f"the wait {str(fact.step)!r} for {fact.event!r}"
            what += f" with {fact.expression!r} until {fact.expires}"
        case SleepStarted():
            what = f"the sleep {str(fact.step)!r} until {fact.until}"
        case StepPlanned():
            what = f"the step {str(fact.step)!r} of a group"
        case InvokeStarted():
            what = f"the call {str(fact.step)!r} of {fact.function!r}"
        case _:
            return None
    return fact.run_id, what, ""


def parting(
    one: Sequence[Told], other: Sequence[Told], until: Difference | None = None
) -> Difference | None:
    """Return where two plays part, unless that is where they part by themselves."""
    most = max(len(one), len(other)) if until is None else until.place
    for place in range(most):
        ours = one[place] if place < len(one) else None
        theirs = other[place] if place < len(other) else None
        if ours != theirs:
            return Difference(place, ours, theirs)
    return None


def shown(told: Told | None) -> str:
    """Return something that a run came to, in words."""
    if told is None:
        return "nothing more"
    return f"{told[1]} with {told[2]}" if told[2] else told[1]
