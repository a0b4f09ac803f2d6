"""What the server makes of an answer that comes too late, or is too large.

The server gives up a request after two hours; it is one attempt that failed. The
harness hears of it when the handler comes back. An answer that is too large fails the
run: no other attempt would make it smaller.
"""

from .._model.limits import Limits
from .._model.operation import ErrorInfo, Outcome, Raised
from ..times import Duration, format_duration

__all__ = ["taken"]


def taken(outcome: Outcome, size: int, lasted: Duration, limits: Limits) -> Outcome:
    """Return how an entry ended for the server: as it says, or with an error.

    Args:
        outcome: What the entry says.
        size: The bytes of its answer.
        lasted: How long it took, in virtual time.
        limits: What the server allows.
    """
    if lasted > limits.longest_request:
        return Raised(
            ErrorInfo(
                name="InngestErrRequestTimeout",
                message=f"the request took {format_duration(lasted)}, over "
                f"{format_duration(limits.longest_request)}",
            )
        )
    if size > limits.response_bytes:
        return Raised(
            ErrorInfo(
                name="InngestErrOutputTooLarge",
                message=f"the answer of an entry has {size} bytes, over "
                f"{limits.response_bytes}",
                retriable=False,
            )
        )
    return outcome
