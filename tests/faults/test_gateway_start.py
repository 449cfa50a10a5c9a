"""A start with much to replay: the port answers from the first second, and says so."""

import asyncio
import socket
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
import pytest
from grpc_health.v1 import health_pb2

from catalog_builders import VECTOR_FINGERPRINT, draft
from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import ListItemsRequest
from ootd.v1.catalog_service_pb2_grpc import CatalogServiceStub
from ootd_gateway.types import SuperCategory
from opened_store import opened_store
from standard_stubs import health_stub
from statuses import failure_of

ITEMS = 30_000
QUICK = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 50)]


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


async def fill(path: Path) -> None:
    async with opened_store(path) as store:
        for start in range(0, ITEMS, 1000):
            numbers = range(start, start + 1000)
            drafts = [draft(f"sku-{n}", n, SuperCategory(n % 6)) for n in numbers]
            await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)


def page(address: str, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://{address}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_while_the_log_replays_the_port_answers_and_sends_callers_away(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    asyncio.run(fill(tmp_path / "shop.sqlite"))
    address, http = free_address(), free_address()
    gateway = GatewayProcess(
        tmp_path,
        triton_mode="external",
        triton_address="127.0.0.1:1",
        database_url=f"sqlite:///{tmp_path}/shop.sqlite",
        listen_address=address,
        metrics_address=http,
    )
    request.addfinalizer(gateway.stop)
    gateway.launch()
    began = time.monotonic()
    refusals: list[Any] = []
    statuses: list[int] = []
    with grpc.insecure_channel(address, QUICK) as channel:
        check = health_stub(channel).Check
        service = health_pb2.HealthCheckRequest(service="ootd.v1.CatalogService")
        first = check(service, timeout=60, wait_for_ready=True)
        first_after = time.monotonic() - began
        assert first.status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert page(http, "/healthz")[0] == 200
        status, text = page(http, "/readyz")
        assert status == 503
        assert "index: " in text
        while (one := check(service, timeout=5).status) != health_pb2.HealthCheckResponse.SERVING:
            statuses.append(one)
            try:
                CatalogServiceStub(channel).ListItems(ListItemsRequest(), timeout=5)
            except grpc.RpcError as error:
                refusals.append(failure_of(error))
            assert time.monotonic() - began < 90
        open_after = time.monotonic() - began
        listed = CatalogServiceStub(channel).ListItems(ListItemsRequest(), timeout=10)
        assert listed.total_size == ITEMS
    assert gateway.stop() == 0
    print(f"first answer after {first_after:.1f} s, open after {open_after:.1f} s")
    assert refusals
    for one in refusals:
        assert (one.code, one.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")
        assert one.message.startswith("the gateway is starting: ")
    assert any(f"of {ITEMS} changes are replayed" in one.message for one in refusals)
    (done,) = [one for one in gateway.log_events() if one["event"] == "the index is up to date"]
    assert done["changes"] == ITEMS


def test_a_stop_in_the_middle_of_the_replay_ends_at_once(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    asyncio.run(fill(tmp_path / "shop.sqlite"))
    gateway = GatewayProcess(
        tmp_path,
        triton_mode="external",
        triton_address="127.0.0.1:1",
        database_url=f"sqlite:///{tmp_path}/shop.sqlite",
        drain_delay_seconds=60,
    )
    request.addfinalizer(gateway.stop)
    gateway.launch()
    deadline = time.monotonic() + 60
    while "replaying changes" not in gateway.log():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    asked = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - asked < 30
