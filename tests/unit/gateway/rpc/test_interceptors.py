"""What happens around every call: ids, errors, metrics, tokens, bounds, deadlines, drain."""

import asyncio
import logging
from io import BytesIO
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status
from PIL import Image
from steered_calls import PHOTO, Gate, error_info, failure, photo
from steered_gateway import Serve

from fake_vision import one_garment
from ootd.v1.vision_service_pb2 import (
    AnalyzeImageRequest,
    AnalyzeImagesRequest,
    AnalyzeImagesResponse,
    GetTaxonomyRequest,
)
from ootd_gateway.errors import InternalError, VisionUnavailableError
from ootd_gateway.types import ImageAnalysis
from photo_requests import stream_request
from service_names import CATALOG, VISION
from standard_stubs import health_stub, reflection_stub


def trailing_id(metadata: Any) -> str:
    return str(dict(metadata)["x-request-id"])


async def test_a_sane_request_id_comes_back(serve: Serve) -> None:
    served = await serve()
    call = served.stub.AnalyzeImage(PHOTO, metadata=(("x-request-id", "shop-7.A_b"),))
    await call
    assert trailing_id(await call.trailing_metadata()) == "shop-7.A_b"


@pytest.mark.parametrize("odd", ["", "x" * 65, "a b", 'quote"'])
async def test_an_odd_request_id_is_replaced(serve: Serve, odd: str) -> None:
    served = await serve()
    call = served.stub.AnalyzeImage(PHOTO, metadata=(("x-request-id", odd),))
    await call
    given = trailing_id(await call.trailing_metadata())
    assert given != odd
    assert len(given) == 32


async def test_a_failed_call_carries_its_request_id_twice(serve: Serve) -> None:
    served = await serve()
    error = await failure(
        served.stub.AnalyzeImage(AnalyzeImageRequest(), metadata=(("x-request-id", "r-1"),))
    )
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert trailing_id(error.trailing_metadata()) == "r-1"
    assert error_info(error).metadata["request_id"] == "r-1"


async def test_an_unexpected_exception_is_internal_without_its_text_but_in_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = await serve()

    async def broken(_: bytes) -> ImageAnalysis:
        raise KeyError("secret detail")

    served.vision.answer = broken
    with caplog.at_level(logging.ERROR):
        error = await failure(
            served.stub.AnalyzeImage(PHOTO, metadata=(("x-request-id", "bug-1"),))
        )
    assert error.code() is grpc.StatusCode.INTERNAL
    assert error_info(error).reason == "INTERNAL"
    assert "secret" not in repr(error)
    assert "Traceback" not in repr(error)


async def test_what_an_internal_error_says_is_for_the_log_alone(serve: Serve) -> None:
    served = await serve()

    async def broken(_: bytes) -> ImageAnalysis:
        raise InternalError("tensor of shape 3")

    served.vision.answer = broken
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "tensor" not in repr(error)


async def test_our_errors_keep_code_reason_and_words(serve: Serve) -> None:
    served = await serve()

    async def away(_: bytes) -> ImageAnalysis:
        raise VisionUnavailableError("the models are away")

    served.vision.answer = away
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error.details() == "the models are away"
    assert error_info(error).reason == "VISION_UNAVAILABLE"


async def test_a_cancelled_call_cancels_the_work_and_is_counted_as_cancelled(
    serve: Serve,
) -> None:
    served = await serve()
    gate = Gate(served)
    call = served.stub.AnalyzeImage(PHOTO)
    await gate.entered.wait()
    call.cancel()
    async with asyncio.timeout(5):
        while served.vision.running or served.admission.calls.running:
            await asyncio.sleep(0.01)
    labels = {"grpc_type": "unary", "grpc_service": VISION, "grpc_method": "AnalyzeImage"}
    assert served.metric("grpc_server_handled_total", grpc_code="Cancelled", **labels) == 1


async def test_without_a_valid_token_nothing_is_answered(serve: Serve) -> None:
    served = await serve(tokens=("s3cret", "other"))
    for metadata in (
        (),
        (("authorization", "Bearer wrong"),),
        (("authorization", "Basic s3cret"),),
        (("authorization", "s3cret"),),
        (("authorization", "Bearer "),),
    ):
        error = await failure(served.stub.AnalyzeImage(PHOTO, metadata=metadata))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        assert error_info(error).reason == "UNAUTHENTICATED"
    assert not served.vision.photos


@pytest.mark.parametrize("value", ["Bearer s3cret", "bearer other"])
async def test_a_valid_token_is_let_in(serve: Serve, value: str) -> None:
    served = await serve(tokens=("s3cret", "other"))
    await served.stub.AnalyzeImage(PHOTO, metadata=(("authorization", value),))


async def test_health_needs_no_token(serve: Serve) -> None:
    served = await serve(tokens=("s3cret",))
    stub = health_stub(served.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_calls_beyond_the_limit_are_refused_at_once(serve: Serve) -> None:
    served = await serve(calls=1)
    gate = Gate(served)
    first = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO))
    await gate.entered.wait()
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error_info(error).reason == "OVERLOADED"
    assert error_info(error).metadata["limit"] == "1"
    retry = error_details_pb2.RetryInfo()
    status = rpc_status.from_call(error)
    assert status is not None
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() > 0
    assert served.metric("ootd_admission_refused_total", pool="calls") == 1
    health = health_stub(served.channel)
    await health.Check(health_pb2.HealthCheckRequest())  # never refused
    gate.let_go()
    await first
    await served.stub.AnalyzeImage(PHOTO)


