"""Options of flow control: how many runs there are, and when each may go on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, final

from .._json import show
from ..errors import UsageError
from ..times import SECOND, Duration, format_duration, to_duration
from .limits import (
    LARGEST_BATCH,
    LONGEST_BATCH,
    LONGEST_DEBOUNCE,
    MOST_CONCURRENCY_LIMITS,
)
from .record import record

__all__ = [
    "NO_FLOW_OPTIONS",
    "Batch",
    "Concurrency",
    "Debounce",
    "FlowOptions",
    "Priority",
    "RateLimit",
    "Throttle",
    "TriggerCron",
]

Span: TypeAlias = str | int | timedelta
"""``"10s"``, whole milliseconds, or a timedelta."""


def _span(value: object, what: str, most: Duration | None = None) -> Duration:
    """Return an option's duration.

    Raises:
        UsageError: It is below a second, a fraction of one, or above *most*.
    """
    duration = to_duration(value, what=what, bare_ms=True)
    if duration < SECOND or duration % SECOND:
        raise UsageError(
            f"{what} must be whole seconds, at least one, not {show(value)}",
            fix='write for example "10s", or whole milliseconds from 1000 on',
        )
    if most is not None and duration > most:
        raise UsageError(
            f"{what} is {format_duration(duration)}, over {format_duration(most)}",
            fix=f'write at most "{format_duration(most)}"',
        )
    return duration


def _count(value: object, what: str, most: int | None = None) -> None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or value < 1 or (most is not None and value > most):  # type: ignore[operator]  # is_number says int
        upper = "" if most is None else f", at most {most}"
        raise UsageError(
            f"{what} must be a whole number from 1 on{upper}, not {show(value)}",
            fix="write for example 10",
        )


def _expression(value: object, what: str) -> None:
    if value is not None and not isinstance(value, str):
        raise UsageError(
            f"{what} must be text, not {show(value)}",
            fix='write for example "event.data.userId"',
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """Let only so many steps execute at a time.

    A run that sleeps, or waits for an event or for its next attempt, holds no place.

    Attributes:
        limit: How many.
        key: An expression about ``event``; the limit holds for each of its values.
        scope: ``"fn"``, the default, counts this function alone; ``"env"`` and
            ``"account"`` count every function with the same key expression.

    Source: rule F4.
    """

    limit: int
    key: str | None = None
    scope: Literal["account", "env", "fn"] | None = None

    def __post_init__(self) -> None:
        _count(self.limit, "a concurrency limit")
        _expression(self.key, "a concurrency key")
        scope: object = self.scope
        if scope not in (None, "fn", "env", "account"):
            raise UsageError(
                f"a concurrency scope must be 'fn', 'env' or 'account', "
                f"not {show(scope)}",
                fix="leave it out to count this function alone",
            )
        if scope in ("env", "account") and self.key is None:
            raise UsageError(
                f"a concurrency limit of scope {scope!r} needs a key",
                fix="name what the functions share, for example key=\"'openai'\"",
            )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Start only so many runs in a period; the others start later.

    Starts are spread evenly over the period: one every ``period / limit``.

    Attributes:
        limit: How many runs.
        period: In which time: text such as ``"1m"``, whole milliseconds or a timedelta.
        key: An expression about ``event``; the limit holds for each of its values.
        burst: How many more may start at once when there was a pause.

    Source: rule F5.
    """

    limit: int
    period: Span
    key: str | None = None
    burst: int | None = 1

    def __post_init__(self) -> None:
        _count(self.limit, "a throttle's limit")
        _span(self.period, "a throttle's period")
        _expression(self.key, "a throttle's key")
        if self.burst is not None:
            _count(self.burst, "a throttle's burst")

    @property
    def within(self) -> Duration:
        """The period."""
        return _span(self.period, "a throttle's period")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Start only so many runs in a period; the other events start nothing.

    The server spreads the limit over the period, it does not count in a window: of a
    limit of 2 in 10 s, one event every 5 s is let in.

    Attributes:
        limit: How many runs.
        period: In which time: text such as ``"1m"``, whole milliseconds or a timedelta.
        key: An expression about ``event``; the limit holds for each of its values.

    Source: rule F5.
    """

    limit: int
    period: Span
    key: str | None = None

    def __post_init__(self) -> None:
        _count(self.limit, "a rate limit")
        _span(self.period, "a rate limit's period")
        _expression(self.key, "a rate limit's key")

    @property
    def within(self) -> Duration:
        """The period."""
        return _span(self.period, "a rate limit's period")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """Start one run for many events, when they have paused; it gets the last one.

    Attributes:
        period: How long no event must have come, 1 s to 7 d: text such as ``"5s"``,
            whole milliseconds or a timedelta.
        key: An expression about ``event``; each of its values is debounced on its own.
        timeout: How long after the first event the run starts at the latest.

    Source: rules F6 and X1.
    """

    period: Span
    key: str | None = None
    timeout: Span | None = None

    def __post_init__(self) -> None:
        _span(self.period, "a debounce's period", LONGEST_DEBOUNCE)
        _expression(self.key, "a debounce's key")
        if self.timeout is not None:
            _span(self.timeout, "a debounce's timeout")

    @property
    def pause(self) -> Duration:
        """The period."""
        return _span(self.period, "a debounce's period")

    @property
    def at_most(self) -> Duration | None:
        """The timeout, or None."""
        timeout = self.timeout
        return None if timeout is None else _span(timeout, "a debounce's timeout")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Start one run for several events; it gets them all, in ``ctx.events``.

    Attributes:
        max_size: How many events fill a batch, 1 to 500.
        timeout: How long after its first event a batch that is not full starts its run:
            text such as ``"5s"``, whole milliseconds or a timedelta; at most 10 m, and
            60 s when left out.
        key: An expression about ``event``; each of its values fills a batch of its own.
        if_exp: An expression about ``event``; an event that it is not true of is not
            batched, and starts a run alone.

    Source: rules F7 and X2.
    """

    max_size: int
    timeout: Span | None = None
    key: str | None = None
    if_exp: str | None = None

    def __post_init__(self) -> None:
        _count(self.max_size, "a batch's max_size", LARGEST_BATCH)
        if self.timeout is not None:
            _span(self.timeout, "a batch's timeout", LONGEST_BATCH)
        _expression(self.key, "a batch's key")
        _expression(self.if_exp, "a batch's if_exp")

    @property
    def within(self) -> Duration:
        """The timeout."""
        timeout = "60s" if self.timeout is None else self.timeout
        return _span(timeout, "a batch's timeout")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """Put a run ahead of others of its function, or behind them.

    Attributes:
        run: An expression about ``event`` that gives whole seconds, -600 to 600: the
            run is queued as if it had come so much earlier; below zero, so much later.
            A number of JSON is no whole number here: write ``int(event.data.p)``.

    Source: rule F8.
    """

    run: str

    def __post_init__(self) -> None:
        run: object = self.run
        if not isinstance(run, str) or not run:
            raise UsageError(
                f"a priority's run must be an expression, not {show(run)}",
                fix="write Priority(run=\"event.data.plan == 'pro' ? 120 : 0\")",
            )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCron:
    """Start a run at times that the clock decides.

    Attributes:
        cron: Five fields: minute, hour, day of month, month, day of week; in UTC, or in
            the time zone of a prefix: ``"TZ=Europe/Berlin 0 9 * * 1-5"``. Checked when
            it is served.
        jitter: How far starts are spread by chance: text such as ``"30s"``. Each start
            is up to so much late; how much follows from the world's seed.

    Source: rule H2; the jitter was not observed.
    """

    cron: str
    jitter: str | None = None

    def __post_init__(self) -> None:
        cron: object = self.cron
        if not isinstance(cron, str) or not cron.strip():
            raise UsageError(
                f"a trigger's cron must be text, not {show(cron)}",
                fix='write TriggerCron(cron="0 9 * * 1-5")',
            )
        if self.jitter is not None:
            _span(self.jitter, "a cron's jitter")

    @property
    def spread(self) -> Duration:
        """How late a start may be."""
        jitter = self.jitter
        return Duration(0) if jitter is None else _span(jitter, "a cron's jitter")


