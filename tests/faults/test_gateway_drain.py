"""SIGTERM: health first, running calls end, new ones go elsewhere."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from processes import wait_until

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    GetItemRequest,
    ItemEmbedding,
    ListItemsRequest,
    UpsertItemsRequest,
)
from ootd.v1.garment_pb2 import Embedding
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_TOP
from ootd.v1.vision_service_pb2 import AnalyzeImagesRequest
from ootd_gateway.embedded import EmbeddedTriton
from photo_requests import analyze_request, stream_request
from photos import outfit_jpeg
from statuses import failing, failure_of

pytestmark = pytest.mark.triton

RUNNING = 'ootd_admission_calls{pool="calls"}'
BEGUN = 'grpc_server_started_total{grpc_method="AnalyzeImage",grpc_service="ootd.v1.VisionService",'


@pytest.fixture
def gateway(triton: EmbeddedTriton, tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(
        tmp_path,
        triton_mode="external",
        triton_address=triton.grpc_url,
        vision_concurrency=1,
    )
    with made as running:
        yield running


def queue_calls(gateway: GatewayProcess) -> list[Any]:
    """Calls of which most wait for their turn, as one photo at a time is analysed."""
    request = analyze_request(outfit_jpeg())
    calls = [gateway.vision.AnalyzeImage.future(request, timeout=60) for _ in range(48)]
    assert wait_until(lambda: gateway.metric(BEGUN) == len(calls))
    assert gateway.metric(RUNNING) > 1
    return calls


class Waiting:
    """A stream's requests: some photos, then nothing until it is let go."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.let_go = threading.Event()

    def __iter__(self) -> Iterator[AnalyzeImagesRequest]:
        for number in range(self._count):
            yield stream_request(outfit_jpeg(), str(number))
        self.let_go.wait(60)


def test_running_calls_end_and_the_process_too(gateway: GatewayProcess) -> None:
    calls = queue_calls(gateway)
    requests = Waiting(4)
    stream = gateway.vision.AnalyzeImages(iter(requests), timeout=60)
    first = next(stream)
    assert first.HasField("analysis")
    gateway.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: draining(gateway), 10)
    for call in calls:
        assert call.result().analysis.garments
    answers: list[Any] = []
    with pytest.raises(grpc.RpcError) as raised:
        answers.extend(stream)
    requests.let_go.set()
    assert failure_of(raised.value).reason == "SHUTTING_DOWN"
    assert gateway.process.wait(30) == 0
    assert gateway.log_events()[-1]["event"] == "stopped"


def draining(gateway: GatewayProcess) -> bool:
    try:
        return gateway.health() == "NOT_SERVING"
    except grpc.RpcError:
        return True


def test_new_calls_are_told_to_go_elsewhere(gateway: GatewayProcess) -> None:
    calls = queue_calls(gateway)
    gateway.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: gateway.health() == "NOT_SERVING", 10)
    found = failing(lambda: gateway.catalog.ListItems(ListItemsRequest(), timeout=5))
    assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    for call in calls:
        assert call.result().analysis.garments
    assert gateway.process.wait(30) == 0


def test_an_ingest_that_is_cut_short_has_stored_what_it_acknowledged(
    gateway: GatewayProcess,
) -> None:
    def requests() -> Iterator[UpsertItemsRequest]:
        for number in range(1_000_000):
            yield UpsertItemsRequest(
                item_id=f"i-{number}",
                embedding=ItemEmbedding(
                    embedding=Embedding(values=[float(number + 1), 1.0] + [0.0] * 126),
                    super_category=SUPER_CATEGORY_TOP,
                ),
            )

    acknowledged = []

    def ingest() -> None:
        for answer in gateway.catalog.UpsertItems(requests()):
            acknowledged.append(answer.item.item_id)
            if len(acknowledged) == 50:
                gateway.process.send_signal(signal.SIGTERM)

    with pytest.raises(grpc.RpcError) as raised:
        ingest()
    assert failure_of(raised.value).reason == "SHUTTING_DOWN"
    assert gateway.process.wait(30) == 0
    gateway.start()
    for item_id in acknowledged:
        gateway.catalog.GetItem(GetItemRequest(item_id=item_id), timeout=10)
