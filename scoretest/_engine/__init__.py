"""The server as a value machine: commands in, effects out, facts kept.

The engine composes the organs of `scoretest._core` and adds nothing of its own but the
order in which they act. It never calls anybody: what it wants done it returns as
effects, and it learns what came of them through commands. It has no clock either: it is
told how far time has moved.
"""

from ._ahead import enter_ahead, new_operations
from ._engine import Engine
from ._state import limit_steps, pending_of, rest_crons, state_of, timer_count
from ._world import Live

__all__ = [
    "Engine",
    "Live",
    "enter_ahead",
    "limit_steps",
    "new_operations",
    "pending_of",
    "rest_crons",
    "state_of",
    "timer_count",
]
