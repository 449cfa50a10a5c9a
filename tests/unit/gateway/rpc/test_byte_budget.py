"""Bytes are lent in the order of asking, and none are lost."""

import asyncio

import pytest

from ootd_gateway.errors import CallerOverShareError, OverloadedError
from ootd_gateway.rpc.byte_budget import ByteBudget


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_who_wants_more_waits_in_the_order_of_asking() -> None:
    budget = ByteBudget(10)
    assert await budget.take(8) == 8
    large, small = asyncio.create_task(budget.take(5)), asyncio.create_task(budget.take(1))
    await settle()
    assert not large.done()
    assert not small.done()  # it would fit, but the other one would wait for ever
    budget.give(8)
    assert (await large, await small) == (5, 1)
    assert budget.held == 6


async def test_a_request_larger_than_all_is_let_in_alone() -> None:
    budget = ByteBudget(10)
    assert await budget.take(25) == 10
    budget.give(10)
    assert budget.held == 0


async def test_waiting_in_vain_is_refused_and_leaves_nothing() -> None:
    budget = ByteBudget(10, wait_seconds=0.01)
    async with budget.place(6) as place:
        with pytest.raises(OverloadedError):
            async with budget.place(6):
                pass
        place.shrink(2)
        place.shrink(5)  # never grows
        assert budget.held == 2
        async with budget.place(8):
            assert budget.held == 10
    assert budget.held == 0


async def test_who_waits_for_its_own_share_stops_nobody_else() -> None:
    budget = ByteBudget(10, wait_seconds=0.01, caller_share=0.5)
    assert await budget.take(4, "a") == 4
    large, small = (asyncio.create_task(budget.take(size, "a")) for size in (2, 1))
    await settle()
    assert not large.done()
    assert not small.done()  # of one caller, too, the order is that of asking
    assert await budget.take(5, "b") == 5
    with pytest.raises(CallerOverShareError):
        async with budget.place(2, "a"):
            pass
    with pytest.raises(OverloadedError):
        async with budget.place(2, "c"):
            pass
    budget.give(4, "a")
    assert (await large, await small) == (2, 1)
    for size, caller in ((2, "a"), (1, "a"), (5, "b")):
        budget.give(size, caller)
    assert await budget.take(9, "a") == 9  # more than the share, but alone
    with budget.hold(3, "b"):
        assert budget.held == 12  # what is here counts, whether or not there is room
    budget.give(9, "a")
    assert budget.held == 0


async def test_a_cancelled_wait_lets_the_next_one_pass() -> None:
    budget = ByteBudget(10)
    await budget.take(6)
    large, small = asyncio.create_task(budget.take(9)), asyncio.create_task(budget.take(4))
    await settle()
    large.cancel()
    assert await small == 4
    budget.give(10)
    waiting = asyncio.create_task(budget.take(10))
    await waiting
    late = asyncio.create_task(budget.take(1))
    await settle()
    budget.give(10)
    late.cancel()  # in the moment in which it was given its bytes
    with pytest.raises(asyncio.CancelledError):
        await late
    assert budget.held == 0
