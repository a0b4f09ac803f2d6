"""Errors on their way between the user's code and the package.

The user raises and catches our errors; the package knows its own. What leaves a handler,
or a step's callback, becomes the package's twin, with the name that the server is to
see; what comes back out of a step becomes ours again.

An error whose text cannot be read, or not be said in JSON, would fail the package's
answer; it goes under the name and the words that our own runs show.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Final

import inngest

from ...._model.operation import ErrorInfo
from ....errors import NotBuiltError, ScoretestError, UsageError
from ....runtime.failures import describe_error
from ....sdk.errors import NonRetriableError, RetryAfterError, StepError
from ....times import Instant

__all__ = ["is_mistake", "leaving_as", "ours", "theirs"]

_NO_TIME: Final = Instant(0)  # the time of no error is asked for


class _Told(inngest.StepError):
    """An error under the name and with the words that our own runs show."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message, info.name, info.stack)
        self.is_retriable = info.retriable


def is_mistake(error: BaseException) -> bool:
    """Say whether *error* is about the use of scoretest, and no failure of the user's."""
    return isinstance(error, NotBuiltError) or type(error) is UsageError


def theirs(error: Exception) -> Exception:
    """Return what the package is to see in place of *error* (rules D3 to D5)."""
    twin = _twin(error)
    if twin is error:
        return error
    vars(twin)["_original"] = error  # for `ours`: the way back out of a step
    return twin.with_traceback(error.__traceback__)


def ours(error: Exception) -> Exception:
    """Return what the user's code is to see in place of *error*."""
    original: object = vars(error).get("_original")
    if isinstance(original, Exception):
        return original
    if isinstance(error, inngest.StepError):
        return StepError(error.message, error.name, error.stack)
    return error


@contextmanager
def leaving_as(tell: Callable[[Exception], Exception]) -> Iterator[None]:
    """Let an error that is raised inside leave as what *tell* makes of it."""
    try:
        yield
    except Exception as error:
        known = tell(error)
        if known is error:
            raise
        raise known from error.__cause__


def _twin(error: Exception) -> Exception:
    if isinstance(error, ScoretestError) or not _is_sayable(error):
        return _Told(describe_error(error, _NO_TIME))
    twin: Exception = error
    match error:
        case NonRetriableError():
            kind = _named(inngest.NonRetriableError, type(error).__name__)
            twin = kind(str(error), error.quiet)
        case RetryAfterError():
            kind = _named(inngest.RetryAfterError, type(error).__name__)
            twin = kind(str(error), _moment(error.retry_after), error.quiet)
        case StepError():
            twin = inngest.StepError(error.message, error.name, error.stack)
    return twin


def _is_sayable(error: Exception) -> bool:
    try:
        str(error).encode()
    except Exception:  # noqa: BLE001 -- a user's __str__ may raise anything
        return False
    return True


@cache
def _named(kind: type[Exception], name: str) -> Callable[..., Exception]:
    """Return *kind* under the name of the user's own class; the server sees the name."""
    return kind if name == kind.__name__ else type(name, (kind,), {})


def _moment(retry_after: Any) -> Any:
    if isinstance(retry_after, datetime) and retry_after.tzinfo is None:
        return retry_after.astimezone()  # local time, as the package takes it
    return retry_after
