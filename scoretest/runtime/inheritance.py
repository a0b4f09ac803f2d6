"""What an entry's run hands on to whatever it sends, invokes and defers."""

from functools import cached_property

from .._engine import Live
from .._model.session import shared
from ..sdk.function import AnyFunction
from .host import Host

__all__ = ["Inheriting"]


class Inheriting:
    """An entry, as far as its run's sessions go."""

    driver: Host
    live: Live
    function: AnyFunction

    @cached_property
    def sessions(self) -> dict[str, str]:
        """What the run hands on: at first what its events share; the handler's to change."""
        return shared(event.wire for event in self.live.run.events)

    def is_of(self, client: object) -> bool:
        """Say whether *client* is the one that the entry's function is served with."""
        return self.driver.client_of(self.function) is client
