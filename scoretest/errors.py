"""The errors of scoretest itself, sorted by who can mend them.

`UsageError`: the test's author. `UnderTestError`: the code being tested.
`InternalError`: the authors of scoretest. Each message has up to four parts: what
happened, where, what was seen, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "DeadlockError",
    "FindingsError",
    "InternalError",
    "LivelockError",
    "NotBuiltError",
    "ScoretestError",
    "StalledError",
    "UnderTestError",
    "UsageError",
    "compose",
    "near_miss",
]


def compose(what: str, *, where: str = "", seen: str = "", fix: str = "") -> str:
    """Return the text of an error: what happened, then a labelled line for each part.

    Args:
        what: One sentence, lower case, without a final period.
        where: Function, run, step, place in the user's code, virtual time.
        seen: The near miss.
        fix: One imperative sentence.
    """
    parts = (("where", where), ("seen", seen), ("fix", fix))
    lines = [f"  {label + ':':<7}{text}" for label, text in parts if text]
    return "\n".join([what, *lines])


def near_miss(name: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of the *known* names, or ``""``."""
    nearest = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


class ScoretestError(Exception):
    """The root of everything that scoretest raises on its own account.

    Attributes:
        what: What happened, one sentence that shows the offending value.
        where: Where it happened; empty when there is only one place.
        seen: The near miss, if there was one.
        fix: What to do about it.
    """

    def __init__(
        self, what: str, *, where: str = "", seen: str = "", fix: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.seen = seen
        self.fix = fix

    def __str__(self) -> str:
        return compose(self.what, where=self.where, seen=self.seen, fix=self.fix)

    def __reduce__(self) -> tuple[object, ...]:
        # an error has to survive the way home from an xdist worker, and the default
        # would call the class without its keyword-only parts
        return _rebuild, (type(self), self.args, self.__dict__.copy())

    @property
    def name(self) -> str:
        """The name under which a run reports this error when its handler raises it."""
        return type(self).__name__


def _rebuild(
    kind: type[ScoretestError], args: tuple[object, ...], state: dict[str, object]
) -> ScoretestError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(ScoretestError):
    """The test, or the declaration of a function, asks for something impossible."""


class NotBuiltError(UsageError):
    """The real engine can do this and scoretest cannot yet; nothing was changed."""


class UnderTestError(ScoretestError):
    """The code being tested did something that no test should pass over."""


class FindingsError(UnderTestError):
    """A harness closed with findings that the test did not allow."""


class DeadlockError(UnderTestError):
    """Everything waits and nothing is left that could wake it."""


class LivelockError(UnderTestError):
    """The program goes on for ever: virtual time or loop turns ran past the budget."""


class StalledError(UnderTestError):
    """Real time ran out while a thread, a socket or a blocking call was busy."""


class InternalError(ScoretestError):
    """A bug in scoretest; please report it with what the message shows."""
