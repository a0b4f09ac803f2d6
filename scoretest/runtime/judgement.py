"""What a harness finds wrong, and what the test lets pass."""

from collections.abc import Iterator, Sequence
from typing import final

from .._json import show
from .._model.fact import FindingReported, InvokeFailed, RunFailed
from .._model.finding import CODES, Finding, run_where
from ..errors import FindingsError, UsageError, near_miss
from .faults import Faults
from .reader import Reader
from .stubs import Stubs

__all__ = ["Judgement", "raise_findings"]


@final
class Judgement:
    """The findings of one world, and those that its test allows."""

    def __init__(self, reader: Reader, stubs: Stubs, faults: Faults) -> None:
        self._reader = reader
        self._stubs = stubs
        self._faults = faults
        self._allowed: dict[str, str] = {}

    def allow(self, code: object, reason: object) -> None:
        """Let findings of *code* pass.

        Raises:
            UsageError: There is no such code, or no reason.
        """
        if not isinstance(code, str) or code not in CODES:
            raise UsageError(
                f"there is no finding {show(code)}{near_miss(code, CODES)}",
                fix=f"use one of {', '.join(CODES)}",
            )
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(
                f"allow({code!r}) needs a reason, not {show(reason)}",
                fix='write allow("DEFER_LOST", reason="the parent fails on purpose")',
            )
        self._allowed[code] = reason

    def findings(self, *, at_close: bool) -> list[Finding]:
        """Return what was found and is not allowed, oldest first."""
        found = [*self._reported(), *self._failures()]
        if at_close:
            found += [*self._stubs.unused(), *self._faults.unused()]
        return [finding for finding in found if finding.code not in self._allowed]

    def _reported(self) -> Iterator[Finding]:
        for _, fact in self._reader.facts_of(FindingReported):
            yield fact.finding

    def _failures(self) -> Iterator[Finding]:
        told = {f.run_id for f in self._reported() if f.code == "USAGE_ERROR"}
        # what became of the failure of an invoked run is its caller's affair
        told |= {fact.invoked for _, fact in self._reader.facts_of(InvokeFailed)}
        for at, fact in self._reader.facts_of(RunFailed):
            if fact.run_id not in self._reader.looked_at | told:
                function = self._reader.run(fact.run_id).function_id
                error = fact.error
                yield Finding(
                    code="RUN_FAILED",
                    message=f"a run of {function!r} failed with "
                    f"{error.name}: {error.message}",
                    where=run_where(function, error.place or "?", fact.run_id, "", at),
                    fix="mend the handler, look at the run's .error, or expect it with "
                    "`with harness.expect_failure(function):`",
                    run_id=fact.run_id,
                )


def raise_findings(findings: Sequence[Finding]) -> None:
    """Raise one error that holds all *findings*.

    Raises:
        FindingsError: Always.
    """
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    listed = "\n\n".join(map(str, findings))
    raise FindingsError(
        f"{count} that the test did not allow\n\n{listed}\n",
        fix='mend it, or let it pass with harness.allow("CODE", reason="...")',
    )
