"""Calls of the gateway's tests, and answers that wait until they are let go."""

import asyncio
from io import BytesIO
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from PIL import Image
from steered_gateway import Served

from fake_vision import one_garment
from ootd_gateway.types import ImageAnalysis
from photo_requests import analyze_request


def photo(side: int = 32) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (side, side), "navy").save(buffer, "PNG")
    return buffer.getvalue()


PHOTO = analyze_request(photo())


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(error)
    assert status is not None
    assert status.details[0].Unpack(info)
    return info


class Gate:
    """An answer that waits until it is let go."""

    def __init__(self, served: Served, count: int = 1) -> None:
        self._open = asyncio.Event()
        self._expected = count
        self.entered = asyncio.Event()
        self._seen = 0
        served.vision.answer = self

    async def __call__(self, _: bytes) -> ImageAnalysis:
        self._seen += 1
        if self._seen >= self._expected:
            self.entered.set()
        await self._open.wait()
        return one_garment()

    def let_go(self) -> None:
        self._open.set()


def token(name: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {name}"),)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)
