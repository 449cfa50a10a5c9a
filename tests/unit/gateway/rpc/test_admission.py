"""Bounded concurrency: who runs, who waits, who is refused."""

import asyncio
import random

import pytest

from ootd_gateway.errors import (
    BusyError,
    CallerOverShareError,
    OverloadedError,
    ShuttingDownError,
)
from ootd_gateway.rpc.admission import Admission, AdmissionPool


def pool(limit: int = 1, queue_limit: int = 1, queue_seconds: float = 30.0) -> AdmissionPool:
    return AdmissionPool(limit=limit, queue_limit=queue_limit, queue_seconds=queue_seconds)


class Holder:
    """A call that runs until it is let go."""

    def __init__(self, place: AdmissionPool, caller: str = "") -> None:
        self.running = asyncio.Event()
        self.let_go = asyncio.Event()
        self.task = asyncio.create_task(self._run(place, caller))

    async def _run(self, place: AdmissionPool, caller: str) -> None:
        async with place.place(caller):
            self.running.set()
            await self.let_go.wait()

    async def end(self) -> None:
        self.let_go.set()
        await self.task


async def until_waiting(place: AdmissionPool, count: int) -> None:
    while place.waiting != count:
        await asyncio.sleep(0)


async def test_a_call_beyond_the_queue_is_refused_at_once_with_the_limit() -> None:
    place = pool()
    first, second = Holder(place), Holder(place)
    await until_waiting(place, 1)
    with pytest.raises(OverloadedError) as raised:
        async with place.place():
            pass
    assert raised.value.metadata == {"limit": "1"}
    assert raised.value.retry_after_s > 0
    await first.end()
    await second.end()
    assert place.running == 0


async def test_waiting_calls_run_in_the_order_of_arrival() -> None:
    place = pool(queue_limit=3)
    first = Holder(place)
    await first.running.wait()
    waiting = []
    for count in range(3):
        waiting.append(Holder(place))
        await until_waiting(place, count + 1)
    await first.end()
    for number, holder in enumerate(waiting):
        await holder.running.wait()
        assert [one.running.is_set() for one in waiting] == [n <= number for n in range(3)]
        await holder.end()


async def test_a_call_that_waits_in_vain_is_refused() -> None:
    place = pool(queue_seconds=0.01)
    first = Holder(place)
    await first.running.wait()
    with pytest.raises(OverloadedError):
        async with place.place():
            pass
    assert place.waiting == 0
    await first.end()


async def test_a_cancelled_waiter_leaves_the_queue() -> None:
    place = pool()
    first, second = Holder(place), Holder(place)
    await until_waiting(place, 1)
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second.task
    assert place.waiting == 0
    await first.end()
    async with place.place():
        assert place.running == 1


async def test_a_place_given_to_a_call_that_is_cancelled_in_that_moment_is_not_lost() -> None:
    place = pool()
    first, second = Holder(place), Holder(place)
    await until_waiting(place, 1)
    first.let_go.set()
    await first.task  # hands its place to the second, which has not run yet
    second.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second.task
    assert place.running == 0
    async with asyncio.timeout(1):
        async with place.place():
            pass


async def test_a_closed_pool_refuses_newcomers_and_those_that_wait_but_lets_run() -> None:
    place = pool()
    first, second = Holder(place), Holder(place)
    await until_waiting(place, 1)
    place.close()
    with pytest.raises(ShuttingDownError):
        await second.task
    with pytest.raises(ShuttingDownError):
        async with place.place():
            pass
    assert place.running == 1
    idle = asyncio.create_task(place.wait_until_idle())
    await asyncio.sleep(0)
    assert not idle.done()
    await first.end()
    await idle


async def test_closing_tells_streams() -> None:
    admission = Admission(calls=pool(), streams=pool(), closing=asyncio.Event())
    admission.close()
    assert admission.closing.is_set()
    await admission.wait_until_idle()


async def test_waiting_callers_take_turns_whoever_has_more_calls() -> None:
    place = AdmissionPool(limit=1, queue_limit=9, queue_seconds=30)
    begun: list[str] = []

    async def call(caller: str) -> None:
        async with place.place(caller):
            begun.append(caller)
            await asyncio.sleep(0)

    first = Holder(place)
    await first.running.wait()
    calls = []
    for number, caller in enumerate(["greedy"] * 4 + ["a", "b", "a"]):
        calls.append(asyncio.create_task(call(caller)))
        await until_waiting(place, number + 1)
    await first.end()
    await asyncio.gather(*calls)
    assert begun == ["greedy", "a", "b", "greedy", "a", "greedy", "greedy"]
    assert (place.running, place.waiting) == (0, 0)


async def test_one_caller_has_its_share_of_places_and_of_the_queue() -> None:
    place = AdmissionPool(limit=4, queue_limit=4, queue_seconds=30, caller_share=0.5)
    greedy = [Holder(place, "greedy") for _ in range(4)]
    await until_waiting(place, 2)
    assert place.running == 2  # places are free, but not for this caller
    with pytest.raises(CallerOverShareError) as raised:
        async with place.place("greedy"):
            pass
    assert raised.value.metadata == {"limit": "2"}
    assert raised.value.retry_after_s > 0
    async with asyncio.timeout(5), place.place("modest"):
        assert place.running == 3
    for holder in greedy:
        await holder.end()
    assert (place.running, place.waiting) == (0, 0)


async def test_many_callers_that_come_go_and_give_up_lose_no_place() -> None:
    place = AdmissionPool(limit=3, queue_limit=20, queue_seconds=0.02, caller_share=0.7)
    rng = random.Random(4)
    most = 0

    async def call(caller: str) -> None:
        nonlocal most
        try:
            async with asyncio.timeout(rng.uniform(0.001, 0.05)), place.place(caller):
                most = max(most, place.running)
                await asyncio.sleep(rng.uniform(0, 0.01))
        except (BusyError, TimeoutError):
            pass

    for _ in range(20):
        await asyncio.gather(*(call(rng.choice("abcd")) for _ in range(30)))
    assert most == 3
    assert (place.running, place.waiting) == (0, 0)
    assert not place._running
    assert not place._waiters
    await asyncio.wait_for(place.wait_until_idle(), 1)
