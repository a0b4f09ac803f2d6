"""Functions that were written with our SDK, as functions of the ``inngest`` package.

Our SDK talks to a port; here the port is the package's own context, so that the server
sees what it sees of any function of the package.
"""

from .functions import to_inngest

__all__ = ["to_inngest"]
