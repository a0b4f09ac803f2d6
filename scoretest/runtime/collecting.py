"""Python's cycle collector while a world works: called less often.

What a world makes it keeps, facts above all, so a collection in the middle of an
operation looks at everything and finds next to nothing: a quarter of a large
operation's time went there. Collections still come, and what the user's own code
leaves behind is found by them.
"""

import gc
from collections.abc import Callable
from typing import Final, final

__all__ = ["RareCollections"]

# about 10 MB of what a world makes: enough to matter, and soon reached by a leak
_OBJECTS: Final = 50_000


@final
class RareCollections:
    """A context: collect once in so many new objects, unless the user does so rarer.

    Args:
        then: What to do at the end; it is told the error that ended the context.
    """

    __slots__ = ("_before", "_then")

    def __init__(
        self, then: Callable[[BaseException | None], None] | None = None
    ) -> None:
        self._then = then

    def __enter__(self) -> None:
        """Raise the threshold."""
        first, *others = self._before = gc.get_threshold()
        if 0 < first < _OBJECTS:
            gc.set_threshold(_OBJECTS, *others)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Set it back, if it was raised."""
        if 0 < self._before[0] < _OBJECTS:
            gc.set_threshold(*self._before)
        if self._then is not None:
            self._then(error)
