"""What tests of Triton in trouble share: quick looks, and what they look at."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ootd_gateway.errors import (
    VisionUnavailableError,
)
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import Photo
from ootd_gateway.vision import triton_connection, triton_watch
from ootd_gateway.vision.triton_replica import Patience
from ootd_gateway.vision.triton_vision import TritonVision

QUICK = Patience(silent_s=0.5, photo_s=1.0)


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that are shorter than a server's silence in these tests."""
    monkeypatch.setattr(triton_connection, "PROBE_SECONDS", 0.2)
    monkeypatch.setattr(triton_watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(triton_watch, "LOOK_AGAIN_SECONDS", 0.05)


def answers(vision: TritonVision) -> Callable[[], Any]:
    async def ask() -> bool:
        try:
            await vision.analyze(Photo(b"x"), timeout_s=5)
        except VisionUnavailableError:
            return False
        return True

    return ask


def circuit_states(metrics: Metrics) -> list[float]:
    return [
        sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "ootd_triton_circuit_state"
    ]


def opened(metrics: Metrics, cause: str) -> float:
    labels = {"cause": cause}
    return metrics.registry.get_sample_value("ootd_triton_circuit_opened_total", labels) or 0.0


class Relay:
    """Hands on what is sent to a port, and can cut the connections that there are."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def __aenter__(self) -> "Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        triton_reader, triton_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, triton_writer]
        await asyncio.gather(self._copy(reader, triton_writer), self._copy(triton_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()


async def not_ready(vision: TritonVision) -> bool:
    return not await vision.is_ready()
