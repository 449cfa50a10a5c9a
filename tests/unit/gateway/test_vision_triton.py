"""Triton from the gateway's side, against a server that speaks its protocol and can be steered."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
import pytest
from test_vision_tensors import TAXONOMY_JSON, tensors
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ootd_gateway.errors import (
    AttributeModelNotServedError,
    DeadlineExceededError,
    ImageUnreadableError,
    InternalError,
    OotdError,
    VisionUnavailableError,
)
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.types import (
    AnalyzeOptions,
    AttributeModel,
    Box,
    CategoryGuide,
    RegionGuide,
    SuperCategory,
)
from ootd_gateway.vision.triton import ENSEMBLES, TritonVision

NAMES = {np.dtype(np.float32): "FP32", np.dtype(np.int32): "INT32"}


@dataclass
class SteeredTriton(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Answers one garment, or fails as told."""

    failure: tuple[grpc.StatusCode, str] | None = None
    gate: asyncio.Event | None = None
    requests: list[Any] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    cancelled: int = 0
    served: set[str] = field(default_factory=lambda: {"ootd"})
    fingerprints: dict[str, str] = field(
        default_factory=lambda: {"embedder": "3f2a", "crop": "81d0", "tagger": "5c11"}
    )

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        ready = self.failure is None and request.name in self.served
        return service_pb2.ModelReadyResponse(ready=ready)

    async def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        response = service_pb2.ModelConfigResponse()
        response.config.name = request.name
        response.config.parameters["taxonomy"].string_value = TAXONOMY_JSON
        fingerprint = self.fingerprints.get(request.name, "")
        response.config.parameters["fingerprint"].string_value = fingerprint
        return response

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.requests.append(request)
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
        if request.model_name not in self.served:
            unknown = f"Request for unknown model: '{request.model_name}' is not found"
            await context.abort(grpc.StatusCode.NOT_FOUND, unknown)
        response = service_pb2.ModelInferResponse(model_name="ootd")
        for name, array in tensors(1).items():
            response.outputs.add(name=name, datatype=NAMES[array.dtype], shape=array.shape)
            response.raw_output_contents.append(array.tobytes())
        return response


@asynccontextmanager
async def listening(triton: SteeredTriton, port: int = 0) -> AsyncIterator[int]:
    # Ports of other test runs on this machine are not shared.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(triton, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield bound
    finally:
        await server.stop(None)


@pytest.fixture
async def steered() -> AsyncIterator[tuple[SteeredTriton, TritonVision, Metrics]]:
    triton, metrics = SteeredTriton(), Metrics()
    async with listening(triton) as port:
        vision = TritonVision(f"127.0.0.1:{port}", concurrency=2, metrics=metrics)
        yield triton, vision, metrics
        await vision.close()


Steered = tuple[SteeredTriton, TritonVision, Metrics]


async def test_one_request_carries_the_bytes_and_the_guide(steered: Steered) -> None:
    triton, vision, metrics = steered
    analysis = await vision.analyze(b"jpeg bytes", CategoryGuide(SuperCategory.SHOES))
    assert len(analysis.garments) == 1
    (request,) = triton.requests
    image, guide = request.raw_input_contents
    assert image == b"jpeg bytes"
    assert [(one.name, one.datatype, list(one.shape)) for one in request.inputs] == [
        ("IMAGE", "UINT8", [1, 10]),
        ("GUIDE", "FP32", [1, 7]),
    ]
    assert np.frombuffer(guide, np.float32).tolist() == [1, SuperCategory.SHOES, 0, 0, 0, 0, -1]
    assert metrics.registry.get_sample_value("ootd_garments_per_photo_count") == 1


