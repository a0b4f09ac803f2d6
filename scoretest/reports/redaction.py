"""JSON data as reports show it: without secrets, and cut to the room there is.

A value is a secret when its key says so (``authorization``, ``accessToken``,
``x-api-key``). What is told apart by key alone stays undetected elsewhere: a password in
a free text is shown.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from .._json import Json, JsonObject, show
from ..errors import UsageError
from .escaping import clip, escape

__all__ = ["REDACTED", "brief", "redacted", "redacted_object"]

REDACTED: Final = "[redacted]"  # carries no hash: a hash of a short secret is a hint

_SECRET: Final = re.compile(
    r"authorization|password|passwd|passphrase|secret|credential"
    r"|(?:api|private|access|signing|encryption)key"
    r"|token$|^(?:set)?cookies?$"  # `token_count` and `maxTokens` are no secrets
)
_PER_COLUMN: Final = 2  # characters looked at: some marks take no column of their own
_LONG_INT: Final = 4_000  # bits; Python refuses to write out much longer ones
_JOINTS: Final = re.compile(r"[^a-z0-9]")


def _is_secret(key: str, value: Json) -> bool:
    # a flag such as `hasPassword` and an absent value give nothing away
    if value is None or isinstance(value, bool):
        return False
    return bool(_SECRET.search(_JOINTS.sub("", key.lower())))


def redacted(value: object) -> Json:
    """Return a copy of JSON data in which no secret is left.

    Raises:
        UsageError: *value* holds something that JSON cannot say.
    """
    if isinstance(value, dict):
        return redacted_object(value)
    if isinstance(value, list):
        return [redacted(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise UsageError(
        f"a trace holds JSON data only, not {show(value)}",
        fix="pass the document as json.loads() returns it",
    )


def redacted_object(value: dict[str, Json]) -> JsonObject:
    """Return a copy of a JSON object in which no secret is left."""
    return {
        key: REDACTED if _is_secret(key, item) else redacted(item)
        for key, item in value.items()
    }


def brief(value: Json, room: int) -> str:
    """Return *value* as JSON without secrets, in at most *room* columns.

    The work is bounded by *room*, however large the value is.
    """
    text = ""
    for piece in _pieces(value, room):
        text += piece
        if len(text) > _PER_COLUMN * room:
            text += "…"
            break
    return clip(escape(text), room)


def _pieces(value: Json, room: int) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for number, (key, item) in enumerate(value.items()):
            yield ", " if number else ""
            yield _leaf(key, room) + ": "
            yield from _pieces(REDACTED if _is_secret(key, item) else item, room)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            yield ", " if number else ""
            yield from _pieces(item, room)
        yield "]"
    else:
        yield _leaf(value, room)


def _leaf(value: Json, room: int) -> str:
    if isinstance(value, str):
        value = value[: _PER_COLUMN * room + 1]
    elif isinstance(value, int) and value.bit_length() > _LONG_INT:
        return "(a very long integer)"
    return json.dumps(value, ensure_ascii=False)
