"""Who may begin: the keys that one run of a function has used up, or holds.

Laws: a value of an idempotency key lets one run in within 24 hours, counted from the
run that it let in (rule F3); a singleton's key is held by one run from its event to its
end (rule F9). Keys of different functions never meet.

A key is the text of a value. What an expression makes of an event, and which values are
no keys, is the engine's affair.
"""

from typing import Final, TypeAlias

from ..times import DAY, Duration, Instant

__all__ = ["Admission", "Key"]

Key: TypeAlias = tuple[str, str]
"""A function's slug and the text of a value."""

_USED_FOR: Final[Duration] = DAY  # rule F3


class Admission:
    """The keys of one world."""

    def __init__(self) -> None:
        self._used: dict[Key, Instant] = {}
        self._holders: dict[Key, str] = {}
        self._held: dict[str, Key] = {}

    def fork(self) -> "Admission":
        """Return the same keys in another world."""
        twin = Admission()
        twin._used, twin._held = self._used.copy(), self._held.copy()
        twin._holders = self._holders.copy()
        return twin

    def use(self, key: Key, now: Instant) -> bool:
        """Use a key up, and say whether it was free."""
        before = self._used.get(key)
        if before is not None and now < before + _USED_FOR:
            return False
        self._used[key] = now
        return True

    def holder(self, key: Key) -> str:
        """Return the run that holds a key, or ""."""
        return self._holders.get(key, "")

    def hold(self, key: Key, run_id: str) -> None:
        """Give a key to a run."""
        self._holders[key] = run_id
        self._held[run_id] = key

    def release(self, run_id: str) -> None:
        """Free what a run holds, if it holds anything."""
        key = self._held.pop(run_id, None)
        if key is not None:
            del self._holders[key]
