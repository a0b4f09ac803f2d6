"""Chance, under control for a while: of one seed between steps, of another within them."""

import os
import random  # noqa: TID251 -- it is the application's, put under control
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, final

from .effects import Effects

__all__ = ["DICE", "HIGH", "LOW", "MIDDLE", "OWN_DICE", "Chance", "chance"]

DICE: Final = frozenset(
    {
        *("choice", "choices", "getrandbits", "randint", "random", "randrange"),
        *("sample", "shuffle", "token_hex", "token_urlsafe", "uniform", "urandom"),
        *("uuid1", "uuid4", "SystemRandom", "randbelow"),
    }
)
"""Names by which code leaves something to chance."""
OWN_DICE: Final = frozenset({"Random", "RandomState", "default_rng", "uuid1"})
"""Names by which code makes dice that nobody else can load, or see rolled."""

# the first number of these is below a hundred thousandth, or as near to one
LOW, HIGH, MIDDLE = 152_559, 42_926, 7


@final
class Chance:
    """What falls out.

    Args:
        outside: The seed between steps.
        inside: The seed within a step's callback; it begins anew with each.

    Attributes:
        is_drawn: Whether a step has left something to chance.
        is_rolled: Whether anything was left to chance between steps.
    """

    def __init__(self, outside: int, inside: int) -> None:
        self._seeds = [outside, inside]
        self._sources = [random.Random(outside), random.Random(inside)]  # noqa: S311 -- to be the same each time is the point
        self._is_inside = False
        self._fresh: object = None
        self.is_drawn = self.is_rolled = False
        self.begin()

    def begin(self) -> None:
        """Let the numbers begin anew."""
        random.seed(self._seeds[self._is_inside])
        self._fresh = random.getstate()

    def look(self) -> None:
        """Notice whether a number was drawn since the numbers began."""
        is_at_work = os.urandom == self.bytes_of  # no inner chance is
        if is_at_work and random.getstate() != self._fresh:
            self._notice()

    def _notice(self) -> None:
        if self._is_inside:
            self.is_drawn = True
        else:
            self.is_rolled = True

    def turn(self, *, is_inside: bool) -> None:
        """A step's callback begins, or has ended."""
        self._is_inside = is_inside
        self.begin()

    def bytes_of(self, count: int) -> bytes:
        """Stand for ``os.urandom``."""
        self._notice()
        return self._sources[self._is_inside].randbytes(count)


@contextmanager
def chance(effects: Effects, outside: int, inside: int = MIDDLE) -> Iterator[Chance]:
    """Let chance be *outside*'s between steps, and *inside*'s within them."""
    state, urandom = random.getstate(), os.urandom
    hooks = before, after = effects.before_body, effects.after_body
    module: Any = random
    kept = module._urandom  # noqa: SLF001 -- what `secrets` and `SystemRandom` ask
    falls = Chance(outside, inside)

    def enter() -> None:
        falls.look()
        before()
        falls.turn(is_inside=True)

    def leave() -> None:
        falls.look()
        after()
        falls.turn(is_inside=False)

    effects.before_body, effects.after_body = enter, leave
    os.urandom = module._urandom = falls.bytes_of  # noqa: SLF001 -- as above
    try:
        yield falls
    finally:
        falls.look()
        os.urandom, module._urandom = urandom, kept  # noqa: SLF001 -- as above
        effects.before_body, effects.after_body = hooks
        random.setstate(state)
