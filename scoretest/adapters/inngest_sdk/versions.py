"""The versions of the ``inngest`` package that are supported.

This is asked before anything of the package is imported: in another version, what the
adapter imports may not be there.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from ...errors import UsageError

__all__ = ["SUPPORTED", "check_version", "installed_version"]

SUPPORTED: Final = ("0.5.18", "0.5.19", "0.5.20a0")


@cache
def installed_version() -> str:
    """Return the version of the package; "?" if it runs without being installed."""
    try:
        return version("inngest")
    except PackageNotFoundError:
        return "?"


def check_version(found: str) -> None:
    """Refuse a version of the package that the adapter was not tried with.

    Raises:
        UsageError: The message names the versions that work.
    """
    if found not in SUPPORTED:
        raise UsageError(
            f"inngest {found} cannot be served",
            seen=f"supported: {', '.join(SUPPORTED)}",
            fix=f"install one of these, for example inngest=={SUPPORTED[-1]}",
        )
