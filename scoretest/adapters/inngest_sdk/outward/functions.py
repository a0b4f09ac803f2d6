"""From our functions to the package's."""

from collections.abc import Callable, Sequence
from copy import copy
from functools import wraps
from typing import Any, final

import inngest

from ...._json import JsonObject, show
from ...._model.event import FUNCTION_FAILED
from ...._model.options import FunctionKind
from ....errors import InternalError, UsageError
from ....sdk.client import Client
from ....sdk.context import Context, ContextSync
from ....sdk.function import AnyFunction, Function
from .errors import leaving_as
from .facts import ConvertedFacts
from .options import asks_for_input, options_for, triggers_for
from .package_run import interrupt_in
from .run import ConvertedPort
from .steps import ConvertedSteps
from .steps_sync import ConvertedSyncSteps
from .world import InngestWorld, alpha_needed

__all__ = ["to_inngest"]


def to_inngest(
    client: Client,
    functions: Sequence[AnyFunction],
    inngest_client: inngest.Inngest,
) -> list[inngest.Function[Any]]:
    """Return functions of the ``inngest`` package for ours, to be served to a server.

    From then on, what application code sends and scores with *client* goes where
    *inngest_client* goes, as long as no harness serves *client*.

    Args:
        client: The app whose functions they are.
        functions: Made by `Client.create_function`, `create_defer`, `create_scorer`.
        inngest_client: The package's client, of the same app id.

    Returns:
        A function for each, in the same order. A deferred function that has an
        ``on_failure`` is followed by one for its failure handler.

    Raises:
        NotBuiltError: The installed version of the package lacks what one of them needs.
        UsageError: One of *functions* is no function of ours, or an expression cannot
            be said in production.

    Source: rules A9, B1, D3 to D6, E3 and G1.
    """
    _check_clients(client, inngest_client)
    converter = _Converter(inngest_client)
    served = [converter.converted(function) for function in _checked(functions)]
    client.lead_to(InngestWorld(inngest_client))
    return [item for several in served for item in several]


def _check_clients(client: object, inngest_client: object) -> None:
    if not isinstance(client, Client):
        raise UsageError(
            f"to_inngest() takes a Client first, not {show(client)}",
            fix="pass the client that the functions were made with",
        )
    if not isinstance(inngest_client, inngest.Inngest):
        raise UsageError(
            f"to_inngest() takes a client of the inngest package, "
            f"not {show(inngest_client)}",
            fix=f'make one: inngest.Inngest(app_id="{client.app_id}")',
        )
    if client.app_id != inngest_client.app_id:
        raise UsageError(
            f"the two clients are of two apps, {client.app_id!r} and "
            f"{inngest_client.app_id!r}",
            fix=f'write inngest.Inngest(app_id="{client.app_id}"): the functions and '
            "their expressions name it",
        )


def _checked(functions: object) -> list[AnyFunction]:
    if not isinstance(functions, list | tuple):
        raise UsageError(
            f"functions must be a list, not {show(functions)}",
            fix="write to_inngest(client, [handle_ticket, scorer], inngest_client)",
        )
    for function in functions:
        if not isinstance(function, Function):
            raise UsageError(
                f"{show(function)} is no function of scoretest",
                fix="pass what @client.create_function, create_defer or "
                "create_scorer made",
            )
    return list(functions)


