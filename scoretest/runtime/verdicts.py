"""What the virtual loop says when a program cannot go on, or must not."""

from typing import Final

from ..errors import DeadlockError, LivelockError, UsageError

__all__ = ["busy", "cannot_move", "deadlocked", "endless", "fenced", "spinning"]

_FENCE_FIX: Final = "let the harness decide when the loop stops and closes"


def deadlocked(where: str) -> DeadlockError:
    """Build the error for a program that waits for ever."""
    return DeadlockError(
        "everything waits, and no timer is set that could end it",
        where=where,
        fix="send or set what is waited for, or give the wait a time-out",
    )


def endless(where: str, *, jumps: int) -> LivelockError:
    """Build the error for a program that sleeps again and again."""
    return LivelockError(
        f"the clock has moved {jumps:,} times and timers are still pending",
        where=where,
        fix="end the loop that sleeps, sleep longer, or move less far at once",
    )


def spinning(where: str, *, turns: int) -> LivelockError:
    """Build the error for a program that is busy without letting time pass."""
    return LivelockError(
        f"the loop has turned {turns:,} times and the clock has not moved",
        where=where,
        fix="wait for an event, or sleep, instead of polling",
    )


def fenced(where: str, *, call: str) -> UsageError:
    """Build the error for a program that ends the loop on which it runs."""
    return UsageError(
        f"loop.{call}() was called by the program that runs on the loop",
        where=where,
        fix=_FENCE_FIX,
    )


def busy(where: str, *, call: str) -> UsageError:
    """Build the error for an operation inside another operation."""
    return UsageError(
        f"loop.{call}() was called while the loop is running",
        where=where,
        fix="on the loop itself, `await loop.settle()` or `await loop.advance_to(...)`",
    )


def cannot_move(where: str, *, target_us: int) -> UsageError:
    """Build the error for a target in the past, or beyond the calendar."""
    return UsageError(
        f"the clock cannot move to {target_us} µs",
        where=where,
        fix="move forward only, and not beyond 3,000 years",
    )
