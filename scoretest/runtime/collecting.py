"""Python's cycle collector while a world works: called less often.

What a world makes it keeps, facts above all, so a collection in the middle of an
operation looks at everything and finds next to nothing: a quarter of a large
operation's time went there. Collections still come, and what the user's own code
leaves behind is found by them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["rarely_collected"]

# about 10 MB of what a world makes: enough to matter, and soon reached by a leak
_OBJECTS: Final = 50_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Collect once in so many new objects, unless the user's own choice is rarer."""
    first, *others = gc.get_threshold()
    if not 0 < first < _OBJECTS:
        yield
        return
    gc.set_threshold(_OBJECTS, *others)
    try:
        yield
    finally:
        gc.set_threshold(first, *others)
