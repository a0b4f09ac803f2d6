"""What an entry's run hands on to whatever it sends, invokes and defers."""

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

    _sessions: dict[str, str] | None = None

    @property
    def sessions(self) -> dict[str, str]:
        """What the run hands on: at first what its events share; the handler's to change."""
        if self._sessions is None:
            events = self.live.run.events
            is_bare = "meta" not in events[0].wire  # as of most
            self._sessions = {} if is_bare else shared(event.wire for event in events)
        return self._sessions

    def is_of(self, client: object) -> bool:
        """Say whether *client* is the one that the entry's function is served with."""
        return self.driver.client_of(self.function) is client
