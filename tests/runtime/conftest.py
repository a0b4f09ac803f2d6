"""The loop under test, closed after each test with whatever the test left on it."""

import asyncio

import pytest

from scoretest.runtime.loop import VirtualLoop


def end(loop):
    """Cancel what is left on *loop* and close it."""
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.on_idle = loop.next_due = loop.on_due = None
    loop.run_to(None)
    loop.close()


@pytest.fixture
def make_loop():
    """Make loops that are closed when the test ends."""
    made = []

    def make(**options):
        made.append(VirtualLoop(**options))
        return made[-1]

    yield make
    for loop in made:
        if not loop.is_closed():
            end(loop)


@pytest.fixture
def loop(make_loop):
    """A loop as a harness makes it."""
    return make_loop()


@pytest.fixture
def run(loop):
    """Run a coroutine to its end, with the clock as free as it needs."""
    return loop.run_until_complete
