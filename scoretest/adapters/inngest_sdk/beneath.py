"""Which entry runs here, also beneath a function that was converted.

A converted function is ours inside and the package's outside. While its handler runs,
our tools ask its port, and the package's modules ask the harness's entry beneath it.
"""

from typing import cast

from ..._model.ports import RunPort
from ...sdk.current import current_port

__all__ = ["ConvertedRun", "entry_beneath"]


class ConvertedRun:
    """A run of a converted function; *beneath* is the entry of a harness, if any."""

    beneath: RunPort | None = None


def entry_beneath() -> RunPort | None:
    """Return the entry that runs in this context, if a harness runs it."""
    port: object = current_port.get()
    beneath = port.beneath if isinstance(port, ConvertedRun) else port
    return cast("RunPort | None", beneath)
