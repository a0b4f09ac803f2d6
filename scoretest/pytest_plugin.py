"""The pytest plugin: harnesses as fixtures, and timelines of the tests that fail.

pytest loads this module in every session of everybody who has scoretest installed, so
it imports pytest and nothing else; the harness comes with the first test that asks.
"""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .runtime.harness import Harness
    from .runtime.sent import Sent

__all__ = ["fast_forward", "harness", "harnesses", "send_event"]

_WORLDS: pytest.StashKey[list[Any]] = pytest.StashKey()
# a property-based test makes hundreds of worlds; the last ones are those that failed
_WORLDS_SHOWN = 3


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers",
        "scoretest(**choices): the choices of this test's harness, as Harness(...) "
        'takes them; for example scoretest(start="2025-03-30T00:00:00Z", strict=False)',
    )
    config.stash[_WORLDS] = list[Any]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget the worlds of the test before."""
    item.config.stash[_WORLDS].clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Close the test's worlds with the test, so that a finding is a failure of it."""
    __tracebackhide__ = True
    result = yield
    worlds = item.config.stash[_WORLDS]
    for world in worlds[:]:
        world.close()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what happened in virtual time when a test fails."""
    report = yield
    if call.when == "call" and report.failed:
        for number, world in enumerate(item.config.stash[_WORLDS][-_WORLDS_SHOWN:]):
            title = "scoretest timeline" + (f" {number + 1}" if number else "")
            report.sections.append((title, str(world.timeline)))
    return report


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Release the worlds of a test that failed."""
    for world in item.config.stash[_WORLDS]:
        world.abandon()


@pytest.fixture
def harness(request: pytest.FixtureRequest) -> "Harness":
    """Return a fresh world for this test; it is closed when the test ends."""
    marker = request.node.get_closest_marker("scoretest")
    choices = dict(marker.kwargs) if marker is not None else {}
    return _new_world(request.config, **choices)


@pytest.fixture(scope="session")
def harnesses(request: pytest.FixtureRequest) -> "Callable[..., Harness]":
    """Return what makes worlds: as many as a test needs, one for each example.

    Write ``with harnesses() as world:`` to close each where it ends; those that are
    still open when the test ends are closed then.
    """

    def make(**choices: Any) -> "Harness":
        return _new_world(request.config, **choices)

    return make


def _new_world(config: pytest.Config, **choices: Any) -> "Harness":
    from .runtime.harness import Harness  # noqa: PLC0415 -- only tests that ask pay for it

    world = Harness(**choices)
    worlds = config.stash[_WORLDS]
    # the closed ones are kept for a report, but not all of a property's examples
    if len(worlds) > _WORLDS_SHOWN:
        worlds[:] = [w for w in worlds[:-1] if not w.is_closed] + worlds[-1:]
    worlds.append(world)
    return world


@pytest.fixture
def send_event(harness: "Harness") -> "Callable[..., Sent]":
    """Return `Harness.send` of this test's harness."""
    return harness.send


@pytest.fixture
def fast_forward(harness: "Harness") -> "Callable[..., Harness]":
    """Return `Harness.fast_forward` of this test's harness."""
    return harness.fast_forward
