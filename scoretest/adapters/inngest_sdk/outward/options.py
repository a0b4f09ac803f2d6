"""The options of our functions, as the package's functions declare them.

Our options have the names and fields of the package's, so each is made from its twin.
What the package has not, or what production would understand otherwise, is refused.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

import inngest

from ...._json import show
from ...._model.flow import TriggerCron
from ...._model.options import FunctionKind, FunctionOptions, TriggerEvent
from ....errors import NotBuiltError, UsageError
from ....expr import payload_in_production
from ....sdk.function import AnyFunction
from ....times import MILLISECOND, to_duration

__all__ = ["asks_for_input", "options_for", "triggers_for"]

_FLOW: Final = ("concurrency", "debounce", "priority", "rate_limit", "throttle")
_LIFE: Final = ("cancel", "idempotency", "singleton", "timeouts")
_SPANS: Final = ("finish", "period", "start", "timeout")
_EXPRESSIONS: Final = ("if_exp", "key", "run")

Rewrite = Callable[[str], str]


def options_for(function: AnyFunction) -> dict[str, Any]:
    """Return what the package's decorator is given for *function*.

    Raises:
        NotBuiltError: The package has no such option.
        UsageError: An expression cannot be said in production.
    """
    options = function.options
    rewrite = _rewriting(options)
    given: dict[str, Any] = {"name": function.name, "retries": options.retries}
    for part, names in ((options.flow, _FLOW), (options.life, _LIFE)):
        given |= {name: _theirs(getattr(part, name), rewrite) for name in names}
    batch = options.flow.batch
    if batch is not None:
        if options.kind is not FunctionKind.ORDINARY:
            raise NotBuiltError(
                f"batch_events= of {options.slug!r} cannot be converted: create_defer "
                "of the inngest package has no such option",
                seen=show(batch),
                where=options.place,
                fix="leave batch_events= out of deferred functions that go to a server",
            )
        given["batch_events"] = _theirs(batch, rewrite)
    return {name: value for name, value in given.items() if value is not None}


def triggers_for(options: FunctionOptions) -> list[Any]:
    """Return the package's triggers of a function."""
    return [_trigger(trigger) for trigger in options.triggers]


def asks_for_input(function: AnyFunction) -> bool:
    """Say whether an option asks for ``event.data.input`` of a deferred payload."""
    options = function.options
    if not options.shows_input:
        return False
    texts = [*options.flow.expressions, options.life.idempotency]
    texts += [cancel.if_exp for cancel in options.life.cancel]
    texts += [options.life.singleton.key] if options.life.singleton else []
    return any(text is not None and _rewritten(text) != text for text in texts)


def _trigger(trigger: TriggerEvent | TriggerCron) -> Any:
    if isinstance(trigger, TriggerCron):
        return inngest.TriggerCron(cron=trigger.cron, jitter=trigger.jitter)
    return inngest.TriggerEvent(event=trigger.event, expression=trigger.expression)


def _rewriting(options: FunctionOptions) -> Rewrite:
    """Return what production is to be given in place of an expression."""
    if not options.shows_input:
        return str

    def rewrite(text: str) -> str:
        try:
            return _rewritten(text)
        except UsageError as error:
            raise UsageError(
                f"an option of {options.slug!r} cannot be converted: {error.what}",
                where=options.place,
                seen=error.seen,
                fix=error.fix,
            ) from None

    return rewrite


def _rewritten(text: str) -> str:
    return payload_in_production(text)


def _theirs(value: Any, rewrite: Rewrite) -> Any:
    """Return the package's twin of an option."""
    if value is None or value == ():
        return None
    if isinstance(value, str):  # idempotency is the expression itself
        return rewrite(value)
    if isinstance(value, tuple):
        return [_theirs(item, rewrite) for item in value]
    kind = getattr(inngest, type(value).__name__)
    parts = {field.name: getattr(value, field.name) for field in fields(value)}
    return kind(**{name: _part(name, part, rewrite) for name, part in parts.items()})


def _part(name: str, part: Any, rewrite: Rewrite) -> Any:
    if part is None:
        return None
    if name in _SPANS:  # the package takes milliseconds, and no text
        return to_duration(part, what=name, bare_ms=True) // MILLISECOND
    return rewrite(part) if name in _EXPRESSIONS else part
