"""Async tests of pytest-asyncio in virtual time, for those that hold a harness.

Opt in with one line of conftest.py, ``pytest_plugins = ["scoretest.pytest_asyncio"]``.
A test that takes one of scoretest's fixtures, or that has the mark ``scoretest``, then
runs on a virtual loop, and so do its async fixtures; every other test keeps its own.

This is no part of the plugin that pytest finds by itself: pytest-asyncio asks every
implementation of the hook for every async test, and takes no "I do not mind" for an
answer.
"""

from asyncio import AbstractEventLoop, new_event_loop
from collections.abc import Callable, Mapping

import pytest

__all__ = ["pytest_asyncio_loop_factories", "pytest_configure"]

_FIXTURES = {"harness", "harnesses", "send_event", "fast_forward"}


def pytest_configure(config: pytest.Config) -> None:
    """Say so if nobody is going to ask for a loop.

    Raises:
        pytest.UsageError: pytest-asyncio is not there, or too old.
    """
    if not config.hook.pytest_asyncio_loop_factories.has_spec():
        raise pytest.UsageError(
            "scoretest.pytest_asyncio needs the plugin pytest-asyncio, 1.4 or later: "
            "python3 -m pip install --upgrade pytest-asyncio"
        )


# optional, so that the message above comes first
@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Choose the loop of a test: virtual if it holds a harness, else a plain one."""
    names: list[str] = getattr(item, "fixturenames", [])
    holds_one = not _FIXTURES.isdisjoint(names)
    if not holds_one and item.get_closest_marker("scoretest") is None:
        return {"asyncio": new_event_loop}
    from .runtime.shared_loop import SharedLoop  # noqa: PLC0415 -- only tests that ask pay for it

    return {"scoretest": SharedLoop}
