"""Flow control: how many runs a function has, and when each may go on.

The names are those of the real SDK, which has them at its root: ``from scoretest import
flow`` stands for ``import inngest as flow`` as far as these go.

>>> from scoretest import flow
>>> flow.Concurrency(limit=10, key="event.data.userId").limit
10
"""

from ._model.flow import Batch, Concurrency, Debounce, Priority, RateLimit, Throttle

__all__ = [
    "Batch",
    "Concurrency",
    "Debounce",
    "Priority",
    "RateLimit",
    "Throttle",
]
