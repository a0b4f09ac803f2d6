"""What a value becomes on its way over the wire and back.

Production sends every event, step output, defer payload and function output as JSON.
`to_wire` does what that journey does: it copies, turns tuples into lists and integer
keys into text, and refuses what JSON cannot say. Data that changes on the way is told,
place by place, because the code after the step sees something else than the code in it.
"""

import json
import re
from math import isfinite
from typing import Final, NamedTuple, TypeAlias, TypeVar

from .errors import UsageError

__all__ = [
    "CONTAINERS",
    "Json",
    "JsonObject",
    "Loss",
    "NotJsonError",
    "Together",
    "Wire",
    "copy_json",
    "copy_object",
    "show",
    "to_wire",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

T = TypeVar("T")

MAX_DEPTH: Final = 400  # ours: Python's own encoder gives up at its recursion limit
CONTAINERS: Final = (dict, list)
_WORTH_MEASURING: Final = 64 * 1024
_SHOWN: Final = 80
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
EXACT_INT: Final = 2**53  # beyond it a reader with 64-bit floats sees another number


class NotJsonError(UsageError):
    """A value that JSON cannot carry was to go over the wire."""

    @property
    def name(self) -> str:
        """The name that the real SDK gives to this failure of a run."""
        return "OutputUnserializableError"


class Together(tuple[T, ...]):
    """The results of a parallel group: a tuple that nobody chose.

    That it becomes a list on the wire is no loss to tell of.
    """

    __slots__ = ()


class Loss(NamedTuple):
    """Something that came back different: the *path* to it and *what* changed."""

    path: str
    what: str


class Wire(NamedTuple):
    """A value as it arrives, its size in bytes, and what it lost on the way."""

    value: Json
    size: int
    losses: tuple[Loss, ...]


_NULL: Final = Wire(None, 4, ())


class _NotPlain(Exception):  # noqa: N818 -- a signal between two passes, not an error
    """The quick pass met something that needs the careful one."""


def to_wire(value: object, *, what: str = "the value") -> Wire:
    """Send *value* over the wire and back.

    Args:
        value: Anything; only JSON survives.
        what: How to name the value in an error.

    Raises:
        NotJsonError: NaN, infinity, a set, bytes, a datetime, a lone surrogate, a map
            with keys that are not names, or nesting deeper than `MAX_DEPTH`.
    """
    if value is None:
        return _NULL
    losses: list[Loss] = []
    try:
        arrived = _plain(value, 0)
    except (_NotPlain, RecursionError):
        try:
            arrived = _careful(value, what, 0, losses)
        except (RecursionError, _NotPlain):
            raise _too_deep(what) from None
        except NotJsonError as error:
            error.__traceback__ = None  # the way down to it is of no interest
            raise error from None
    return Wire(arrived, _size(arrived), tuple(losses))


def copy_json(value: Json) -> Json:
    """Return a copy of what came over the wire, so that nobody reaches the original."""
    kind = type(value)
    if kind is dict:
        return copy_object(value)  # type: ignore[arg-type]  # kind says dict
    if kind is list:
        return [copy_json(v) if type(v) in CONTAINERS else v for v in value]  # type: ignore[union-attr]  # kind says list
    return value


def copy_object(value: JsonObject) -> JsonObject:
    """Return a copy of an object that came over the wire, as `copy_json` does."""
    copy = value.copy()  # in one go: most objects are flat
    for key, item in value.items():
        if type(item) in CONTAINERS:
            copy[key] = copy_json(item)
    return copy


def _size(value: Json) -> int:
    """Return the bytes of *value* as JSON: about right when small, exact when large."""
    size = len(repr(value))  # one call, and never far from JSON's own text
    if size > _WORTH_MEASURING:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    return size


def _plain(value: object, depth: int) -> Json:
    """Copy plain JSON data in one quick pass.

    Raises:
        _NotPlain: Something in *value* is not plain; `_careful` tells what.
    """
    kind = type(value)
    if kind is str:
        if value.isascii() or _is_utf8(value):  # type: ignore[attr-defined, arg-type]  # kind says str
            return value  # type: ignore[return-value]  # kind says str
    elif kind is dict and depth < MAX_DEPTH:
        return _plain_map(value, depth)  # type: ignore[arg-type]  # kind says dict
    elif kind is list and depth < MAX_DEPTH:
        return [_plain(item, depth + 1) for item in value]  # type: ignore[attr-defined]  # kind says list
    elif value is None or kind is bool or _is_plain_number(kind, value):
        return value  # type: ignore[return-value]  # it was just looked at
    raise _NotPlain


def _plain_map(value: dict[object, object], depth: int) -> JsonObject:
    arrived: JsonObject = value.copy()  # type: ignore[assignment]  # looked at below
    for key, item in value.items():
        if type(key) is not str or not key.isascii():
            raise _NotPlain
        if type(item) is not str or not item.isascii():  # most are
            arrived[key] = _plain(item, depth + 1)
    return arrived


def _is_plain_number(kind: type, value: object) -> bool:
    if kind is int:
        return -EXACT_INT <= value <= EXACT_INT  # type: ignore[operator]  # kind says int
    return kind is float and isfinite(value)  # type: ignore[arg-type]  # kind says float


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _careful(value: object, path: str, depth: int, losses: list[Loss]) -> Json:
    """Copy *value* and say of everything unusual in it what the wire makes of it."""
    if depth > MAX_DEPTH:
        raise _NotPlain  # only who began knows what is nested
    if isinstance(value, dict):
        return _careful_map(value, path, depth, losses)
    if isinstance(value, list | tuple):
        if not isinstance(value, list | Together):
            losses.append(Loss(path, f"{type(value).__name__} became a list"))
        return [
            _careful(item, _below(path, f"[{i}]", depth), depth + 1, losses)
            for i, item in enumerate(value)
        ]
    return _careful_leaf(value, path, losses)


def _careful_map(
    value: dict[object, object], path: str, depth: int, losses: list[Loss]
) -> JsonObject:
    arrived: JsonObject = {}
    for key, item in value.items():
        text = _key_text(key, path, losses)
        if text in arrived:
            losses.append(Loss(path, f"two keys became {text!r}; the later one stayed"))
        below = _below(path, f".{text}", depth)
        arrived[text] = _careful(item, below, depth + 1, losses)
    return arrived


def _below(path: str, part: str, depth: int) -> str:
    """Return the path to a part; what is named in words is not glued to its parts."""
    if depth or " " not in path:
        return path + part
    return f"{path} at {part.removeprefix('.')}"


def _key_text(key: object, path: str, losses: list[Loss]) -> str:
    if isinstance(key, str):
        if not _is_utf8(key):
            raise _not_json(path, "a key with a lone surrogate", key)
        return str(key)
    if key is None or isinstance(key, bool | int | float):
        text = json.dumps(key)
        losses.append(Loss(path, f"the key {key!r} became {text!r}"))
        return text
    raise _not_json(path, f"a key of type {type(key).__name__}", key)


def _careful_leaf(value: object, path: str, losses: list[Loss]) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not _is_utf8(value):
            raise _not_json(path, "a lone surrogate", value)
        return _undressed(str.__str__(value), value, path, losses)
    if isinstance(value, int):
        if not -EXACT_INT <= value <= EXACT_INT:
            losses.append(
                Loss(path, "an integer above 2**53 is inexact for other readers")
            )
        return _undressed(int(value), value, path, losses)
    if isinstance(value, float):
        if not isfinite(value):
            raise _not_json(path, repr(float(value)), value)
        return _undressed(float(value), value, path, losses)
    raise _not_json(path, f"an object of type {type(value).__name__}", value)


def _undressed(
    plain: str | float, value: object, path: str, losses: list[Loss]
) -> Json:
    """Return the *plain* form of *value*, telling when a subclass was taken off it."""
    if type(plain) is not type(value):
        was, now = type(value).__name__, type(plain).__name__
        losses.append(Loss(path, f"{was} became a plain {now}"))
    return plain


def _not_json(path: str, found: str, value: object) -> NotJsonError:
    return NotJsonError(
        f"{path} holds {found}, which JSON cannot carry",
        seen=show(value),
        fix="turn it into text, numbers, lists and maps with text keys first",
    )


def _too_deep(what: str) -> NotJsonError:
    return NotJsonError(
        f"{what} is nested deeper than {MAX_DEPTH} levels",
        fix="flatten the value",
    )


def show(value: object) -> str:
    """Return the repr of *value* for a message: short, and the same in every process.

    Addresses are masked, long texts are cut, and a ``__repr__`` that raises is survived.
    """
    try:
        text = _ADDRESS.sub("0x…", repr(value))
    except Exception:  # noqa: BLE001 -- a user's __repr__ may raise anything
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
