"""What a handler reads of a signal, and values that it can live with.

A probe sends a match whose data notes every key that is asked for and not there. The
key is then given values of several kinds; those that make the run fail are no payload
that anybody meant, and are dropped. So nothing found later rests on a guess alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, Final

from .._json import Json, JsonObject
from .stage import Letter

__all__ = ["KINDS", "NotingDict", "constants_of", "payloads"]

KINDS: Final[tuple[Json, ...]] = (1, 0, 5, True, False, "yes")
_MOST_KEYS: Final = 8
_MOST_CONSTANTS: Final = 8


class NotingDict(dict[str, Any]):
    """An object that notes which keys it was asked for in vain."""

    def __init__(self, data: Mapping[str, Any], log: dict[str, None]) -> None:
        super().__init__(data)
        self._log = log

    def __getitem__(self, key: str) -> Any:
        """Return what is there."""
        if key not in self.keys():
            self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is there, or *default*."""
        if key not in self.keys():
            self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        if not super().__contains__(key):
            self._note(key)
        return super().__contains__(key)

    def copy(self) -> "NotingDict":
        """Return a copy that notes in the same place."""
        return NotingDict(self, self._log)

    def _note(self, key: object) -> None:
        if isinstance(key, str):
            self._log[key] = None


def payloads(
    match: JsonObject,
    name: str,
    kinds: Sequence[Json],
    values: Mapping[str, Sequence[Json]],
    probe: Callable[[Letter], bool],
) -> list[Letter]:
    """Return the matches that are worth trying.

    Args:
        match: Data that the wait accepts.
        name: The event's name.
        kinds: Values to try for a key that a handler asks for.
        values: Values by key, as the user gave them.
        probe: Sends a letter, and says whether the handlers can live with it.
    """
    base = dict(match)
    found: list[str] = []
    for _ in range(_MOST_KEYS):
        key = _missed(base, name, probe)
        if key is None:
            break
        found.append(key)
        given = values.get(key, kinds)
        base[key] = next(
            (v for v in given if _serves(base, key, v, name, probe)), given[0]
        )
    is_guessed = any(key not in values for key in found)
    letters = [Letter(name, base, "match", is_guessed)]
    for key in found:
        for value in values.get(key, kinds):
            letter = Letter(name, {**base, key: value}, "match", is_guessed)
            if letter not in letters and (key in values or probe(letter)):
                letters.append(letter)
    return letters


def _missed(base: JsonObject, name: str, probe: Callable[[Letter], bool]) -> str | None:
    """Return the first key that is asked for in vain."""
    missed: dict[str, None] = {}
    probe(Letter(name, NotingDict(base, missed), "probe"))
    return next((key for key in missed if key not in base), None)


def _serves(
    base: JsonObject, key: str, value: Json, name: str, probe: Callable[[Letter], bool]
) -> bool:
    """Say whether a value makes nothing fail, but for want of another key."""
    missed: dict[str, None] = {}
    data = NotingDict({**base, key: value}, missed)
    return probe(Letter(name, data, "probe")) or bool(missed)


def constants_of(code: CodeType | None) -> Iterator[Json]:
    """Yield numbers and words that stand in a handler, and their neighbours."""
    if code is None:
        return
    found: dict[tuple[str, str], Json] = {}
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from constants_of(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            for near in (value, value + 1, value - 1):
                found[type(near).__name__, repr(near)] = near
        elif isinstance(value, str) and value.isidentifier():
            found["str", value] = value
    yield from list(found.values())[:_MOST_CONSTANTS]
