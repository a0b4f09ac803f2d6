"""Where entries begin: in the order of the engine, each when its turn comes.

An entry's task, context and frames are made when it begins, and its first step is taken
at once. So of a thousand entries that are due one at a time has them, and the memory of
the last one serves the next.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context as ContextVars
from typing import final

from .._core.runs import RunRecord
from .._engine import Engine, Live
from .._model.effect import Enter
from .._model.finding import run_where
from ..errors import LivelockError
from .choosing import Schedule
from .entry import Entry, Request
from .host import Host
from .kept import AwakeEntry
from .loop import VirtualLoop
from .registry import Registry

__all__ = ["Entrance"]


@final
class Entrance:
    """The queue of a world's entries.

    Attributes:
        under_way: The entries that have begun and not ended, by run and number.
        kept: The entries whose handlers wait for the next one, by run.
        schedule: Says which of several begins; None for the order of the engine.
    """

    def __init__(
        self, host: Host, engine: Engine, registry: Registry, base: ContextVars
    ) -> None:
        self.under_way: dict[tuple[str, int], Entry] = {}
        self.kept: dict[str, AwakeEntry] = {}
        self.schedule: Schedule | None = None
        self._host = host
        self._engine = engine
        self._registry = registry
        self._base = base
        self._waiting: deque[tuple[Enter, Live, Request]] = deque()
        self._is_called = False  # whether the loop will call `_begin_all`
        self._newest = self._most_generations = 0

    def move_to(self, loop: VirtualLoop) -> None:
        """Begin entries in *loop* from now on."""
        self._loop = loop

    def go_on_in(self, engine: Engine) -> None:
        """Begin entries of another world from now on; none may wait."""
        self._engine = engine
        self._newest = 0

    def allow(self, chain: int) -> None:
        """Let *chain* more runs start each other before they are taken for endless."""
        self._most_generations = self._newest + chain

    def admit(self, effects: Sequence[Enter]) -> None:
        """Let the loop begin these entries, in their order, after those that wait."""
        for effect in effects:
            live = self._engine.lives[effect.run_id]
            request = Request(live.memos.settled.copy(), live.defers.known)
            self._waiting.append((effect, live, request))
        self._call()

    def _call(self) -> None:
        if self._waiting and not self._is_called and self.schedule is None:
            self._is_called = True
            self._loop.call_soon(self._begin_all)

    def _begin_all(self) -> None:
        """Begin the entries that wait; what follows from them has the next turn."""
        waiting = self._waiting
        try:
            for _ in range(len(waiting)):
                self._begin(*waiting.popleft())
        finally:
            self._is_called = False
            self._call()

    def begin_chosen(self) -> bool:
        """Let one of the entries that wait begin, at exact idle; say whether one does."""
        if self.schedule is None or not self._waiting:
            return False
        place = self.schedule.pick([effect.run_id for effect, _, _ in self._waiting])
        chosen = self._waiting[place]
        del self._waiting[place]
        self._loop.call_soon(self._begin, *chosen)
        return True

    def _begin(self, effect: Enter, live: Live, request: Request) -> None:
        run = live.run
        kept = self.kept.pop(run.id, None) if self.kept else None
        if kept is not None:
            self.under_way[run.id, effect.entry] = kept
            kept.began = self._engine.now
            kept.go_on(effect, request)
            self._loop.run_newest()
            return
        if run.generation > self._newest:
            self._newest = run.generation
            if self._newest > self._most_generations:
                self._refuse_chain(run)
        slug = run.function.slug
        function = self._registry.functions[slug]
        make_entry = self._registry.entry_kinds[slug]
        entry = make_entry(self._host, live, effect, function, request)
        entry.began = self._engine.now
        self.under_way[effect.run_id, effect.entry] = entry
        # an entry inherits nothing from whoever happened to cause it: neither a
        # context nor, through the loop's factory, a place among another's tasks
        entry.task = asyncio.Task(
            entry.main(),
            loop=self._loop,
            name=f"{slug}#{effect.entry}",  # asyncio's own would count all tasks
            context=self._base.copy(),
        )
        self._loop.run_newest()

    def _refuse_chain(self, run: RunRecord) -> None:
        options, now = run.function, self._engine.now
        error = LivelockError(
            f"runs start each other without end: this one of {options.slug!r} is "
            f"number {run.generation} in its chain",
            where=run_where(options.slug, options.place, run.id, "", now),
            fix="let one function of the cycle stop sending, or go on for a limited "
            'time: harness.fast_forward(within="1d")',
        )
        self._host.crash(error)

    def close(self) -> None:
        """Begin nothing more."""
        self._waiting.clear()
        self.under_way.clear()
        self.kept.clear()
