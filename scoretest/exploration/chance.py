"""Chance, under control for a while: of one seed between steps, of another within them."""

import builtins
import os
import random  # noqa: TID251 -- it is the application's, put under control
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import date, time
from enum import Enum
from pathlib import PurePath
from types import CodeType
from typing import Any, Final, final
from zlib import crc32

from .effects import Effects

__all__ = ["DICE", "HIGH", "LOW", "MIDDLE", "OWN_DICE", "Chance", "chance"]

DICE: Final = frozenset(
    {
        *("choice", "choices", "getrandbits", "randint", "random", "randrange"),
        *("sample", "shuffle", "token_hex", "token_urlsafe", "uniform", "urandom"),
        *("uuid1", "uuid4", "SystemRandom", "randbelow", "hash"),
    }
)
"""Names by which code leaves something to chance."""
OWN_DICE: Final = frozenset({"Random", "RandomState", "default_rng", "uuid1"})
"""Names by which code makes dice that nobody else can load, or see rolled."""

_SALTED: Final = (str, bytes, date, time, Enum, PurePath)
"""Kinds whose hash is another one in every process."""

# the first number of these is below a hundred thousandth, or as near to one
LOW, HIGH, MIDDLE = 152_559, 42_926, 7


@final
class Chance:
    """What falls out.

    Args:
        outside: The seed between steps.
        inside: The seed within a step's callback; it begins anew with each.
        codes: Whose calls of ``hash`` are left to chance; everybody else's tables rely
            on the true one.

    Attributes:
        is_drawn: Whether a step has left something to chance.
        is_rolled: Whether anything was left to chance between steps.
    """

    def __init__(self, outside: int, inside: int, codes: AbstractSet[CodeType]) -> None:
        self._seeds = [outside, inside]
        self._sources = [random.Random(outside), random.Random(inside)]  # noqa: S311 -- to be the same each time is the point
        self._codes = codes
        self._hash = hash
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

    def hash_of(self, value: object, /) -> int:
        """Stand for ``hash``, which is salted anew in every process."""
        true = self._hash(value)
        if sys._getframe(1).f_code not in self._codes or not _is_salted(value):  # noqa: SLF001 -- whose call it is
            return true
        self._notice()
        return (
            crc32(repr(value).encode(errors="replace")) + self._seeds[self._is_inside]
        )


def _is_salted(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_salted, value))
    return isinstance(value, _SALTED)


@contextmanager
def chance(
    effects: Effects, codes: AbstractSet[CodeType], outside: int, inside: int
) -> Iterator[Chance]:
    """Let chance be *outside*'s between steps, and *inside*'s within them."""
    state = random.getstate()
    hooks = before, after = effects.before_body, effects.after_body
    falls = Chance(outside, inside, codes)

    def enter() -> None:
        falls.look()
        before()
        falls.turn(is_inside=True)

    def leave() -> None:
        falls.look()
        after()
        falls.turn(is_inside=False)

    effects.before_body, effects.after_body = enter, leave
    try:
        with _standing_in(falls):
            yield falls
    finally:
        effects.before_body, effects.after_body = hooks
        random.setstate(state)


@contextmanager
def _standing_in(falls: Chance) -> Iterator[None]:
    """Let *falls* answer in place of the machine and of the process."""
    dice: Any = random
    python: Any = builtins
    urandom, kept, true = os.urandom, dice._urandom, python.hash  # noqa: SLF001 -- what `secrets` and `SystemRandom` ask
    os.urandom = dice._urandom = falls.bytes_of  # noqa: SLF001 -- as above
    python.hash = falls.hash_of
    try:
        yield
    finally:
        falls.look()
        os.urandom, dice._urandom, python.hash = urandom, kept, true  # noqa: SLF001 -- as above
