"""Who gets the slots of the vision graph."""

import asyncio
from typing import Any

import pytest

from ootd_gateway.errors import VisionUnavailableError
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Priority
from ootd_gateway.vision.lanes import Lanes, Slot

INTERACTIVE, BULK = Priority.INTERACTIVE, Priority.BULK


def lanes(limit: int, **options: Any) -> Lanes:
    chosen = {"bulk_share": 0.125, "bulk_yield_s": 0.0, **options}
    return Lanes(limit, metrics=Metrics().vision, **chosen)


async def taken(made: Lanes, priority: Priority, count: int) -> "list[asyncio.Task[Slot]]":
    """So many waits, after those who can have got their slot."""
    tasks = [asyncio.create_task(made.acquire(priority)) for _ in range(count)]
    await settled()
    return tasks


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def got(tasks: "list[asyncio.Task[Slot]]") -> int:
    return sum(task.done() for task in tasks)


async def test_bulk_alone_takes_three_quarters() -> None:
    bulk = await taken(lanes(8), BULK, 10)
    assert got(bulk) == 6


async def test_people_find_a_slot_in_a_full_house_of_bulk() -> None:
    made = lanes(8)
    await taken(made, BULK, 10)
    assert got(await taken(made, INTERACTIVE, 3)) == 2


async def test_bulk_keeps_to_its_share_while_people_are_there_and_a_while_after() -> None:
    made = lanes(8, bulk_yield_s=0.2)
    (person,) = await taken(made, INTERACTIVE, 1)
    bulk = await taken(made, BULK, 8)
    assert got(bulk) == 1
    person.result().release()
    await settled()
    assert got(bulk) == 1
    await asyncio.sleep(0.25)
    bulk[0].result().release()
    await settled()
    assert got(bulk) == 1 + 6


async def test_people_go_first() -> None:
    made = lanes(4)
    (first, *_) = await taken(made, INTERACTIVE, 4)
    (waiting_bulk,) = await taken(made, BULK, 1)
    (late, later) = await taken(made, INTERACTIVE, 2)
    first.result().release()
    await settled()
    # Bulk has none of the slots that are certain to it, so it is its turn ...
    assert waiting_bulk.done()
    assert not late.done()
    more_bulk = await taken(made, BULK, 3)
    for _ in range(2):
        waiting_bulk.result().release()
        await settled()
    # ... and not again while a person waits.
    assert late.done()
    assert got(more_bulk) == 0
    late.result().release()
    await settled()
    assert got(more_bulk) == 1
    assert not later.done()


@pytest.mark.parametrize("limit", [1, 2, 8, 32])
async def test_neither_lane_starves(limit: int) -> None:
    made = lanes(limit, bulk_yield_s=60.0)
    done = dict.fromkeys(Priority, 0)
    most = 0

    async def work(priority: Priority) -> None:
        nonlocal most
        for _ in range(20):
            slot = await made.acquire(priority)
            most = max(most, sum(made._running.values()))
            await asyncio.sleep(0.001)
            done[priority] += 1
            slot.release()

    people = [asyncio.create_task(work(INTERACTIVE)) for _ in range(2 * limit)]
    bulk = [asyncio.create_task(work(BULK)) for _ in range(2 * limit)]
    async with asyncio.timeout(20):
        await asyncio.gather(*people)
        assert done[BULK] >= 20 * limit * 0.1, "bulk went on while all slots were wanted by people"
        await asyncio.gather(*bulk)
    assert most == limit


async def test_of_one_caller_who_came_first_goes_first() -> None:
    made = lanes(1)
    order: list[int] = []

    async def work(number: int) -> None:
        slot = await made.acquire(BULK)
        order.append(number)
        slot.release()

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == list(range(20))


async def test_cancelled_waits_take_no_slot() -> None:
    made = lanes(1)
    (first, second, third) = await taken(made, INTERACTIVE, 3)
    second.cancel()
    first.result().release()
    first.result().release()  # twice does no harm
    await settled()
    assert third.done()
    third.result().release()
    # Cancelled in the very moment of its turn: the slot goes on to the next.
    holder = await made.acquire(INTERACTIVE)
    (granted, after) = await taken(made, INTERACTIVE, 2)
    holder.release()
    granted.cancel()
    await settled()
    assert granted.cancelled()
    assert after.done()


async def test_all_who_wait_can_be_refused() -> None:
    made = lanes(1)
    holder = await made.acquire(INTERACTIVE)
    waiting = [*await taken(made, INTERACTIVE, 2), *await taken(made, BULK, 2)]
    made.refuse_waiting(lambda: VisionUnavailableError("away"))
    for task in waiting:
        with pytest.raises(VisionUnavailableError):
            await task
    holder.release()
    (await made.acquire(BULK)).release()


async def test_within_a_lane_callers_take_turns() -> None:
    made = lanes(1)
    order: list[str] = []

    async def work(caller: str) -> None:
        slot = await made.acquire(INTERACTIVE, caller)
        order.append(caller)
        await asyncio.sleep(0)
        slot.release()

    await asyncio.gather(*(work(caller) for caller in ["many"] * 45 + ["other"] * 3))
    assert order[:7] == ["many", "many", "other", "many", "other", "many", "other"]
    assert order.count("many") == 45


async def test_a_caller_with_its_share_waits_while_others_do() -> None:
    made = lanes(8, caller_share=0.75)
    many = [asyncio.create_task(made.acquire(INTERACTIVE, "many")) for _ in range(20)]
    await settled()
    assert got(many) == 8, "nobody else is there"
    others = [asyncio.create_task(made.acquire(INTERACTIVE, "other")) for _ in range(4)]
    await settled()
    for number in range(2):
        many[number].result().release()
        await settled()
    assert (got(many), got(others)) == (8, 2)
    many[2].result().release()
    await settled()
    assert (got(many), got(others)) == (9, 2), "it had 5, and it was its turn"
    many[3].result().release()
    await settled()
    assert (got(many), got(others)) == (9, 3), "below its share callers take turns"


async def test_no_slot_is_free_while_callers_with_their_share_wait() -> None:
    made = lanes(4, caller_share=0.25)
    waits = [asyncio.create_task(made.acquire(INTERACTIVE, one)) for one in ("a", "b") * 4]
    await settled()
    assert got(waits) == 4


async def test_a_caller_that_gave_up_leaves_nothing_behind() -> None:
    made = lanes(1)
    holder = await made.acquire(INTERACTIVE, "a")
    gone = [asyncio.create_task(made.acquire(INTERACTIVE, "b")) for _ in range(3)]
    await settled()
    for one in gone:
        one.cancel()
    await settled()
    assert len(made._waiting[INTERACTIVE]) == 0
    holder.release()
    (await made.acquire(INTERACTIVE, "c")).release()
    assert not made._running_of
