"""What a test claims of every timeline, or of at least one."""

from .._json import show
from ..errors import UnderTestError, UsageError

__all__ = ["Claims"]


class Claims:
    """The claims of a harness."""

    # what was claimed to hold sometimes, and whether it has; None outside explored tests
    _sometimes: dict[str, bool] | None = None

    def always(self, holds: object, name: str) -> None:
        """Claim that something holds on every timeline.

        Raises:
            UnderTestError: It does not on this one.
        """
        if not holds:
            raise UnderTestError(
                f"{_named(name)} does not hold on this timeline",
                fix="look at the timeline below, and mend what is wrong: the function, "
                "or the claim",
            )

    def sometimes(self, holds: object, name: str) -> None:
        """Claim that something holds on at least one timeline of an explored test.

        Raises:
            UsageError: This is no test under `scoretest.explored`.
        """
        if self._sometimes is None:
            raise UsageError(
                f"sometimes({show(name)}) needs many timelines, and this is one",
                fix="decorate the test with @scoretest.explored(...), or use assert",
            )
        name = _named(name)
        self._sometimes[name] = bool(holds) or self._sometimes.get(name, False)


def _named(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise UsageError(
            f"a claim has a name, not {show(name)}",
            fix='write harness.always(run.output == 1, "the run returns 1")',
        )
    return repr(name)
