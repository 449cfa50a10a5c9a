"""A server that speaks Triton's protocol and does as tests say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import numpy as np
from triton_tensors import TAXONOMY_JSON, byte_tensor, tensors
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.vision.triton_requests import canary_png
from ootd_gateway.vision.triton_vision import TritonVision, VisionOptions

NAMES = {np.dtype(np.float32): "FP32", np.dtype(np.int32): "INT32"}
CANARY = canary_png()

CANCEL_SAFE = "2.60.0"
"""The version of a Triton that survives cancelled requests."""


@dataclass
class SteeredTriton(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Answers one garment, or fails as told. Canaries are counted apart and not held up."""

    ready: bool = True
    failure: tuple[grpc.StatusCode, str] | None = None
    canary_failure: tuple[grpc.StatusCode, str] | None = None
    canary_gate: asyncio.Event | None = None
    gate: asyncio.Event | None = None
    deaf: bool = False
    """Takes everything and answers nothing, until it is False again."""
    slow_looks_s: float = 0.0
    version: str = "2.51.0"
    taxonomy_json: str = TAXONOMY_JSON
    requests: list[Any] = field(default_factory=list)
    metadata: list[dict[str, str]] = field(default_factory=list)
    canaries: int = 0
    running: int = 0
    most_running: int = 0
    cancelled: int = 0
    deadlines: list[float | None] = field(default_factory=list)
    served: set[str] = field(default_factory=lambda: {"ootd"})
    vector_fingerprint: str = "3f2a-81d0"
    graph_fingerprint: str = "5c11"

    async def ServerMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._hold()
        return service_pb2.ServerMetadataResponse(name="triton", version=self.version)

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._hold()
        await asyncio.sleep(self.slow_looks_s)
        self.metadata.append(dict(context.invocation_metadata()))
        ready = self.ready and request.name in self.served
        return service_pb2.ModelReadyResponse(ready=ready)

    async def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._hold()
        response = service_pb2.ModelConfigResponse()
        response.config.name = request.name
        response.config.parameters["taxonomy"].string_value = self.taxonomy_json
        return response

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._hold()
        if request.raw_input_contents[0] == CANARY:
            self.canaries += 1
            if self.canary_gate is not None:
                await self.canary_gate.wait()
            if self.canary_failure is not None:
                await context.abort(*self.canary_failure)
        else:
            await self._take(request, context)
        if request.model_name not in self.served:
            unknown = f"Request for unknown model: '{request.model_name}' is not found"
            await context.abort(grpc.StatusCode.NOT_FOUND, unknown)
        response = service_pb2.ModelInferResponse(model_name="ootd")
        for name, array in tensors(1).items():
            response.outputs.add(name=name, datatype=NAMES[array.dtype], shape=array.shape)
            response.raw_output_contents.append(array.tobytes())
        served = [self.vector_fingerprint.encode(), self.graph_fingerprint.encode()]
        response.outputs.add(name="SERVED", datatype="BYTES", shape=(2,))
        response.raw_output_contents.append(byte_tensor(served))
        return response

    async def _take(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        self.deadlines.append(context.time_remaining())
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        if self.failure is not None:
            await context.abort(*self.failure)

    async def _hold(self) -> None:
        while self.deaf:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(
    triton: SteeredTriton,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[int]:
    # Ports of other test runs on this machine are not shared.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(triton, server)
    if credentials is None:
        bound = server.add_insecure_port(f"{host}:{port}")
    else:
        bound = server.add_secure_port(f"{host}:{port}", credentials)
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(None)


@asynccontextmanager
async def looking_at(
    target: str, metrics: Metrics | None = None, **options: Any
) -> AsyncIterator[TritonVision]:
    """A `TritonVision` that is started and in the end closed. Few slots, for few requests."""
    chosen = replace(VisionOptions(concurrency=2), **options)
    vision = TritonVision(target, metrics=metrics or Metrics(), options=chosen)
    await vision.start()
    try:
        yield vision
    finally:
        await vision.close()


async def eventually(fact: Callable[[], bool | Awaitable[bool]], timeout_s: float = 10.0) -> None:
    """Return once the fact holds; raise TimeoutError where it does not in time."""
    async with asyncio.timeout(timeout_s):
        while True:
            held = fact()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.01)
