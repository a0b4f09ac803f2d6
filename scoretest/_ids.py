"""Identifiers from one seed: ULID-shaped text out of a hashed counter.

Nothing here is random. The time part is the virtual clock's, the rest is a digest of
the seed, the kind of thing and its number, so that the same program gives the same
identifiers on every machine and every Python. Not `random`: its algorithms are not
promised from one Python to the next, a hash is.
"""

from base64 import b32encode
from hashlib import blake2b, sha1

from .times import MILLISECOND, Instant

__all__ = ["IdSource", "derived_ulid", "hash_id"]

# RFC 4648's alphabet to Crockford's, which ULIDs are written in
_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)


def hash_id(text: str) -> str:
    """Return the name by which the engine knows a step or a defer: SHA-1, in hex.

    Source: rule E5; the hash is the wire protocol's, nothing rests on its strength.
    """
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def derived_ulid(at: Instant, *parts: str) -> str:
    """Return the ULID-shaped text that *at* and *parts* always give."""
    digest = blake2b("\0".join(parts).encode(), digest_size=10).digest()
    return _time_part(at // MILLISECOND) + b32encode(digest).translate(
        _CROCKFORD
    ).decode("ascii")


def _time_part(milliseconds: int) -> str:
    # 48 bits of time stand in ten characters of five bits: pad to whole octets of them
    padded = (milliseconds << 14).to_bytes(8, "big")
    return b32encode(padded).translate(_CROCKFORD).decode("ascii")[:10]


class IdSource:
    """A world's identifiers: one counter for each kind of thing, one seed for all."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)
        self._counts: dict[str, int] = {}

    def ulid(self, kind: str, at: Instant) -> str:
        """Return the next identifier of *kind*, stamped with the virtual time *at*."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        return derived_ulid(at, self._seed, kind, str(count))
