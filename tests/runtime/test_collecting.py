"""The cycle collector is called less often while a world works, and only then."""

import gc
from collections.abc import Iterator

import pytest

from scoretest import Client, Context, Harness, TriggerEvent
from scoretest.errors import UsageError
from scoretest.runtime.collecting import RareCollections


@pytest.fixture(autouse=True)
def _threshold() -> Iterator[None]:
    kept = gc.get_threshold()
    yield
    gc.set_threshold(*kept)


def seen_in_a_handler() -> list[tuple[int, int, int]]:
    """Return the thresholds that a handler finds, and the one after the operation."""
    client = Client(app_id="app")
    seen = []

    @client.create_function(fn_id="look", trigger=TriggerEvent(event="look"))
    async def look(_: Context) -> None:
        seen.append(gc.get_threshold())

    with Harness() as harness:
        harness.serve(client, functions=[look])
        harness.send("look")
    return [*seen, gc.get_threshold()]


def test_a_world_at_work_is_collected_seldom_and_the_rest_as_before():
    """The threshold is high inside an operation and as before after it."""
    gc.set_threshold(700, 10, 10)

    assert seen_in_a_handler() == [(50_000, 10, 10), (700, 10, 10)]


def test_who_collects_even_less_often_is_left_alone():
    """A threshold that is higher than ours stays."""
    gc.set_threshold(80_000, 5, 5)

    assert seen_in_a_handler() == [(80_000, 5, 5), (80_000, 5, 5)]


def test_who_has_switched_the_collector_off_is_left_alone():
    """A collector that is off stays off."""
    gc.set_threshold(0)

    assert {first for first, *_ in seen_in_a_handler()} == {0}


def test_an_operation_that_raises_restores_the_threshold():
    """An error leaves no trace in the collector."""
    gc.set_threshold(700, 10, 10)

    with pytest.raises(UsageError), RareCollections():
        raise UsageError("no", fix="none")

    assert gc.get_threshold() == (700, 10, 10)
