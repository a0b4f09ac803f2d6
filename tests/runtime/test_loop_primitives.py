"""Each primitive that user code builds on works in an ordinary task on the loop."""

import asyncio
import contextvars

import anyio
import anyio.to_thread
import pytest


async def suspended(seconds=5):
    """Wait for a future that only a timer of the loop resolves, as an entry does."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(seconds, lambda: future.done() or future.set_result(None))
    await future


async def asyncio_sleep():
    await asyncio.sleep(1)
    await suspended()


async def asyncio_sleep_zero():
    await asyncio.sleep(0)
    await suspended()


async def anyio_sleep():
    await anyio.sleep(1)
    await suspended()


async def timeout_inside():
    async with asyncio.timeout(10):
        await asyncio.sleep(1)
    await suspended()


async def timeout_fires():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await asyncio.sleep(10)
    await suspended()


async def timeout_spans_a_suspension():
    async with asyncio.timeout(10):
        await suspended(5)


async def timeout_cuts_a_suspension():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await suspended(5)


async def fail_after_inside():
    with anyio.fail_after(10):
        await anyio.sleep(1)
    await suspended()


async def fail_after_spans_a_suspension():
    with anyio.fail_after(10):
        await suspended(5)


async def fail_after_cuts_a_suspension():
    with pytest.raises(TimeoutError), anyio.fail_after(2):
        await suspended(5)


async def task_group():
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 1)
    await suspended()


async def task_group_of_suspensions():
    async with anyio.create_task_group() as group:
        group.start_soon(suspended, 3)
        group.start_soon(suspended, 3)


async def gather_of_suspensions():
    await asyncio.gather(suspended(3), suspended(3))


async def current_task():
    await suspended()
    assert asyncio.current_task() is not None


async def thread():
    assert await anyio.to_thread.run_sync(lambda: 3) == 3
    await suspended()


async def lock():
    async with anyio.Lock():
        await suspended()


async def context_variable():
    word = contextvars.ContextVar("word", default=0)
    word.set(5)
    await suspended()
    assert word.get() == 5


async def asynchronous_generator():
    async def count():
        for number in range(3):
            await suspended(1)
            yield number

    assert [number async for number in count()] == [0, 1, 2]


async def wait_for():
    await asyncio.wait_for(asyncio.sleep(1), 5)
    await suspended()


@pytest.mark.parametrize(
    ("primitive", "seconds"),
    [
        (asyncio_sleep, 6),
        (asyncio_sleep_zero, 5),
        (anyio_sleep, 6),
        (timeout_inside, 6),
        (timeout_fires, 6),
        (timeout_spans_a_suspension, 5),
        (timeout_cuts_a_suspension, 2),
        (fail_after_inside, 6),
        (fail_after_spans_a_suspension, 5),
        (fail_after_cuts_a_suspension, 2),
        (task_group, 6),
        (task_group_of_suspensions, 3),
        (gather_of_suspensions, 3),
        (current_task, 5),
        (thread, 5),
        (lock, 5),
        (context_variable, 5),
        (asynchronous_generator, 3),
        (wait_for, 6),
    ],
)
def test_a_primitive_works_in_a_task(loop, run, primitive, seconds):
    """It does what it does on asyncio's loop, and takes its virtual time."""
    run(primitive())

    assert loop.now_us == seconds * 1_000_000
