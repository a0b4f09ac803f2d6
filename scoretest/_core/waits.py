"""Who waits for what: an index from an event to the waits that can match it.

What cancels a run on an event is filed in the same way (`CancelIndex`, rule F1).

A wait stands under its event's name. Below the name it stands under one condition that
every matching event meets, if its expression has one: a path inside the event and the
text or numbers it must equal. An event is then shown only to the waits whose condition
its own values meet, and to those that have none.

The law: asking the index gives the same waits, in the same order, as asking every open
wait of the name one by one. It holds because a condition (`IndexTerm`) is necessary for
a match, and because the answers are sorted by the order of opening.

A wait ends once: matched, timed out, or closed by the end of its run. An event consumes
nothing: it resumes every wait that it matches (rule B2). Only the time of receipt
counts, not the event's own (rule B5): a wait opened later never sees it (rules B1, B8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from .._model.copying import copier
from .._model.event import ReceivedEvent
from .._model.fact import WaitClosed, WaitMatched, WaitOpened, WaitTimedOut
from .._model.operation import StepName
from .._model.predicate import IndexKey, IndexTerm, Predicate, Rebind, index_key
from ..times import Instant

__all__ = [
    "WAIT_TRANSITIONS",
    "CancelIndex",
    "Wait",
    "WaitIndex",
    "WaitState",
    "Watch",
]


_CROWD: Final = 50  # rule C12


class WaitState(StrEnum):
    """Where a wait stands."""

    NEW = "New"
    OPEN = "Open"
    MATCHED = "Matched"
    TIMED_OUT = "TimedOut"
    CLOSED = "Closed"


WaitFact: TypeAlias = WaitOpened | WaitMatched | WaitTimedOut | WaitClosed

WAIT_TRANSITIONS: Final[dict[tuple[WaitState, type[WaitFact]], WaitState]] = {
    (WaitState.NEW, WaitOpened): WaitState.OPEN,
    (WaitState.OPEN, WaitMatched): WaitState.MATCHED,
    (WaitState.OPEN, WaitTimedOut): WaitState.TIMED_OUT,
    (WaitState.OPEN, WaitClosed): WaitState.CLOSED,
}


@dataclass(slots=True, eq=False)
class Wait:
    """A step that waits for an event.

    Attributes:
        run_id: The run that waits.
        step: The waiting step.
        event: The name of the event.
        predicate: The condition, or None for every event of that name (rule B4).
        opened_at: When it began.
        expires: The last instant at which an event can match (rule B9).
        timer: The number of its timer.
        state: Where it stands.
        opened: The sequence number of the fact that opened it.
        ended: The sequence number of the fact that ended it, or None.
        filed_under: The condition it is filed under, or None.
    """

    run_id: str
    step: StepName
    event: str
    predicate: Predicate | None
    opened_at: Instant
    expires: Instant
    timer: int = 0
    state: WaitState = WaitState.NEW
    opened: int = -1
    ended: int | None = None
    filed_under: IndexTerm | None = field(default=None)

    def move(self, fact: type[WaitFact], sequence: int) -> None:
        """Take the edge that *fact* stands for."""
        self.state = WAIT_TRANSITIONS[self.state, fact]
        if fact is WaitOpened:
            self.opened = sequence
        else:
            self.ended = sequence

    def accepts(self, event: Mapping[str, object]) -> bool:
        """Say whether *event*, in wire shape, satisfies the condition."""
        return self.predicate is None or self.predicate.matches(event)

    def accepts_in_crowd(self, event: Mapping[str, object]) -> bool:
        """Say what the server's matcher for many waits says of *event* (rule C12)."""
        return self.predicate is None or self.predicate.matches_in_crowd(event)


_copy_wait: Final = copier(Wait)


def _twin_wait(wait: Wait, rebind: Rebind) -> Wait:
    twin = _copy_wait(wait)
    twin.predicate = rebind(wait.predicate)
    return twin


