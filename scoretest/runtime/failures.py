"""Exceptions of user code, as they go over the wire."""

import re
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType

from .._model.operation import ErrorInfo
from .._model.place import innermost, short_place
from ..errors import NotBuiltError, ScoretestError
from ..sdk.errors import NonRetriableError, RetryAfterError, StepError
from ..times import Duration, Instant, to_duration, to_instant

__all__ = ["describe_error"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_OURS = "scoretest."
_THEIRS = ("scoretest.demo",)  # its handlers are written as a user's would be


# what another attempt cannot mend; scoretest's own limits beside the server's rules
_FINAL = (NonRetriableError, StepError, NotBuiltError)


def describe_error(error: BaseException, now: Instant) -> ErrorInfo:
    """Return *error* as the engine keeps it: deterministic, and without our frames."""
    frames = list(_user_frames(error.__traceback__))
    name, message = _name(error), _message(error)
    stack = [
        f'  File "{short_place(file, line)}", in {function}'
        for file, line, function in frames
    ]
    return ErrorInfo(
        name=name,
        message=message,
        stack="\n".join(
            ["Traceback (most recent call last):", *stack, f"{name}: {message}"]
        ),
        place=innermost([(file, line) for file, line, _ in frames]),
        # rules D3 and D4: what the server is told never to try again
        retriable=not isinstance(error, _FINAL),
        retry_after=_retry_after(error, now),
    )


def _name(error: BaseException) -> str:
    if isinstance(error, StepError | ScoretestError):
        return error.name
    return type(error).__name__


def _message(error: BaseException) -> str:
    try:
        text = _text(error)
    except Exception:  # noqa: BLE001 -- a user's __str__ may raise anything
        text = "(its text cannot be read)"
    return _ADDRESS.sub("0x…", text.encode("utf-8", "replace").decode())


def _text(error: BaseException) -> str:
    if isinstance(error, StepError):
        return error.message
    if isinstance(error, ScoretestError):
        return error.what  # its other parts would stand twice in a finding
    return str(error)


def _user_frames(traceback: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while traceback is not None:
        frame = traceback.tb_frame
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(_OURS) or module.startswith(_THEIRS):
            code = frame.f_code
            yield code.co_filename, traceback.tb_lineno, code.co_name
        traceback = traceback.tb_next


def _retry_after(error: BaseException, now: Instant) -> Duration | None:
    if not isinstance(error, RetryAfterError):
        return None
    asked = error.retry_after
    if isinstance(asked, datetime):
        moment = asked if asked.tzinfo else asked.astimezone()
        return Duration(to_instant(moment, what="retry_after") - now)
    return to_duration(asked, what="retry_after", bare_ms=True)
