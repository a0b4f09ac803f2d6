"""Errors that handlers raise, and errors that steps raise into handlers.

They belong to the user's code, not to scoretest's own family: a handler that raises one
is doing its work.
"""

from datetime import datetime, timedelta

from .._json import show
from ..errors import UsageError

__all__ = [
    "FunctionConfigInvalidError",
    "NonRetriableError",
    "RetryAfterError",
    "StepError",
]


class NonRetriableError(Exception):
    """Raise this to fail at once, without another attempt.

    Source: rule D4.
    """

    def __init__(self, message: str | None = None, quiet: bool = False) -> None:  # noqa: FBT001, FBT002 -- the real SDK's signature
        super().__init__(message or "")
        self.quiet = quiet


class RetryAfterError(Exception):
    """Raise this to choose when the next attempt begins.

    Args:
        message: What went wrong.
        retry_after: Milliseconds, a timedelta, or an aware datetime; the server cuts
            it to whole seconds between one second and a day.
        quiet: Kept for the real SDK's logging.

    Source: rule D5.
    """

    def __init__(
        self,
        message: str | None,
        retry_after: int | timedelta | datetime,
        quiet: bool = False,  # noqa: FBT001, FBT002 -- the real SDK's signature
    ) -> None:
        is_number = isinstance(retry_after, int) and not isinstance(retry_after, bool)
        if not is_number and not isinstance(retry_after, timedelta | datetime):
            raise UsageError(
                "retry_after must be milliseconds, a timedelta or a datetime, "
                f"not {show(retry_after)}",
                fix='write RetryAfterError("busy", timedelta(minutes=5))',
            )
        super().__init__(message or "")
        self.retry_after = retry_after
        self.quiet = quiet

    def __reduce__(self) -> tuple[object, ...]:
        # the default would call the class with the message alone
        return type(self), (str(self), self.retry_after, self.quiet), vars(self)


class StepError(Exception):
    """A step that has no attempts left; catch it to go on without the step.

    Attributes:
        name: The class of the original error.
        message: Its text.
        stack: Its traceback.

    Source: rule D3.
    """

    def __init__(self, message: str, name: str, stack: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.name = name
        self.stack = stack

    def __reduce__(self) -> tuple[object, ...]:
        # the default would call the class with the message alone
        return type(self), (self.message, self.name, self.stack), vars(self)


class FunctionConfigInvalidError(UsageError):
    """A step was asked for something that the real SDK refuses (rule B10)."""
