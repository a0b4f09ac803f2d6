"""Tests whose body is run on every timeline: ``@scoretest.explored(...)``."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from .._json import Json, show
from ..errors import UnderTestError, UsageError
from ..runtime.foreign import AnyClient, AnyEvent, Served
from ..runtime.harness import Harness
from ..runtime.wall_clock import kept
from .explorer import explore
from .findings import Exploration
from .timelines import Signal, code_of, is_code_of, signals_of, signals_of_code

__all__ = ["OPTIONS", "explored"]

OPTIONS: Final[dict[str, Any]] = {"replay": None, "seed": None}
"""What the session was asked for, by the plugin's options."""

_MOST_SHOWN: Final = 10


def explored(  # noqa: PLR0913 -- what `explore` takes
    *functions: Served,
    start: AnyEvent | str | Sequence[AnyEvent] | None = None,
    data: Mapping[str, Any] | None = None,
    client: AnyClient | None = None,
    beside: Sequence[Served] = (),
    values: Mapping[str, Sequence[Json]] | None = None,
    max_signals: int = 3,
    max_nodes: int = 10_000,
    deadline: str | timedelta = "30s",
) -> Callable[[Callable[..., object]], Callable[..., None]]:
    """Run a test on every timeline of *functions* that can be told apart.

    The test takes a ``harness``, which has played the timeline to its end, and says what
    must hold there: by assertions, or with `Harness.always` and `Harness.sometimes`.
    Other fixtures are shared by all timelines. A coroutine function runs in virtual
    time. What `explore` takes is taken here, too.

    Raises:
        UsageError: The decorated function takes no ``harness``.
    """
    options: dict[str, Any] = {
        "start": start,
        "data": data,
        "client": client,
        "beside": beside,
        "values": values,
        "max_signals": max_signals,
        "max_nodes": max_nodes,
        "deadline": deadline,
        "max_faults": 0,  # the body cannot know which of its claims a crash excuses
    }

    def decorate(body: Callable[..., object]) -> Callable[..., None]:
        signature = inspect.signature(body)
        if "harness" not in signature.parameters:
            raise UsageError(
                f"the explored test {show(body)} takes no harness",
                fix="write def test_…(harness): the harness has played the timeline",
            )

        @functools.wraps(body)
        def test(*args: Any, **fixtures: Any) -> None:
            _Trial(explore(*functions, **options), body, args, fixtures).run()

        others = [p for p in signature.parameters.values() if p.name != "harness"]
        test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]  # pytest reads it
        del test.__wrapped__  # pytest would look behind it
        return test

    return decorate


_Timeline: TypeAlias = tuple[Exploration, tuple[Signal, ...]]


class _Trial(NamedTuple):
    """One explored test, about to run."""

    exploration: Exploration
    body: Callable[..., object]
    args: tuple[Any, ...]
    fixtures: dict[str, Any]

    def run(self) -> None:
        """Run the body on every timeline, or on the one that was asked for."""
        code = OPTIONS["replay"]
        if code is not None:
            self._try([self._asked_for(code)], {})
            return
        if not any(exploration.leaves for exploration in self._all()):
            self.exploration.check()
        timelines: dict[str, _Timeline] = {}
        for exploration in self._all():
            for leaf in exploration.leaves:
                found = signals_of(leaf.moves, exploration.start)
                signals = tuple(s for s in found if s.label != "start")
                key = f"{exploration.scenario}: {signals!r}"
                timelines.setdefault(key, (exploration, signals))
        reached: dict[str, bool] = {}
        self._try(list(timelines.values()), reached)
        never = [name for name, has_held in reached.items() if not has_held]
        if never:
            raise UnderTestError(
                f"{', '.join(never)} never holds, on none of {len(timelines)} timelines",
                where=repr(self.exploration),
                fix="send what leads there with values={...}, allow more signals, or "
                "mend the claim",
            )

    def _all(self) -> tuple[Exploration, ...]:
        return (self.exploration, *self.exploration.others)

    def _asked_for(self, code: str) -> _Timeline:
        """Return the timeline of a replay code.

        Raises:
            UsageError: It is no code, is damaged, or is of another scenario.
        """
        for exploration in self.exploration.others:
            if is_code_of(code, str(exploration.scenario)):
                return exploration, signals_of_code(code, str(exploration.scenario))
        scenario = str(self.exploration.scenario)
        return self.exploration, signals_of_code(code, scenario)

    def _try(self, timelines: Sequence[_Timeline], reached: dict[str, bool]) -> None:
        with kept(self.exploration.wall_clock):  # every timeline would begin it anew
            errors = [
                error
                for timeline in timelines
                if (error := self._failure(timeline, reached)) is not None
            ]
        if len(errors) == 1:
            (error,) = errors
            raise error
        if errors:
            more = f"; these are the first {_MOST_SHOWN}" * (len(errors) > _MOST_SHOWN)
            summary = f"{len(errors)} of {len(timelines)} timelines fail{more}"
            group = ExceptionGroup(summary, errors[:_MOST_SHOWN])
            raise group

    def _failure(
        self, timeline: _Timeline, reached: dict[str, bool]
    ) -> Exception | None:
        """Run the body on one timeline, and return what it raised."""
        exploration, signals = timeline
        seed = OPTIONS["seed"]
        chosen = {} if seed is None else {"seed": seed}
        harness = Harness(wall_clock=exploration.wall_clock, **chosen)
        harness._sometimes = reached  # noqa: SLF001 -- shared by all timelines
        try:
            exploration.play(harness, signals)
            if inspect.iscoroutinefunction(self.body):
                harness.call(self._body_on, harness)
            else:
                self.body(*self.args, harness=harness, **self.fixtures)
            harness.close()
        except BaseException as error:
            harness.abandon()
            error.add_note(_told(timeline, harness))
            if isinstance(error, Exception):
                return error
            raise
        return None

    async def _body_on(self, harness: Harness) -> None:
        body: Any = self.body
        await body(*self.args, harness=harness, **self.fixtures)


def _told(timeline: _Timeline, harness: Harness) -> str:
    exploration, signals = timeline
    told = " · ".join(map(str, signals)) or "no signal"
    code = code_of(signals, str(exploration.scenario))
    return (
        f"on the timeline: {told}\nalone: --scoretest-replay={code}\n{harness.timeline}"
    )
