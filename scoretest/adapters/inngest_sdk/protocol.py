"""The protocol between server and SDK (rule E6): requests made, answers read."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..._core.memos import Memo
from ..._engine import Live
from ..._json import Json
from ..._model.effect import Enter
from ..._model.operation import ErrorInfo, StepName
from ..._model.place import short_place
from ...times import Duration, Instant, to_instant

__all__ = ["WireRequest", "error_of", "request_for", "step_name"]

NO_RETRY: Final = "x-inngest-no-retry"
RETRY_AFTER: Final = "retry-after"
_ROOT_STEP: Final = "step"  # the target of an entry for all steps

_OURS: Final = ("NotBuiltError", "UsageError")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
_FRAME: Final = re.compile(r'  File "(.+)", line (\d+), in (.+)\n((?:    .*\n)*)')
_NOT_THE_USERS: Final = re.compile(
    r"[/\\](?:inngest|scoretest[/\\](?:adapters|runtime|sdk|_\w+))[/\\]|^<frozen"
)


class WireRequest(NamedTuple):
    """What the server asks of the SDK: one entry."""

    body: bytes
    query: dict[str, str]
    headers: dict[str, str]


def request_for(
    live: Live, effect: Enter, memos: Mapping[str, Memo], defers: Mapping[str, bool]
) -> WireRequest:
    """Return the request for the entry that *effect* asks for."""
    run = live.run
    job = f"{run.id}.{effect.entry}"
    body = {
        "ctx": {
            "attempt": effect.attempt,
            "disable_immediate_execution": bool(effect.target),
            "fn_id": run.function.slug,
            "job_id": job,
            "max_attempts": live.most_attempts,
            "request_id": job,
            "run_id": run.id,
            "stack": {"current": len(memos), "stack": list(memos)},
            "step_id": effect.target or _ROOT_STEP,
            "use_api": False,
        },
        "defers": {h: {"abortable": can} for h, can in defers.items()},
        "steps": {hashed: _memo(memo) for hashed, memo in memos.items()},
        "use_api": False,
        "version": 2,
    }
    query = {"fnId": run.function.slug, "stepId": effect.target or _ROOT_STEP}
    headers = {"x-inngest-job-id": job, "x-request-id": job}
    events = [json.dumps(event.wire) for event in run.events]  # each of them once
    text = f'{{"event":{events[0]},"events":[{",".join(events)}],{json.dumps(body)[1:]}'
    return WireRequest(text.encode(), query, headers)


def _memo(memo: Memo) -> Json:
    """Return a memo as the server sends it; an event and a sleep have no wrapping."""
    if memo.error is not None:
        error = memo.error
        return {
            "error": {
                "name": error.name,
                "message": error.message,
                "stack": error.stack,
            }
        }
    if memo.op in ("Sleep", "WaitForEvent"):
        return memo.data
    return {"data": memo.data}


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
    place = ""

    def keep(found: re.Match[str]) -> str:
        nonlocal place
        path, line, function, _ = found.groups()
        if _NOT_THE_USERS.search(path):
            return ""
        place = short_place(path, int(line))
        return f'  File "{place}", in {function}\n'

    return _ADDRESS.sub("0x…", _FRAME.sub(keep, stack)).rstrip("\n"), place
