"""Failures that a test expects."""

from types import TracebackType
from typing import Self, final

from .._model.fact import RunFailed
from ..errors import FindingsError, UsageError
from .reader import Reader
from .views import Run

__all__ = ["ExpectedFailure"]


@final
class ExpectedFailure:
    """Requires that exactly one run of a function fails inside its block.

    The failure counts as looked at. When the block itself raises, nothing is required.
    """

    def __init__(self, reader: Reader, function: str) -> None:
        self._reader = reader
        self._function = function
        self._begin = len(reader.trace)

    @property
    def run(self) -> Run:
        """The run that failed.

        Raises:
            UsageError: No run of the function has failed in the block yet.
        """
        failed = self._failed()
        if not failed:
            raise UsageError(
                f"no run of {self._function!r} has failed in this block yet",
                fix="read .run after the block, or after what makes the run fail",
            )
        return failed[0]

    def _failed(self) -> list[Run]:
        trace = self._reader.trace
        facts = (trace[i].fact for i in range(self._begin, len(trace)))
        runs = [self._reader.run(f.run_id) for f in facts if isinstance(f, RunFailed)]
        return [run for run in runs if run.function_id == self._function]

    def __enter__(self) -> Self:
        self._begin = len(self._reader.trace)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        failed = self._failed()
        self._reader.looked_at.update(run.id for run in failed)
        if error is not None or len(failed) == 1:
            return
        count = "no run" if not failed else f"{len(failed)} runs"
        others = [run for run in self._reader.runs if run.function_id == self._function]
        raise FindingsError(
            f"exactly one run of {self._function!r} was expected to fail, "
            f"and {count} did",
            seen="; ".join(map(repr, failed or others)) or "it never ran",
            fix=_fix(failed, others),
        )


def _fix(failed: list[Run], others: list[Run]) -> str:
    if failed:
        return "use one block for each failure"
    if all(run.ended_at for run in others):
        return "do what makes it fail inside the block"
    return "let fast_forward() go through its retries inside the block"
