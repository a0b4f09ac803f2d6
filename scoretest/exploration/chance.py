"""Chance under control: outside steps as a seed has it, and always the same within them."""

import os
import random  # noqa: TID251 -- it is the application's, put under control
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, final

from .effects import Effects

__all__ = ["DICE", "MIDDLE", "OWN_DICE", "Chance"]

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
MIDDLE: Final = 7
"""The seed of chance within steps."""


@final
class Chance:
    """What `random`, `secrets` and `uuid` give while moves are played.

    Args:
        effects: Tells when a step's callback begins and ends.

    Attributes:
        has_rolled: Whether the last play left anything to chance outside steps.
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self.has_rolled = False

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Let chance be *seed*'s outside steps."""
        self.has_rolled = False
        state, effects = random.getstate(), self._effects
        self._hooks = effects.before_body, effects.after_body
        effects.before_body, effects.after_body = self._enter, self._leave
        self._seed = seed
        self._sources = [random.Random(seed), random.Random(MIDDLE)]  # noqa: S311 -- to be the same each time is the point
        self._outside = self._sources[0]
        random.seed(seed)
        self._fresh = random.getstate()
        try:
            with self._bytes_given():
                yield
        finally:
            self._look()
            effects.before_body, effects.after_body = self._hooks
            random.setstate(state)

    @contextmanager
    def _bytes_given(self) -> Iterator[None]:
        """Let the bytes of the machine's own chance come from here."""
        module: Any = random
        urandom, kept = os.urandom, module._urandom  # noqa: SLF001 -- what `secrets` and `SystemRandom` ask
        os.urandom = module._urandom = self._bytes  # noqa: SLF001 -- as above
        try:
            yield
        finally:
            os.urandom, module._urandom = urandom, kept  # noqa: SLF001 -- as above

    def _bytes(self, count: int) -> bytes:
        source = self._sources[0]
        self.has_rolled = self.has_rolled or source is self._outside
        return source.randbytes(count)

    def _enter(self) -> None:
        self._hooks[0]()
        self._look()
        self._sources.reverse()
        random.seed(MIDDLE)

    def _leave(self) -> None:
        self._hooks[1]()
        self._sources.reverse()
        random.seed(self._seed)

    def _look(self) -> None:
        """Notice whether anything was rolled since chance was seeded."""
        self.has_rolled = self.has_rolled or random.getstate() != self._fresh
