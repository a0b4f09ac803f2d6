"""The options of a run's life, as the decorators are given them."""

from typing import TypeVar

from .._json import show
from .._model.life import NO_LIFE_OPTIONS, Cancel, LifeOptions, Singleton, Timeouts
from ..errors import UsageError

__all__ = ["life_options"]

T = TypeVar("T")


def life_options(
    fn_id: str,
    *,
    cancel: object = None,
    idempotency: object = None,
    singleton: object = None,
    timeouts: object = None,
) -> LifeOptions:
    """Return what a declaration says of the life of its runs.

    Raises:
        UsageError: An option is of a wrong kind, or there are too many cancels.
    """
    if cancel is idempotency is singleton is timeouts is None:
        return NO_LIFE_OPTIONS
    life = LifeOptions(
        cancel=_cancels(fn_id, cancel),
        idempotency=_key(fn_id, idempotency),
        singleton=_checked(
            singleton, Singleton, f"singleton of {fn_id!r}", 'Singleton(mode="skip")'
        ),
        timeouts=_checked(
            timeouts, Timeouts, f"timeouts of {fn_id!r}", 'Timeouts(finish="1h")'
        ),
    )
    life.check(fn_id)
    return life


def _cancels(fn_id: str, cancel: object) -> tuple[Cancel, ...]:
    if cancel is None:
        return ()
    what, example = f"cancel of {fn_id!r}", '[Cancel(event="support/ticket.closed")]'
    if not isinstance(cancel, list | tuple):
        raise UsageError(
            f"{what} must be a list, not {show(cancel)}", fix=f"write cancel={example}"
        )
    found = (_checked(item, Cancel, f"each {what}", example) for item in cancel)
    return tuple(item for item in found if item is not None)


def _key(fn_id: str, idempotency: object) -> str | None:
    if idempotency is None or isinstance(idempotency, str):
        return idempotency
    raise UsageError(
        f"idempotency of {fn_id!r} must be text, not {show(idempotency)}",
        fix='write idempotency="event.data.orderId"',
    )


def _checked(value: object, kind: type[T], what: str, example: str) -> T | None:
    if value is None or isinstance(value, kind):
        return value
    raise UsageError(
        f"{what} must be a {kind.__name__} of scoretest, not {show(value)}",
        fix=f"write {example}",
    )
