"""Callers who do not take their answers."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
from steered_calls import PHOTO
from steered_gateway import Serve, Served

from fake_vision import one_garment
from ootd.v1.vision_service_pb2 import AnalyzeImageRequest, AnalyzeImageResponse
from ootd_gateway.types import ImageAnalysis
from service_names import VISION


async def large_answer(_: bytes) -> ImageAnalysis:
    answer = one_garment()
    return replace(answer, garments=answer.garments * 20_000)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.http2.bdp_probe", 0),  # or the window grows until everything fits
    ("grpc.http2.lookahead_bytes", 64 * 1024),
]


def unread_call(channel: grpc.aio.Channel, timeout: float) -> Any:
    """A unary call whose answer is only read when it is asked for; on the wire it is one."""

    async def requests() -> AsyncIterator[AnalyzeImageRequest]:
        yield PHOTO

    method: Any = channel.stream_stream(
        f"/{VISION}/AnalyzeImage",
        request_serializer=AnalyzeImageRequest.SerializeToString,
        response_deserializer=AnalyzeImageResponse.FromString,
    )
    return method(requests(), timeout=timeout)


async def test_a_call_holds_its_place_until_its_answer_was_taken(serve: Serve) -> None:
    served = await serve()
    served.vision.answer = large_answer
    async with grpc.aio.insecure_channel(served.server.address, options=OPTIONS) as channel:
        await look(served, unread_call(channel, timeout=10))


async def look(served: Served, call: Any) -> None:
    await until(lambda: len(served.vision.photos) == 1 and served.vision.running == 0)
    await asyncio.sleep(0.3)  # what is sent without asking would be gone by now
    assert served.admission.calls.running == 1
    answer = await call.read()
    assert len(answer.analysis.garments) == 20_000
    assert await call.read() is grpc.aio.EOF
    await until(lambda: served.admission.calls.running == 0)


async def test_an_answer_that_nobody_takes_ends_with_the_deadline(serve: Serve) -> None:
    served = await serve()
    served.vision.answer = large_answer
    async with grpc.aio.insecure_channel(served.server.address, options=OPTIONS) as channel:
        call = unread_call(channel, timeout=3)
        await until(lambda: served.admission.calls.running == 1)
        await until(lambda: served.admission.calls.running == 0)
        assert await asyncio.wait_for(call.code(), 10) is grpc.StatusCode.DEADLINE_EXCEEDED
