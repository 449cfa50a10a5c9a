"""Elements of a stream: side by side, in order, bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from ootd_gateway.errors import ShuttingDownError
from ootd_gateway.rpc.streams.pipelined import pipelined


class Source:
    """Numbers 0 to count-1; knows how many were read."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[int]:
        while self.read < self.count:
            self.read += 1
            yield self.read - 1


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_answers_come_in_the_order_of_arrival() -> None:
    done: list[int] = []
    gates = [asyncio.Event() for _ in range(4)]

    async def answer(number: int) -> int:
        await gates[number].wait()
        done.append(number)
        if number:
            gates[number - 1].set()  # each lets the one before it finish
        return number

    gates[3].set()
    answers = pipelined(aiter(Source(4)), answer, width=4, closing=asyncio.Event())
    assert [one async for one in answers] == [0, 1, 2, 3]
    assert done == [3, 2, 1, 0]


async def test_no_more_than_the_width_is_read_while_answers_are_not_taken() -> None:
    source = Source(100)

    async def answer(number: int) -> int:
        return number

    answers = pipelined(aiter(source), answer, width=3, closing=asyncio.Event())
    async with aclosing(answers):
        assert await anext(answers) == 0
        await settle()
        assert source.read == 3  # the first one's place is free only once the second is asked for
        assert await anext(answers) == 1
        await settle()
        assert source.read == 4


async def test_all_elements_are_answered_however_many() -> None:
    async def answer(number: int) -> int:
        await asyncio.sleep(0)
        return number

    answers = pipelined(aiter(Source(500)), answer, width=8, closing=asyncio.Event())
    assert [one async for one in answers] == list(range(500))


async def test_closing_answers_what_was_read_and_then_says_so() -> None:
    closing, gate = asyncio.Event(), asyncio.Event()
    source = Source(100)

    async def answer(number: int) -> int:
        await gate.wait()
        return number

    answers = pipelined(aiter(source), answer, width=2, closing=closing)
    first = asyncio.ensure_future(anext(answers))
    await settle()
    closing.set()
    await settle()
    gate.set()
    assert await first == 0
    assert await anext(answers) == 1
    with pytest.raises(ShuttingDownError):
        await anext(answers)
    assert source.read == 2


async def test_what_reading_raises_comes_after_the_answers() -> None:
    async def requests() -> AsyncIterator[int]:
        yield 0
        raise ConnectionError("gone")

    async def answer(number: int) -> int:
        return number

    answers = pipelined(requests(), answer, width=2, closing=asyncio.Event())
    assert await anext(answers) == 0
    with pytest.raises(ConnectionError):
        await anext(answers)


async def test_cancelling_cancels_all_work() -> None:
    cancelled: list[int] = []

    async def answer(number: int) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    async def consume() -> None:
        async with aclosing(
            pipelined(aiter(Source(9)), answer, width=3, closing=asyncio.Event())
        ) as answers:
            async for _ in answers:
                pass

    task = asyncio.create_task(consume())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cancelled) == [0, 1, 2]
