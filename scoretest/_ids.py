"""Identifiers from one seed: ULID-shaped text out of a hashed counter.

Nothing here is random. The time part is the virtual clock's, the rest is a digest of
the seed, the kind of thing and its number, so that the same program gives the same
identifiers on every machine and every Python. Not `random`: its algorithms are not
promised from one Python to the next, a hash is.
"""

from functools import lru_cache
from hashlib import blake2b, sha1

from .times import MILLISECOND, Instant

__all__ = ["IdSource", "derived_ulid", "hash_id"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1
# ten bits at a time: the standard library's base 32 is slow, and of another alphabet
_PAIRS = tuple(a + b for a in _CROCKFORD for b in _CROCKFORD)


def hash_id(text: str) -> str:
    """Return the name by which the engine knows a step or a defer: SHA-1, in hex.

    Source: rule E5; the hash is the wire protocol's, nothing rests on its strength.
    """
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def derived_ulid(at: Instant, *parts: str) -> str:
    """Return the ULID-shaped text that *at* and *parts* always give."""
    digest = blake2b("\0".join(parts).encode(), digest_size=10).digest()
    number = int.from_bytes(digest, "big")
    pairs = [_PAIRS[number >> shift & 0x3FF] for shift in range(70, -1, -10)]
    return _time_part(at // MILLISECOND) + "".join(pairs)


@lru_cache(maxsize=64)  # many things are numbered at one instant
def _time_part(milliseconds: int) -> str:
    return "".join(
        _PAIRS[milliseconds >> shift & 0x3FF] for shift in range(40, -1, -10)
    )


class IdSource:
    """A world's identifiers: one counter for each kind of thing, one seed for all.

    A kind's first number is a hash of the seed and its name; the next ones follow at
    the distance of the golden ratio, which meets every number before it repeats one.
    """

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)
        self._last: dict[str, int] = {}

    def fork(self) -> "IdSource":
        """Return a source that goes on from here by itself."""
        twin = IdSource(0)
        twin._seed, twin._last = self._seed, self._last.copy()
        return twin

    def chance(self, below: int, *parts: str) -> int:
        """Return a number from 0 on, less than *below*, that *parts* always give."""
        text = "\0".join((self._seed, *parts))
        digest = blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def ulid(self, kind: str, at: Instant) -> str:
        """Return the next identifier of *kind*, stamped with the virtual time *at*."""
        last = self._last.get(kind)
        if last is None:
            digest = blake2b(f"{self._seed} {kind}".encode(), digest_size=8).digest()
            last = int.from_bytes(digest, "big")
        self._last[kind] = number = last + _GOLDEN & _MASK
        # hexadecimal digits are a part of the ULID alphabet, and quick to write
        return f"{_time_part(at // MILLISECOND)}{number:016X}"
