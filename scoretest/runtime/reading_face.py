"""What can be read of a harness."""

from datetime import datetime

from .._model.event import Event
from ..reports.timeline import Timeline
from ..times import to_datetime
from .driver import Driver
from .foreign import Served
from .reader import Reader
from .registry import Registry
from .residence import Residence
from .scores import Scores
from .sent import Sent
from .views import OpenWait, Run

__all__ = ["ReadingFace"]


class ReadingFace:
    """The part of a harness that only looks; `Harness` is made of it."""

    _driver: Driver
    _reader: Reader
    _registry: Registry
    _residence: Residence

    @property
    def now(self) -> datetime:
        """The present instant, in UTC; handlers may read it too."""
        self._residence.look_around()
        return to_datetime(self._driver.now)

    @property
    def runs(self) -> list[Run]:
        """All runs, in the order of starting."""
        return self._reader.runs

    def run(self, which: Served | str) -> Run:
        """Return the only run of a function, or the run of an id.

        Raises:
            UsageError: There is none, or several; the message lists what there is.
        """
        return self._reader.only_run(
            which if isinstance(which, str) else self._registry.slug_of(which),
            self._registry.functions,
        )

    @property
    def waits(self) -> list[OpenWait]:
        """The open waits, in the order of opening."""
        return self._reader.waits

    @property
    def events(self) -> list[Event]:
        """Every event in order, the server's own included, in wire shape."""
        return self._reader.events

    @property
    def scores(self) -> Scores:
        """The scores that stand, in the order written (rule G2)."""
        return self._reader.scores

    @property
    def timeline(self) -> Timeline:
        """What happened so far, in virtual time; ``str()`` of it is the text."""
        return self._reader.timeline

    def explain(self, which: Event | Sent) -> str:
        """Say why an event resumes no wait and cancels no run, for each that it might.

        Args:
            which: What `send` returned, or an event that was not sent: then the waits
                that are open now are asked.

        Raises:
            UsageError: *which* is neither.
        """
        return self._reader.explain(which)
