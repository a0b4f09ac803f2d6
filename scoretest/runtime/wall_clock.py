"""The wall clock of user code, in step with virtual time, for tests that ask.

There is one wall clock in a process, so all worlds that ask for it share one patch: the
first that asks begins it, the last that closes ends it, and in between it shows the time
of the world that moved or was used last. An inner freeze of the user's own wins while it
lasts. A clock that somebody else has frozen before is refused: nobody could tell what
``datetime.now()`` means then.

The adaptors, `FreezegunMachine` and `TimeMachine`, are the only files that know the
packages; neither is imported before a test asks for it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, Protocol, TypeAlias, final

from ..errors import UsageError
from ..times import Instant

__all__ = [
    "KINDS",
    "Kind",
    "Machine",
    "WallClock",
    "kept",
    "kind_at_hand",
    "stranger_at_the_clock",
    "wall_clock",
]

Kind: TypeAlias = Literal["freezegun", "time-machine"]


class Machine(Protocol):
    """A package that can fake the wall clock."""

    def start(self, now: Instant) -> None:
        """Begin to fake it."""

    def show(self, now: Instant) -> None:
        """Let it show *now*; cheap, for every move of virtual time."""

    def stop(self) -> bool:
        """Put everything back; False if a freeze inside this one has not ended yet."""


@final
class WallClock:
    """The clock on the wall, as long as worlds move it.

    Args:
        kind: The package that fakes it.
        machine: Its adaptor.
    """

    def __init__(self, kind: str, machine: Machine) -> None:
        self._kind = kind
        self._machine = machine
        self._users = 0
        self.is_started = False

    def join(self, now: Instant) -> None:
        """Show *now*, from here on until as many have left as have joined.

        Raises:
            UsageError: Somebody else holds the wall clock.
        """
        if not self.is_started:
            stranger = stranger_at_the_clock() or _other_kind(self._kind)
            if stranger:
                raise UsageError(
                    f"the wall clock is held by {stranger} already",
                    fix=f"leave that out of a test with wall_clock={self._kind!r}, which "
                    "moves datetime.now() with harness.now; or leave wall_clock= out",
                )
            self._machine.start(now)
            self.is_started = True
        self._users += 1
        self._machine.show(now)

    def hold(self) -> None:
        """Keep the clock that was joined, beyond the worlds that need it now."""
        self._users += 1

    def show(self, now: Instant) -> None:
        """Let ``datetime.now()`` and ``time.time()`` tell *now*."""
        self._machine.show(now)

    def leave(self) -> None:
        """Need the clock no more."""
        self._users -= 1
        self.thaw()

    def thaw(self) -> None:
        """Put everything back when nobody needs it, unless an inner freeze lasts."""
        if self.is_started and not self._users and self._machine.stop():
            self.is_started = False


def _freezegun() -> Machine:
    from .wall_freezegun import FreezegunMachine  # noqa: PLC0415 -- only tests that ask pay for it

    return FreezegunMachine()


def _time_machine() -> Machine:
    from .wall_time_machine import TimeMachine  # noqa: PLC0415 -- as above

    return TimeMachine()


KINDS: Final[dict[Kind, Callable[[], Machine]]] = {
    "freezegun": _freezegun,
    "time-machine": _time_machine,
}
# there is one wall clock in a process, and these are its keepers
_CLOCKS: Final[dict[Kind, WallClock]] = {}


def wall_clock(kind: Kind) -> WallClock:
    """Return the clock that *kind* fakes, the same one for every world.

    Raises:
        UsageError: Its package is not installed.
    """
    if kind not in _CLOCKS:
        try:
            _CLOCKS[kind] = WallClock(kind, KINDS[kind]())
        except ImportError as error:
            raise UsageError(
                f"wall_clock={kind!r} needs the package {kind}, which is not installed",
                fix=f'install it: python3 -m pip install "scoretest[{kind}]"'
                if kind == "time-machine"
                else f"install it: python3 -m pip install {kind}",
            ) from error
    return _CLOCKS[kind]


def _other_kind(kind: str) -> str:
    others = [k for k, clock in _CLOCKS.items() if k != kind and clock.is_started]
    return f"another harness with wall_clock={others[0]!r}" if others else ""


@contextmanager
def kept(kind: Kind | None) -> Iterator[None]:
    """Let worlds share one patch of the wall clock, if they need one at all."""
    if kind is None:
        yield
        return
    clock = wall_clock(kind)
    clock.hold()
    try:
        yield
    finally:
        clock.leave()


def kind_at_hand() -> Kind | None:
    """Return how a world can fake the clock now; None if somebody else holds it."""
    if stranger_at_the_clock():
        return None
    started = (kind for kind, clock in _CLOCKS.items() if clock.is_started)
    return next(started, "freezegun")


def stranger_at_the_clock() -> str:
    """Return who has frozen the wall clock before us, and at what time; "" for nobody.

    It looks only at packages that are imported already, and costs next to nothing.
    """
    freezegun: Any = sys.modules.get("freezegun.api")
    machine: Any = sys.modules.get("time_machine")
    if any(clock.is_started for clock in _CLOCKS.values()):
        return ""
    if freezegun is not None and freezegun.freeze_factories:
        return f"freezegun, at {freezegun.FakeDatetime.now().isoformat()}"
    is_travelling = machine is not None and machine.escape_hatch.is_travelling()
    return "time-machine" if is_travelling else ""
