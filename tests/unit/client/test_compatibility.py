"""Versions of client and gateway: asked for once, beside the calls, and warned of."""

import asyncio
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest

import ootd
from ootd import AsyncClient, Client, CompatibilityWarning, Photo
from ootd._compatibility import fault
from ootd.testing import FakeGateway
from ootd.v1 import vision_service_pb2 as vision
from ootd.v1.vision_service_pb2_grpc import (
    VisionServiceServicer,
    add_VisionServiceServicer_to_server,
)

INFO = FakeGateway().server_info
UPLOAD = ootd.EmbeddingUpload("a", (0.5,) * 128, "bag")
NEWER = replace(INFO, version="9.1.0", minimum_client_version="9.0.0")


class OldVision(VisionServiceServicer):
    """A gateway from before ServerService."""

    def AnalyzeImage(self, request: Any, context: Any) -> Any:  # noqa: N802
        return vision.AnalyzeImageResponse()

    def AnalyzeImages(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802
        for request in request_iterator:
            yield vision.AnalyzeImagesResponse(
                correlation_id=request.correlation_id,
                analysis=vision.AnalyzeImageResponse().analysis,
            )

    def GetTaxonomy(self, request: Any, context: Any) -> Any:  # noqa: N802
        return vision.GetTaxonomyResponse()


@pytest.fixture
def old() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(4))
    add_VisionServiceServicer_to_server(OldVision(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def analyze_twice(target: str, photo: bytes) -> None:
    with Client(target) as client:
        client.analyze_image(photo)
        client.analyze_image(photo)


def test_a_gateway_for_newer_clients_is_warned_of_once(photo: bytes) -> None:
    with FakeGateway(server_info=NEWER) as gateway:
        with pytest.warns(CompatibilityWarning, match=r"made for ootd 9\.0\.0 and later") as found:
            analyze_twice(gateway.target, photo)
        assert [one.filename for one in found] == [__file__]
    assert gateway.calls == ["AnalyzeImage"] * 2


async def test_within_asyncio_and_in_a_stream(photo: bytes) -> None:
    with FakeGateway(server_info=NEWER) as gateway, pytest.warns(CompatibilityWarning) as found:
        async with AsyncClient(gateway.target) as client:
            results = [one async for one in client.analyze_images([Photo("a", photo)])]
    assert [one.filename for one in found] == [__file__]
    assert results[0].error is None


def test_a_warning_that_is_an_error_is_logged_and_fails_no_call(
    photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        FakeGateway(server_info=NEWER) as gateway,
        warnings.catch_warnings(),
        Client(gateway.target) as client,
    ):
        warnings.simplefilter("error")
        assert client.analyze_image(photo).garments
        client.close()
    assert "made for ootd 9.0.0 and later" in caplog.text


def test_it_can_be_left_out(photo: bytes) -> None:
    with (
        FakeGateway(server_info=NEWER) as gateway,
        Client(gateway.target, check_compatibility=False) as client,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        assert client.analyze_image(photo).garments


def test_an_older_gateway_is_warned_of_and_its_missing_methods_are_named(
    old: str, photo: bytes
) -> None:
    with pytest.warns(CompatibilityWarning, match="tells no version: it is older"):
        analyze_twice(old, photo)
    with Client(old, check_compatibility=False) as client:
        client.analyze_image(photo)
        with pytest.raises(ootd.UnsupportedError, match="does not know UpsertItem: it is older"):
            client.upsert_item(ootd.ItemUpload("a", photo))
        with pytest.raises(ootd.UnsupportedError, match="does not know GetServerInfo"):
            client.server_info()
    with Client(old) as fresh, pytest.raises(ootd.UnsupportedError, match="UpsertItem"):
        fresh.upsert_item(ootd.ItemUpload("a", photo))  # Its first call of all.


def test_a_slow_look_holds_no_answer_up(gateway: FakeGateway, photo: bytes) -> None:
    gateway.delay_next("GetServerInfo", 30, times=2)
    begin = time.monotonic()
    with Client(gateway.target) as client:
        client.count_items()
        assert time.monotonic() - begin < 0.5
    with Client(gateway.target) as client:
        begin = time.monotonic()
        stream = client.analyze_images([Photo("a", photo)])
        assert next(stream).error is None
        assert time.monotonic() - begin < 0.5
        stream.close()


async def test_an_answered_call_is_done_and_close_ends_the_look(gateway: FakeGateway) -> None:
    gateway.delay_next("GetServerInfo", 30)
    client = AsyncClient(gateway.target)
    begin = time.monotonic()
    running = asyncio.create_task(client.upsert_item(UPLOAD))
    while not gateway.items:
        await asyncio.sleep(0.001)
    done, _ = await asyncio.wait({running}, timeout=0.5)
    assert done, "the answer waits for the look at the version"
    before = {one for one in asyncio.all_tasks() if not one.done()}
    assert len(before) > 1  # The look.
    await client.close()
    assert (await running).outcome == "created"
    assert time.monotonic() - begin < 5
    await asyncio.sleep(0)
    assert {one for one in asyncio.all_tasks() if not one.done()} == {asyncio.current_task()}


@pytest.mark.parametrize(
    ("client", "needed", "fits"),
    [
        ("0.1.0", "0.1.0", True),
        ("0.1.0", "0.1", True),
        ("0.10.0", "0.9.0", True),
        ("0.9.0", "0.10.0", False),
        ("1.0.0rc1", "1.0.0", True),
        ("0.1.0", "", True),
        ("0.1.0", "unheard of", True),
        ("0.1.0", "1", False),
    ],
)
def test_versions_are_compared_by_their_numbers(client: str, needed: str, *, fits: bool) -> None:
    assert (fault(client, needed, "1", "x") is None) is fits


def test_server_info_is_complete(gateway: FakeGateway, client: Client, photo: bytes) -> None:
    info = client.server_info()
    assert info == INFO
    assert info.version == ootd.__version__
    assert info.limits.max_image_bytes == 20 * 2**20
    assert info.limits.stream_idle_s == 60.0
    assert info.stored_vector_fingerprint == ""
    client.upsert_item(ootd.ItemUpload("a", photo))
    assert client.server_info().stored_vector_fingerprint == info.vector_fingerprint
    assert client.status().info == client.server_info()
    gateway.fail_next("GetServerInfo", ootd.UnavailableError("away"))
    status = client.status()
    assert status.info is None
    assert status.problems == ("server info: away",)


def test_an_older_gateway_has_a_status(gateway: FakeGateway) -> None:
    error = ootd.OotdError("Method not found!", code=grpc.StatusCode.UNIMPLEMENTED)
    with Client(gateway.target, check_compatibility=False) as client:
        client.taxonomy()
        gateway.fail_next("GetServerInfo", error)
        status = client.status()
    assert status.info is None
    assert status.is_serving