@final
class _Converter:
    """Makes the package's functions for one of its clients."""

    def __init__(self, client: inngest.Inngest) -> None:
        self._client = client
        self._deferred: dict[str, Any] = {}
        self._asking: dict[str, AnyFunction] = {}

    def converted(self, function: AnyFunction) -> list[inngest.Function[Any]]:
        """Return the package's function for *function*, and for its failure handler."""
        options, failure = function.options, function.on_failure
        given = options_for(function)
        fn_id = options.slug.removeprefix(f"{options.app_id}-")
        handler = self._handler(function)
        if options.kind is FunctionKind.ORDINARY:
            given["trigger"] = triggers_for(options)
            if failure is not None:
                given["on_failure"] = self._handler(failure)
            return [self._client.create_function(fn_id=fn_id, **given)(handler)]
        alpha_needed(f"deferred functions, and {options.slug!r} is one")
        from inngest.experimental import create_defer  # noqa: PLC0415 -- older versions have none

        made = create_defer(self._client, fn_id=fn_id, **given)(handler)
        self._deferred[options.slug] = made
        if asks_for_input(function):
            self._asking[options.slug] = function
        return [made] if failure is None else [made, self._failing(failure, fn_id)]

    def _failing(self, failure: AnyFunction, fn_id: str) -> inngest.Function[Any]:
        """Return a function for a failure handler, which `create_defer` cannot take."""
        (trigger,) = triggers_for(failure.options)
        make = self._client.create_function(
            fn_id=f"{fn_id}-failure",
            name=f"{failure.name or fn_id} (failure)",
            retries=0,
            trigger=inngest.TriggerEvent(
                event=FUNCTION_FAILED, expression=trigger.expression
            ),
        )
        return make(self._handler(failure))

    def target(self, slug: str, data: JsonObject) -> Any:
        """Return the package's deferred function that *data* is deferred to.

        Raises:
            UsageError: *data* has a key that an option of it would be misled by.
        """
        asking = self._asking.get(slug)
        if asking is not None and "input" in data:
            raise UsageError(
                f"its data has a key 'input', and an option of {slug!r} asks for "
                "event.data.input, which was converted to event.data",
                where=asking.options.place,
                fix="rename the key, or write event.data in the option",
            )
        found = self._deferred.get(slug)
        return self._unserved(slug) if found is None else found

    def _unserved(self, slug: str) -> Any:
        """Return a function for one that others serve; of it the server needs the slug."""
        from inngest.experimental import create_defer  # noqa: PLC0415 -- as in converted()

        owner = copy(self._client)  # the package builds a slug and takes none
        owner.app_id, _, fn_id = slug.partition("-")
        made: Any = create_defer(owner, fn_id=fn_id)(_unreachable)
        self._deferred[slug] = made
        return made

    # --- handlers -------------------------------------------------------------------

    def _handler(self, function: AnyFunction) -> Callable[[Any], Any]:
        """Return what the package calls: the handler, with our context."""
        client, target = self._client, self.target
        entry: Any = function.entry

        @wraps(function.handler)
        async def handle(ctx: inngest.Context) -> object:
            port = ConvertedSteps(ctx, client, function, target)
            with port.entered():
                return await _gone_through(port, entry)

        @wraps(function.handler)
        def handle_sync(ctx: inngest.ContextSync) -> object:
            port = ConvertedSyncSteps(ctx, client, function, target)
            with port.entered():
                return _gone_through_sync(port, entry)

        return handle if function.is_async else handle_sync


async def _gone_through(port: ConvertedSteps, entry: Any) -> object:
    """Go through a coroutine handler once.

    Raises:
        BaseException: What the package is to see: an error, or its own interrupt.
    """
    try:
        output = await entry(Context(_facts(port), port, port.ctx.attempt))
        port.check()
        return port.over_the_wire(output, "the handler's result")
    except BaseException as error:
        known = _known(port, error if port.refusal is None else port.refusal)
        if known is error:
            raise
        raise known from error.__cause__
    finally:
        port.is_over = True


def _gone_through_sync(port: ConvertedSyncSteps, entry: Any) -> object:
    """Go through an ordinary handler once; see `_gone_through`."""
    with leaving_as(port.told):
        output = entry(ContextSync(_facts(port), port, port.ctx.attempt))
        return port.over_the_wire(output, "the handler's result")


def _facts(port: ConvertedPort) -> ConvertedFacts:
    """Return what the context tells of the run.

    Raises:
        NonRetriableError: The payload does not fit the function's schema.
    """
    facts = ConvertedFacts(port.ctx, port.function)
    if port.function.schema is not None:
        facts.make_input()  # refused before the handler reads it
    return facts


def _known(port: ConvertedPort, error: BaseException) -> BaseException:
    if isinstance(error, BaseExceptionGroup):
        return interrupt_in(error) or error
    return port.told(error) if isinstance(error, Exception) else error


def _unreachable(ctx: inngest.ContextSync) -> None:
    raise InternalError(
        f"run {ctx.run_id!r} of a function that is served elsewhere came here",
        fix="report this",
    )
