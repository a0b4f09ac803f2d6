"""Functions that were written with the real ``inngest`` package, on this engine.

They are entered through the package's own request handling, one request for each entry,
and answer with the real protocol (rule E6). What their client sends goes to the harness
and never to a network.
"""

from .exchange import translate_event
from .functions import translate

__all__ = ["translate", "translate_event"]
