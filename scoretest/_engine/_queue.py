"""Entries that wait for their turn: concurrency, throttle and priority.

A run whose function has such options has a gate. Each of its entries asks here for its
turn; who does not get it stands in the line before what holds it back, and is asked
again when a slot is given back or the throttle's time has come. Runs come in the order
of their age, an older run's next step before a younger run's first one; a priority makes
a run older or younger than it is (rules F4, F5, F8).
"""

from typing import NamedTuple

from .._core.rates import Rate, RateBook
from .._core.slots import Lines, Need, Rank, Slots
from .._core.timers import Signal, SignalKind
from .._model.fact import RunHeld
from .._model.flow import Concurrency, Priority, Throttle
from ..times import SECOND, Duration, format_duration
from . import _lives
from ._keys import Keys
from ._world import Gate, Live, Pace, World

__all__ = ["EntryQueue"]

_MOST_SHIFT = 600  # seconds; the server allows no more, either way


class _Asked(NamedTuple):
    """An entry that somebody asked for."""

    live: Live
    gate: Gate
    attempt: int
    target: str


class _Place(NamedTuple):
    """Where an entry stands, and why."""

    line: str
    rank: Rank
    told: str


class EntryQueue:
    """All entries of one world that wait for their turn."""

    def __init__(self, world: World, keys: Keys) -> None:
        self._world = world
        self._keys = keys
        self._slots = Slots()
        self._rates = RateBook()
        self._lines: Lines[_Asked] = Lines()
        self._lines_of: dict[str, list[str]] = {}
        self._timers: dict[str, int] = {}
        self._places: dict[str, list[_Place]] = {}
        self._count = 0

    # --- gates --------------------------------------------------------------------

    def set_gate(self, live: Live, delay: Duration) -> Duration:
        """Give a new run its gate; return after which delay it is to begin."""
        flow = live.run.function.flow
        shift = self._shift(live, flow.priority)
        since = self._world.now + max(delay, 0) - shift
        if shift < 0:
            told = f"priority of {format_duration(shift)}"
            self._world.move_run(live, RunHeld(live.run.id, told))
        live.gate = Gate(
            needs=tuple(self._need(live, limit) for limit in flow.concurrency),
            pace=self._pace(live, flow.throttle),
            since=since,
            number=len(self._world.lives),
        )
        return Duration(max(delay, since - self._world.now))

    def _need(self, live: Live, limit: Concurrency) -> Need:
        function = live.run.function
        key = self._keys.key(limit.key, function, live.run.events[0])
        # who shares a scope shares it by the text of the key, whichever function it is of
        scope = limit.scope or "fn"
        owner = function.slug if scope == "fn" else scope
        told = f"concurrency limit {limit.limit}{key.told}"
        return Need(f"{owner} {limit.key} {key.text}", limit.limit, told)

    def _pace(self, live: Live, throttle: Throttle | None) -> Pace | None:
        if throttle is None:
            return None
        function = live.run.function
        key = self._keys.key(throttle.key, function, live.run.events[0])
        period = format_duration(throttle.within)
        told = f"throttle of {throttle.limit} in {period}{key.told}"
        rate = Rate(throttle.limit, throttle.within, throttle.burst or 1)
        return Pace(f"{function.slug} throttle {key.text}", rate, told)

    def _shift(self, live: Live, priority: Priority | None) -> Duration:
        """Return how much older a run counts than it is; below zero, younger (F8)."""
        if priority is None:
            return Duration(0)
        function = live.run.function
        value = self._keys.value(priority.run, function, live.run.events[0])
        if not isinstance(value, int) or isinstance(value, bool):
            self._world.report(
                live,
                "OPTION_IGNORED",
                f"the priority {priority.run!r} gives {value!r}, no whole number of "
                "seconds; production ignores it",
                "numbers of JSON are fractions: write int(event.data.priority)",
            )
            return Duration(0)
        return Duration(max(-_MOST_SHIFT, min(_MOST_SHIFT, value)) * SECOND)

    # --- turns --------------------------------------------------------------------

    def lets_in(self, live: Live, gate: Gate, attempt: int, target: str) -> bool:
        """Give an entry its turn, or let it wait for it."""
        self._count += 1
        rank = (gate.since, gate.number, self._count)
        asked = _Asked(live, gate, attempt, target)
        place = self._held_back(asked, rank)
        if place is None:
            self._take(asked)
            return True
        self._join(asked, place)
        return False

    def give_back(self, gate: Gate) -> None:
        """Take back what an entry held; its run may be the next to take it."""
        self._slots.give(gate.needs)

    def call(self, gate: Gate) -> None:
        """Let those in who waited for what an entry has given back."""
        self._call([need.key for need in gate.needs])

    def due(self, key: str) -> None:
        """Let those in whose throttle's time has come."""
        del self._timers[key]
        self._call([key])

    def told(self, live: Live) -> str | None:
        """Say what holds a run's entries back, and how many stand before it."""
        places = self._places.get(live.run.id, ())
        return "; ".join(self._told(place) for place in places) or None

    def _told(self, place: _Place) -> str:
        ahead = self._lines.ahead(place.line, place.rank)
        return f"queued: {place.told}, {ahead} ahead"

    def _held_back(self, asked: _Asked, rank: Rank) -> _Place | None:
        """Return where an entry has to stand, or None when it may go on."""
        for need in asked.gate.needs:
            if self._slots.is_full(need) or self._is_behind(need.line, rank):
                self._know(need.key, need.line)
                return _Place(need.line, rank, need.told)
        pace = asked.gate.pace
        if pace is None or asked.live.run.entries:  # only a run's start is throttled
            return None
        due = self._rates.next_at(pace.key, pace.rate, self._world.now)
        if due <= self._world.now and not self._is_behind(pace.key, rank):
            return None
        self._know(pace.key, pace.key)
        if pace.key not in self._timers:
            signal = Signal(SignalKind.TURN, pace.key)
            self._timers[pace.key] = self._world.timers.set(due, signal)
        return _Place(pace.key, rank, pace.told)

    def _is_behind(self, line: str, rank: Rank) -> bool:
        """Say whether somebody stands in a line who comes before *rank*."""
        first = self._lines.first(line)
        return first is not None and first[0] < rank

    def _know(self, key: str, line: str) -> None:
        lines = self._lines_of.setdefault(key, [])
        if line not in lines:
            lines.append(line)

    def _join(self, asked: _Asked, place: _Place) -> None:
        run = asked.live.run
        self._lines.join(place.line, place.rank, asked)
        self._places.setdefault(run.id, []).append(place)
        self._world.move_run(asked.live, RunHeld(run.id, place.told))

    def forget(self, live: Live) -> None:
        """Let the entries of a run that has ended leave their lines."""
        for place in self._places.pop(live.run.id, ()):
            self._lines.leave(place.line, place.rank)
            if place.line in self._timers and self._lines.first(place.line) is None:
                self._world.timers.cancel(self._timers.pop(place.line))

    def _leave(self, line: str, rank: Rank, live: Live) -> None:
        self._lines.leave(line, rank)
        places = self._places[live.run.id]
        places[:] = [place for place in places if place.rank != rank]
        if not places:
            del self._places[live.run.id]

    def _take(self, asked: _Asked) -> None:
        """Take what an entry needs; nothing holds it back."""
        self._slots.take(asked.gate.needs)
        if asked.live.run.entries:
            return
        pace = asked.gate.pace
        if pace is not None:
            self._rates.admit(pace.key, pace.rate, self._world.now)
        _lives.begun(self._world, asked.live)

    def _call(self, keys: list[str]) -> None:
        """Ask those who stand in the lines of some keys, the first ones first."""
        stuck: list[str] = []
        while (found := self._next(keys, stuck)) is not None:
            line, rank, asked = found
            place = self._held_back(asked, rank)
            if place is not None and place.line == line:
                stuck.append(line)
                continue
            self._leave(line, rank, asked.live)
            if place is not None:
                self._join(asked, place)
            else:
                self._take(asked)
                live, _, attempt, target = asked
                self._world.enter(live, attempt, target, has_turn=True)

    def _next(
        self, keys: list[str], stuck: list[str]
    ) -> tuple[str, Rank, _Asked] | None:
        """Return who is first of the lines of these keys that still move."""
        firsts = [
            (first[0], line, first[1])
            for key in keys
            for line in self._lines_of.get(key, ())
            if line not in stuck and (first := self._lines.first(line)) is not None
        ]
        if not firsts:
            return None
        rank, line, asked = min(firsts, key=lambda found: found[0])
        return line, rank, asked
