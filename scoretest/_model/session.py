"""Sessions: what an event, and every run that it starts, belongs to.

A session is a key and an id, such as ``chat`` and ``chat-1``. An event brings sessions of
its own and those that its sender's run has; the server makes one map of both, in which
the event's own win. A session that is None takes an inherited one away, and None in
place of the map takes all of them away. A run begins with what all its events share.

The rules are not among those that were observed: names, shapes and the two layers are
those of the real SDK, and the limits are the server's constants.
"""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Final, TypeAlias, TypedDict, cast

from .._json import JsonObject, show
from ..errors import UsageError
from .limits import Limits

__all__ = [
    "EventMeta",
    "Sessions",
    "checked_meta",
    "objection",
    "resolved",
    "shared",
    "stamped",
    "told_sessions",
    "wire_meta",
]

Sessions: TypeAlias = tuple[tuple[str, str], ...]
"""Keys and ids, in the order of the keys' UTF-8."""

_LAYERS: Final = ("sessions", "propagated_sessions")
_EXAMPLE: Final = 'write meta={"sessions": {"conversation": "chat-1"}}'
_MOST_DIGITS: Final = 21  # as JavaScript writes numbers, and so the real SDK
_MOST_ZEROS: Final = 6
_NUMBER: Final = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:e([-+]\d+))?")


class EventMeta(TypedDict, total=False):
    """The sessions of an event.

    Attributes:
        sessions: Its own: ids by key. None as an id takes an inherited session away,
            None in place of the map takes all of them away.
        propagated_sessions: What it inherits; the SDK writes this layer.
    """

    sessions: dict[str, str | int | float | None] | None
    propagated_sessions: dict[str, str | int | float]


def checked_meta(meta: object, what: str) -> EventMeta | None:
    """Return *meta* as the real SDK sends it: ids are texts, empty layers are left out.

    Args:
        meta: What a user wrote.
        what: Whose meta it is, for the error.

    Raises:
        UsageError: It is no meta, or one of its keys or ids is none.
    """
    if meta is None:
        return None
    if not isinstance(meta, Mapping):
        raise UsageError(
            f"the meta of {what} must be an object, not {show(meta)}", fix=_EXAMPLE
        )
    checked: EventMeta = {}
    if "sessions" in meta:
        own = meta["sessions"]
        if own is None:
            checked["sessions"] = None
        elif sessions := _checked_map(own, what, may_remove=True):
            checked["sessions"] = sessions
    inherited = meta.get("propagated_sessions")
    if inherited is not None and (
        sessions := _checked_map(inherited, what, may_remove=False)
    ):
        checked["propagated_sessions"] = cast("dict[str, str | int | float]", sessions)
    return checked or None


def _checked_map(
    value: object, what: str, *, may_remove: bool
) -> dict[str, str | int | float | None]:
    if not isinstance(value, Mapping):
        raise UsageError(
            f"the sessions of {what} must be an object, not {show(value)}", fix=_EXAMPLE
        )
    checked: dict[str, str | int | float | None] = {}
    for key, id_ in value.items():
        if not isinstance(key, str) or not key:
            raise UsageError(
                f"a session key of {what} must be text that is not empty, "
                f"not {show(key)}",
                fix=_EXAMPLE,
            )
        is_removed = id_ is None and may_remove
        checked[key] = None if is_removed else _checked_id(id_, key, what)
    return checked


def _checked_id(value: object, key: str, what: str) -> str:
    """Return an id as text; numbers are written as JavaScript does."""
    told = ""
    if isinstance(value, str):
        told = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        told = _number_text(value)
    if not told:
        raise UsageError(
            f"the id of session {key!r} of {what} must be text that is not empty, or a "
            f"finite number, not {show(value)}",
            fix=_EXAMPLE,
        )
    return told


def _number_text(value: float) -> str:
    """Return a number as JavaScript writes it; "" when it is not finite."""
    try:
        number = float(value)
    except OverflowError:
        return ""
    found = _NUMBER.fullmatch(repr(number))
    if number == 0 or found is None:
        return "0" if isfinite(number) else ""
    sign, whole, part, power = found[1], found[2], found[3] or "", found[4] or "0"
    point = len(whole) + int(power)  # digits before the decimal point
    digits = (whole + part).lstrip("0")
    point -= len(whole + part) - len(digits)
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    if len(digits) <= point <= _MOST_DIGITS:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if -_MOST_ZEROS < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def stamped(
    meta: EventMeta | None, inherited: Mapping[str, str], what: str
) -> EventMeta | None:
    """Return *meta* with what a run hands on in place of its inherited layer.

    Raises:
        UsageError: The handler has put something into its sessions that is none.
    """
    if not inherited:
        return meta
    return checked_meta({**(meta or {}), "propagated_sessions": inherited}, what)


def resolved(meta: EventMeta | None) -> Sessions:
    """Return the sessions that the server makes of both layers."""
    if meta is None:
        return ()
    own = meta.get("sessions", {})
    if own is None:
        return ()
    layers = {**meta.get("propagated_sessions", {}), **own}
    kept = [(key, str(id_)) for key, id_ in layers.items() if id_ is not None]
    return tuple(sorted(kept, key=lambda pair: pair[0].encode(errors="replace")))


def objection(sessions: Sessions, limits: Limits) -> str:
    """Return why the server refuses an event with these sessions, or ""."""
    if len(sessions) > limits.sessions_per_event:
        most = limits.sessions_per_event
        keys = ", ".join(key for key, _ in sessions)
        return f"it has {len(sessions)} sessions, over {most}: {keys[:60]}"
    for key, id_ in sessions:
        size = len(key.encode(errors="replace"))
        if size > limits.session_key_bytes:
            return (
                f"its session key {key[:20]!r}… has {size} bytes, "
                f"over {limits.session_key_bytes}"
            )
        size = len(id_.encode(errors="replace"))
        if size > limits.session_id_bytes:
            return (
                f"the id of its session {key!r} has {size} bytes, "
                f"over {limits.session_id_bytes}"
            )
    return ""


def wire_meta(sessions: Sessions) -> JsonObject:
    """Return what an event with *sessions* has on the wire beside its data."""
    return {"meta": {"sessions": dict(sessions)}} if sessions else {}


def told_sessions(wire: JsonObject) -> dict[str, str]:
    """Return the sessions of an event on the wire."""
    meta = wire.get("meta")
    sessions = meta.get("sessions") if isinstance(meta, dict) else None
    if not isinstance(sessions, dict):
        return {}
    return {key: str(id_) for key, id_ in sessions.items()}


def shared(wires: Iterable[JsonObject]) -> dict[str, str]:
    """Return what all events of a run share."""
    first, *others = map(told_sessions, wires)
    for other in others:
        first = {key: id_ for key, id_ in first.items() if other.get(key) == id_}
    return first
