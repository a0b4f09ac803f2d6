"""A run of a converted function, for both kinds of handler: what is no step."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import inngest

from ...._json import Json, JsonObject, show, to_wire
from ...._model.experiment import EXPERIMENT_KEY, ExperimentRef, TakenVariant
from ...._model.operation import DeferAbort, DeferAdd
from ...._model.place import Place, told
from ...._model.ports import RunPort
from ....errors import ScoretestError, UsageError
from ....expr import payload_in_production
from ....sdk.current import current_port, current_variant, note_step
from ....sdk.function import AnyFunction
from ....times import Instant, to_instant
from ..beneath import ConvertedRun
from .errors import is_mistake, leaving_as, theirs
from .package_run import in_variant, knows_defer, note_choice, sessions_of
from .world import InngestWorld, alpha_needed, their_ref

__all__ = ["ConvertedPort", "Targets", "in_callback", "invoked_data", "wire_of"]

Targets: TypeAlias = Callable[[str, JsonObject], Any]

in_callback: Final[ContextVar[bool]] = ContextVar("scoretest_callback", default=False)
"""Whether the callback of a step runs in this context."""


class ConvertedPort(InngestWorld, ConvertedRun):
    """What the handler's context asks, asked of the package's context.

    Args:
        ctx: The package's context.
        client: The package's client.
        function: Our function.
        targets: Returns the package's deferred function of a slug, for some data.
    """

    def __init__(
        self,
        ctx: Any,
        client: inngest.Inngest,
        function: AnyFunction,
        targets: Targets,
    ) -> None:
        super().__init__(client)
        self.ctx = ctx
        self.function = function
        self.run_id: str = ctx.run_id
        self.beneath: RunPort | None = current_port.get()
        self._targets = targets
        self.sessions = sessions_of(ctx)
        self._handles: dict[str, Any] = {}
        self._taken: dict[str, TakenVariant] = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let what the handler's code asks for come here."""
        token = current_port.set(self)
        try:
            yield
        finally:
            current_port.reset(token)

    # --- the run --------------------------------------------------------------------

    def is_of(self, client: object) -> bool:  # noqa: ARG002 -- the port's signature
        """False: the package's own client hands the run's sessions on."""
        return False

    @property
    def now(self) -> Instant:
        """The present instant: the harness's, or the machine's."""
        if self.beneath is not None:
            return self.beneath.now
        return to_instant(datetime.now(UTC), what="now")  # noqa: TID251 -- there is no harness: this is production

    @property
    def is_replaying(self) -> bool:
        """False: the package's own logger is silent while steps are gone over."""
        return False

    def report(self, code: str, message: str, fix: str, place: Place | str) -> None:
        """Tell the test; without one, warn in the log."""
        if self.beneath is not None:
            self.beneath.report(code, message, fix, place)
            return
        logger: logging.Logger = self.ctx.logger
        logger.warning("%s at %s: %s; %s", code, told(place), message, fix)

    def told(self, error: Exception) -> Exception:
        """Return what the package is to see of *error*; the test hears of a mistake."""
        if is_mistake(error) and isinstance(error, ScoretestError):
            place = self.function.options.place
            self.report("USAGE_ERROR", error.what, error.fix, place)
        return theirs(error)

    def over_the_wire(self, value: object, what: str) -> Json:
        """Return what JSON makes of *value*, and tell of what it loses.

        Raises:
            UsageError: JSON cannot carry it.
        """
        wire = to_wire(value, what=what)
        for loss in wire.losses:
            self.report(
                "LOSSY_OUTPUT",
                f"{loss.path}: {loss.what}",
                "return what JSON can carry, so that every entry sees the same",
                self.function.options.place,
            )
        return wire.value

    def expression(self, text: str | None) -> str | None:
        """Return a wait's expression as production is to be given it.

        Raises:
            UsageError: It cannot be said there.
        """
        if text is None or not self.function.options.shows_input:
            return text
        has_own = "input" in self.ctx.event.data
        return text if has_own else payload_in_production(text)

    # --- experiments ----------------------------------------------------------------

    def note_choice(self, choice: TakenVariant) -> None:
        """Let the step that chooses tell the server what it has chosen."""
        alpha_needed("experiments")
        note_choice(choice)

    def take_variant(self, choice: TakenVariant) -> None:
        """Note which variant the steps that follow belong to."""
        self._taken[choice.experiment] = choice

    @contextmanager
    def callback(self) -> Iterator[None]:
        """Hold the callback of a step."""
        token = in_callback.set(True)
        try:
            with leaving_as(self.told):
                yield
        finally:
            in_callback.reset(token)

    @contextmanager
    def attributed(self) -> Iterator[None]:
        """Hold the call of one of the package's steps."""
        note_step()
        mark = current_variant.get()
        with in_variant(None if mark is None else self._taken[mark.experiment]):
            yield

    # --- defers ---------------------------------------------------------------------

    def saw_defer(self, hashed: str) -> bool:
        """Say whether this entry called a defer of this id before."""
        return hashed in self._handles

    def add_defer(self, hashed: str, make: Callable[[], DeferAdd]) -> None:
        """Hand the defer that *make* returns to the package."""
        alpha_needed("ctx.defer")
        if not knows_defer(self.ctx, hashed):
            self._handles[hashed] = self._deferred(make())
            return
        self._handles[hashed] = None
        with suppress(
            Exception
        ):  # the server has its data; what it is now is no matter
            self._handles[hashed] = self._deferred(make())

    def _deferred(self, wanted: DeferAdd) -> Any:
        data = dict(wanted.data)
        carried = data.pop(EXPERIMENT_KEY, None)
        given: dict[str, Any] = {}
        if wanted.sessions or self.sessions:
            removed = dict.fromkeys(self.sessions)  # unless they are among the others
            given["meta"] = {"sessions": {**removed, **dict(wanted.sessions)}}
        return self.ctx.defer(
            wanted.id,
            function=self._targets(wanted.function, data),
            data=data,
            experiment=None if carried is None else their_ref(_ref(carried)),
            **given,
        )

    def abort_defer(self, call: DeferAbort) -> None:
        """Take a defer back.

        Raises:
            UsageError: The package would not know which one is meant.
        """
        handle = self._handles[call.hashed]
        if handle is None:
            raise UsageError(
                "the defer was accepted with other data, and its data is refused now",
                fix="let each entry defer the same data",
            )
        handle.abort()


def _ref(carried: Any) -> ExperimentRef:
    return ExperimentRef(
        experiment_name=carried["experimentName"], variant=carried["variant"]
    )


def wire_of(event: inngest.Event) -> JsonObject:
    """Return an event of the package as it came over the wire."""
    data: Any = event.data
    wire: JsonObject = {"name": event.name, "id": event.id, "ts": event.ts}
    meta: Any = getattr(event, "meta", None)  # older versions have none
    return {**wire, "data": dict(data), **({} if meta is None else {"meta": meta})}


def invoked_data(
    port: ConvertedPort, step_id: str, data: object, place: Place
) -> JsonObject:
    """Return the data of an invoke.

    Raises:
        UsageError: It is no object that JSON can carry.
    """
    what = f"the data of step {step_id!r}"
    wire = to_wire({} if data is None else data, what=what)
    if not isinstance(wire.value, dict):
        raise UsageError(
            f"{what} must be an object, not {show(data)}",
            fix='pass data={"ticketId": ...}',
        )
    for loss in wire.losses:
        fix = "pass what JSON can carry"
        port.report("LOSSY_OUTPUT", f"{loss.path}: {loss.what}", fix, place)
    return wire.value
