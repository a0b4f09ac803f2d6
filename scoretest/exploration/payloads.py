"""What a handler reads of a signal, and values that it can live with.

A probe sends a match and notes every key that is asked for and not there; a model that
refuses the data says as much. The key is then given values of several kinds; those that
make the run fail are no payload that anybody meant, and are dropped. So nothing found
later rests on a guess alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from .._json import Json, JsonObject, copy_object
from ..runtime.reading import Path
from .stage import Letter

__all__ = [
    "KINDS",
    "RARER",
    "WORDS",
    "Extra",
    "Probe",
    "asked_by",
    "filled",
    "gist",
    "has_path",
    "patched",
    "payloads",
    "with_value",
]

KINDS: Final[tuple[Json, ...]] = (1, 0, 5, True, False, "yes")
"""What a key of a signal may hold."""

WORDS: Final[tuple[Json, ...]] = (
    "one",
    1,
    True,
    [{}],
    ["one"],
    {},
    [],
    "2025-01-01T00:00:00Z",
    "one@example.com",
    "00000000-0000-4000-8000-000000000000",
)
"""What a key of a start event may hold."""

RARER: Final[tuple[Json, ...]] = ({}, [{}], ["one"], "2025-01-01T00:00:00Z")
"""What it may hold besides."""

_KIND_ERRORS: Final = (
    *("TypeError", "AttributeError", "KeyError", "IndexError", "ValueError"),
    *("ValidationError", "ZeroDivisionError"),
)
MANY: Final = 3
"""How many values have to come to the same to show that the value does not matter."""
_MOST_KEYS: Final = 12
_REQUIRED: Final = re.compile(r"^([\w.]+)\n +Field required", re.MULTILINE)
_REFUSED: Final = re.compile(
    r"^([\w.]+)\n +(?!Field required)\S.*\[type=", re.MULTILINE
)
_ALLOWED: Final = re.compile(
    r"^([\w.]+)\n +Input should be (.+?) \[type=(?:literal_error|enum)", re.MULTILINE
)
_SHOWN: Final = re.compile(r"input_value=.*?, input_type=\w+")
_ARGUMENTS: Final = re.compile(r"missing \d+ required .*arguments?: (.*)")


class Probe(NamedTuple):
    """What came of trying data.

    Attributes:
        complaint: How a handler stumbled over it, or "".
        missed: What was asked for in vain.
        refused: What a model found to be of a wrong kind.
    """

    complaint: str
    missed: tuple[Path, ...] = ()
    refused: tuple[Path, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether no handler stumbled."""
        return not self.complaint