async def test_guides_are_encoded_as_the_graph_reads_them(steered: Steered) -> None:
    triton, vision, _ = steered
    await vision.analyze(b"x")
    await vision.analyze(b"x", RegionGuide(Box(0.25, 0.5, 0.75, 1.0)))
    await vision.analyze(b"x", options=AnalyzeOptions(score_threshold=0.0))
    nothing, region, all_detections = (
        np.frombuffer(one.raw_input_contents[1], np.float32).tolist() for one in triton.requests
    )
    assert nothing == [0, -1, 0, 0, 0, 0, -1]
    assert region == [2, -1, 0.25, 0.5, 0.75, 1.0, -1]
    assert all_detections == [0, -1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("usual", list(AttributeModel))
async def test_each_attribute_model_has_its_ensemble(usual: AttributeModel) -> None:
    triton = SteeredTriton(served=set(ENSEMBLES.values()))
    async with listening(triton) as port:
        vision = TritonVision(
            f"127.0.0.1:{port}", concurrency=2, metrics=Metrics(), attribute_model=usual
        )
        for asked in (None, *AttributeModel):
            await vision.analyze(b"x", options=AnalyzeOptions(attribute_model=asked))
        assert [one.model_name for one in triton.requests] == [
            ENSEMBLES[usual],
            *(ENSEMBLES[one] for one in AttributeModel),
        ]
        await vision.close()


async def test_an_attribute_model_that_is_not_served_is_named(steered: Steered) -> None:
    triton, vision, metrics = steered
    with pytest.raises(AttributeModelNotServedError, match="sequencer") as raised:
        await vision.analyze(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER))
    assert raised.value.metadata == {"attribute_model": "sequencer"}
    labels = {"outcome": "attribute_model_not_served"}
    assert metrics.registry.get_sample_value("ootd_vision_seconds_count", labels) == 1
    await vision.analyze(b"x")  # the other one still answers
    triton.served.clear()  # while models are loaded nothing is known
    with pytest.raises(VisionUnavailableError):
        await vision.analyze(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.SEQUENCER))


async def test_the_usual_attribute_model_decides_whether_all_is_ready() -> None:
    triton = SteeredTriton()
    async with listening(triton) as port:
        vision = TritonVision(
            f"127.0.0.1:{port}",
            concurrency=2,
            metrics=Metrics(),
            attribute_model=AttributeModel.SEQUENCER,
        )
        assert not await vision.is_ready()
        with pytest.raises(AttributeModelNotServedError):
            await vision.analyze(b"x")
        await vision.analyze(b"x", options=AnalyzeOptions(attribute_model=AttributeModel.TAGGER))
        triton.served.add(ENSEMBLES[AttributeModel.SEQUENCER])
        assert await vision.is_ready()
        await vision.analyze(b"x")
        await vision.close()


async def test_names_and_fingerprint_come_from_the_models(steered: Steered) -> None:
    _, vision, _ = steered
    assert (await vision.taxonomy()).version == 3
    assert (await vision.served_models()).vector_fingerprint == "3f2a-81d0"
    assert await vision.is_ready()


@pytest.mark.parametrize(
    ("model", "release"),
    [("embedder", "77e5-81d0"), ("crop", "3f2a-77e5"), ("tagger", "3f2a-81d0")],
)
async def test_what_makes_stored_vectors_decides_the_fingerprint(
    steered: Steered, model: str, release: str
) -> None:
    triton, vision, _ = steered
    triton.fingerprints[model] = "77e5"
    assert (await vision.served_models()).vector_fingerprint == release


@pytest.mark.parametrize(
    ("code", "details", "expected"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "model 'decode' cannot process", ImageUnreadableError),
        (
            grpc.StatusCode.INTERNAL,
            "Error in CPU operator `nvidia.dali.fn.decoders.image`",
            ImageUnreadableError,
        ),
        (grpc.StatusCode.INTERNAL, "onnxruntime: bad alloc", InternalError),
        (grpc.StatusCode.UNAVAILABLE, "not ready", VisionUnavailableError),
        (grpc.StatusCode.NOT_FOUND, "unknown model: 'ootd'", VisionUnavailableError),
        (grpc.StatusCode.CANCELLED, "server shutting down", VisionUnavailableError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "", DeadlineExceededError),
    ],
)
async def test_what_triton_answers_becomes_what_callers_are_promised(
    steered: Steered, code: grpc.StatusCode, details: str, expected: type[OotdError]
) -> None:
    triton, vision, metrics = steered
    triton.failure = (code, details)
    with pytest.raises(expected) as raised:
        await vision.analyze(b"x")
    assert "onnxruntime" not in raised.value.message
    outcome = expected.reason.lower()
    assert metrics.registry.get_sample_value("ootd_vision_seconds_count", {"outcome": outcome}) == 1


