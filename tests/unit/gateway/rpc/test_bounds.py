"""What one caller can make the server hold: bodies, bytes, places, streams."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from steered_calls import PHOTO, Gate, error_info, failure, photo, token, until
from steered_gateway import Serve, Served
from structlog.testing import capture_logs

from fake_vision import one_garment
from ootd.v1.vision_service_pb2 import (
    AnalyzeImageRequest,
    AnalyzeImagesRequest,
    GetTaxonomyRequest,
)
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from ootd_gateway.types import ImageAnalysis
from photo_requests import analyze_request, stream_request
from service_names import VISION

LABELS = {"grpc_type": "bidi_stream", "grpc_service": VISION, "grpc_method": "AnalyzeImages"}


class Unsent:
    """A unary call whose body does not come until it is let go."""

    def __init__(
        self,
        served: Served,
        metadata: Any = (),
        timeout: float | None = 10,
        method: str = "AnalyzeImage",
    ) -> None:
        self._body = asyncio.Event()
        opened: Any = served.channel.stream_unary(
            f"/{VISION}/{method}", request_serializer=AnalyzeImageRequest.SerializeToString
        )
        self.call = asyncio.ensure_future(
            opened(self._requests(), metadata=metadata, timeout=timeout)
        )

    async def _requests(self) -> AsyncIterator[AnalyzeImageRequest]:
        await self._body.wait()
        yield PHOTO

    def send(self) -> None:
        self._body.set()


async def test_a_wrong_token_is_refused_before_the_body_comes(serve: Serve) -> None:
    served = await serve(tokens=("right",))
    for metadata in ((), token("wrong")):
        error = await failure(Unsent(served, metadata).call)
        assert error_info(error).reason == "UNAUTHENTICATED"
    assert served.metric("ootd_request_bytes_count", grpc_method="AnalyzeImage") == 0


async def test_a_full_server_refuses_before_the_body_comes(serve: Serve) -> None:
    served = await serve(calls=1)
    gate = Gate(served)
    first = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO))
    await gate.entered.wait()
    error = await failure(Unsent(served).call)
    assert error_info(error).reason == "OVERLOADED"
    gate.let_go()
    await first


async def test_a_body_that_never_comes_ends_with_the_deadline(serve: Serve) -> None:
    served = await serve(calls=1, default_deadline_s=0.2)
    error = await failure(Unsent(served, timeout=None).call)
    assert error_info(error).reason == "DEADLINE_EXCEEDED"
    assert (served.admission.calls.running, served.admission.request_bytes.held) == (0, 0)
    await served.stub.AnalyzeImage(PHOTO)


async def test_a_call_without_a_message_is_told_so(serve: Serve) -> None:
    served = await serve()

    async def nothing() -> AsyncIterator[AnalyzeImageRequest]:
        return
        yield

    method: Any = served.channel.stream_unary(f"/{VISION}/AnalyzeImage")
    error = await failure(method(nothing(), timeout=10))
    assert error_info(error).reason == "INVALID_FIELD"
    assert "no message" in str(error.details())


async def test_a_message_that_grpc_refuses_is_counted_as_a_call_it_ended(serve: Serve) -> None:
    served = await serve()
    options = [("grpc.max_send_message_length", 64 << 20)]
    async with grpc.aio.insecure_channel(served.server.address, options=options) as channel:
        stub: Any = VisionServiceStub(channel)
        error = await failure(stub.AnalyzeImage(analyze_request(bytes(33 << 20))))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    labels = {"grpc_type": "unary", "grpc_service": VISION, "grpc_method": "AnalyzeImage"}
    handled = {**labels, "grpc_code": "Cancelled"}
    await until(lambda: served.metric("grpc_server_handled_total", **handled) == 1)
    assert served.admission.request_bytes.held == 0


async def test_bytes_of_requests_are_bounded(serve: Serve) -> None:
    served = await serve(request_bytes=64 << 20)  # two bodies come in at a time
    gate = Gate(served, count=3)
    slow = [Unsent(served), Unsent(served)]
    await until(lambda: served.admission.request_bytes.held == 64 << 20)
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error_info(error).reason == "OVERLOADED"
    assert error_info(error).metadata["limit"] == str(64 << 20)
    for one in slow:
        one.send()  # small as they are, they leave room for others
    third = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO))
    await gate.entered.wait()
    held = served.admission.request_bytes.held
    assert held == 3 * PHOTO.ByteSize()
    assert served.metric("ootd_request_bytes_in_flight") == held
    gate.let_go()
    await asyncio.gather(third, *(one.call for one in slow))
    assert served.admission.request_bytes.held == 0


async def test_slow_bodies_of_one_caller_leave_others_room(serve: Serve) -> None:
    served = await serve(calls=64, share=0.75, tokens=("slow", "other"))
    slow = [Unsent(served, token("slow"), timeout=60) for _ in range(40)]
    # 24 bodies of 32 MiB are three quarters; the other 16 calls wait for them in vain.
    await until(lambda: served.admission.request_bytes.held == 24 << 25)
    refused = [error_info(await failure(one)).reason for one in await first_done(slow, 16)]
    assert set(refused) == {"CALLER_OVER_SHARE"}
    taxonomy = GetTaxonomyRequest()
    for name in ("other", "slow"):
        await served.stub.GetTaxonomy(taxonomy, metadata=token(name), timeout=5)
    photos = [served.stub.AnalyzeImage(PHOTO, metadata=token("other"), timeout=5) for _ in range(8)]
    await asyncio.gather(*photos)
    for one in slow:
        one.send()
    await asyncio.gather(*(one.call for one in slow), return_exceptions=True)
    assert served.admission.request_bytes.held == 0


async def first_done(calls: list[Unsent], count: int) -> list[Any]:
    await until(lambda: sum(one.call.done() for one in calls) == count)
    return [one.call for one in calls if one.call.done()]


async def test_slow_bodies_without_photos_take_no_bytes_from_others(serve: Serve) -> None:
    served = await serve(calls=64, share=0.75, tokens=("slow", "other"))
    slow = [Unsent(served, token("slow"), timeout=60, method="GetTaxonomy") for _ in range(47)]
    await until(lambda: served.admission.calls.running == 47)
    assert served.admission.request_bytes.held == 0
    for name in ("other", "slow"):
        await served.stub.GetTaxonomy(GetTaxonomyRequest(), metadata=token(name), timeout=5)
        await served.stub.AnalyzeImage(PHOTO, metadata=token(name), timeout=5)
    for one in slow:
        one.call.cancel()


@pytest.mark.parametrize("method", ["AnalyzeImage", "GetTaxonomy"])
async def test_a_body_that_comes_too_slowly_ends(serve: Serve, method: str) -> None:
    served = await serve(body_seconds=0.3)
    error = await failure(Unsent(served, method=method).call)
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert error_info(error).reason == "DEADLINE_EXCEEDED"
    assert error_info(error).metadata["seconds"] == "0.3"
    assert "did not come in within 0.3 s" in str(error.details())
    await until(lambda: served.admission.calls.running == 0)
    assert served.admission.request_bytes.held == 0


async def test_the_time_of_a_body_is_not_that_of_the_work(serve: Serve) -> None:
    served = await serve(body_seconds=0.2)
    gate = Gate(served)
    call = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO, timeout=10))
    await gate.entered.wait()
    await asyncio.sleep(0.5)  # the models take longer than the body may
    gate.let_go()
    await call


async def test_methods_without_photos_take_small_requests(serve: Serve) -> None:
    served = await serve()
    method: Any = served.channel.unary_unary(f"/{VISION}/GetTaxonomy")
    unknown = (15 << 3 | 2).to_bytes(1, "little")  # a field that the server does not know

    def request(size: int) -> bytes:
        return (
            unknown + bytes((size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14)) + bytes(size)
        )

    await method(request(1_000_000), timeout=10)
    error = await failure(method(request(1 << 20), timeout=10))
    assert error_info(error).reason == "INVALID_FIELD"
    assert "at most 1048576" in str(error.details())
    await until(lambda: served.admission.request_bytes.held == 0)


def messages_held() -> int:
    kinds = (AnalyzeImageRequest, AnalyzeImagesRequest)
    return sum(isinstance(one, kinds) for one in gc.get_objects())


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Without it, what is part of a cycle stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "image", [photo(), b"no photo", photo(30)], ids=["good", "bad", "met by a bug"]
)
async def test_no_message_outlives_its_call(serve: Serve, no_collector: None, image: bytes) -> None:
    """Exceptions keep their frames, and gRPC its exceptions, until the garbage is collected."""
    served = await serve(streams=1)

    async def answer(image: bytes) -> ImageAnalysis:
        if image == photo(30):
            raise KeyError("a bug")
        return one_garment()

    served.vision.answer = answer
    before = messages_held()
    with capture_logs():  # a printed traceback reads locals, and so holds them
        for _ in range(5):
            with suppress(grpc.aio.AioRpcError):
                await served.stub.AnalyzeImage(analyze_request(image))
        call = served.stub.AnalyzeImages()
        for _ in range(5):
            await call.write(stream_request(image))
            await call.read()
        await until(lambda: messages_held() == before)  # while the stream is still open
    assert served.metric("grpc_server_started_total", **LABELS) == 1
    call.cancel()


async def test_elements_count_until_they_are_answered(serve: Serve) -> None:
    served = await serve()
    gate = Gate(served, count=2)
    call = served.stub.AnalyzeImages()
    size = 0
    for name in ("a", "b"):
        request = stream_request(photo(), name)
        size += request.ByteSize()
        await call.write(request)
    await gate.entered.wait()
    assert served.admission.request_bytes.held == size
    gate.let_go()
    for _ in range(2):
        await call.read()
    await until(lambda: served.admission.request_bytes.held == 0)
    await call.write(stream_request(b"\xff" * 1000, "c"))
    await call.read()
    call.cancel()
    await until(lambda: served.admission.streams.running == 0)
    assert served.admission.request_bytes.held == 0


async def test_an_idle_stream_ends_and_says_so(serve: Serve) -> None:
    served = await serve(streams=1, stream_idle_seconds=0.3)
    call = served.stub.AnalyzeImages()
    await call.write(stream_request(photo(), "a"))
    assert (await call.read()).correlation_id == "a"
    error = await failure(call.read())
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert error_info(error).reason == "STREAM_IDLE"
    assert error_info(error).metadata["seconds"] == "0.3"
    await until(lambda: served.admission.streams.running == 0)
    assert served.metric("ootd_errors_total", grpc_method="AnalyzeImages", reason="STREAM_IDLE")


async def test_a_stream_that_never_says_anything_ends_too(serve: Serve) -> None:
    served = await serve(streams=1, stream_idle_seconds=0.2)
    error = await failure(served.stub.AnalyzeImages().read())
    assert error_info(error).reason == "STREAM_IDLE"


async def test_a_stream_is_not_idle_while_the_server_works(serve: Serve) -> None:
    served = await serve(streams=1, stream_idle_seconds=0.2)
    gate = Gate(served)
    call = served.stub.AnalyzeImages()
    await call.write(stream_request(photo(), "a"))
    await asyncio.sleep(0.6)  # the models take three times as long
    gate.let_go()
    assert (await call.read()).correlation_id == "a"
    await call.write(stream_request(photo(), "b"))
    assert (await call.read()).correlation_id == "b"
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF


async def test_a_caller_that_takes_no_answers_loses_its_stream(serve: Serve) -> None:
    served = await serve(streams=1, stream_idle_seconds=0.5)

    async def large(_: bytes) -> ImageAnalysis:
        (garment,) = one_garment().garments
        return replace(one_garment(), garments=(garment,) * 500)

    served.vision.answer = large
    call = served.stub.AnalyzeImages()

    async def push() -> None:
        for number in range(200):
            await call.write(stream_request(photo(), str(number)))

    pushing = asyncio.create_task(push())
    handled = {**LABELS, "grpc_code": "DeadlineExceeded"}
    await until(lambda: served.metric("grpc_server_handled_total", **handled) == 1)
    assert served.admission.streams.running == 0
    assert served.admission.request_bytes.held == 0
    assert served.vision.running == 0
    pushing.cancel()
    call.cancel()
    await asyncio.gather(pushing, return_exceptions=True)


async def test_one_caller_has_a_share_of_the_places_and_others_the_rest(serve: Serve) -> None:
    served = await serve(calls=4, streams=4, share=0.5, tokens=("greedy", "modest"))
    gate = Gate(served, count=3)
    calls = [
        asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO, metadata=token("greedy")))
        for _ in range(2)
    ]
    await until(lambda: served.admission.calls.running == 2)
    error = await failure(served.stub.AnalyzeImage(PHOTO, metadata=token("greedy")))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error_info(error).reason == "CALLER_OVER_SHARE"
    assert error_info(error).metadata["limit"] == "2"
    retry = error_details_pb2.RetryInfo()
    status = rpc_status.from_call(error)
    assert status is not None
    assert status.details[1].Unpack(retry)
    calls.append(asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO, metadata=token("modest"))))
    await gate.entered.wait()
    gate.let_go()
    await asyncio.gather(*calls)
    streams = [served.stub.AnalyzeImages(metadata=token("greedy")) for _ in range(2)]
    await until(lambda: served.admission.streams.running == 2)
    error = await failure(served.stub.AnalyzeImages(metadata=token("greedy")).read())
    assert error_info(error).reason == "CALLER_OVER_SHARE"
    other = served.stub.AnalyzeImages(metadata=token("modest"))
    await other.write(stream_request(photo(), "a"))
    assert (await other.read()).correlation_id == "a"
    for stream in (*streams, other):
        stream.cancel()


async def test_without_tokens_an_address_is_a_caller_whatever_it_claims(serve: Serve) -> None:
    served = await serve(calls=2, share=0.5)
    gate = Gate(served)
    first = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO, metadata=token("one")))
    await gate.entered.wait()
    async with grpc.aio.insecure_channel(
        served.server.address, options=[("grpc.use_local_subchannel_pool", 1)]
    ) as another_connection:
        stub: Any = VisionServiceStub(another_connection)
        error = await failure(stub.AnalyzeImage(PHOTO, metadata=token("two")))
    assert error_info(error).reason == "CALLER_OVER_SHARE"
    gate.let_go()
    await first


@pytest.mark.parametrize("calls", [1, 3])
async def test_grpc_itself_bounds_open_calls(serve: Serve, calls: int) -> None:
    served = await serve(max_open_calls=calls)
    waiting = [Unsent(served) for _ in range(calls)]
    await until(lambda: served.admission.calls.running == calls)
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rpc_status.from_call(error) is None
    for one in waiting:
        one.send()
    await asyncio.gather(*(one.call for one in waiting))