async def test_the_callers_deadline_goes_to_the_models(serve: Serve) -> None:
    served = await serve()
    await served.stub.AnalyzeImage(PHOTO, timeout=5)
    (seconds,) = served.vision.timeouts
    assert seconds is not None
    assert 0 < seconds < 5.1  # on its way the deadline is rounded up a little


async def test_a_call_without_a_deadline_gets_one(serve: Serve) -> None:
    served = await serve(default_deadline_s=0.1)
    Gate(served)
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert error_info(error).reason == "DEADLINE_EXCEEDED"
    assert served.vision.running == 0


async def test_draining_refuses_new_calls_and_lets_running_ones_end(serve: Serve) -> None:
    served = await serve()
    gate = Gate(served)
    health = health_stub(served.channel)
    first = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO))
    await gate.entered.wait()
    drain = asyncio.create_task(served.server.drain(20))
    await asyncio.sleep(0)
    for name in ("", VISION, CATALOG):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
    error = await failure(served.stub.AnalyzeImage(PHOTO))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error_info(error).reason == "SHUTTING_DOWN"
    gate.let_go()
    assert (await first).analysis.width == 640
    async with asyncio.timeout(5):
        await drain


async def test_draining_ends_streams_after_the_answers_to_what_was_read(serve: Serve) -> None:
    served = await serve()
    gate = Gate(served, count=2)
    call = served.stub.AnalyzeImages()
    for name in ("a", "b"):
        await call.write(stream_request(photo(), name))
    await gate.entered.wait()
    drain = asyncio.create_task(served.server.drain(20))
    await served.admission.closing.wait()
    gate.let_go()
    for name in ("a", "b"):
        assert (await call.read()).correlation_id == name
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call.read()
    assert error_info(raised.value).reason == "SHUTTING_DOWN"
    await drain


async def test_what_outlasts_the_drain_is_cut_off(serve: Serve) -> None:
    served = await serve()
    gate = Gate(served)
    call = asyncio.ensure_future(served.stub.AnalyzeImage(PHOTO))
    await gate.entered.wait()
    async with asyncio.timeout(5):
        await served.server.drain(0.05)
    await failure(call)


async def test_a_stream_answers_in_order_and_bad_elements_fail_alone(serve: Serve) -> None:
    served = await serve()

    async def answer(image: bytes) -> ImageAnalysis:
        # Later photos are answered sooner.
        width = Image.open(BytesIO(image)).width
        await asyncio.sleep((100 - width) / 1000)
        if width == 33:
            raise KeyError("secret detail")
        return one_garment()

    served.vision.answer = answer

    def requests() -> list[AnalyzeImagesRequest]:
        made = [stream_request(photo(30 + number), str(number)) for number in range(12)]
        made[5].photo.image = b"no photo"
        made[7].photo.guide.region.x0 = 2.0
        return made

    call = served.stub.AnalyzeImages(metadata=(("x-request-id", "stream-1"),))

    async def send() -> None:
        for request in requests():
            await call.write(request)
        await call.done_writing()

    sending = asyncio.create_task(send())
    answers: list[AnalyzeImagesResponse] = [one async for one in call]
    await sending
    assert [one.correlation_id for one in answers] == [str(number) for number in range(12)]
    failed = {one.correlation_id: one.error for one in answers if one.HasField("error")}
    assert sorted(failed) == ["3", "5", "7"]
    assert failed["3"].code == grpc.StatusCode.INTERNAL.value[0]
    assert "secret" not in failed["3"].message
    assert failed["7"].violations[0].field.startswith("photo.guide.region")
    assert all(one.metadata["request_id"] == "stream-1" for one in failed.values())


async def test_streams_have_places_of_their_own(serve: Serve) -> None:
    served = await serve(calls=1, streams=1)
    stream = served.stub.AnalyzeImages()
    await stream.write(stream_request(photo(), "a"))
    assert (await stream.read()).correlation_id == "a"
    await served.stub.AnalyzeImage(PHOTO)
    refused = served.stub.AnalyzeImages()
    await refused.done_writing()
    error = await failure(refused.read())
    assert error_info(error).reason == "OVERLOADED"
    await stream.done_writing()


async def test_a_stream_that_is_abandoned_leaves_nothing_running(serve: Serve) -> None:
    served = await serve()
    gate = Gate(served, count=8)
    call = served.stub.AnalyzeImages()
    for number in range(8):
        await call.write(stream_request(photo(), str(number)))
    await gate.entered.wait()
    call.cancel()
    async with asyncio.timeout(5):
        while served.vision.running or served.admission.streams.running:
            await asyncio.sleep(0.01)


async def test_reflection_names_the_services(serve: Serve) -> None:
    served = await serve()
    stub = reflection_stub(served.channel)
    call = stub.ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    await call.done_writing()
    answer = await call.read()
    names = {one.name for one in answer.list_services_response.service}
    assert {VISION, CATALOG, "grpc.health.v1.Health"} <= names


async def test_reflection_can_be_off(serve: Serve) -> None:
    served = await serve(reflection=False)
    stub = reflection_stub(served.channel)
    call = stub.ServerReflectionInfo()
    await call.done_writing()
    error = await failure(call.read())
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_an_unknown_method_is_unimplemented(serve: Serve) -> None:
    served = await serve()
    call: Any = served.channel.unary_unary(f"/{VISION}/Nothing")
    error = await failure(call(b""))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_taxonomy_is_answered(serve: Serve) -> None:
    served = await serve()
    assert (await served.stub.GetTaxonomy(GetTaxonomyRequest())).taxonomy.version == 1