def asked_by(complaint: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return what the message of an error says is missing, and what is wrong."""
    missed = [_path(name) for name in _REQUIRED.findall(complaint)]
    for names in _ARGUMENTS.findall(complaint):
        missed += [(name,) for name in re.findall(r"'(\w+)'", names)]
    return tuple(missed), tuple(_path(name) for name in _REFUSED.findall(complaint))


def gist(complaint: str) -> str:
    """Return the message of an error without the data that it shows."""
    return _SHOWN.sub("", complaint)


def _path(dotted: str) -> Path:
    return tuple(int(p) if p.isdecimal() else p for p in dotted.split("."))


Extra: TypeAlias = tuple[tuple[Path, Json], ...]
"""Paths in data, each with what stands there."""


def filled(
    data: JsonObject,
    name: str,
    kinds: Sequence[Json],
    values: Mapping[str, Sequence[Json]],
    probe: Callable[[Letter], Probe],
) -> Extra:
    """Return what has to be added to *data* for the handlers to live with it.

    Args:
        data: What an event has to have in any case.
        name: The event's name.
        kinds: Values to try for a key that a handler asks for.
        values: Values by key, as the user gave them.
        probe: Sends a letter, and says how the handlers get on with it.
    """
    found: dict[Path, Json] = {}
    left_out: list[Path] = []
    probed = probe(Letter(name, data, "probe"))
    while (path := _missed(data, probed, left_out)) and len(found) < _MOST_KEYS:
        given = _given(path, values, kinds)
        fitting = _fitting(path, data, name, given, probe)
        if fitting is None and not _is_required(path, probed.complaint):
            left_out.append(path)
            continue
        if fitting is None:  # nothing helps: what is wrong may be something else
            found[path] = given[0]
            break
        found[path], probed = fitting
        data = with_value(data, path, found[path])
    return tuple(found.items())


def _fitting(
    path: Path,
    data: JsonObject,
    name: str,
    given: Sequence[Json],
    probe: Callable[[Letter], Probe],
) -> tuple[Json, Probe] | None:
    """Return the first value that serves at *path*, and what came of it."""
    complaint, waiting = "", list(given)
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, dict | list) and not _is_about_kinds(complaint):
            continue  # who wants to look into a value says so
        probed = probe(Letter(name, with_value(data, path, value), "probe"))
        if _serves(path, probed):
            return value, probed
        if not complaint:
            complaint = probed.complaint
            waiting += _hints(path, complaint)
    return None


def _hints(path: Path, complaint: str) -> list[Json]:
    """Return the values that a model says it would take at *path*."""
    for dotted, allowed in _ALLOWED.findall(complaint):
        if _path(dotted) == path:
            words: list[Json] = [*re.findall(r"'([^']*)'", allowed)]
            return words or [int(n) for n in re.findall(r"-?\d+", allowed)]
    return []


def _is_required(path: Path, complaint: str) -> bool:
    """Say whether a handler stumbles for want of what stands at *path*."""
    is_key = complaint == f"KeyError: {str(path[-1])!r}"
    return is_key or path in asked_by(complaint)[0]


def payloads(
    match: JsonObject,
    name: str,
    kinds: Sequence[Json],
    values: Mapping[str, Sequence[Json]],
    probe: Callable[[Letter], Probe],
) -> list[Extra]:
    """Return what is worth adding to a match; the arguments are those of `filled`."""
    extra = filled(match, name, (*kinds, *RARER), values, probe)
    data = patched(match, extra)
    usual = probe(Letter(name, data, "match")).complaint
    extras = [extra]
    for place, (path, _) in enumerate(extra):
        waiting = list(_given(path, values, kinds))
        others: list[Extra] = []
        complaints: list[str] = []
        while len(others) < len(waiting):
            value = waiting[len(others)]
            others.append((*extra[:place], (path, value), *extra[place + 1 :]))
            letter = Letter(name, patched(match, others[-1]), "match")
            complaints.append(probe(letter).complaint)
            waiting += [h for h in _hints(path, complaints[-1]) if h not in waiting]
        # who stumbles in the same way over many values does not stumble over the value
        is_moot = all(complaints) and complaints.count(usual) >= MANY
        extras += [
            other
            for other, complaint in zip(others, complaints, strict=True)
            if other not in extras
            and (path[-1] in values or complaint == (usual if is_moot else ""))
        ]
    return extras


def patched(data: JsonObject, extra: Extra) -> JsonObject:
    """Return *data* with more in it."""
    for path, value in extra:
        data = with_value(data, path, value)
    return data


def _is_about_kinds(complaint: str) -> bool:
    """Say whether a handler stumbled because a value is of a wrong kind."""
    return complaint.startswith(_KIND_ERRORS)


def _given(
    path: Path, values: Mapping[str, Sequence[Json]], kinds: Sequence[Json]
) -> Sequence[Json]:
    return values.get(str(path[-1]), kinds)


def _missed(data: JsonObject, probed: Probe, left_out: Sequence[Path]) -> Path | None:
    """Return the first thing that was asked for in vain."""
    asked = (path for path in probed.missed if not has_path(data, path))
    return next((path for path in asked if path not in left_out), None)


def _serves(path: Path, probed: Probe) -> bool:
    """Say whether a value makes nothing fail, but for want of another key."""
    is_refused = any(path[: len(bad)] == bad for bad in probed.refused)
    return not is_refused and (probed.is_fine or bool(probed.missed))


def has_path(data: Any, path: Path) -> bool:
    """Say whether something stands at *path*."""
    for part in path:
        is_there = (
            part in data
            if isinstance(data, dict)
            else isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if not is_there:
            return False
        data = data[part]
    return True


def with_value(data: JsonObject, path: Path, value: Json) -> JsonObject:
    """Return *data* with another value at *path*; what is in the way gives way."""
    copied: Any = copy_object(data)
    inner = copied
    for part in path[:-1]:
        held = inner[part] if has_path(inner, (part,)) else None
        if not isinstance(held, dict | list):
            held = inner[part] = {}
        inner = held
    inner[path[-1]] = value
    return copied  # type: ignore[no-any-return]  # a copy of an object
