"""The protocol between server and SDK (rule E6): what answers say."""

import os
import re
from pathlib import Path
from typing import Any, Final

import inngest

from ..._model.operation import ErrorInfo, StepName
from ..._model.place import innermost, short_place
from ...times import Duration, Instant, to_instant

__all__ = ["error_of", "step_name"]

NO_RETRY: Final = "x-inngest-no-retry"
RETRY_AFTER: Final = "retry-after"

_OURS: Final = ("NotBuiltError", "UsageError")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
_FRAME: Final = re.compile(r'  File "(.+)", line (\d+), in (.+)\n((?:    .*\n)*)')
_OUR_FOLDER: Final = Path(__file__).parents[2]
_THEIRS: Final = tuple(
    f"{folder}{os.sep}"
    for folder in (
        Path(inngest.__file__).parent,
        *(
            _OUR_FOLDER / name
            for name in ("_core", "_engine", "_model", "adapters", "runtime", "sdk")
        ),
    )
)


def step_name(item: dict[str, Any]) -> StepName:
    """Return the identity of the step that an operation is about."""
    userland = item.get("userland") or {}
    return StepName(
        str(userland.get("id") or item["displayName"]),
        int(userland.get("index") or 0),
        str(item["id"]),
    )


def error_of(
    body: dict[str, Any], headers: dict[str, str], now: Instant, *, is_final: bool
) -> ErrorInfo:
    """Return the error that *body* carries, deterministic and without our frames."""
    stack, place = _cleaned(str(body.get("stack") or ""))
    after = headers.get(RETRY_AFTER)
    name, message = str(body.get("name") or "Error"), str(body.get("message") or "")
    if name in _OURS:  # its other parts stand in a finding
        message = message.partition("\n")[0]
    is_final = is_final or name == "NotBuiltError" or headers.get(NO_RETRY) == "true"
    return ErrorInfo(
        name=name,
        message=_ADDRESS.sub("0x…", message),
        stack=stack,
        place=place,
        retriable=not is_final,
        retry_after=None
        if after is None
        else Duration(to_instant(after, what="retry-after") - now),
    )


def _cleaned(stack: str) -> tuple[str, str]:
    """Return a traceback with the user's frames only, and the place of the last."""
    frames: list[tuple[str, int]] = []

    def keep(found: re.Match[str]) -> str:
        path, line, function, _ = found.groups()
        if path.startswith(("<frozen", *_THEIRS)):
            return ""
        frames.append((path, int(line)))
        return f'  File "{short_place(*frames[-1])}", in {function}\n'

    text = _ADDRESS.sub("0x…", _FRAME.sub(keep, stack)).rstrip("\n")
    return text, innermost(frames)
