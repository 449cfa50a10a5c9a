"""A gateway's server in this process, over a vision model that tests steer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import grpc

from fake_vision import FakeVision
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.rpc.admission import Admission, AdmissionPool
from ootd_gateway.rpc.byte_budget import ByteBudget
from ootd_gateway.rpc.deadlines import Deadlines
from ootd_gateway.rpc.readiness import Dependency
from ootd_gateway.rpc.server import GatewayServer, ServerOptions
from ootd_gateway.rpc.tokens import FixedTokens
from ootd_gateway.services.catalog.servicer import CatalogService
from ootd_gateway.services.search.servicer import SearchService
from ootd_gateway.services.server.domain import ServerFacts, ServerInformation, ServerLimits
from ootd_gateway.services.server.servicer import ServerService
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.services.vision.servicer import VisionService
from ootd_gateway.telemetry.metrics.calls import PoolMetrics
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.types import (
    AttributeModel,
)

FACTS = ServerFacts(
    version="9.8.7",
    limits=ServerLimits(
        max_image_bytes=1,
        max_image_pixels=2,
        min_image_side_pixels=3,
        max_request_bytes=4,
        max_answer_bytes=5,
        default_deadline_seconds=6.5,
        max_deadline_seconds=7.5,
        stream_idle_seconds=8.5,
    ),
    attribute_model=AttributeModel.SEQUENCER,
    color_weight=0.25,
)


class NoStore:
    """A database that is away."""

    async def vector_fingerprint(self) -> str:
        raise StoreUnavailableError("the database is away")


@dataclass
class Served:
    """A running server, and what it stands on."""

    server: GatewayServer
    vision: FakeVision
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
            tokens: Sequence[str] = (),
            is_open: bool = True,
            **options: Any,
        ) -> Served:
            vision, metrics = FakeVision(), Metrics()
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
                ByteBudget(request_bytes, wait_seconds=0.2, caller_share=share),
            )
            deadlines = Deadlines(default_deadline_s, 60.0)
            server = GatewayServer(
                ServerOptions("127.0.0.1:0", deadlines, tokens=FixedTokens(tokens), **options),
                admission,
                metrics,
            )
            shared: dict[str, Any] = {
                "deadlines": deadlines,
                "closing": admission.closing,
                "metrics": metrics,
            }
            await server.start(
                [
                    VisionService(PhotoAnalyzer(vision), **shared).binding(),
                    CatalogService(cast("Any", None), **shared).binding(),
                    SearchService(
                        cast("Any", None), deadlines=deadlines, metrics=metrics
                    ).binding(),
                    ServerService(
                        ServerInformation(FACTS, vision, cast("Any", NoStore()))
                    ).binding(),
                ]
            )
            for dependency in (Dependency.VISION, Dependency.STORE):
                server.readiness.set(dependency)
            if is_open:
                await server.open()
            channel = grpc.aio.insecure_channel(server.address)
            stack.push_async_callback(server.drain, 0.0)
            stack.push_async_callback(channel.close)
            return Served(server, vision, metrics, admission, channel)

        yield start
