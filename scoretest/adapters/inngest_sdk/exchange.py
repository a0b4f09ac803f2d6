"""Where the requests of a client of the ``inngest`` package go: to the harness.

An exchange takes the place of the HTTP client inside the package's client. The package
still builds the requests, runs its middleware and reads the answers; no socket is ever
opened. A request that the harness has no answer for is refused by name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, final
from urllib.parse import urlsplit

import inngest

from ..._model.event import Event
from ..._model.experiment import ExperimentRef
from ..._model.ports import RunPort, WorldPort
from ..._model.score import InvalidScoreError
from ...errors import NotBuiltError, UsageError
from ...runtime.entry import Entry
from ...sdk.client import Client
from ...sdk.scoring import check_run
from .beneath import entry_beneath

__all__ = ["Exchange", "translate_event"]

_OK = 200
_REFUSED = 400  # the server's status for what it refuses


class Outgoing(NamedTuple):
    """A request as the package builds it; *body* is not JSON yet."""

    method: str
    url: str
    body: Any


class Reply(NamedTuple):
    """An answer as the package reads it."""

    status_code: int
    body: object
    is_redirect: bool = False

    def json(self) -> object:
        """Return the body."""
        return self.body


@final
class Exchange:
    """Stands for the HTTP client of one client of the package.

    Args:
        twin: The client that stands for the package's one on this side.
    """

    def __init__(self, twin: Client) -> None:
        self.twin = twin
        # the package asks its HTTP client for these two by name
        self._http_client = _AsyncLine(self)
        self._http_client_sync = _SyncLine(self)

    def build_httpx_request(
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        **_: object,  # headers and the like: nobody reads them
    ) -> Outgoing:
        """Return a request to be sent."""
        return Outgoing(method, url, json)

    async def post(self, url: str, body: object) -> Reply | Exception:
        """Take a score; return the error that the package would make of a refusal."""
        return self._score("score", url, body)

    def post_sync(self, url: str, body: object) -> Reply | Exception:
        """Take a score, from code that cannot await."""
        return self._score("score_sync", url, body)

    async def get(self, url: str, **_: object) -> NoReturn:
        """Refuse to fetch anything."""
        self.refuse("GET", url)

    def get_sync(self, url: str, **_: object) -> NoReturn:
        """Refuse to fetch anything."""
        self.refuse("GET", url)

    def refuse(self, method: str, url: str) -> NoReturn:
        """Refuse a request that nobody answers here.

        Raises:
            NotBuiltError: Always; the message names the request.
        """
        path = urlsplit(url).path
        error = NotBuiltError(
            f"the client of app {self.twin.app_id!r} wants {method} {path}, which no "
            "harness answers",
            fix="stub the step that asks for it, or leave it out in this test",
        )
        port = entry_beneath()
        if isinstance(port, Entry):
            place = port.function.options.place
            port.report("USAGE_ERROR", error.what, error.fix, place)
        raise error

    # --- events -------------------------------------------------------------------

    def send(self, request: Outgoing) -> Reply:
        """Send the events of *request* from code that cannot await."""
        events = self._events(request)
        port = entry_beneath()
        if port is None:
            return _sent(self.twin.find_world("send_sync").send(events))
        return _send_within(port, events)

    async def asend(self, request: Outgoing) -> Reply:
        """Send the events of *request*."""
        events = self._events(request)
        port = entry_beneath()
        if port is None:
            return _sent(await self.twin.find_world("send").asend(events))
        return _send_within(port, events)

    def _events(self, request: Outgoing) -> list[Event]:
        if not urlsplit(request.url).path.startswith("/e/"):
            self.refuse(request.method, request.url)
        return [_event(wire) for wire in request.body]

    # --- scores -------------------------------------------------------------------

    def _score(self, verb: str, url: str, body: Any) -> Reply | Exception:
        if not url.endswith("/metadata"):
            self.refuse("POST", url)
        target = body["target"]
        run_id, step_id = target["run_id"], target.get("step_id")
        try:
            check_run(run_id)
            world = entry_beneath() or self.twin.find_world(verb)
            for update in body["metadata"]:
                _write(world, update["kind"], update["values"], run_id, step_id)
        except InvalidScoreError as error:  # rule G5
            port = entry_beneath()
            if isinstance(port, Entry):
                place = port.function.options.place
                port.report("SCORE_INVALID", error.what, error.fix, place)
            return Exception(f"HTTP error: {_REFUSED} {error.what}")
        return Reply(_OK, {})


def translate_event(event: object) -> object:
    """Return an event of the package as a harness sends it; anything else as it is."""
    return _event(vars(event)) if isinstance(event, inngest.Event) else event


def _event(wire: Mapping[str, Any]) -> Event:
    return Event(
        name=wire["name"],
        data=wire["data"],
        id=wire.get("id", ""),
        ts=wire.get("ts"),
        meta=wire.get("meta"),  # older versions have none
    )


class _AsyncLine:
    """What the package sends through in a coroutine."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def is_same_thread(self) -> bool:
        """Say that no thread has to be changed."""
        return True

    async def send(self, request: Outgoing) -> Reply:
        """Answer *request*."""
        return await self._exchange.asend(request)


class _SyncLine:
    """What the package sends through elsewhere."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def send(self, request: Outgoing) -> Reply:
        """Answer *request*."""
        return self._exchange.send(request)


def _send_within(port: RunPort, events: Sequence[Event]) -> Reply:
    """Send from a handler, which hears of a refusal as in production."""
    try:
        return _sent(port.send(events))
    except UsageError as error:
        return Reply(_REFUSED, {"error": error.what, "ids": []})


def _sent(ids: list[str]) -> Reply:
    return Reply(_OK, {"ids": ids})


def _write(
    world: WorldPort,
    kind: str,
    values: Mapping[str, Any],
    run_id: str,
    step_id: str | None,
) -> None:
    if kind == "inngest.experiment":
        ref = ExperimentRef(experiment_name=values["name"], variant=values["variant"])
        world.assign_variant(ref, run_id=run_id, step_id=step_id)
        return
    for name, score in values.items():
        world.write_score(
            name=name, value=score["value"], run_id=run_id, step_id=step_id
        )
