"""Traces: a span for each call, those to Triton beneath it, ids in the log, none of probes."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import structlog
from grpc import aio
from opentelemetry import trace
from opentelemetry.instrumentation.grpc import (
    GrpcAioInstrumentorClient,
    GrpcAioInstrumentorServer,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from steered_calls import PHOTO, Gate, failure
from steered_gateway import Serve
from tritonclient.grpc import service_pb2, service_pb2_grpc

from ootd_gateway.telemetry.logs import configure_logging
from ootd_gateway.telemetry.tracing import untraced
from ootd_gateway.types import ImageAnalysis
from photo_requests import stream_request


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """The process's one exporter: OpenTelemetry takes a provider once."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    return kept


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    """What `opentelemetry-instrument` does, for one test."""
    kinds: list[Any] = [GrpcAioInstrumentorServer, GrpcAioInstrumentorClient]
    instrumentors = [kind() for kind in kinds]
    exporter.clear()
    for one in instrumentors:
        one.instrument()
    yield exporter
    for one in instrumentors:
        one.uninstrument()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    written, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(level="info", log_format="json")
    yield written
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class StandInTriton:
    """Answers what is asked of Triton before and at an inference; not a single model."""

    def __init__(self) -> None:
        self.traceparents: list[str] = []

    async def start(self) -> tuple[aio.Server, str]:
        server = aio.server()
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, f"127.0.0.1:{port}"

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        return service_pb2.ModelReadyResponse(ready=True)

    async def ServerMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        metadata = dict(context.invocation_metadata())
        self.traceparents.append(str(metadata.get("traceparent", "")))
        return service_pb2.ServerMetadataResponse(name="triton", version="2.51.0")

    def __getattr__(self, name: str) -> Any:
        async def unimplemented(request: Any, context: Any) -> Any:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, name)

        return unimplemented


def named(spans: InMemorySpanExporter, ending: str) -> list[ReadableSpan]:
    return [one for one in spans.get_finished_spans() if (one.name or "").endswith(ending)]


async def test_a_call_and_what_it_asks_of_triton_are_one_tree(
    spans: InMemorySpanExporter, serve: Serve, log: io.StringIO
) -> None:
    triton = StandInTriton()
    triton_server, address = await triton.start()
    channel = aio.insecure_channel(address)
    served = await serve()
    served.vision.answer = asking(channel, served.vision.answer)
    with trace.get_tracer("shop").start_as_current_span("of the caller") as caller:
        await served.stub.AnalyzeImage(PHOTO)
    trace_id = caller.get_span_context().trace_id
    await channel.close()
    await triton_server.stop(None)
    (of_call,) = of_server(spans, "/AnalyzeImage")
    (of_triton,) = [
        one for one in named(spans, "/ServerMetadata") if one.kind is trace.SpanKind.CLIENT
    ]
    assert of_call.context.trace_id == trace_id
    assert of_triton.parent is not None
    assert of_triton.parent.span_id == of_call.context.span_id
    assert of_triton.context.trace_id == trace_id
    assert triton.traceparents[0].split("-")[1] == f"{trace_id:032x}"
    (line,) = [json.loads(one) for one in log.getvalue().splitlines() if '"call"' in one]
    assert line["trace_id"] == f"{trace_id:032x}"
    assert line["span_id"] == f"{of_call.context.span_id:016x}"


def asking(channel: aio.Channel, then: Any) -> Any:
    async def answer(image: bytes) -> ImageAnalysis:
        stub: Any = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        await stub.ServerMetadata(service_pb2.ServerMetadataRequest())
        result: ImageAnalysis = await then(image)
        return result

    return answer


async def test_probes_make_no_spans(spans: InMemorySpanExporter) -> None:
    triton_server, address = await StandInTriton().start()
    channel = aio.insecure_channel(address)
    stub: Any = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    with untraced():
        await stub.ModelReady(service_pb2.ModelReadyRequest())
    assert not [one for one in spans.get_finished_spans() if one.kind is trace.SpanKind.CLIENT]
    await stub.ModelReady(service_pb2.ModelReadyRequest())  # what is asked outside does
    assert named(spans, "/ModelReady")
    await channel.close()
    await triton_server.stop(None)


async def test_a_call_that_fails_is_a_span_that_says_so(
    spans: InMemorySpanExporter, serve: Serve
) -> None:
    served = await serve(default_deadline_s=0.1)
    Gate(served)
    await failure(served.stub.AnalyzeImage(PHOTO))
    await asyncio.sleep(0)
    found = of_server(spans, "/AnalyzeImage")
    assert [one.status.is_ok for one in found] == [False]


async def test_a_stream_is_a_span_too(
    spans: InMemorySpanExporter, serve: Serve, log: io.StringIO
) -> None:
    served = await serve()
    stream = served.stub.AnalyzeImages()
    for name in ("a", "b"):
        await stream.write(stream_request(PHOTO.photo.image, name))
        assert (await stream.read()).correlation_id == name
    await stream.done_writing()
    assert await stream.read() is grpc.aio.EOF
    async with asyncio.timeout(5):
        while not (found := of_server(spans, "/AnalyzeImages")):
            await asyncio.sleep(0.01)
    (line,) = [json.loads(one) for one in log.getvalue().splitlines() if '"call"' in one]
    assert line["trace_id"] == f"{found[0].context.trace_id:032x}"


def of_server(spans: InMemorySpanExporter, ending: str) -> list[ReadableSpan]:
    return [one for one in named(spans, ending) if one.kind is trace.SpanKind.SERVER]


def test_without_a_span_a_line_has_no_ids(log: io.StringIO) -> None:
    structlog.get_logger("x").info("alone")
    assert "trace_id" not in json.loads(log.getvalue())
