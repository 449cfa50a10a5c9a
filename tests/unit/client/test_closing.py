"""What happens to calls when their client is closed."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

import ootd
from ootd import AsyncClient, Client, Photo
from ootd.testing import FakeGateway


def test_a_call_after_close_says_so(gateway: FakeGateway, photo: bytes) -> None:
    client = Client(gateway.target)
    client.analyze_image(photo)
    client.close()
    client.close()
    with pytest.raises(ootd.ClosedError, match="the client is closed"):
        client.analyze_image(photo)
    with pytest.raises(ootd.ClosedError, match="the client is closed"):
        next(client.analyze_images([Photo("a", photo)]))
    with pytest.raises(ootd.ClosedError):
        client.upsert_items([])
    with pytest.raises(ootd.ClosedError):
        client.status()


def test_a_client_that_was_never_used_can_be_closed() -> None:
    client = Client("localhost:1")
    client.close()
    with pytest.raises(ootd.ClosedError):
        client.taxonomy()


@pytest.mark.parametrize("method", ["AnalyzeImage", "AnalyzeImages"])
def test_a_call_that_runs_is_ended(gateway: FakeGateway, photo: bytes, method: str) -> None:
    gateway.delay_next(method, 60)
    client = Client(gateway.target, timeout_s=60)
    calls: dict[str, Callable[[], object]] = {
        "AnalyzeImage": lambda: client.analyze_image(photo),
        "AnalyzeImages": lambda: list(client.analyze_images([Photo("a", photo)])),
    }
    closer = threading.Thread(target=close_once_called, args=(client, gateway, method))
    closer.start()
    begin = time.monotonic()
    with pytest.raises(ootd.ClosedError):
        calls[method]()
    assert time.monotonic() - begin < 10
    closer.join()


def close_once_called(client: Client, gateway: FakeGateway, method: str) -> None:
    while method not in gateway.calls:
        time.sleep(0.001)
    client.close()


async def test_within_asyncio(gateway: FakeGateway, photo: bytes) -> None:
    client = AsyncClient(gateway.target)
    await client.taxonomy()
    await client.close()
    await client.close()
    with pytest.raises(ootd.ClosedError, match="the client is closed"):
        await client.analyze_image(photo)
    with pytest.raises(ootd.ClosedError, match="the client is closed"):
        await anext(client.analyze_images([Photo("a", photo)]))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_runs_within_asyncio_is_no_cancelled_task(
    gateway: FakeGateway, photo: bytes, *, stream: bool
) -> None:
    method = "AnalyzeImages" if stream else "AnalyzeImage"
    gateway.delay_next(method, 60)
    client = AsyncClient(gateway.target, timeout_s=60)

    async def call() -> None:
        if stream:
            async for _ in client.analyze_images([Photo("a", photo)]):
                pass
        else:
            await client.analyze_image(photo)

    running = asyncio.create_task(call())
    while method not in gateway.calls:
        await asyncio.sleep(0.001)
    await client.close()
    with pytest.raises(ootd.ClosedError):
        await asyncio.wait_for(running, 10)


async def test_a_callers_own_cancel_stays_a_cancel(gateway: FakeGateway, photo: bytes) -> None:
    gateway.delay_next("AnalyzeImage", 60)
    async with AsyncClient(gateway.target, timeout_s=60) as client:
        running = asyncio.create_task(client.analyze_image(photo))
        while "AnalyzeImage" not in gateway.calls:
            await asyncio.sleep(0.001)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_it_belongs_to_one_running_loop(gateway: FakeGateway) -> None:
    async with AsyncClient(gateway.target) as client:
        await client.taxonomy()

        def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="event loop of its first call"):
                asyncio.run(client.taxonomy())

        await asyncio.to_thread(elsewhere)
