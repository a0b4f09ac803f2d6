"""Options of a run's life: what ends it early, and what keeps it from beginning."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, final

from .._json import show
from ..errors import UsageError
from ..times import SECOND, Duration, to_duration
from .limits import MOST_CANCELS
from .record import record

__all__ = ["NO_LIFE_OPTIONS", "Cancel", "LifeOptions", "Singleton", "Timeouts"]


def _whole_seconds(value: object, what: str) -> Duration | None:
    """Return an option's duration; None when it was left out.

    Raises:
        UsageError: It is below a second, or a fraction, which the real SDK refuses.
    """
    if value is None:
        return None
    duration = to_duration(value, what=what, bare_ms=True)
    if duration < SECOND or duration % SECOND:
        raise UsageError(
            f"{what} must be whole seconds, at least one, not {show(value)}",
            fix='write for example "30s", or whole milliseconds from 1000 on',
        )
    return duration


def _text(value: object, what: str, example: str) -> None:
    if value is not None and not isinstance(value, str):
        raise UsageError(
            f"{what} must be text, not {show(value)}", fix=f"write {example}"
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Cancel a run when an event comes.

    Attributes:
        event: The event's name.
        if_exp: A match expression; ``event`` is the run's own, ``async`` the one that
            comes. Without it every event of the name cancels.
        timeout: How long after its event a run can be cancelled so: text such as
            ``"1h"``, whole milliseconds or a timedelta; a year when left out.

    Source: rule F1.
    """

    event: str
    if_exp: str | None = None
    timeout: str | int | timedelta | None = None

    def __post_init__(self) -> None:
        event: object = self.event
        if not isinstance(event, str) or not event:
            raise UsageError(
                f"a cancel's event must be a name, not {show(event)}",
                fix='write Cancel(event="support/ticket.closed")',
            )
        example = 'if_exp="async.data.ticketId == event.data.ticketId"'
        _text(self.if_exp, "a cancel's if_exp", example)
        _whole_seconds(self.timeout, "a cancel's timeout")

    @property
    def within(self) -> Duration | None:
        """The timeout, or None when there is none."""
        return _whole_seconds(self.timeout, "a cancel's timeout")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Cancel a run that takes too long.

    Attributes:
        start: How long after its event a run may begin: text such as ``"1h"``, whole
            milliseconds or a timedelta.
        finish: How long after its first entry a run may take.

    Source: rule F2.
    """

    start: str | int | timedelta | None = None
    finish: str | int | timedelta | None = None

    def __post_init__(self) -> None:
        _whole_seconds(self.start, "a start timeout")
        _whole_seconds(self.finish, "a finish timeout")

    @property
    def start_within(self) -> Duration | None:
        """The start timeout, or None."""
        return _whole_seconds(self.start, "a start timeout")

    @property
    def finish_within(self) -> Duration | None:
        """The finish timeout, or None."""
        return _whole_seconds(self.finish, "a finish timeout")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Singleton:
    """Let only one run of a key be active at a time.

    Attributes:
        mode: ``"skip"``: an event that comes meanwhile starts nothing; ``"cancel"``: it
            cancels the active run and starts its own.
        key: An expression about ``event``; without it all runs share one key.

    Source: rule F9.
    """

    mode: Literal["skip", "cancel"]
    key: str | None = None

    def __post_init__(self) -> None:
        mode: object = self.mode
        if mode not in ("skip", "cancel"):
            raise UsageError(
                f"a singleton's mode must be 'skip' or 'cancel', not {show(mode)}",
                fix='write Singleton(mode="skip")',
            )
        _text(self.key, "a singleton's key", 'key="event.data.userId"')


@record
class LifeOptions:
    """What a function's declaration says of the life of its runs.

    Attributes:
        cancel: The events that cancel a run.
        timeouts: How long it may take to start and to finish, or None.
        idempotency: The expression of which each value starts one run a day, or None.
        singleton: Whether only one run of a key is active, or None.
    """

    cancel: tuple[Cancel, ...] = ()
    timeouts: Timeouts | None = None
    idempotency: str | None = None
    singleton: Singleton | None = None

    def check(self, fn_id: str) -> None:
        """Refuse what the server would refuse when the app is registered.

        Raises:
            UsageError: There are too many cancels.
        """
        if len(self.cancel) > MOST_CANCELS:
            raise UsageError(
                f"function {fn_id!r} has {len(self.cancel)} cancels, "
                f"over {MOST_CANCELS}",
                fix="let one event stand for several, with an if_exp",
            )


NO_LIFE_OPTIONS: Final = LifeOptions()
"""What most functions say: nothing."""
