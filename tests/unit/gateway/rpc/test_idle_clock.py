"""Waits that last too long."""

import asyncio

import pytest

from ootd_gateway.rpc.streams.idle_clock import IdleClock, IdleError


async def test_a_wait_that_lasts_too_long_is_ended() -> None:
    clock = IdleClock(0.05)
    with pytest.raises(IdleError), clock.wait():
        await asyncio.Event().wait()
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0
    await asyncio.sleep(0)  # nothing is left over that would end the next wait


async def test_many_short_waits_are_not_added_up() -> None:
    clock = IdleClock(0.1)
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.3
    while loop.time() < end:
        with clock.wait():
            await asyncio.sleep(0.01)
    with pytest.raises(IdleError), clock.wait():
        await asyncio.Event().wait()
    clock.close()


async def test_a_paused_wait_lasts_until_its_time_begins() -> None:
    clock = IdleClock(0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    loop.call_later(0.2, clock.restart)
    with pytest.raises(IdleError), clock.wait(paused=True):
        await asyncio.Event().wait()
    assert loop.time() - began >= 0.24


async def test_a_caller_that_cancels_is_not_taken_for_the_clock() -> None:
    clock = IdleClock(10.0)

    async def waiting() -> None:
        with clock.wait():
            await asyncio.Event().wait()

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.close()


async def test_without_a_limit_nothing_is_watched() -> None:
    clock = IdleClock(None)
    with clock.wait():
        await asyncio.sleep(0.01)
    clock.restart()
    clock.close()
