"""A gateway's server in this process, over a vision model that tests steer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import numpy as np

from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from ootd_gateway.admission import Admission, AdmissionPool
from ootd_gateway.byte_budget import ByteBudget
from ootd_gateway.image_header import ImageLimits
from ootd_gateway.metrics.calls import PoolMetrics
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.rpc.catalog_service import CatalogService
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.search_service import SearchService
from ootd_gateway.rpc.server import GatewayServer, ServerOptions, Services
from ootd_gateway.rpc.vision_service import VisionService
from ootd_gateway.types import (
    AnalyzeOptions,
    Box,
    Garment,
    Guide,
    ImageAnalysis,
    Priority,
    ServedModels,
    SuperCategory,
    Taxonomy,
)
from ootd_gateway.vision.base import USUAL

Answer = Callable[[bytes], Awaitable[ImageAnalysis]]


def one_garment() -> ImageAnalysis:
    embedding = np.zeros(128, np.float32)
    embedding[0] = 1.0
    garment = Garment(SuperCategory.TOP, embedding, box=Box(0.1, 0.2, 0.3, 0.4))
    return ImageAnalysis(640, 480, (garment,))


async def answer_at_once(_: bytes) -> ImageAnalysis:
    return one_garment()


@dataclass
class SteeredVision:
    """A vision model whose answers tests choose; it remembers the time it was given."""

    answer: Answer = answer_at_once
    timeouts: list[float | None] = field(default_factory=list)
    options: list[AnalyzeOptions] = field(default_factory=list)
    calls: int = 0
    running: int = 0

    async def analyze(
        self,
        image: bytes,
        guide: Guide = None,
        *,
        options: AnalyzeOptions = USUAL,
        priority: Priority = Priority.INTERACTIVE,
        timeout_s: float | None = None,
    ) -> ImageAnalysis:
        self.calls += 1
        self.options.append(options)
        self.timeouts.append(timeout_s)
        self.running += 1
        try:
            return await self.answer(image)
        finally:
            self.running -= 1

    async def taxonomy(self) -> Taxonomy:
        return Taxonomy(1, {}, ())

    async def served_models(self) -> ServedModels:
        return ServedModels("r", "g")

    async def is_ready(self) -> bool:
        return True

    async def close(self) -> None:
        return None


@dataclass
class Served:
    """A running server, and what it stands on."""

    server: GatewayServer
    vision: SteeredVision
    metrics: Metrics
    admission: Admission
    channel: grpc.aio.Channel

    @property
    def stub(self) -> Any:
        return VisionServiceStub(self.channel)

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


Serve = Callable[..., Awaitable[Served]]


@asynccontextmanager
async def serving() -> AsyncIterator[Serve]:
    """Give a function that starts servers; each is stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(
            *,
            calls: int = 8,
            queue: int = 0,
            streams: int = 2,
            share: float = 1.0,
            request_bytes: int = 1 << 30,
            default_deadline_s: float = 20.0,
            **options: Any,
        ) -> Served:
            vision, metrics = SteeredVision(), Metrics()
            admission = Admission(
                AdmissionPool(
                    limit=calls,
                    queue_limit=queue,
                    queue_seconds=5,
                    caller_share=share,
                    observer=PoolMetrics(metrics.calls, "calls"),
                ),
                AdmissionPool(limit=streams, queue_limit=0, queue_seconds=5, caller_share=share),
                asyncio.Event(),
                ByteBudget(
                    request_bytes, wait_seconds=0.2, changed=metrics.calls.bytes_in_flight.set
                ),
            )
            deadlines = Deadlines(default_deadline_s, 60.0)
            server = GatewayServer(
                ServerOptions("127.0.0.1:0", deadlines, **options), admission, metrics
            )
            shared = {"deadlines": deadlines, "closing": admission.closing, "metrics": metrics}
            await server.start(
                Services(
                    VisionService(vision, limits=ImageLimits(), **shared),  # type: ignore[arg-type]
                    CatalogService(cast("Any", None), **shared),  # type: ignore[arg-type]
                    SearchService(cast("Any", None), deadlines=deadlines, metrics=metrics),
                )
            )
            channel = grpc.aio.insecure_channel(server.address)
            stack.push_async_callback(server.drain, 0.0)
            stack.push_async_callback(channel.close)
            return Served(server, vision, metrics, admission, channel)

        yield start
