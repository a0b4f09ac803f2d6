"""Findings: what is wrong with a function although its run may look right."""

from dataclasses import dataclass
from typing import final

from ..errors import compose
from ..times import Instant, format_instant

__all__ = ["CODES", "Finding", "run_where"]

CODES = {
    "DEFER_LIMIT": "a defer was rejected: its run has too many, or too large ones",
    "DEFER_LOST": "a defer came to nothing: never sent, or its function is not served",
    "DEFER_SKIPPED": "a defer call was invalid; production logs it and goes on",
    "FAULT_UNUSED": "a fault was never reached",
    "INTERRUPT_SWALLOWED": "a handler caught the signal that ends an entry",
    "INVALID_EXPRESSION": "a match expression cannot be registered; the run fails",
    "INVOKE_CANCELLED": "an invoked run was cancelled; its caller is given an event",
    "LOSSY_OUTPUT": "a value came back from JSON as something else",
    "NESTED_STEP": "a step was called inside a step",
    "NONDETERMINISTIC": "a handler reached other steps than on its earlier entry",
    "OPTION_IGNORED": "an option of a function gives what production ignores",
    "RUN_FAILED": "a run failed and the test never looked at it",
    "SCORE_INVALID": "a score was refused",
    "STEP_NOT_AWAITED": "a step was called and never awaited",
    "STUB_UNUSED": "a stub was never reached",
    "TASK_LEAKED": "a handler left a task behind",
    "TRIGGER_DEAD": "a wildcard stands where it never matches",
    "USAGE_ERROR": "a handler asked scoretest for something that cannot be done",
}
"""Every code of a finding, and what it means."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a test should not pass over in silence.

    Attributes:
        code: One of the documented codes, such as ``"DEFER_LOST"``.
        message: What happened, in one sentence.
        where: Function, run, step, place in the user's file, virtual time.
        seen: The near miss, where there is one.
        fix: What to do about it.
        run_id: The run that it belongs to, or "".
    """

    code: str
    message: str
    where: str = ""
    seen: str = ""
    fix: str = ""
    run_id: str = ""

    def __str__(self) -> str:
        return compose(
            f"{self.code}: {self.message}",
            where=self.where,
            seen=self.seen,
            fix=self.fix,
        )


def run_where(slug: str, place: str, run_id: str, step: str, now: Instant) -> str:
    """Return where something happened in a run, for an error or a finding."""
    at_step = f", step {step!r}" if step else ""
    return (
        f"function {slug!r} ({place}), run {run_id}{at_step}, "
        f"virtual time {format_instant(now)}"
    )
