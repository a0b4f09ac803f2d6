"""Flow control under random events: what must hold whatever comes when.

Each property holds for functions of our SDK and for those of the real package. The
times are in tenths of a second, so that events meet the edges of periods.
"""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import inngest
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoretest import Client, Event, Harness, Singleton, TriggerEvent, flow

OURS = SimpleNamespace(
    client=Client, trigger=TriggerEvent, flow=flow, singleton=Singleton
)
REAL = SimpleNamespace(
    client=lambda app_id: inngest.Inngest(app_id=app_id, is_production=False),
    trigger=inngest.TriggerEvent,
    flow=inngest,
    singleton=inngest.Singleton,
)
BOTH = pytest.mark.parametrize("sdk", [OURS, REAL], ids=["ours", "real"])

# a pause before each event, in tenths of a second, and the event's key
arrivals = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 5, 9, 10, 11, 20]), st.sampled_from("ab")),
    min_size=1,
    max_size=12,
)


def played(sdk, sent, **options):
    """Send events and go on to the end; return when each run began, and its events.

    An event is told by its number; the times are those of the world, in tenths.
    """
    client, seen = sdk.client(app_id="shop"), []

    @client.create_function(
        fn_id="work", trigger=sdk.trigger(event="shop/go"), retries=0, **options
    )
    async def work(ctx):
        at = round((harness.now - start).total_seconds() * 10)
        numbers = [int(event.data["n"]) for event in ctx.events]
        seen.append((at, ctx.event.data["k"], numbers))
        assert ctx.events[0].data == ctx.event.data

    with Harness() as harness:
        start = harness.now
        harness.serve(client, functions=[work])
        for number, (pause, key) in enumerate(sent):
            harness.advance(timedelta(milliseconds=100 * pause))
            harness.send(Event(name="shop/go", data={"n": number, "k": key}))
        harness.fast_forward()
        assert all(run.status == "Completed" for run in harness.runs)
    return seen


def timed(sent):
    """Return the time, the key and the number of each event."""
    now, told = 0, []
    for number, (pause, key) in enumerate(sent):
        now += pause
        told.append((now, key, number))
    return told


@BOTH
@pytest.mark.rule("F6", "X1")
@settings(deadline=None, max_examples=30)  # a real SDK makes a world slow
@given(sent=arrivals, timeout=st.sampled_from([None, 1, 2, 3]))
def test_a_debounced_event_is_delivered_exactly_once(sdk, sent, timeout):
    """Each burst of a key gives one run, with its last event and no other."""
    debounce = sdk.flow.Debounce(
        period=1000,
        key="event.data.k",
        timeout=None if timeout is None else timeout * 1000,
    )

    runs = played(sdk, sent, debounce=debounce)

    expected = []
    for key in "ab":
        burst, since, due = [], 0, 0
        for at, of, number in [*timed(sent), (10**6, key, None)]:
            if of != key:
                continue
            if burst and at >= due:
                expected.append((due, key, [burst[-1]]))
                burst = []
            since = since if burst else at
            burst.append(number)
            due = min(at + 10, since + 10 * timeout) if timeout else at + 10
    assert sorted(runs) == sorted(expected)


@BOTH
@pytest.mark.rule("F7")
@settings(deadline=None, max_examples=30)  # a real SDK makes a world slow
@given(sent=arrivals, size=st.integers(1, 4))
def test_a_batch_never_exceeds_its_size(sdk, sent, size):
    """Every event is in one batch of its key, in order; a short one waits its time."""
    batch = sdk.flow.Batch(max_size=size, timeout=1000, key="event.data.k")

    runs = played(sdk, sent, batch_events=batch)

    times = {number: at for at, _, number in timed(sent)}
    assert all(len(numbers) <= size for _, _, numbers in runs)
    for key in "ab":
        of_key = [numbers for _, of, numbers in runs if of == key]
        delivered = [number for numbers in of_key for number in numbers]
        assert delivered == [n for _, of, n in timed(sent) if of == key]
    for at, _, numbers in runs:
        full_at = times[numbers[-1]] if len(numbers) == size else None
        assert at in (full_at, times[numbers[0]] + 10)


@BOTH
@pytest.mark.rule("F5")
@settings(deadline=None, max_examples=30)  # a real SDK makes a world slow
@given(sent=arrivals, limit=st.sampled_from([1, 2, 3, 10, 20]))
def test_a_rate_limit_admits_what_the_formula_admits(sdk, sent, limit):
    """GCRA with a tenth of the limit as its burst: the rest is dropped."""
    rate_limit = sdk.flow.RateLimit(limit=limit, period=2000, key="event.data.k")

    runs = played(sdk, sent, rate_limit=rate_limit)

    interval, expected = Fraction(20, limit), []
    arrival = {"a": Fraction(0), "b": Fraction(0)}
    for at, key, number in timed(sent):
        if arrival[key] - interval * (limit // 10) <= at:
            arrival[key] = max(arrival[key], Fraction(at)) + interval
            expected.append((at, key, [number]))
    assert runs == expected


@BOTH
@pytest.mark.rule("F5")
@settings(deadline=None, max_examples=30)  # a real SDK makes a world slow
@given(sent=arrivals, limit=st.integers(1, 3), burst=st.integers(1, 3))
def test_throttled_runs_keep_their_order_and_all_begin(sdk, sent, limit, burst):
    """Of a key first come is first served, none is lost, and none comes too soon."""
    throttle = sdk.flow.Throttle(
        limit=limit, period=3000, burst=burst, key="event.data.k"
    )

    runs = played(sdk, sent, throttle=throttle)

    interval = Fraction(30, limit)
    for key in "ab":
        begun = [(at, numbers[0]) for at, of, numbers in runs if of == key]
        assert [n for _, n in begun] == [n for _, of, n in timed(sent) if of == key]
        # any burst + 2 starts in a row take at least one interval
        for (first, _), (last, _) in zip(begun, begun[burst + 1 :], strict=False):
            assert last - first >= interval - 1
        assert all(one <= other for (one, _), (other, _) in pairwise(begun))


@BOTH
@pytest.mark.rule("F9")
@settings(deadline=None, max_examples=30)  # a real SDK makes a world slow
@given(sent=arrivals)
def test_a_singleton_has_one_run_of_a_key_at_a_time(sdk, sent):
    """Of the runs of a key none begins before the one before it has ended."""
    client, spans = sdk.client(app_id="shop"), []

    @client.create_function(
        fn_id="work",
        trigger=sdk.trigger(event="shop/go"),
        singleton=sdk.singleton(mode="skip", key="event.data.k"),
    )
    async def work(ctx):
        await ctx.step.sleep("nap", 1000)

    with Harness() as harness:
        harness.serve(client, functions=[work])
        for pause, key in sent:
            harness.advance(timedelta(milliseconds=100 * pause))
            harness.send(Event(name="shop/go", data={"k": key}))
        harness.fast_forward()
        spans += [
            (run.event.data["k"], run.started_at, run.ended_at) for run in harness.runs
        ]

    for key in "ab":
        of_key = [span for span in spans if span[0] == key]
        assert all(one[2] <= other[1] for one, other in pairwise(of_key))