class _Filed(Protocol):
    """What a shelf holds: a condition on events, and a number that orders it."""

    opened: int
    filed_under: IndexTerm | None

    @property
    def predicate(self) -> Predicate | None: ...


F = TypeVar("F", bound=_Filed)


class _Shelf(Generic[F]):
    """What is open on one event name."""

    def __init__(self) -> None:
        self.unfiled: dict[int, F] = {}
        self.filed: dict[tuple[str, ...], dict[IndexKey, dict[int, F]]] = {}

    def fork(self, twins: Mapping[int, F]) -> "_Shelf[F]":
        """Return the same shelf with the *twins* of what is on it, by their numbers."""
        twin: _Shelf[F] = _Shelf()
        twin.unfiled = {number: twins[number] for number in self.unfiled}
        twin.filed = {
            path: {
                key: {number: twins[number] for number in bucket}
                for key, bucket in keys.items()
            }
            for path, keys in self.filed.items()
        }
        return twin

    def add(self, wait: F) -> None:
        term = self._best_term(wait.predicate.terms if wait.predicate else ())
        wait.filed_under = term
        if term is None:
            self.unfiled[wait.opened] = wait
            return
        keys = self.filed.setdefault(term.path, {})
        for key in term.keys:
            keys.setdefault(key, {})[wait.opened] = wait

    def _best_term(self, terms: Sequence[IndexTerm]) -> IndexTerm | None:
        """Return the condition that shares its place with the fewest other waits."""
        if len(terms) == 1:  # nothing to choose from
            return terms[0]
        return min(terms, key=self._crowd, default=None)

    def _crowd(self, term: IndexTerm) -> int:
        keys = self.filed.get(term.path, {})
        return sum(len(keys.get(key, ())) for key in term.keys)

    def discard(self, wait: F) -> None:
        term = wait.filed_under
        if term is None:
            self.unfiled.pop(wait.opened, None)
            return
        keys = self.filed[term.path]
        for key in term.keys:
            bucket = keys.get(key, {})
            bucket.pop(wait.opened, None)
            if not bucket:
                keys.pop(key, None)
        if not keys:  # a path that nobody asks about costs the events nothing
            del self.filed[term.path]

    def candidates(self, event: Mapping[str, object]) -> Sequence[F]:
        found = dict(self.unfiled)
        for path, keys in self.filed.items():
            key = index_key(_at(event, path))
            if key is not None:
                found.update(keys.get(key, ()))
        return [found[opened] for opened in sorted(found)]


def _at(event: Mapping[str, object], path: tuple[str, ...]) -> object:
    """Return the value at *path*, or None when the event has no such path."""
    value: object = event
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