async def test_time_spent_waiting_counts_and_the_request_is_cancelled(steered: Steered) -> None:
    triton, vision, _ = steered
    triton.gate = asyncio.Event()
    began = time.monotonic()
    with pytest.raises(DeadlineExceededError):
        await vision.analyze(b"x", timeout_s=0.1)
    assert time.monotonic() - began < 1.0
    async with asyncio.timeout(5):
        while not triton.cancelled:
            await asyncio.sleep(0.01)


async def test_a_caller_that_gives_up_cancels_the_request(steered: Steered) -> None:
    triton, vision, _ = steered
    triton.gate = asyncio.Event()
    call = asyncio.create_task(vision.analyze(b"x"))
    async with asyncio.timeout(5):
        while not triton.running:
            await asyncio.sleep(0.01)
        call.cancel()
        while not triton.cancelled:
            await asyncio.sleep(0.01)
    triton.gate = None
    await vision.analyze(b"x")  # its place is free again


async def test_no_more_photos_than_places_are_in_triton(steered: Steered) -> None:
    triton, vision, metrics = steered
    triton.gate = asyncio.Event()
    calls = [asyncio.create_task(vision.analyze(b"x")) for _ in range(5)]
    async with asyncio.timeout(5):
        while triton.running < 2:
            await asyncio.sleep(0.01)
    assert metrics.registry.get_sample_value("ootd_vision_waiting_photos") == 3
    triton.gate.set()
    await asyncio.gather(*calls)
    assert triton.most_running == 2
    assert metrics.registry.get_sample_value("ootd_vision_waiting_photos") == 0


async def test_a_triton_that_is_away_is_told_at_once_and_used_again_when_back() -> None:
    triton = SteeredTriton()
    async with listening(triton) as port:
        vision = TritonVision(f"127.0.0.1:{port}", concurrency=2, metrics=Metrics())
        await vision.analyze(b"x")
    for _ in range(5):
        began = time.monotonic()
        with pytest.raises(VisionUnavailableError):
            await vision.analyze(b"x")
        assert time.monotonic() - began < 1.0
        assert not await vision.is_ready()
    async with listening(triton, port):
        began = time.monotonic()
        while not await vision.is_ready():
            assert time.monotonic() - began < 5.0
            await asyncio.sleep(0.05)
        await vision.analyze(b"x")
    await vision.close()


async def test_while_triton_is_known_to_be_away_it_is_not_asked(steered: Steered) -> None:
    triton, vision, _ = steered
    triton.failure = (grpc.StatusCode.UNAVAILABLE, "loading")
    assert not await vision.is_ready()
    for ask in (lambda: vision.analyze(b"x"), vision.taxonomy, vision.served_models):
        with pytest.raises(VisionUnavailableError):
            await ask()
    assert triton.requests == []
    triton.failure = None
    assert await vision.is_ready()
    await vision.analyze(b"x")


async def test_names_are_read_again_after_triton_was_away() -> None:
    triton = SteeredTriton()
    async with listening(triton) as port:
        vision = TritonVision(f"127.0.0.1:{port}", concurrency=2, metrics=Metrics())
        await vision.served_models()
        await vision.taxonomy()
    assert not await vision.is_ready()
    for ask in (vision.served_models, vision.taxonomy):
        with pytest.raises(VisionUnavailableError):
            await ask()
    await vision.close()
