"""Finds bugs that nobody wrote a test for: every timeline of functions, tried.

Runs are data at rest, and time is virtual; so all that signals and time can do to a
function is enumerated by forking the engine's world, and each kind of end is judged.
"""

from .explorer import explore
from .findings import Exploration
from .found import Found
from .table import Table

__all__ = ["Exploration", "Found", "Table", "explore"]
