"""Beside what test_client shows of the derived twin: what only asyncio has."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import pytest

import ootd
from ootd import AsyncClient, ImageAnalysis, ItemUpload, Photo
from ootd.testing import FakeGateway


async def test_calls_run_side_by_side(gateway: FakeGateway, photo: bytes) -> None:
    async with AsyncClient(gateway.target) as client:
        analyses = await asyncio.gather(*(client.analyze_image(photo) for _ in range(20)))
    assert len({one.garments for one in analyses}) == 1


async def test_a_stream_takes_either_kind_of_iterable(gateway: FakeGateway, photo: bytes) -> None:
    async def source() -> AsyncIterator[Photo]:
        for name in "ab":
            await asyncio.sleep(0)
            yield Photo(name, photo)

    async with AsyncClient(gateway.target) as client:
        one = [result.correlation_id async for result in client.analyze_images(source())]
        other = [
            result.correlation_id
            async for result in client.analyze_images([Photo("a", photo), Photo("b", b"text")])
        ]
    assert one == other == ["a", "b"]


async def test_upserts_lists_and_searches(gateway: FakeGateway, photo: bytes) -> None:
    async with AsyncClient(gateway.target) as client:
        results = [one async for one in client.iter_upsert_items([ItemUpload("a", photo)])]
        assert results[0].changed
        assert [item.item_id async for item in client.list_items()] == ["a"]
        assert (await client.search_by_image(photo)).results
        assert (await client.status()).item_count == 1
        assert await client.delete_items(["a"]) == ("a",)
        with pytest.raises(ootd.NotFoundError):
            await client.search_by_item("a")


async def test_what_the_source_raises_comes_out(gateway: FakeGateway, photo: bytes) -> None:
    async def broken() -> AsyncIterator[Photo]:
        yield Photo("a", photo)
        raise KeyError("source")

    async with AsyncClient(gateway.target) as client:
        stream = client.analyze_images(broken())
        assert (await anext(stream)).analysis
        with pytest.raises(KeyError, match="source"):
            await anext(stream)


async def test_a_stream_that_stalls_is_ended(photo: bytes) -> None:
    release = threading.Event()

    def never(*_: object) -> ImageAnalysis:
        release.wait(20)
        return ImageAnalysis(1, 1, ())

    with FakeGateway(analyze=never) as gateway:
        async with AsyncClient(gateway.target) as client:
            begin = time.monotonic()
            with pytest.raises(ootd.DeadlineExceededError):
                async for _ in client.analyze_images([Photo("a", photo)], timeout_s=0.2):
                    pass
            assert time.monotonic() - begin < 5
        release.set()


async def test_a_slow_source_is_no_stall(gateway: FakeGateway, photo: bytes) -> None:
    async def slow() -> AsyncIterator[Photo]:
        yield Photo("a", photo)
        await asyncio.sleep(2.5)
        yield Photo("b", photo)

    async with AsyncClient(gateway.target) as client:
        stream = client.analyze_images(slow(), timeout_s=1.0)
        assert [result.error async for result in stream] == [None, None]


def test_it_may_be_made_outside_of_a_loop_and_outlive_one(
    gateway: FakeGateway, photo: bytes
) -> None:
    client = AsyncClient(gateway.target)

    async def look() -> bool:
        return bool((await client.analyze_image(photo)).garments)

    assert asyncio.run(look())
    assert asyncio.run(look())  # A loop of its own: the first is closed.
