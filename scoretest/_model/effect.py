"""Effects: what the engine asks the runtime to do.

There is one: enter a handler. That it was asked for is a fact of the trace, and the
fact says all that the runtime needs, so the effect is the fact itself.
"""

from typing import TypeAlias

from .fact import RunEntered

__all__ = ["Enter"]

Enter: TypeAlias = RunEntered
"""Call the handler of a run from its top."""
