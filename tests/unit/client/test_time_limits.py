"""How long a call takes at most, and what it says when that is over."""

import asyncio
import math
import socket
import time

import grpc
import pytest

import ootd
from ootd import AsyncClient, Client
from ootd._tls_probe import fault
from ootd.channel import Connection
from ootd.testing import FakeGateway


@pytest.mark.parametrize("timeout_s", [math.inf, 1e12])
async def test_any_time_may_be_long(gateway: FakeGateway, timeout_s: float) -> None:
    bag = ootd.EmbeddingUpload("a", [1.0] * 128, "bag")
    with Client(gateway.target, timeout_s=timeout_s) as client:
        assert client.upsert_items([bag]).created == 1
        assert client.count_items() == 1
    async with AsyncClient(gateway.target) as client_async:
        assert await client_async.count_items(timeout_s=timeout_s) == 1
        assert (await client_async.upsert_items([bag], timeout_s=timeout_s)).unchanged == 1


@pytest.mark.parametrize("timeout_s", [math.nan, 0.0, -1.0])
def test_no_time_is_refused(client: Client, timeout_s: float) -> None:
    with pytest.raises(ValueError, match="timeout_s must be above 0"):
        client.count_items(timeout_s=timeout_s)


def test_a_call_that_is_late_says_which_and_after_what(
    gateway: FakeGateway, client: Client
) -> None:
    gateway.delay_next("GetItem", 5.0)
    with pytest.raises(ootd.DeadlineExceededError, match=r"^GetItem took longer than 0\.2 s$") as e:
        client.get_item("a", timeout_s=0.2)
    assert e.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert e.value.request_id


async def test_a_token_that_does_not_come_is_waited_for_no_longer(gateway: FakeGateway) -> None:
    async def hang() -> str:
        await asyncio.sleep(60)
        return "late"

    async def both(client: AsyncClient) -> None:
        with pytest.raises(ootd.DeadlineExceededError, match=r"token was not there within 0\.2 s"):
            await client.count_items(timeout_s=0.2)
        with pytest.raises(ootd.DeadlineExceededError, match="token was not there"):
            await client.upsert_items([], timeout_s=0.2)

    async with AsyncClient(gateway.target, token=hang) as client:
        await asyncio.wait_for(both(client), 10)
    assert gateway.calls == []


def test_looking_for_a_fault_of_tls_keeps_to_the_callers_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = Connection(f"127.0.0.1:{silent.getsockname()[1]}", tls=True)
        begin = time.monotonic()
        assert fault(connection, 0.1) is None
        assert time.monotonic() - begin < 1.0
