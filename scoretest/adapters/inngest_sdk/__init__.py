"""The real ``inngest`` package and ours, both ways.

Functions that were written with the package run on this engine: they are entered through
the package's own request handling, one request for each entry, and answer with the real
protocol (rule E6). What their client sends goes to the harness and never to a network.

Functions that were written with our SDK become functions of the package by `to_inngest`,
and are served to a real server. Who serves them so imports no harness.

Whatever is asked for here is refused with a `UsageError` if the installed version of the
package is not supported.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .versions import check_version, installed_version

if TYPE_CHECKING:
    from .exchange import translate_event
    from .functions import translate
    from .outward import to_inngest
    from .parents import clients_of, deferring

__all__ = ["clients_of", "deferring", "to_inngest", "translate", "translate_event"]

_HOMES = {
    "clients_of": ".parents",
    "deferring": ".parents",
    "to_inngest": ".outward",
    "translate": ".functions",
    "translate_event": ".exchange",
}

if not TYPE_CHECKING:  # to a type checker, any name would exist

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        check_version(installed_version())
        value = getattr(import_module(_HOMES[name], __name__), name)
        globals()[name] = value
        return value
