"""The trace as JSON, for other programs and for tomorrow: ``scoretest.trace/1``.

Each fact is an object whose keys are the fields of its record; `_model/fact.py` is the
schema. Instants count in microseconds from the start, so that a trace that begins on
another day is the same text. Secrets are taken out (see `redaction`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from .._json import Json, JsonObject, show
from .._model.event import ReceivedEvent
from .._model.fact import Fact, TraceEntry
from .._model.finding import Finding
from .._model.operation import ErrorInfo, StepName
from .._model.score import ScoreEntry
from ..errors import UsageError, near_miss
from ..times import Duration, Instant, to_datetime, to_instant
from .redaction import redacted

__all__ = ["FORMAT", "read_document", "write_document"]

FORMAT: Final = "scoretest.trace/1"

_FACTS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Fact)}
_RECORDS: Final = (ReceivedEvent, StepName, ErrorInfo, ScoreEntry, Finding)
_REPORT_FIX: Final = "pass what Timeline.to_json() returned, unchanged"


class _Field(NamedTuple):
    """A field of a record: its name, its key in the document, its type."""

    name: str
    key: str
    hint: object


_TIMES: Final = (Instant, Duration, Duration | None)


@cache
def _schema() -> dict[type, tuple[_Field, ...]]:
    """Return the fields of every record; worked out when the first trace is read."""
    return {kind: tuple(_fields(kind)) for kind in (*get_args(Fact), *_RECORDS)}


def _fields(kind: type[Any]) -> Iterator[_Field]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint = hints[field.name]
        # a unit is in the name
        key = f"{field.name}_us" if hint in _TIMES else field.name
        yield _Field(field.name, key, hint)


# --- writing ----------------------------------------------------------------------


def write_document(entries: Iterable[TraceEntry], start: Instant) -> JsonObject:
    """Return a trace as a JSON object."""
    return {
        "format": FORMAT,
        "start": to_datetime(start).isoformat(timespec="microseconds"),
        "facts": [
            {
                "sequence": entry.sequence,
                "at_us": entry.at - start,
                "fact": type(entry.fact).__name__,
                **_written(entry.fact, start),
            }
            for entry in entries
        ],
    }


def _written(record: Any, start: Instant) -> JsonObject:
    return {
        field.key: _written_value(getattr(record, field.name), field.hint, start)
        for field in _schema()[type(record)]
    }


def _written_value(value: Any, hint: object, start: Instant) -> Json:
    if hint is Instant:
        return int(value - start)
    if hint in _RECORDS:
        return _written(value, start)
    return redacted(value)


# --- reading ----------------------------------------------------------------------


def read_document(document: object) -> tuple[list[TraceEntry], Instant]:
    """Return the facts of a document and the start of its trace.

    Raises:
        UsageError: It is no such document, or one of another version.
    """
    try:
        top = _object(document, "the document", {"format", "start", "facts"})
        _check_format(top["format"])
        start = to_instant(top["start"], what="start")
        facts = top["facts"]
        if not isinstance(facts, list):
            raise _misfit("facts", "a list", facts)
        return [
            _entry(fact, f"facts[{n}]", start) for n, fact in enumerate(facts)
        ], start
    except RecursionError:
        raise UsageError(
            "the trace is nested too deeply", fix="check where it comes from"
        ) from None


def _check_format(found: Json) -> None:
    if found != FORMAT:
        raise UsageError(
            f"the trace has the format {show(found)}, not {FORMAT!r}",
            fix="read it with the version of scoretest that wrote it",
        )


def _entry(value: Json, path: str, start: Instant) -> TraceEntry:
    kind = _kind(value, path)
    keys = {field.key for field in _schema()[kind]}
    found = _object(value, path, keys | {"sequence", "at_us", "fact"})
    sequence = _read(found["sequence"], int, f"{path}.sequence", start)
    at = _read(found["at_us"], Instant, f"{path}.at_us", start)
    return TraceEntry(sequence, at, _record(found, kind, path, start))


def _kind(value: Json, path: str) -> type[Any]:
    name = value.get("fact") if isinstance(value, dict) else None
    kind = _FACTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UsageError(
            f"{path} is of no known kind: {show(name)}{near_miss(name, _FACTS)}",
            fix="read it with the version of scoretest that wrote it",
        )
    return kind


def _record(found: JsonObject, kind: type, path: str, start: Instant) -> Any:
    values = {
        field.name: _read(found[field.key], field.hint, f"{path}.{field.key}", start)
        for field in _schema()[kind]
    }
    return kind(**values)


def _read(value: Json, hint: object, path: str, start: Instant) -> Any:
    if hint in _RECORDS and isinstance(hint, type):
        keys = {field.key for field in _schema()[hint]}
        return _record(_object(value, path, keys), hint, path, start)
    expected, is_right = _CHECKS.get(hint, _ANYTHING)
    if not is_right(value):
        raise _misfit(path, expected, value)
    if hint is Instant and isinstance(value, int):
        return Instant(start + value)
    return redacted(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# what a field of a type must hold; a field of any other type is JSON
_CHECKS: Final[dict[object, tuple[str, Callable[[object], bool]]]] = {
    str: ("text", lambda value: isinstance(value, str)),
    str | None: ("text or null", lambda value: value is None or isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("an integer", _is_integer),
    Instant: ("an integer", _is_integer),
    Duration | None: (
        "an integer or null",
        lambda value: value is None or _is_integer(value),
    ),
    float | bool: ("a number or a bool", lambda value: isinstance(value, int | float)),
    JsonObject: ("an object", lambda value: isinstance(value, dict)),
}
_ANYTHING: Final = ("JSON", lambda _: True)


def _object(value: object, path: str, keys: set[str]) -> JsonObject:
    """Return *value* if it is an object with exactly these keys."""
    if not isinstance(value, dict):
        raise _misfit(path, "an object", value)
    wrong = sorted(keys - value.keys()) + sorted(map(str, value.keys() - keys))
    if wrong:
        verb = "lacks" if wrong[0] in keys else "has an unknown"
        raise UsageError(f"{path} {verb} key {wrong[0]!r}", fix=_REPORT_FIX)
    return value


def _misfit(path: str, expected: str, value: object) -> UsageError:
    return UsageError(f"{path} must be {expected}, not {show(value)}", fix=_REPORT_FIX)