class WaitIndex:
    """All open waits, found by what could satisfy them."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf[Wait]] = {}
        self._all: dict[str, list[Wait]] = {}
        self._open: dict[int, Wait] = {}

    def fork(self, rebind: Rebind) -> "WaitIndex":
        """Return the same waits in another world; those that have ended are shared."""
        twin = WaitIndex()
        twin._open = {
            number: _twin_wait(wait, rebind) for number, wait in self._open.items()
        }
        twin._shelves = {
            n: shelf.fork(twin._open)
            for n, shelf in self._shelves.items()
            if shelf.unfiled or shelf.filed
        }
        twin._all = {
            name: [twin._open.get(wait.opened, wait) for wait in waits]
            for name, waits in self._all.items()
        }
        return twin

    def twin_of(self, wait: Wait) -> Wait:
        """Return the open wait that stands here for one of the world before the fork."""
        return self._open[wait.opened]

    def open(self, wait: Wait) -> None:
        """File a wait whose opening was recorded."""
        self._shelves.setdefault(wait.event, _Shelf()).add(wait)
        self._all.setdefault(wait.event, []).append(wait)
        self._open[wait.opened] = wait

    def close(self, wait: Wait) -> None:
        """Take a wait out; it will not be asked again."""
        self._shelves[wait.event].discard(wait)
        del self._open[wait.opened]

    def candidates(self, event: ReceivedEvent) -> Sequence[Wait]:
        """Return the open waits that *event* could match, in the order of opening."""
        shelf = self._shelves.get(event.name)
        return shelf.candidates(event.wire) if shelf else ()

    def is_crowd(self, name: str) -> bool:
        """Say whether so many waits on *name* are open that another matcher is used."""
        on_name = sum(wait.event == name for wait in self._open.values())
        return on_name >= _CROWD

    def open_at(self, name: str, sequence: int) -> tuple[Wait, ...]:
        """Return the waits on *name* that were open when fact *sequence* happened."""
        return tuple(
            wait
            for wait in self._all.get(name, ())
            if wait.opened < sequence and (wait.ended is None or wait.ended > sequence)
        )

    def all_open(self) -> tuple[Wait, ...]:
        """Return every open wait, in the order of opening."""
        return tuple(self._open.values())


@dataclass(slots=True, eq=False)
class Watch:
    """An event that cancels a run (rule F1).

    Attributes:
        run_id: The run.
        event: The name of the event.
        predicate: The condition, or None for every event of that name.
        expires: The last instant at which an event can cancel.
        since: How many facts there were when it was opened.
        until: How many there were when its run ended, or None.
        opened: Its number among all watches.
        filed_under: The condition it is filed under, or None.
    """

    run_id: str
    event: str
    predicate: Predicate | None
    expires: Instant
    since: int
    until: int | None = None
    opened: int = 0
    filed_under: IndexTerm | None = field(default=None)

    def accepts(self, event: Mapping[str, object]) -> bool:
        """Say whether *event*, in wire shape, satisfies the condition."""
        return self.predicate is None or self.predicate.matches(event)


_copy_watch: Final = copier(Watch)


def _twin_watch(watch: Watch, rebind: Rebind) -> Watch:
    twin = _copy_watch(watch)
    twin.predicate = rebind(watch.predicate)
    return twin


class CancelIndex:
    """What can cancel the runs under way, found by the events that could."""

    def __init__(self) -> None:
        self._shelves: dict[str, _Shelf[Watch]] = {}
        self._all: dict[str, list[Watch]] = {}
        self._twins: dict[int, Watch] = {}
        self._count = 0

    def fork(self, rebind: Rebind) -> "CancelIndex":
        """Return the same in another world."""
        twin = CancelIndex()
        if self.is_used:
            twin._count = self._count
            twin._twins = {
                watch.opened: _twin_watch(watch, rebind)
                for watches in self._all.values()
                for watch in watches
            }
            twin._shelves = {n: s.fork(twin._twins) for n, s in self._shelves.items()}
            twin._all = {
                name: [twin._twins[watch.opened] for watch in watches]
                for name, watches in self._all.items()
            }
        return twin

    def twin_of(self, watch: Watch) -> Watch:
        """Return what stands here for a watch of the world before the fork."""
        return self._twins[watch.opened]

    @property
    def is_used(self) -> bool:
        """Whether there was ever anything in it."""
        return self._count > 0

    def open(self, watch: Watch) -> None:
        """File what can cancel a run that has just been queued."""
        self._count += 1
        watch.opened = self._count
        self._shelves.setdefault(watch.event, _Shelf()).add(watch)
        self._all.setdefault(watch.event, []).append(watch)

    def close(self, watch: Watch, sequence: int) -> None:
        """Take it out: its run has ended, at fact *sequence*."""
        watch.until = sequence
        self._shelves[watch.event].discard(watch)

    def candidates(self, event: ReceivedEvent) -> Sequence[Watch]:
        """Return what *event* could match, the oldest run first."""
        shelf = self._shelves.get(event.name)
        return shelf.candidates(event.wire) if shelf else ()

    def open_at(self, name: str, sequence: int) -> tuple[Watch, ...]:
        """Return what watched for *name* when fact *sequence* happened."""
        return tuple(
            watch
            for watch in self._all.get(name, ())
            if watch.since <= sequence
            and (watch.until is None or watch.until > sequence)
        )
