"""Turns of one id come one after another, whatever is cancelled on the way."""

import asyncio

import pytest

from ootd_gateway.services.catalog.item_order import ItemOrder


class Steps:
    """Tasks that hold turns, and the order in which they got them."""

    def __init__(self) -> None:
        self.order = ItemOrder()
        self.begun: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def ask(self, name: str, *ids: str) -> "asyncio.Task[None]":
        self.gates[name] = asyncio.Event()

        async def hold() -> None:
            async with self.order.turn(ids):
                self.begun.append(name)
                await self.gates[name].wait()

        return asyncio.create_task(hold())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_turns_of_one_id_come_in_the_order_of_asking() -> None:
    steps = Steps()
    tasks = [steps.ask(name, "id") for name in ("a", "b", "c")]
    other = steps.ask("other", "another-id")
    await settle()
    assert steps.begun == ["a", "other"]
    for number, name in enumerate(("a", "b", "c")):
        steps.gates[name].set()
        await tasks[number]
        await settle()
    assert steps.begun == ["a", "other", "b", "c"]
    steps.gates["other"].set()
    await other
    assert len(steps.order) == 0


async def test_a_turn_of_several_ids_waits_for_each_of_them() -> None:
    steps = Steps()
    one, two = steps.ask("one", "x"), steps.ask("two", "y")
    both = steps.ask("both", "y", "x", "y")
    after = steps.ask("after", "x")
    await settle()
    steps.gates["two"].set()
    await settle()
    assert steps.begun == ["one", "two"]
    steps.gates["one"].set()
    await settle()
    assert steps.begun == ["one", "two", "both"]
    for name in ("both", "after"):
        steps.gates[name].set()
    await asyncio.gather(one, two, both, after)
    assert len(steps.order) == 0


async def test_a_cancelled_wait_lets_nobody_pass() -> None:
    steps = Steps()
    first, second, third = (steps.ask(name, "id") for name in ("first", "second", "third"))
    await settle()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await settle()
    assert steps.begun == ["first"]  # the third does not run beside it
    steps.gates["first"].set()
    await first
    await settle()
    assert steps.begun == ["first", "third"]
    third.cancel()
    with pytest.raises(asyncio.CancelledError):
        await third
    assert len(steps.order) == 0


async def test_an_error_ends_the_turn() -> None:
    order = ItemOrder()
    with pytest.raises(KeyError):
        async with order.turn(["id"]):
            raise KeyError
    async with asyncio.timeout(5), order.turn(["id"]):
        pass
    assert len(order) == 0


async def test_a_write_that_nobody_waits_for_any_more_keeps_its_turn() -> None:
    order, commit, log = ItemOrder(), asyncio.Event(), list[str]()

    async def write() -> None:
        await commit.wait()
        log.append("written")

    async def first() -> None:
        async with order.turn(["id"]) as turn:
            await turn.write(write())

    async def second() -> None:
        async with order.turn(["id"]):
            log.append("second")

    abandoned = asyncio.create_task(first())
    await settle()
    following = asyncio.create_task(second())
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    await settle()
    assert log == []
    commit.set()
    await following
    assert log == ["written", "second"]
    assert len(order) == 0
