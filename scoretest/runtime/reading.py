"""What handlers ask their events for in vain: noted while somebody wants to know.

The data that a handler gets is then a dictionary that notes each key that is not there,
at any depth. Nothing else about it is different: it is equal to what it stands for.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, final

from .._json import Json, JsonObject

__all__ = ["Missed", "Path", "Reads"]

Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in data: keys, and places in lists."""

_NOTHING: Final = object()


class Missed(NamedTuple):
    """Something that was asked for and not there.

    Attributes:
        event: The event's name.
        function: The slug of the function that asked.
        path: Where in the event's data.
        is_foreseen: Whether the handler says what to do without it.
    """

    event: str
    function: str
    path: Path
    is_foreseen: bool


@final
class Reads:
    """A log of what was asked for in vain.

    Args:
        pretended: What `get` gives all the same, as if it were there.

    Attributes:
        missed: Each thing once, in the order of asking.
    """

    def __init__(self, pretended: Mapping[Missed, Json] | None = None) -> None:
        self.missed: dict[Missed, None] = {}
        self._pretended = pretended or {}

    def watched(self, data: Mapping[str, Any], event: str, function: str) -> JsonObject:
        """Return *data* such that what is asked for in vain is noted here."""

        def note(path: Path, *, is_foreseen: bool) -> Json:
            missed = Missed(event, function, path, is_foreseen)
            self.missed[missed] = None
            return self._pretended.get(missed)

        return _Watched(data, note, ())

    def watch(self, event: Any, function: str) -> None:
        """Let what *function* asks an event on the wire for in vain be noted here."""
        data = event["data"]
        if isinstance(data, dict):
            event["data"] = self.watched(data, event["name"], function)

    def paths(self, *events: str) -> Iterator[Path]:
        """Yield what was asked of events of these names, in the order of asking."""
        for missed in self.missed:
            if missed.event in events:
                yield missed.path


class _Watched(dict[str, Any]):
    """An object that notes which keys it was asked for in vain."""

    def __init__(self, data: Mapping[str, Any], note: Any, path: Path) -> None:
        super().__init__(
            {key: _watched(value, note, (*path, key)) for key, value in data.items()}
        )
        self._note = note
        self._path = path

    def __getitem__(self, key: str) -> Any:
        """Return what is there; note what is not, and fail as every dictionary does."""
        if not super().__contains__(key):
            self._tell(key, is_foreseen=False)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is there, or *default*."""
        if super().__contains__(key):
            return super().__getitem__(key)
        is_foreseen = default is not None
        pretended = self._tell(key, is_foreseen=is_foreseen)
        if pretended is not None:
            return pretended
        return _watched(default, self._note, (*self._path, key))

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        self._tell(key, is_foreseen=True)
        return False

    def pop(self, key: str, default: Any = _NOTHING) -> Any:
        """Take what is there, or return *default*."""
        if not super().__contains__(key):
            self._tell(key, is_foreseen=default not in (None, _NOTHING))
        return super().pop(key) if default is _NOTHING else super().pop(key, default)

    def copy(self) -> "_Watched":
        """Return a copy that notes in the same place."""
        return _Watched(self, self._note, self._path)

    def _tell(self, key: object, *, is_foreseen: bool) -> Json:
        if not isinstance(key, str):
            return None
        noted: Json = self._note((*self._path, key), is_foreseen=is_foreseen)
        return noted


def _watched(value: Json, note: Any, path: Path) -> Any:
    if isinstance(value, dict):
        return _Watched(value, note, path)
    if isinstance(value, list):
        return [_watched(item, note, (*path, n)) for n, item in enumerate(value)]
    return value
