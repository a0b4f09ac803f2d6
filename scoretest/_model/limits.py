"""The limits of the real engine, in one place.

The profile is `inngest-2026-08`: the open-source server at commit 253303cd, read in
August 2026. Where a plan of the hosted service is narrower, the wider figure stands.
"""

from dataclasses import dataclass, fields
from typing import Final

from .._json import show
from ..errors import UsageError
from ..times import DAY, MINUTE, SECOND, WEEK, Duration, to_instant

__all__ = [
    "LARGEST_BATCH",
    "LONGEST_BATCH",
    "LONGEST_DEBOUNCE",
    "MOST_CANCELS",
    "MOST_CONCURRENCY_LIMITS",
    "MOST_RETRIES",
    "MOST_TRIGGERS",
    "SCORE_NAME_BYTES",
    "Limits",
]

MOST_RETRIES: Final = 20  # server consts; checked where a function is declared
MOST_CANCELS: Final = 5  # server consts; checked where a function is declared
MOST_TRIGGERS: Final = 10  # server consts; checked where a function is declared
MOST_CONCURRENCY_LIMITS: Final = 2  # server consts; checked likewise, as what follows
LONGEST_DEBOUNCE: Final = WEEK  # server consts
LARGEST_BATCH: Final = 500  # the widest plan of the hosted service
LONGEST_BATCH: Final = Duration(10 * MINUTE)  # server's store of batches
SCORE_NAME_BYTES: Final = 128  # rule G4; checked where a score is made

_KIB = 1024
_MIB = 1024 * _KIB
_LONGEST_PAUSE = Duration(366 * DAY)
_YEAR = Duration(365 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one world allows; pass an instance to `Harness(limits=...)` to change it.

    Sizes are in bytes of UTF-8 JSON, times in microseconds.

    Raises:
        UsageError: A number is negative or no whole number, a moment is no ISO 8601
            text, or the shortest retry is longer than the longest.
    """

    event_bytes: int = 3 * _MIB  # server consts: absolute maximum of one event
    event_name_chars: int = 512  # server consts
    event_ts_from: str = "1980-01-01T00:00:00Z"  # rule H3
    event_ts_until: str = "2100-01-01T00:00:00Z"  # rule H3
    events_per_request: int = 5_000  # server consts
    batch_bytes: int = 10 * _MIB  # server consts, for all events of a batch
    step_output_bytes: int = 4 * _MIB  # server consts
    run_state_bytes: int = 32 * _MIB  # server consts
    steps_per_run: int = 1_000  # server consts, rule E5
    longest_pause: Duration = _LONGEST_PAUSE  # rules B10 and E2
    defers_per_run: int = 20  # rule A7
    defer_input_bytes: int = 4 * _MIB  # rule A7, for one defer
    defer_total_bytes: int = 4 * _MIB  # rule A7, for all defers of a run
    defer_meta_bytes: int = 32 * _KIB  # rule A7, for the sessions of one defer
    sessions_per_event: int = 5  # server consts
    sessions_per_run: int = 25  # server consts, of all events of its batch
    session_key_bytes: int = 128  # server consts
    session_id_bytes: int = 512  # server consts
    default_retries: int = 4  # rule D1
    shortest_retry: Duration = SECOND  # rule D5
    longest_retry: Duration = DAY  # rule D5
    invoke_life: Duration = _YEAR  # server source, of an invoke without a timeout
    cancel_life: Duration = _YEAR  # server consts, of a cancel without a timeout

    def __post_init__(self) -> None:
        for name, default in _DEFAULTS:
            value = getattr(self, name)
            if value is not default:  # few are changed, and a world is soon made
                _check(name, value, default)
        if self.shortest_retry > self.longest_retry:
            raise UsageError(
                f"Limits(shortest_retry=...) is {self.shortest_retry} and above "
                f"longest_retry, which is {self.longest_retry}",
                fix="change both",
            )


_DEFAULTS: Final = tuple((field.name, field.default) for field in fields(Limits))


def _check(name: str, value: object, default: object) -> None:
    if isinstance(default, str):
        if not isinstance(value, str):
            raise UsageError(
                f"Limits({name}=...) must be ISO 8601 text, not {show(value)}",
                fix=f'write Limits({name}="2025-01-01T00:00:00Z")',
            )
        to_instant(value, what=f"Limits({name}=...)")
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(
            f"Limits({name}=...) must be a whole number from zero on, "
            f"not {show(value)}",
            fix=f"write Limits({name}={default}), or leave it out",
        )
    if name == "default_retries" and value > MOST_RETRIES:
        raise UsageError(
            f"Limits({name}=...) must be at most {MOST_RETRIES}, not {value}",
            fix="the server tries a function 21 times at most",
        )
