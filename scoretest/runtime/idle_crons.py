"""Going on until nothing is pending, in a world where a cron always is (rule H2)."""

from collections.abc import Iterator
from contextlib import contextmanager

from .._model.fact import CronLeft
from .driver import Driver

__all__ = ["is_cron_alone", "note_if_alone", "stopping_before_crons"]


def is_cron_alone(driver: Driver) -> bool:
    """Say whether a cron is due some time, and nothing else is going to happen."""
    return driver.engine.cron_alone() is not None and not driver.under_way()


def note_if_alone(driver: Driver) -> None:
    """Let the timeline say when the next cron is due, if it is all that is left."""
    due = driver.engine.cron_alone()
    if due is not None:
        driver.engine.note(CronLeft(due))


@contextmanager
def stopping_before_crons(driver: Driver) -> Iterator[None]:
    """Let the loop come to rest when only crons are left, and take note of that.

    As long as anything else is pending, a handler's own timers included, the crons that
    come before it fire.
    """
    engine, loop = driver.engine, driver.loop
    next_due = loop.next_due
    if next_due is None or not engine.has_crons:
        yield
        return

    def next_but_crons() -> int | None:
        is_alone = engine.cron_alone() is not None and not loop.has_timers
        return None if is_alone else next_due()

    loop.next_due = next_but_crons
    try:
        yield
    finally:
        loop.next_due = next_due
    note_if_alone(driver)
