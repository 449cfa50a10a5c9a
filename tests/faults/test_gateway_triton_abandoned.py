"""Callers that go away while Triton works for them: it must live through that.

The embedded Triton can die of a cancelled request to an ensemble, and a passed deadline is one.
"""

import random
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from processes import descendants, wait_until

from gateway_process import GatewayProcess
from ootd.v1.vision_service_pb2 import AnalyzeImagesRequest
from photo_requests import analyze_request, stream_request
from photos import outfit_jpeg

pytestmark = pytest.mark.triton

STREAMS = 50
PHOTOS_OF_A_STREAM = 40
DEADLINES = 200
SIDE_BY_SIDE = 4


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("abandoned"), triton_mode="embedded") as running:
        running.vision.AnalyzeImage(analyze_request(outfit_jpeg()), timeout=30)
        yield running


def photos() -> Iterator[AnalyzeImagesRequest]:
    for number in range(PHOTOS_OF_A_STREAM):
        yield stream_request(outfit_jpeg(), str(number))


def restarts(gateway: GatewayProcess) -> list[str]:
    return [one["event"] for one in gateway.log_events() if "Triton failed" in one["event"]]


def assert_it_lived(gateway: GatewayProcess, processes: set[int]) -> None:
    """Nothing was started again, and a photo is answered right now."""
    answer = gateway.vision.AnalyzeImage(analyze_request(outfit_jpeg()), timeout=15)
    assert answer.analysis.garments
    assert restarts(gateway) == []
    assert gateway.metric("ootd_triton_restarts_total") == 0
    assert descendants(gateway.process.pid) >= processes
    # Abandoned photos give their slots back.
    running = 'ootd_vision_running_photos{priority="%s"}'
    assert wait_until(
        lambda: gateway.metric(running % "bulk") == gateway.metric(running % "interactive") == 0, 20
    )


def models(gateway: GatewayProcess) -> set[int]:
    """Processes of Triton and its models, but not its short-lived shells."""
    found = descendants(gateway.process.pid)
    time.sleep(0.3)
    return found & descendants(gateway.process.pid)


def test_abandoned_streams(gateway: GatewayProcess) -> None:
    chance = random.Random(7)
    processes = models(gateway)
    for _ in range(STREAMS):
        stream = gateway.vision.AnalyzeImages(photos(), timeout=30)
        time.sleep(chance.uniform(0.1, 0.4))
        stream.cancel()
    assert_it_lived(gateway, processes)


def test_passed_deadlines(gateway: GatewayProcess) -> None:
    chance = random.Random(8)
    processes = models(gateway)
    request = analyze_request(outfit_jpeg())
    passed = 0
    for _ in range(DEADLINES // SIDE_BY_SIDE):
        calls: list[Any] = [
            gateway.vision.AnalyzeImage.future(request, timeout=chance.uniform(0.02, 0.15))
            for _ in range(SIDE_BY_SIDE)
        ]
        passed += sum(call.exception() is not None for call in calls)
        assert all(
            call.code() in {grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED} for call in calls
        )
    assert passed > DEADLINES // 10
    assert_it_lived(gateway, processes)