@record
class FlowOptions:
    """What a function's declaration says of flow control.

    Attributes:
        concurrency: How many steps may execute at a time, at most two such limits.
        throttle: How many runs may start in a period, or None.
        rate_limit: How many events start a run in a period, or None.
        debounce: Which pause of events starts a run, or None.
        batch: How many events start one run, or None.
        priority: How far a run is ahead of others, or None.
    """

    concurrency: tuple[Concurrency, ...] = ()
    throttle: Throttle | None = None
    rate_limit: RateLimit | None = None
    debounce: Debounce | None = None
    batch: Batch | None = None
    priority: Priority | None = None

    def check(self, fn_id: str) -> None:
        """Refuse what the server would refuse when the app is registered.

        Raises:
            UsageError: There are too many limits of concurrency, or events would be
                both debounced and batched.
        """
        if len(self.concurrency) > MOST_CONCURRENCY_LIMITS:
            raise UsageError(
                f"function {fn_id!r} has {len(self.concurrency)} concurrency limits, "
                f"over {MOST_CONCURRENCY_LIMITS}",
                fix="keep the two that matter most",
            )
        if self.debounce is not None and self.batch is not None:
            raise UsageError(
                f"function {fn_id!r} both debounces and batches its events",
                fix="keep debounce= to get the last event, batch_events= to get all",
            )

    @property
    def queues(self) -> bool:
        """Whether a run may have to wait for its turn."""
        return bool(self.concurrency or self.throttle or self.priority)

    @property
    def expressions(self) -> list[str]:
        """The expressions that the options hold."""
        keyed = (self.throttle, self.rate_limit, self.debounce, self.batch)
        texts = [
            *(limit.key for limit in self.concurrency),
            *(option.key for option in keyed if option is not None),
            self.batch and self.batch.if_exp,
            self.priority and self.priority.run,
        ]
        return [text for text in texts if text is not None]


NO_FLOW_OPTIONS: Final = FlowOptions()
"""What most functions say: nothing."""
