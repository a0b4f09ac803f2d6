"""Other start events than the given one: those of a second run, and hostile ones."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .._json import Json, JsonObject
from ..runtime.reading import Path
from .alphabet import other
from .evidence import folded
from .payloads import with_value
from .stage import Letter

__all__ = ["hostile_starts", "leaves_of", "second_starts"]

_HOSTILE: Final = ("x' || true || 'x", 'x" || true || "x')
_UNQUOTED: Final = " || true"
_KINDS_OF_THINGS: Final = frozenset(
    {
        *("plan", "tier", "status", "state", "kind", "type", "channel", "category"),
        *("locale", "lang", "language", "region", "country", "env", "environment"),
        *("source", "model", "variant", "priority", "severity", "level", "role"),
        *("product", "topic", "version", "currency", "platform", "team"),
    }
)
"""Keys whose values many runs have in common, whatever they are about."""


def second_starts(starts: Sequence[Letter]) -> list[Letter]:
    """Return the start of a second run: another subject of the same kind."""
    return [
        start._replace(data=_changed(start.data), label="another start")
        for start in starts
    ]


def hostile_starts(
    starts: Sequence[Letter], texts: Iterable[str], *, is_any: bool
) -> Iterator[tuple[str, list[Letter]]]:
    """Yield starts in which one value is hostile, with the name of its key.

    Args:
        starts: The usual ones.
        texts: The expressions that come of them; only what stands in one was pasted.
        is_any: Whether a number may as well be a text: nobody said what the data are.
    """
    pasted = [text.casefold() for text in texts]
    for index, start in enumerate(starts):
        for path, value in leaves_of(start.data):
            if not isinstance(value, str | int | float):
                continue
            shown = str(value).casefold()
            if any(shown in text for text in pasted):
                for hostile in _hostile(value, is_any=is_any):
                    changed = list(starts)
                    data = with_value(start.data, path, hostile)
                    changed[index] = start._replace(data=data)
                    yield ".".join(map(str, path)), changed


def _hostile(value: str | float, *, is_any: bool) -> Iterable[str]:
    if isinstance(value, str):
        return _HOSTILE
    return (f"{value}{_UNQUOTED}",) if is_any else ()


def leaves_of(data: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Yield every value of *data* that holds no others, with its path."""
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from leaves_of(value, (*path, key))
    elif isinstance(data, list) and data:
        for place, value in enumerate(data):
            yield from leaves_of(value, (*path, place))
    else:
        yield path, data


def _changed(data: JsonObject) -> JsonObject:
    """Return *data* with another text or number wherever it says what it is about."""
    found = [
        (path, value)
        for path, value in leaves_of(data)
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]
    own = [item for item in found if folded(str(item[0][-1])) not in _KINDS_OF_THINGS]
    for path, value in own or found:
        data = with_value(data, path, other(value))
    return data
