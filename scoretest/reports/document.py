"""The trace as JSON, for other programs and for tomorrow: ``scoretest.trace/1``.

Each fact is an object whose keys are the fields of its record; `_model/fact.py` is the
schema. Instants count in microseconds from the start, so that a trace that begins on
another day is the same text. Secrets are taken out (see `redaction`).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from .._json import Json, JsonObject, show
from .._model.event import ReceivedEvent
from .._model.fact import TraceEntry
from ..errors import UsageError, near_miss
from ..times import Instant, to_datetime, to_instant
from .redaction import redacted
from .schema import AT, KINDS, LONGEST_BITS, SEQUENCE, Field, fields_of

__all__ = ["FORMAT", "read_document", "write_document"]

FORMAT: Final = "scoretest.trace/1"

_FIX: Final = "pass what Timeline.to_json() returned, unchanged"
_WIRE: Final = (
    ("name", str, "text"),
    ("data", dict, "an object"),
    ("id", str, "text"),
    ("ts", int, "an integer"),
)
_OTHER_VERSION: Final = "read it with the version of scoretest that wrote it"

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
        field.key: _written_value(getattr(record, field.name), field, start)
        for field in fields_of(type(record))
    }


def _written_value(value: Any, field: Field, start: Instant) -> Json:
    if field.record is not None:
        return _written(value, start)
    return int(value - start) if field.is_instant else redacted(value)


# --- reading ----------------------------------------------------------------------


def read_document(document: object) -> tuple[list[TraceEntry], Instant]:
    """Return the facts of a document and the start of its trace.

    Raises:
        UsageError: It is no such document, or one of another version.
    """
    try:
        top = _object(document, "the document", {"format", "start", "facts"})
        if top["format"] != FORMAT:
            raise UsageError(
                f"the trace has the format {show(top['format'])}, not {FORMAT!r}",
                fix=_OTHER_VERSION,
            )
        start = to_instant(top["start"], what="start")
        return list(_entries(top["facts"], start)), start
    except RecursionError:
        raise UsageError(
            "the trace is nested too deeply", fix="check where it comes from"
        ) from None


def _entries(facts: Json, start: Instant) -> Iterator[TraceEntry]:
    if not isinstance(facts, list):
        raise _misfit("facts", "a list", facts)
    for number, fact in enumerate(facts):
        path = f"facts[{number}]"
        kind = _kind(fact, path)
        found = _object(fact, path, _keys(kind) | {"sequence", "at_us", "fact"})
        yield TraceEntry(
            _read(found["sequence"], SEQUENCE, f"{path}.sequence", start),
            _read(found["at_us"], AT, f"{path}.at_us", start),
            _record(found, kind, path, start),
        )


def _kind(value: Json, path: str) -> type[Any]:
    name = value.get("fact") if isinstance(value, dict) else None
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UsageError(
            f"{path} is of no known kind: {show(name)}{near_miss(name, KINDS)}",
            fix=_OTHER_VERSION,
        )
    return kind


def _record(found: JsonObject, kind: type[Any], path: str, start: Instant) -> Any:
    values = {
        field.name: _read(found[field.key], field, f"{path}.{field.key}", start)
        for field in fields_of(kind)
    }
    record = kind(**values)
    if isinstance(record, ReceivedEvent):
        _check_wire(record.wire, path)
    return record


def _check_wire(wire: JsonObject, path: str) -> None:
    """Refuse an event that lacks what the server gives to every event."""
    for key, kind, expected in _WIRE:
        value = wire.get(key)
        is_long = isinstance(value, int) and value.bit_length() > LONGEST_BITS
        if type(value) is not kind or is_long:
            raise _misfit(f"{path}.wire.{key}", expected, value)


def _read(value: Json, field: Field, path: str, start: Instant) -> Any:
    if field.record is not None:
        found = _object(value, path, _keys(field.record))
        return _record(found, field.record, path, start)
    if not field.fits(value):
        raise _misfit(path, field.expected, value)
    if field.is_instant and isinstance(value, int):
        return Instant(start + value)
    return redacted(value)


def _keys(kind: type[Any]) -> set[str]:
    return {field.key for field in fields_of(kind)}


def _object(value: object, path: str, keys: set[str]) -> JsonObject:
    """Return *value* if it is an object with exactly these keys."""
    if not isinstance(value, dict):
        raise _misfit(path, "an object", value)
    wrong = sorted(keys - value.keys()) + sorted(map(str, value.keys() - keys))
    if wrong:
        verb = "lacks" if wrong[0] in keys else "has an unknown"
        raise UsageError(f"{path} {verb} key {wrong[0]!r}", fix=_FIX)
    return value


def _misfit(path: str, expected: str, value: object) -> UsageError:
    return UsageError(f"{path} must be {expected}, not {show(value)}", fix=_FIX)
